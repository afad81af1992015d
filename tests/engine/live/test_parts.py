"""Parts of the live runner on their own: the move to Parquet, the events' process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wadati.bus.memory import MemoryBus
from wadati.bus.messages import EventMessage
from wadati.engine.flow import Flow
from wadati.engine.live import intake
from wadati.engine.live.closing import all_picks
from wadati.engine.live.compaction import compact
from wadati.engine.live.events_process import EventsProcess
from wadati.engine.live.feed import Feed
from wadati.errors import UsageError
from wadati.formats.parquet import read_picks
from wadati.formats.tables import read_picks_csv
from wadati.model import Event, Origin, Pick, SourceId
from wadati.model.codec import encode_json
from wadati.protocols import Packet
from wadati.store.live_log import EventVersion, LiveLog
from wadati.units import DAY, HOUR, SECOND

Z = SourceId.parse("FDSN:XX_ABC__H_H_Z")


def pick(time: int) -> Pick:
    return Pick.of(Z, "P", time, time_uncertainty=0.05, probability=0.9)


def test_picks_move_to_parquet_and_none_is_lost_or_doubled(tmp_path: Path) -> None:
    picks = [pick(DAY + k * HOUR // 2) for k in range(60)]
    with LiveLog(tmp_path / "catalog.sqlite") as log:
        for k in range(0, 60, 10):
            log.write(final=picks[k : k + 10])
            before = picks[k].time
            for _ in range(2):
                compact(log, tmp_path / "picks", before)
            assert all_picks(log, tmp_path / "picks") == tuple(picks[: k + 10])
        assert len(log.final()) == 10
        assert len(read_picks(tmp_path / "picks")) == 50
        log.write(withdrawn=[picks[3].pick_id])
        assert picks[3] not in all_picks(log, tmp_path / "picks")


def test_the_feed_goes_on_where_it_was_and_holds_seven_days(tmp_path: Path) -> None:
    def told(name: str, time: int, version: int = 1, state: str = "final", released: bool = True) -> EventMessage:
        event = Event(name, (Origin.of(time, 35.7, -117.5, 8000.0),))
        return EventMessage(
            event_id=name,
            version=version,
            state=state,
            event=event,
            released=released,  # type: ignore[arg-type]
        )

    def ids(path: Path) -> list[tuple[str, int]]:
        return [(one["id"], one["properties"]["updated"]) for one in json.loads(path.read_text())["features"]]

    messages = [
        told("old", 0),
        told("b", 3 * DAY),
        told("a", 8 * DAY),
        told("held", 8 * DAY, released=False),
        told("gone", 8 * DAY),
        told("gone", 8 * DAY, 2, "retracted"),
        told("b", 3 * DAY, 2),
    ]
    whole = Feed(tmp_path / "whole.geojson", "xx", ())
    kept = {}
    for k, message in enumerate(messages):
        whole.take(message, k * SECOND)
        text = encode_json(message).decode()
        kept[message.event_id] = EventVersion(message.event_id, message.version, message.state, k * SECOND, text)
    again = Feed(tmp_path / "again.geojson", "xx", kept.values())
    for feed in (whole, again):
        feed.write()
    assert ids(tmp_path / "whole.geojson") == ids(tmp_path / "again.geojson") == [("b", 6000), ("a", 2000)]


def test_a_source_that_fails_begins_again_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        name, ends = "failing", False

        def __init__(self) -> None:
            self.asked: list[dict[str, int]] = []

        def problems(self):
            return ()

        async def packets(self, resume):
            self.asked.append(dict(resume))
            for number in range(resume.get("a", -1) + 1, 10):
                yield Packet(b"", "a", number, 0, 0)
                if number == 4 and len(self.asked) == 1:
                    raise ValueError("broken")

    monkeypatch.setattr(intake, "_AGAIN", 0.0)
    source = Failing()
    held = intake.Intake([source], {})
    held.start()
    taken: list[int] = []
    while len(taken) < 10:
        taken += [packet.sequence for packet in held.take(5.0)]
    held.stop()
    assert taken == list(range(10))
    assert source.asked[:2] == [{}, {"a": 4}]
    assert any("broken" in problem.wrong for problem in held.problems())


def _process(small, folder: Path, told: list, heard: list | None = None) -> EventsProcess:
    bus = MemoryBus()
    LiveLog(folder / "catalog.sqlite").close()
    process = EventsProcess(
        Flow(), small.scenario.inventory, folder, bus, lambda keys, span: (), lambda key, time: None, told.append
    )
    if heard is not None:
        heard.append(bus.subscribe("test", [EventMessage.kind]))
    return process


def test_events_go_on_in_a_new_process_where_one_died(small, tmp_path: Path) -> None:
    told: list = []
    heard: list = []
    process = _process(small, tmp_path, told, heard)
    picks = read_picks_csv(small.output / "picks.csv")
    keys = [station.key for station in small.scenario.inventory.stations()]
    process.start()
    process._process.kill()
    process._process.join(10)
    process.step(picks, (), (), keys, {}, None, picks[-1].time)
    process.close()
    assert [problem.subject for problem in told] == ["events"]
    messages = []
    while (message := heard[0].take(0)) is not None:
        messages.append(message)
    times = sorted(message.event.origin.time for message in messages)
    known = sorted(event.origin.time for event in small.result.catalog)
    assert sum(any(abs(one - other) < SECOND for other in times) for one in known) == len(known)
    assert process.summary.final == len(times)


def test_records_that_come_after_their_time_was_final_make_the_next_version(small, tmp_path: Path) -> None:
    heard: list = []
    process = _process(small, tmp_path, [], heard)
    picks = {pick.pick_id: pick for pick in read_picks_csv(small.output / "picks.csv")}
    keys = [station.key for station in small.scenario.inventory.stations()]
    largest = max(small.result.catalog, key=lambda event: len(event.origin.arrivals))
    own = [arrival.pick_id for arrival in largest.origin.arrivals if arrival.weight > 0.5]
    late, lost = own[3:5], own[5]
    watermark = max(pick.time for pick in picks.values()) + HOUR
    process.start()
    process.step([p for p in picks.values() if p.pick_id not in late], (), (), keys, {}, watermark, watermark)
    process.step([picks[name] for name in late], (), [lost], keys, {}, watermark, watermark)
    process.step((), (), (), keys, {}, watermark, watermark)
    process.close()
    messages = []
    while (message := heard[0].take(0)) is not None:
        messages.append(message)
    *_, before, after = [m for m in messages if abs(m.event.origin.time - largest.origin.time) < SECOND]
    assert (before.state, after.state) == ("final", "final")
    assert (after.event_id, after.version) == (before.event_id, before.version + 1)
    held, told = ({a.pick_id for a in m.event.origin.arrivals} for m in (before, after))
    assert told == (held | set(late)) - {lost}


def test_a_flow_that_cannot_be_is_refused_before_anything_runs(small, tmp_path: Path) -> None:
    process = _process(small, tmp_path, [])
    process._flow = Flow(associator="nobody")
    with pytest.raises(UsageError, match="nobody"):
        process.start()
    process.close()
