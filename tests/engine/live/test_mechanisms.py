"""Mechanisms beside a live run: the same as a batch run's, not before their last sample, once, whatever dies."""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.engine.conftest import Moved
from tests.engine.live.conftest import script_of
from tests.engine.live.test_live import contents
from wadati.bus.memory import MemoryBus
from wadati.bus.messages import EventMessage
from wadati.engine.flow import Flow
from wadati.engine.live import mechanism_process, mechanisms
from wadati.engine.live.events import LiveEvents
from wadati.engine.live.followed import Open
from wadati.engine.live.journal import Journal
from wadati.engine.live.mechanisms import NAME, Mechanisms, Reached
from wadati.engine.live.records import KeptRecords
from wadati.engine.live.runner import live
from wadati.engine.mechanism_settings import Tensor
from wadati.engine.mechanisms import carried, computed, has_tensor
from wadati.errors import ReadError
from wadati.model import Event, Magnitude, Origin, Review
from wadati.model.codec import encode_json
from wadati.protocols import Packet
from wadati.sources.replay import Replay
from wadati.store.catalog import CatalogStore
from wadati.store.live_log import EventVersion, LiveLog
from wadati.units import HOUR, MINUTE, SECOND

LONG_S = 240.0
"""As long as a busy machine may take for a tensor."""


@pytest.fixture(scope="module")
def packets(moved: Moved) -> list[Packet]:
    script = script_of(moved.waveforms)
    return [Packet(record, "scripted", number, clock, clock) for number, (clock, record) in enumerate(script)]


@pytest.fixture(scope="module")
def records(packets: list[Packet], tmp_path_factory: pytest.TempPathFactory) -> KeptRecords:
    """A journal of which half was dropped."""
    folder = tmp_path_factory.mktemp("records")
    kept = KeptRecords(folder / "journal", folder / "dropped")
    journal = Journal(kept.journal, kept.dropped)
    for packet in packets:
        journal.append([packet])
    journal.forget(packets[len(packets) // 2].clock)
    journal.close()
    return kept


@pytest.fixture(scope="module")
def quake(moved: Moved) -> Event:
    """The event of the batch run that has a tensor."""
    (found,) = [event for event in moved.result.catalog if has_tensor(event)]
    return found


def final(event: Event, version: int = 3, **more: Any) -> EventMessage:
    return EventMessage(event_id=event.event_id, version=version, state="final", event=event, released=True, **more)


@dataclass
class Listening:
    """A listener at work: what it found, and how far records reach, which a test says."""

    mechanisms: Mechanisms
    bus: MemoryBus
    found: queue.Queue[tuple[EventMessage, Event, dict[str, Any]]]
    reached: list[Reached]
    asked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def tensor(self) -> tuple[Event, dict[str, Any]]:
        """The next that was found with a tensor, or with the reason why there is none."""
        while True:
            _, event, additions = self.found.get(timeout=LONG_S)
            if additions:
                return event, additions


@pytest.fixture
def listening(moved: Moved, records: KeptRecords, tmp_path: Path) -> Iterator[Listening]:
    yield from listener(moved, records, tmp_path, moved.flow)


def listener(
    moved: Moved, records: KeptRecords, folder: Path, flow: Flow, silent: Callable[[], bool] = lambda: False
) -> Iterator[Listening]:
    found: queue.Queue[tuple[EventMessage, Event, dict[str, Any]]] = queue.Queue()
    reached, bus, stop = [Reached(0, {})], MemoryBus(), threading.Event()

    def how_far() -> Reached:
        own.asked.release()
        return reached[-1]

    store = folder / "catalog.sqlite"
    mechanisms = Mechanisms(
        flow, lambda: moved.scenario.inventory, store, records, how_far, lambda *what: found.put(what)
    )
    own = Listening(mechanisms, bus, found, reached)
    with LiveLog(store) as log:
        log.write(final=moved.result.catalog.picks)
        heard = bus.subscribe("mechanisms", [EventMessage.kind])
        thread = threading.Thread(target=mechanisms.run, args=(log, heard, stop, silent))
        thread.start()
        try:
            yield own
        finally:
            stop.set()
            bus.close()
            thread.join(LONG_S)
            assert not thread.is_alive()


def everywhere(moved: Moved, until: int) -> Reached:
    return Reached(until, {station.key: until for station in moved.scenario.inventory.stations()})


def test_records_are_the_same_from_the_journal_and_what_it_dropped(moved: Moved, records: KeptRecords) -> None:
    assert any(records.dropped.glob("*.log"))
    assert any(records.journal.glob("*.log"))
    for station in moved.scenario.inventory.stations()[:4]:
        own = sorted(moved.scenario.read(*station.key), key=lambda one: (one.source_id, one.start))
        joined: dict[Any, list[Any]] = {}
        for trace in records.read(*station.key):
            joined.setdefault(trace.source_id, []).extend(trace.data.tolist())
        expected: dict[Any, list[Any]] = {}
        for trace in own:
            expected.setdefault(trace.source_id, []).extend(trace.data.tolist())
        assert joined == expected


def test_a_live_tensor_is_that_of_a_batch_run_and_waits_for_its_last_sample(
    moved: Moved, quake: Event, listening: Listening
) -> None:
    bare = computed(quake)
    listening.reached.append(everywhere(moved, quake.origin.time + MINUTE))
    listening.bus.publish(final(bare))
    while not listening.mechanisms.waiting:
        assert listening.asked.acquire(timeout=LONG_S)
    for _ in range(3):
        assert listening.asked.acquire(timeout=LONG_S)
    assert listening.mechanisms.made == 0
    listening.reached.append(everywhere(moved, quake.origin.time + HOUR))
    event, additions = listening.tensor()
    assert [one for one in event.mechanisms if one.tensor] == [one for one in quake.mechanisms if one.tensor]
    assert event.magnitude == quake.magnitude
    told = {note.subject for note in moved.result.ledger.notes if "not in the moment tensor" in note.wrong}
    assert set(additions[NAME]["left_out"]) == told
    # Who took it may have died before it was kept, and then tells the event as it was: it is given again, not made.
    listening.bus.publish(final(bare, 4))
    assert listening.tensor() == (event, additions)
    assert listening.mechanisms.made == 1


def test_a_silent_station_is_waited_for_no_longer_than_patience(
    moved: Moved, quake: Event, listening: Listening
) -> None:
    late = everywhere(moved, quake.origin.time + HOUR)
    left_out = {note.subject for note in moved.result.ledger.notes}
    used = next(key for key in late.stations if ".".join(key) not in left_out)
    listening.reached.append(late._replace(stations=late.stations | {used: quake.origin.time}))
    listening.bus.publish(final(computed(quake)))
    # Its records may still come, however late it is: after a link was away all do.
    while not listening.mechanisms.waiting:
        assert listening.asked.acquire(timeout=LONG_S)
    for _ in range(3):
        assert listening.asked.acquire(timeout=LONG_S)
    assert listening.mechanisms.made == 0
    listening.reached.append(listening.reached[-1]._replace(clock=late.clock + MINUTE))
    event, _ = listening.tensor()
    assert has_tensor(event)


def test_a_process_that_is_killed_does_it_again_and_once(
    moved: Moved, quake: Event, listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, killed = mechanism_process.MechanismProcess._started, []

    def started(self: mechanism_process.MechanismProcess) -> Any:
        connection = usual(self)
        if not killed:
            killed.append(self._process.pid)
            os.kill(self._process.pid, signal.SIGKILL)
        return connection

    monkeypatch.setattr(mechanism_process.MechanismProcess, "_started", started)
    listening.reached.append(everywhere(moved, quake.origin.time + HOUR))
    listening.bus.publish(final(computed(quake)))
    event, additions = listening.tensor()
    assert killed
    assert has_tensor(event)
    # An event that has its tensor, or for which none was found, is left alone.
    listening.bus.publish(final(event, 4, additions=additions))
    listening.bus.publish(final(computed(quake), 5, additions=additions))
    small = msgspec.structs.replace(quake, event_id="wd-small", magnitudes=(), preferred_magnitude_id=None)
    listening.bus.publish(final(computed(small), 1))
    # The first motions of the last come after all that came before it.
    told = [listening.found.get(timeout=LONG_S)]
    while told[-1][0].event_id != "wd-small":
        told.append(listening.found.get(timeout=LONG_S))
    assert not any(additions for _, _, additions in told)
    assert listening.mechanisms.made == 1


@pytest.mark.parametrize("looks", [0, 3])
def test_a_run_that_starts_again_makes_what_is_missing(
    moved: Moved, quake: Event, records: KeptRecords, tmp_path: Path, looks: int
) -> None:
    """Also where it does not know at once that it is the one of two sites that tells."""
    left = [True] * looks
    with LiveLog(tmp_path / "catalog.sqlite") as log:
        message = final(computed(quake))
        told = EventVersion(quake.event_id, 3, "final", 2**62, encode_json(message).decode())
        log.write(versions=[told])
    for own in listener(moved, records, tmp_path, moved.flow, lambda: bool(left and left.pop())):
        own.reached.append(everywhere(moved, quake.origin.time + HOUR))
        event, _ = own.tensor()
        assert has_tensor(event)


@pytest.mark.parametrize("task", ["plan", "moment_tensor"])
def test_a_store_that_is_away_for_a_while_costs_no_tensor(
    moved: Moved, quake: Event, listening: Listening, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    usual, refused = mechanism_process.MechanismProcess.ask, []

    def ask(self: mechanism_process.MechanismProcess, what: Callable[..., Any], *more: Any) -> Any:
        if what.__name__ == task and len(refused) < 2:
            refused.append(what)
            raise ReadError("s3://greens", "unreachable", "cannot be read", "check the network")
        return usual(self, what, *more)

    monkeypatch.setattr(mechanism_process.MechanismProcess, "ask", ask)
    monkeypatch.setattr(mechanisms, "_AGAIN_S", 0.0)
    listening.reached.append(everywhere(moved, quake.origin.time + HOUR))
    listening.bus.publish(final(computed(quake)))
    event, additions = listening.tensor()
    assert has_tensor(event)
    assert "why" not in additions[NAME]
    assert len(refused) == 2
    told = listening.mechanisms.problems()
    assert [problem.subject for problem in told] == [quake.event_id] * 2
    assert all("waits for its moment tensor" in problem.wrong for problem in told)
    # After some hours it is given up, in words.
    refused.clear()
    listening.reached.append(everywhere(moved, quake.origin.time + 4 * HOUR))
    far = Origin.of(quake.origin.time, quake.origin.latitude + 0.1, quake.origin.longitude, quake.origin.depth)
    sizes = tuple(msgspec.structs.replace(one, origin_id=far.origin_id) for one in computed(quake).magnitudes)
    other = msgspec.structs.replace(
        computed(quake), origins=(far,), preferred_origin_id=far.origin_id, magnitudes=sizes
    )
    listening.bus.publish(final(other, 5))
    _, additions = listening.tensor()
    assert "cannot be read" in additions[NAME]["why"]


def test_what_cannot_be_is_told_in_words(moved: Moved, quake: Event, records: KeptRecords, tmp_path: Path) -> None:
    flow = msgspec.structs.replace(moved.flow, tensor=Tensor(greens=str(tmp_path / "nothing")))
    for own in listener(moved, records, tmp_path, flow):
        own.bus.publish(final(computed(quake)))
        _, additions = own.tensor()
        assert "has no moment tensor" in additions[NAME]["why"]
        assert "nothing" in additions[NAME]["why"]
        assert own.mechanisms.problems()[0].subject == quake.event_id
        assert (own.mechanisms.failed, own.mechanisms.made) == (1, 0)


@pytest.fixture
def told(quake: Event, tmp_path: Path) -> Iterator[tuple[LiveEvents, list[EventMessage]]]:
    """The part of a live run that publishes, with the quake as it was before it had a mechanism."""
    said: list[EventMessage] = []
    bare = computed(quake)
    with CatalogStore(tmp_path / "catalog.sqlite") as catalog, LiveLog(tmp_path / "catalog.sqlite") as log:
        events = LiveEvents.__new__(LiveEvents)
        events.catalog, events.log, events._publish = catalog, log, said.append  # type: ignore[assignment]
        events.open = {quake.event_id: Open(bare, (), version=3, state="final", final=True, released=True)}
        events.publish(final(bare, additions={}))
        yield events, said


def test_what_was_found_is_one_new_version(quake: Event, told: tuple[LiveEvents, list[EventMessage]]) -> None:
    events, said = told
    for _ in range(2):
        events.moved(quake, {NAME: {"left_out": {}}})
    assert [message.version for message in said] == [3, 4]
    assert said[-1].event == quake
    assert said[-1].additions == {NAME: {"left_out": {}}}
    assert events.catalog.event(quake.event_id) == quake


def test_an_event_that_went_elsewhere_meanwhile_keeps_none(
    quake: Event, told: tuple[LiveEvents, list[EventMessage]]
) -> None:
    events, said = told
    origin = quake.origin
    away = Origin.of(origin.time, origin.latitude + 0.2, origin.longitude, origin.depth)
    events.open[quake.event_id].event = Event(quake.event_id, (away,), (), away.origin_id)
    events.moved(quake, {NAME: {"left_out": {}}})
    events.moved(computed(quake), {NAME: {"left_out": {}, "why": "has no moment tensor: no station"}})
    assert len(said) == 1


def test_an_analyst_is_preferred_and_a_rejected_event_stays_so(
    quake: Event, told: tuple[LiveEvents, list[EventMessage]]
) -> None:
    events, said = told
    origin = quake.origin
    manual = Origin.of(origin.time, origin.latitude, origin.longitude, 3e3, evaluation_mode="manual")
    size = Magnitude("own", manual.origin_id, "ML", 4.0)
    events.catalog.review(
        Review(event_id=quake.event_id, time=1, reviewer="me", action="relocate", origin=manual, magnitudes=(size,))
    )
    events.moved(quake, {})
    assert (said[-1].event.origin, said[-1].event.magnitude) == (manual, size)
    assert has_tensor(said[-1].event)
    events.catalog.review(Review(event_id=quake.event_id, time=2, reviewer="me", action="reject"))
    events.publish(final(quake, 9))
    assert said[-1].state == "retracted"
    count = len(said)
    events.moved(carried(quake, quake), {NAME: {"left_out": {"XX.W01": "x"}}})
    assert len(said) == count


def test_a_replay_ends_with_the_mechanisms_of_a_batch_run(moved: Moved, tmp_path: Path) -> None:
    result = live([Replay(moved.waveforms, 0)], moved.stations, tmp_path, flow=moved.flow)
    assert result.catalog is not None
    assert contents(tmp_path) == contents(moved.output)
    assert any(has_tensor(event) for event in result.catalog)


def test_records_that_nothing_needs_go(packets: list[Packet], tmp_path: Path) -> None:
    kept = KeptRecords(tmp_path / "journal", tmp_path / "dropped")
    journal = Journal(kept.journal, kept.dropped)
    for packet in packets:
        journal.append([packet])
    last = packets[-1].clock
    journal.forget(last)
    journal.close()
    count = len(list(kept.dropped.glob("*.log")))
    assert count > 3
    kept.forget(last - 4 * MINUTE - 30 * SECOND)
    left = sorted(kept.dropped.glob("*.log"))
    assert 0 < len(left) < count
    assert int(left[0].stem.split("-")[1]) <= (last - 4 * MINUTE - 30 * SECOND) // MINUTE
