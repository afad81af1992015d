"""Listeners of the events on the bus: decorators, mechanisms, joins, the feed, and the ways out."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import Any

import msgspec

from wadati.bus.memory import MemoryBus
from wadati.bus.messages import EventMessage, Message
from wadati.bus.nats import NatsBus
from wadati.engine.flow import Flow
from wadati.engine.live.delivery import Listeners
from wadati.engine.live.mechanisms import Mechanisms, Reached
from wadati.engine.services.associate import Addition, MovedEvent
from wadati.engine.services.leases import Leases, lead
from wadati.engine.services.messages import pack, unpack
from wadati.engine.services.recording import Recording
from wadati.engine.services.session import Say, again_and_again, member_name
from wadati.engine.services.status import Telling
from wadati.engine.services.two_sites import TwoSites
from wadati.model import Event, Inventory
from wadati.model.codec import encode_msgpack
from wadati.store.live_log import LiveLog

_WAIT_S = 0.05
_KEEP_S = 1.0
_PLACE = "publish"


def publish(
    flow: Flow,
    store: str | Path,
    folder: Path,
    bus: NatsBus,
    stop: threading.Event,
    say: Say,
    *,
    peer: str | None = None,
    standby: bool = False,
    inventory: Inventory | None = None,
) -> None:
    """Run until `stop` is set. One works, others wait to take over; each version is given out at least once.

    With the bus of another site with the same sources (`peer`) one of the two tells, the `standby` one when the other
    is gone. With an `inventory` events get mechanisms, and tensors where the flow names Green's functions.
    """
    recording = Recording(bus, folder, say) if inventory is not None and flow.tensor.greens is not None else None

    def session() -> None:
        member = member_name()
        with Leases(bus, member) as leases:
            if not lead(leases, "publish", stop):
                return
            say("leads", service="publish")
            with LiveLog(store) as log, contextlib.ExitStack() as open_ones:
                sites = None
                if peer is not None:
                    sites = open_ones.enter_context(TwoSites(bus, peer, flow.review, say, standby=standby))
                giving = _GivingOut(flow, log, store, folder, bus, sites, say, inventory, recording)
                giving.run(leases, Telling(bus, "publish", member), stop)

    say("started", service="publish")
    with recording or contextlib.nullcontext():
        again_and_again(session, stop, say)
    say("ended", service="publish")


class _GivingOut:
    def __init__(
        self,
        flow: Flow,
        log: LiveLog,
        store: str | Path,
        folder: Path,
        bus: NatsBus,
        sites: TwoSites | None,
        say: Say,
        inventory: Inventory | None,
        recording: Recording | None,
    ) -> None:
        self.bus, self.sites, self.say, self.recording = bus, sites, say, recording
        self.own = MemoryBus()
        self.mechanisms = None
        if inventory is not None:
            records = None if recording is None else recording.records
            self.mechanisms = Mechanisms(flow, lambda: inventory, store, records, self._reached, self._moved)
        self.listeners = Listeners(
            flow, folder, self.own, self._add, say, log, silent=self._is_silent, mechanisms=self.mechanisms
        )

    def _add(self, message: EventMessage, name: str, additions: dict[str, Any]) -> None:
        """Give what a decorator adds to the associator."""
        own = message if self.sites is None else self.sites.own(message)
        if own is not None:
            addition = Addition(name, msgspec.msgpack.encode(additions), pack(own)[1])
            self.bus.publish("ticks", [("addition", encode_msgpack(addition))])

    def _reached(self) -> Reached:
        return Reached(0, {}) if self.recording is None else self.recording.reached()

    def _moved(self, message: EventMessage, found: Event, additions: dict[str, Any]) -> None:
        """Give how an event moved to the associator."""
        name = message.event_id if self.sites is None else self.sites.own_name(message.event_id)
        named = msgspec.structs.replace(found, event_id=name)
        moved = MovedEvent(encode_msgpack(named), msgspec.msgpack.encode(additions))
        self.bus.publish("ticks", [("moved", encode_msgpack(moved))])

    def _is_silent(self) -> bool:
        return self.sites is not None and not self.sites.tells

    def run(self, leases: Leases, telling: Telling, stop: threading.Event) -> None:
        place = int(self.bus.kept(_PLACE) or 0)
        reader = self.bus.read("events", ">", place)
        self.listeners.start()
        kept, told = time.monotonic(), place
        try:
            while not stop.is_set():
                leases.check()
                messages = reader.take()
                place = messages[-1].sequence if messages else place
                self._hand_on([found for one in messages if (found := unpack(one.data)) is not None])
                given_out = not any(one.depth for one in self.own.listeners)
                if place > told and given_out and time.monotonic() - kept > _KEEP_S:
                    kept, told = time.monotonic(), place
                    self.bus.keep(_PLACE, str(place).encode())
                if self.recording is not None and self.mechanisms is not None:
                    self.recording.needed = self.mechanisms.needed(self.recording.clock)
                if telling.due():
                    telling.tell(
                        tells=not self._is_silent(),
                        queues={one.name: one.depth for one in self.own.listeners},
                        sent=dict(self.listeners.sent),
                        given_up=dict(self.listeners.given_up),
                    )
                for problem in self.listeners.problems():
                    self.say("problem", subject=problem.subject, wrong=problem.wrong, mend=problem.mend)
                stop.wait(_WAIT_S)
        finally:
            reader.close()
            self.own.close()
            self.listeners.stop()
            if self.recording is not None:
                self.recording.needed = None  # who waits to lead again keeps an hour, not all since then

    def _hand_on(self, messages: list[Message]) -> None:
        if self.sites is not None:
            events = [one for one in messages if isinstance(one, EventMessage)]
            others = [one for one in messages if not isinstance(one, EventMessage)]
            messages = [*others, *self.sites.pass_on(events)]
        for message in messages:
            self.own.publish(message)
