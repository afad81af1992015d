"""Events from what all pickers tell. One associator works, others wait to take over."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import msgspec

from wadati.bus.messages import EventMessage, OriginMessage
from wadati.bus.nats import NatsBus
from wadati.bus.nats_reader import Reader
from wadati.engine.flow import Flow
from wadati.engine.live.events import LiveEvents
from wadati.engine.live.events_process import HEARING
from wadati.engine.live.runner import EVENTS_AT_ONCE, EVENTS_PAUSE
from wadati.engine.live.watermark import watermark
from wadati.engine.services.leases import Leases, lead
from wadati.engine.services.messages import pack, unpack
from wadati.engine.services.partitions import COUNT
from wadati.engine.services.questions import Asking
from wadati.engine.services.session import Say, again_and_again, member_name
from wadati.engine.services.status import Telling, of_events
from wadati.engine.services.ticks import TickMessage, key_of
from wadati.model import Event, Inventory, Pick, seconds
from wadati.model.codec import decode_json, decode_msgpack
from wadati.store.catalog import CatalogStore
from wadati.store.live_log import LiveLog
from wadati.units import MINUTE

Key = tuple[str, str]
_WAIT_S = 0.05
_KEEP_S = 5.0
_AGAIN_NS = 10 * MINUTE
_STATION, _CLOCK = "station ", "associate clock"


class Addition(msgspec.Struct, frozen=True):
    """What a decorator adds to a version of an event."""

    name: str
    additions: bytes
    message: bytes


class MovedEvent(msgspec.Struct, frozen=True):
    """An event with what was found of how it moved, and what is said of that."""

    event: bytes
    additions: bytes


def associate(
    flow: Flow, inventory: Inventory, store: str | Path, bus: NatsBus, stop: threading.Event, say: Say
) -> None:
    """Run until `stop` is set."""

    def session() -> None:
        member = member_name()
        with Leases(bus, member) as leases:
            if not lead(leases, "associate", stop):
                return
            say("leads", service="associate")
            with LiveLog(store) as log, CatalogStore(store) as catalog:
                _Session(flow, inventory, log, catalog, bus, leases, say, member).run(stop)

    say("started", service="associate")
    again_and_again(session, stop, say)
    say("ended", service="associate")


class _Session:
    def __init__(
        self,
        flow: Flow,
        inventory: Inventory,
        log: LiveLog,
        catalog: CatalogStore,
        bus: NatsBus,
        leases: Leases,
        say: Say,
        member: str,
    ) -> None:
        self.telling = Telling(bus, "associate", member)
        self.log, self.bus, self.leases, self.say = log, bus, leases, say
        self.patience = seconds(flow.live.patience_s)
        asking = Asking(bus)
        self.events = LiveEvents(flow, inventory, flow.live, log, catalog, self._publish, asking.traces, asking.arrival)
        self.early: dict[Key, list[Pick]] = {}
        self.known: dict[Key, int] = {}
        self.until: dict[Key, int] = {}
        self.heard: set[Key] = set()
        self.ended: set[int] = set()
        self.clock = 0
        self.done = False
        self.kept = time.monotonic()

    def run(self, stop: threading.Event) -> None:
        # What is told from here on is read; what was told before is in the store already.
        reader = self.bus.read("ticks", "*", self.bus.last("ticks"))
        try:
            self._restore()
            while not stop.is_set():
                self.leases.check()
                began = time.monotonic()
                self._step(reader)
                spent = time.monotonic() - began
                stop.wait(max(min(spent - EVENTS_AT_ONCE, EVENTS_PAUSE), _WAIT_S))
                if self.telling.due():
                    self.telling.tell(**of_events(self.events))
                if time.monotonic() - self.kept > _KEEP_S:
                    self.kept = time.monotonic()
                    self.log.write(state={_CLOCK: str(self.clock)})
            self.log.write(state={_CLOCK: str(self.clock)})
        finally:
            reader.close()

    def _restore(self) -> None:
        state = self.log.state()
        # A picker that is away is waited for: its stations are final until where it left them.
        for name, value in state.items():
            if name.startswith(_STATION):
                self.until[key_of(name.removeprefix(_STATION))] = int(value.split()[0])
        self.heard |= self.until.keys()
        self.clock = int(state.get(_CLOCK, "0"))
        versions = self.log.latest(time.time_ns() - HEARING)
        self.events.restore(self.log.final(self.clock - HEARING), versions)
        recent = [one for one in versions if one.stored > time.time_ns() - _AGAIN_NS]
        self.bus.publish("events", [pack(decode_json(one.message.encode(), EventMessage)) for one in recent])

    def _step(self, reader: Reader) -> None:
        ticks: list[TickMessage] = []
        for message in reader.take():
            if message.subject.endswith(".addition"):
                self._add(decode_msgpack(message.data, Addition))
            elif message.subject.endswith(".moved"):
                moved = decode_msgpack(message.data, MovedEvent)
                self.events.moved(decode_msgpack(moved.event, Event), msgspec.msgpack.decode(moved.additions))
            else:
                ticks.append(decode_msgpack(message.data, TickMessage))
        if not ticks:
            return
        for tick in ticks:
            keys = [key_of(name) for name in tick.heard]
            self.heard.update(keys)
            for key in keys:
                self.until.pop(key, None)
                self.early[key] = []
            for pick in tick.open:
                self.early.setdefault(pick.source_id.station_key, []).append(pick)
            self.until |= {key_of(name): time for name, time in tick.until.items()}
            self.known |= {key_of(name): time for name, time in tick.known.items()}
            self.ended = (self.ended - set(tick.partitions)) | set(tick.ended)
            self.clock = max(self.clock, tick.clock)
        over = len(self.ended) == COUNT
        self.events.step(
            [pick for tick in ticks for pick in tick.final],
            [pick for picks in self.early.values() for pick in picks],
            [pick_id for tick in ticks for pick_id in tick.withdrawn],
            self.heard,
            self.known,
            None if over else watermark(self.until, self.patience),
            self.clock,
        )
        if over and not self.done:
            self.done = True
            self.say("over", events=sum(one.state == "final" for one in self.events.open.values()))

    def _add(self, addition: Addition) -> None:
        message = unpack(addition.message)
        if isinstance(message, EventMessage):
            additions = msgspec.msgpack.decode(addition.additions)
            self.events.add(message.event_id, addition.name, additions, message)

    def _publish(self, message: EventMessage | OriginMessage) -> None:
        self.bus.publish("events", [pack(message)])
