"""Whoever dies when: what counts is one attempt's, whole; on a folder and on buckets (Ceph and moto, servers of S3)."""

from __future__ import annotations

import functools
import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.campaign.conftest import Midnight, write_flow
from tests.engine.campaign.test_campaign import contents
from tests.sources.archives.replica import address, fill
from wadati.engine.campaign import opened, picking_shard, stations
from wadati.engine.campaign.association_shards import CANDIDATES, associate
from wadati.engine.campaign.commit import Manifest, Shelf
from wadati.engine.campaign.local import pick, run
from wadati.engine.campaign.opened import open_campaign
from wadati.engine.campaign.picks import picks_of, tracks_of
from wadati.engine.flow import Flow
from wadati.engine.picking import StationResult, pick_one
from wadati.engine.progress import Silent
from wadati.errors import InputError
from wadati.formats.inventory import read_inventory
from wadati.formats.stationxml import write_stationxml
from wadati.model import Inventory
from wadati.store.objects import Place, open_place


class Killed(BaseException):
    """What a process that is killed does not catch either."""


class Deadly:
    """A place whose writer dies at one of its writes: before it, or when it is done but not yet known to be."""

    def __init__(self, place: Place, at: int, *, after: bool) -> None:
        self._place, self._at, self._after, self.writes = place, at, after, 0

    def _write(self, write: Callable[[], bool | None]) -> bool | None:
        self.writes += 1
        if self.writes == self._at and not self._after:
            raise Killed
        found = write()
        if self.writes == self._at:
            raise Killed
        return found

    def put(self, name: str, content: bytes, media_type: str, max_age: int) -> None:
        self._write(lambda: self._place.put(name, content, media_type, max_age))

    def create(self, name: str, content: bytes) -> bool:
        return bool(self._write(lambda: self._place.create(name, content)))

    def get(self, name: str) -> bytes | None:
        return self._place.get(name)

    def remove(self, name: str) -> None:
        self._place.remove(name)


def draft(path: str = "c/picks-1") -> Manifest:
    return Manifest(path=path, stage="pick", attempt="", files={})


@pytest.fixture(params=["folder", "rgw", "moto"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        return open_place(str(tmp_path / "shards"))
    endpoint = request.getfixturevalue(request.param)
    fill(endpoint, "shards", {})
    return open_place(address(endpoint, "shards").replace("s3://shards", "s3://shards/here"))


def test_of_many_attempts_the_first_counts_for_all(place: Place) -> None:
    shelf, found = Shelf(place), []

    def attempt(number: int) -> None:
        found.append(shelf.commit(draft(), {"x": f"of attempt {number}".encode()}))

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({manifest.attempt for manifest in found}) == 1
    assert shelf.manifest("c/picks-1") == found[0]
    assert shelf.output(found[0], "x").startswith(b"of attempt")


def test_a_zombie_cannot_change_what_counts(place: Place) -> None:
    shelf = Shelf(place)
    first = shelf.commit(draft(), {"x": b"first"})
    late = shelf.commit(draft(), {"x": b"late"})
    assert late == first
    assert shelf.output(late, "x") == b"first"


def test_an_output_that_is_gone_or_another_is_not_read(place: Place) -> None:
    shelf = Shelf(place)
    manifest = shelf.commit(draft(), {"x": b"content"})
    place.put(manifest.files["x"].name, b"other", "", 0)
    with pytest.raises(InputError, match="is not what was written"):
        shelf.output(manifest, "x")
    place.remove(manifest.files["x"].name)
    with pytest.raises(InputError, match="is gone"):
        shelf.output(manifest, "x")


def work_through(flow: Flow) -> dict[str, object]:
    """All picking and association shards, and what those that count hold."""
    campaign = open_campaign(flow)
    done = pick(campaign, 1, None, Silent())
    chain = associate(campaign, done, Silent())
    picks = picks_of(campaign.shelf, [manifest for _, manifest in done])
    return {
        "units": [unit for _, manifest in done for unit in manifest.units],
        "picks": picks,
        "tracks": len(tracks_of(campaign.shelf, [manifest for _, manifest in done])),
        "digests": [manifest.digest for _, manifest in done],
        "candidates": [campaign.shelf.output(manifest, CANDIDATES) for manifest in chain],
    }


def test_killed_at_any_write_nothing_is_lost_and_nothing_comes_twice(
    midnight: Midnight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five stations; they and what their days give are computed once and remembered, as the writes are under test."""
    remembered: dict[tuple[object, ...], StationResult] = {}

    def remember(*arguments: object) -> StationResult:
        key = (arguments[3:],)
        if key not in remembered:
            remembered[key] = pick_one(*arguments)  # type: ignore[arg-type]
        return remembered[key]

    five = Inventory(
        tuple(
            one for one in midnight.scenario.inventory if one.source_id.station in ("W01", "W02", "W03", "W04", "W05")
        )
    )
    write_stationxml(five, tmp_path / "five.xml")
    monkeypatch.setattr(picking_shard, "pick_one", remember)
    monkeypatch.setattr(stations, "read_inventory", functools.cache(read_inventory))

    def watched(flow: Flow, at: int = 0, *, after: bool = False) -> Deadly:
        place = Deadly(open_place(str(flow.campaign and flow.campaign.shards)), at, after=after)
        monkeypatch.setattr(opened, "open_place", lambda _: place)
        return place

    flow = midnight.flow(tmp_path, stations=str(tmp_path / "five.xml"), shards=str(tmp_path / "undisturbed"))
    counting = watched(flow)
    undisturbed, writes = work_through(flow), counting.writes
    shards = len(open_campaign(flow).shards)
    assert writes == 3 * shards + 3 * 2  # two files and a manifest of each shard, and of two association shards
    assert undisturbed["picks"]
    for at, after in itertools.product(range(1, writes + 1), (False, True)):
        flow = midnight.flow(tmp_path, stations=str(tmp_path / "five.xml"), shards=str(tmp_path / f"{at}-{after}"))
        watched(flow, at, after=after)
        with pytest.raises(Killed):
            work_through(flow)
        counting = watched(flow)
        assert work_through(flow) == undisturbed
        # What had been committed is not written again: at most one shard was lost.
        assert counting.writes <= writes - (at - 1) // 3 * 3


def test_a_campaign_that_is_killed_goes_on_and_ends_as_if_nothing_had_been(midnight: Midnight, tmp_path: Path) -> None:
    """SIGKILL to a real process, as soon as it has done a shard."""
    output = tmp_path / "out"
    file = write_flow(midnight.flow(output), tmp_path / "flow.toml")
    command = [sys.executable, "-m", "wadati.cli.main", "run", str(file), "--workers", "1"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"}) as process:
        while process.poll() is None and not list(output.glob("shards/*/*.json")):
            pass
        process.kill()
    before = {path: path.read_bytes() for path in output.glob("shards/*/*.json")}
    assert before
    run(midnight.flow(output))
    assert {path: path.read_bytes() for path in before} == before
    assert contents(output) == contents(midnight.one_run)
