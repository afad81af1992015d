"""A worker that dies costs the shard of which it dies, and no other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.campaign.conftest import Midnight, write_flow
from wadati.engine.campaign import workers
from wadati.engine.campaign.commit import Manifest
from wadati.engine.campaign.local import manifests, pick
from wadati.engine.campaign.opened import open_campaign
from wadati.engine.campaign.shards import PickingShard
from wadati.engine.progress import Silent
from wadati.errors import InputError

in_worker = workers._in_worker


def deadly(shard: PickingShard) -> Manifest:
    """Work in a process that is killed on one shard, as one is that takes too much memory."""
    if shard.name == os.environ["WADATI_TEST_DEADLY"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return in_worker(shard)


def test_only_the_shard_that_kills_its_workers_is_given_up(
    midnight: Midnight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_campaign(midnight.flow(tmp_path))
    culprit = opened.shards[1]
    monkeypatch.setenv("WADATI_TEST_DEADLY", culprit.name)
    monkeypatch.setattr(workers, "_in_worker", deadly)
    found = dict(pick(opened, 3, None, Silent()))
    assert list(found) == list(opened.shards)
    assert [shard for shard, manifest in found.items() if manifest.failed] == [culprit]
    assert {unit.cause for unit in found[culprit].failed} == {"worker died"}


def test_a_worker_that_cannot_open_the_campaign_says_why_and_costs_no_shard(midnight: Midnight, tmp_path: Path) -> None:
    stations = tmp_path / "stations.xml"
    stations.write_bytes(midnight.stations.read_bytes())
    opened = open_campaign(midnight.flow(tmp_path, stations=str(stations)))
    stations.unlink()
    with pytest.raises(InputError, match=r"stations.xml: does not exist"):
        pick(opened, 2, None, Silent())
    assert not any(manifests(opened).values())


def test_workers_end_with_the_process_that_gave_them_work(midnight: Midnight, tmp_path: Path) -> None:
    """All of them hold the pipe to which they would write: it ends when the last of them is gone."""
    file = write_flow(midnight.flow(tmp_path / "out"), tmp_path / "flow.toml")
    command = [sys.executable, "-m", "wadati.cli.main", "run", str(file), "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not list((tmp_path / "out").glob("shards/*/*.json")):
            pass
        process.kill()
        process.communicate(timeout=60)
