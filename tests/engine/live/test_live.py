"""Laws of the live runner: its last catalog is that of a batch run, whatever happened on the way."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import random
import re
import subprocess
import threading
import urllib.request
from pathlib import Path

import msgspec
import pytest

from tests.engine.live.conftest import Scripted
from wadati.bus.messages import EventMessage
from wadati.engine.flow import Flow
from wadati.engine.live import runner
from wadati.engine.live.intake import Intake
from wadati.engine.live.runner import live
from wadati.engine.live.settings import Live, Release
from wadati.engine.live.status import read_status
from wadati.errors import InputError, UsageError
from wadati.formats.miniseed import read_miniseed
from wadati.formats.tables import read_picks_csv
from wadati.model.codec import decode_json
from wadati.sources.replay import Replay, cut_records
from wadati.store.live_log import LiveLog
from wadati.units import HOUR, SECOND

FILES = ("picks.csv", "events.csv", "arrivals.csv", "catalog.xml", "events.geojson")


def contents(folder: Path) -> dict[str, str]:
    """What a run wrote, with event identifiers by their order, and without those that events had before."""
    with (folder / "events.csv").open() as file:
        names = [row["event_id"] for row in csv.DictReader(file)]
    found = {}
    for name in FILES:
        text = (folder / name).read_text()
        for number, event_id in enumerate(names):
            text = text.replace(event_id, f"event-{number}").replace(event_id.removeprefix("wd"), f"code-{number}")
        text = re.sub(r"\bwd\d{4}\w{10}\b", "earlier", text)
        found[name] = re.sub(r"<creationTime>[^<]*</creationTime>", "", text)
    return found


def versions(folder: Path) -> dict[str, list[EventMessage]]:
    """All versions of each event, in order."""
    with LiveLog(folder / "catalog.sqlite") as log:
        kept = sorted(log.versions(), key=lambda version: (version.event_id, version.version))
    found: dict[str, list[EventMessage]] = {}
    for version in kept:
        found.setdefault(version.event_id, []).append(decode_json(version.message.encode(), EventMessage))
    return found


@pytest.fixture(scope="module")
def replayed(small, tmp_path_factory):
    """A whole replay as fast as it goes, in small ticks, so that there are early picks on any machine."""
    folder = tmp_path_factory.mktemp("replayed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Intake.take, "__defaults__", (100,))
        result = live([Replay(small.waveforms, 0)], small.stations, folder)
    return folder, result


def test_a_replay_ends_with_the_catalog_of_a_batch_run(small, replayed) -> None:
    folder, result = replayed
    assert result.catalog is not None
    assert len(result.catalog) == len(small.result.catalog) > 0
    assert contents(folder) == contents(small.output)
    assert (folder / "report.html").exists()


def test_events_have_versions_from_created_to_final(replayed) -> None:
    folder, result = replayed
    found = versions(folder)
    for told in found.values():
        assert [message.version for message in told] == list(range(1, len(told) + 1))
        assert [message.state for message in told].count("created") <= 1
        undecorated = [message for message in told if not message.additions]
        assert undecorated[-1].state in ("final", "retracted")
        assert all(message.released or message.held_back for message in told)
    final = {name for name, told in found.items() if told[-1].state == "final"}
    assert {event.event_id for event in result.catalog} <= final
    assert any("felt_radius" in message.additions for told in found.values() for message in told)


def test_picks_come_early_and_most_stay(replayed) -> None:
    folder, result = replayed
    with LiveLog(folder / "catalog.sqlite") as log:
        early = log.early()
    assert early
    assert all(one.outcome in ("confirmed", "withdrawn") for one in early)
    assert sum(one.outcome == "confirmed" for one in early) > 0.7 * len(early)
    assert result.status["picks"]["final"] == len(read_picks_csv(folder / "picks.csv"))


def test_records_that_come_late_disordered_and_twice_change_nothing(small, script, tmp_path: Path) -> None:
    draw = random.Random(1)
    mixed = [(clock + draw.choice([0, 0, 0, 3, 20, 60]) * SECOND, record) for clock, record in script]
    mixed += [(clock + 5 * SECOND, record) for clock, record in draw.sample(mixed, 200)]
    flow = Flow(live=Live(patience_s=10.0))
    result = live([Scripted(sorted(mixed, key=lambda one: one[0]))], small.stations, tmp_path, flow=flow)
    assert result.catalog is not None
    assert contents(tmp_path)["picks.csv"] == contents(small.output)["picks.csv"]
    assert contents(tmp_path) == contents(small.output)


def test_stopping_and_starting_again_changes_nothing(small, script, tmp_path: Path) -> None:
    for share in (0.2, 0.45, 0.5, 0.8):
        source = Scripted(script, stop_after=round(share * len(script)))
        result = live([source], small.stations, tmp_path, stop=source.stop)
        assert result.catalog is None
    result = live([Scripted(script)], small.stations, tmp_path)
    assert result.catalog is not None
    assert contents(tmp_path) == contents(small.output)


def _dies(stations: Path, folder: Path, script: list[tuple[int, bytes]], what: str, count: int) -> None:
    """Run until the count-th write of some kind, and die before or in it, without a word."""
    from wadati.engine.live.journal import Journal
    from wadati.engine.live.tracks import TrackFiles
    from wadati.store.live_log import LiveLog as Log

    owner, name = {"journal": (Journal, "append"), "log": (Log, "write"), "tracks": (TrackFiles, "write")}[what]
    usual, left = getattr(owner, name), [count]

    def write(self, *arguments, **named):
        left[0] -= 1
        if left[0] == 0:
            os._exit(9)
        return usual(self, *arguments, **named)

    setattr(owner, name, write)
    Intake.take.__defaults__ = (300,)  # many small ticks
    live([Scripted(script)], stations, folder)


def test_a_run_that_is_killed_at_any_write_loses_nothing(small, script, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    deaths: list[object] = []
    for what, count in (("journal", 2), ("log", 3), ("tracks", 1), ("log", 2)):
        process = context.Process(target=_dies, args=(small.stations, tmp_path, script, what, count))
        process.start()
        process.join(120)
        deaths.append((what, count, process.exitcode))
    # How many writes a run makes depends on the machine: the first death is sure, a later run may reach the end.
    assert deaths[0] == ("journal", 2, 9)
    assert {code for *_, code in deaths} <= {0, 9}, deaths
    result = live([Scripted(script)], small.stations, tmp_path)
    assert result.catalog is not None
    assert contents(tmp_path) == contents(small.output)


def test_a_clock_that_is_an_hour_wrong_is_told_and_not_picked_on(small, script, tmp_path: Path) -> None:
    wrong = small.scenario.inventory.stations()[0]
    changed = []
    for clock, record in script:
        ((trace, *_), _) = read_miniseed(record)
        if trace.source_id.station_key == wrong.key:
            late = type(trace)(trace.source_id, trace.start + HOUR, trace.sampling_rate, trace.data)
            changed += [(clock, one) for _, one in cut_records(late)]
        else:
            changed.append((clock, record))
    result = live([Scripted(changed)], small.stations, tmp_path)
    (health,) = [one for one in result.status["stations"] if (one["network"], one["station"]) == wrong.key]
    assert health["state"] == "clock"
    assert "from now" in health["words"]
    picks = read_picks_csv(tmp_path / "picks.csv")
    assert picks
    assert not any(pick.source_id.station_key == wrong.key for pick in picks)
    expected = [p for p in read_picks_csv(small.output / "picks.csv") if p.source_id.station_key != wrong.key]
    assert picks == tuple(expected)


def test_a_station_that_nobody_knows_and_bytes_that_are_none_cost_nothing(small, script, tmp_path: Path) -> None:
    stranger = read_miniseed(script[0][1])[0][0]
    sid = type(stranger.source_id)("ZZ", "NEW", "", "H", "H", "Z")
    foreign = cut_records(type(stranger)(sid, stranger.start, stranger.sampling_rate, stranger.data))[0][1]
    mixed = [*script[:50], (script[49][0], b"\x07" * 512), (script[49][0], foreign), *script[50:]]
    result = live([Scripted(mixed)], small.stations, tmp_path)
    subjects = {problem["subject"] for problem in result.status["problems"]}
    assert {"ZZ.NEW", "miniSEED"} <= subjects
    assert contents(tmp_path)["picks.csv"] == contents(small.output)["picks.csv"]


def test_only_one_process_runs_in_a_folder(small, script, tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    import fcntl

    with (tmp_path / "live" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="another process"):
            live([Scripted(script)], small.stations, tmp_path)


def test_status_and_metrics_say_how_it_does(small, script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ports = []
    usual = runner.serve_metrics

    def served(status, port):
        server = usual(status, port)
        ports.append(server.server_address[1])
        with urllib.request.urlopen(f"http://127.0.0.1:{ports[0]}/metrics", timeout=10) as answer:
            ports.append(answer.read().decode())
        return server

    monkeypatch.setattr(runner, "serve_metrics", served)
    flow = Flow(live=Live(metrics_port=0))
    source = Scripted(script, stop_after=2000)
    live([source], small.stations, tmp_path, flow=flow, stop=source.stop)
    text = ports[1]
    names = set(re.findall(r"^(wadati_\w+)", text, re.MULTILINE))
    assert {"wadati_picks_total", "wadati_queue_depth", "wadati_station_unwell", "wadati_events"} <= names
    for line in text.splitlines():
        assert line.startswith("# ") or re.fullmatch(r"wadati_\w+(\{.*\})? -?[\d.e+-]+", line), line
    status = read_status(tmp_path)
    assert status is not None
    assert not status["running"]
    assert len(status["stations"]) == 12


def test_a_web_hook_that_never_answers_holds_nothing_up(small, script, tmp_path: Path) -> None:
    import socket

    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        release = Release(phases=4, gap=360.0, ellipse_km=100.0)
        flow = Flow(live=Live(webhooks=(url,), release=release))
        result = live([Scripted(script)], small.stations, tmp_path, flow=flow)
    assert result.catalog is not None
    assert contents(tmp_path) == contents(small.output)
    feed = json.loads((tmp_path / "feed.geojson").read_text())
    assert feed["metadata"]["count"] > 0


def test_a_station_file_that_changes_is_read_again(
    small, script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "stations.xml"
    own.write_bytes(small.stations.read_bytes())
    monkeypatch.setattr(runner, "_HOUSEKEEPING", 0.0)
    said: list[str] = []

    def say(what: str, **fields: object) -> None:
        said.append(what)
        if what == "started":
            os.utime(own, (1, 1))

    live([Scripted(script)], own, tmp_path / "out", say=say)
    assert "stations" in said


def test_gates_say_why_an_event_stays_within_the_house(small) -> None:
    event = small.result.catalog.events[0]
    assert Release(phases=1, stations=1, gap=360.0, ellipse_km=1e3, residuals_s=9.0).fault(event) == ""
    assert "phases" in Release(phases=1000).fault(event)
    assert "gap" in Release(phases=1, stations=1, gap=0.0).fault(event)
    bare = msgspec.structs.replace(event, magnitudes=(), preferred_magnitude_id=None)
    gates = Release(phases=1, stations=1, gap=360.0, ellipse_km=1e3, residuals_s=9.0, least_magnitude=3.0)
    assert gates.fault(bare) == "its magnitude is unknown, 3 is needed"


def test_threads_end(replayed) -> None:
    names = {thread.name for thread in threading.enumerate()}
    assert not names & {"sources", "events", "feed", "felt_radius"}


def _fills_a_disk(stations: Path, folder: Path, script: list[tuple[int, bytes]]) -> None:
    try:
        live([Scripted(script)], stations, folder)
    except InputError as error:
        os._exit(17 if error.wrong == "its disk is full" else 1)


def test_a_full_disk_is_said_and_costs_nothing(small, script, tmp_path: Path) -> None:
    tiny = tmp_path / "tiny"
    tiny.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", tiny], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        process = multiprocessing.get_context("spawn").Process(
            target=_fills_a_disk, args=(small.stations, tiny / "out", script)
        )
        process.start()
        process.join(120)
        assert process.exitcode == 17
        subprocess.run(["mount", "-o", "remount,size=200m", tiny], check=True)
        result = live([Scripted(script)], small.stations, tiny / "out")
        assert result.catalog is not None
        assert contents(tiny / "out") == contents(small.output)
    finally:
        subprocess.run(["umount", tiny], check=False)
