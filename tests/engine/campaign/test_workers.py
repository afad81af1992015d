"""A worker that dies costs the shard of which it dies, and no other."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.engine.campaign.conftest import Midnight
from wadati.engine.campaign import workers
from wadati.engine.campaign.commit import Manifest
from wadati.engine.campaign.local import pick
from wadati.engine.campaign.opened import open_campaign
from wadati.engine.campaign.shards import PickingShard
from wadati.engine.progress import Silent

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
