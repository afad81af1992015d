"""Listeners of the events on the bus: decorators, joins, the feed, and the ways out."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import msgspec

from wadati.bus.memory import MemoryBus
from wadati.bus.messages import EventMessage
from wadati.bus.nats import NatsBus
from wadati.engine.flow import Flow
from wadati.engine.live.delivery import Add, Listeners
from wadati.engine.services.associate import Addition
from wadati.engine.services.leases import Leases, lead
from wadati.engine.services.messages import pack, unpack
from wadati.engine.services.session import Say, again_and_again, member_name
from wadati.engine.services.status import Telling
from wadati.model.codec import encode_msgpack
from wadati.store.live_log import LiveLog

_WAIT_S = 0.05
_KEEP_S = 1.0
_PLACE = "publish"


def publish(flow: Flow, store: str | Path, folder: Path, bus: NatsBus, stop: threading.Event, say: Say) -> None:
    """Run until `stop` is set. One works, others wait to take over; each version is given out at least once."""

    def add(message: EventMessage, name: str, additions: dict[str, Any]) -> None:
        addition = Addition(name, msgspec.msgpack.encode(additions), pack(message)[1])
        bus.publish("ticks", [("addition", encode_msgpack(addition))])

    def session() -> None:
        member = member_name()
        with Leases(bus, member) as leases:
            if lead(leases, "publish", stop):
                say("leads", service="publish")
                with LiveLog(store) as log:
                    _give_out(flow, log, folder, bus, leases, Telling(bus, "publish", member), add, stop, say)

    say("started", service="publish")
    again_and_again(session, stop, say)
    say("ended", service="publish")


def _give_out(
    flow: Flow,
    log: LiveLog,
    folder: Path,
    bus: NatsBus,
    leases: Leases,
    telling: Telling,
    add: Add,
    stop: threading.Event,
    say: Say,
) -> None:
    own = MemoryBus()
    place = int(bus.kept(_PLACE) or 0)
    reader = bus.read("events", ">", place)
    listeners = Listeners(flow, folder, own, add, say, log)
    listeners.start()
    kept, told = time.monotonic(), place
    try:
        while not stop.is_set():
            leases.check()
            for message in reader.take():
                place = message.sequence
                content = unpack(message.data)
                if content is not None:
                    own.publish(content)
            given_out = not any(one.depth for one in own.listeners)
            if place > told and given_out and time.monotonic() - kept > _KEEP_S:
                kept, told = time.monotonic(), place
                bus.keep(_PLACE, str(place).encode())
            if telling.due():
                telling.tell(
                    queues={one.name: one.depth for one in own.listeners},
                    sent=dict(listeners.sent),
                    given_up=dict(listeners.given_up),
                )
            for problem in listeners.problems():
                say("problem", subject=problem.subject, wrong=problem.wrong, mend=problem.mend)
            stop.wait(_WAIT_S)
    finally:
        reader.close()
        own.close()
        listeners.stop()
