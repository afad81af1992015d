"""Picks of the partitions that this picker has: final and early ones into the store, and onto the bus."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

from wadati.bus.memory import MemoryBus, Subscription
from wadati.bus.messages import PickMessage, StationHealthMessage
from wadati.bus.nats import NatsBus
from wadati.bus.nats_reader import Reader
from wadati.engine.flow import Flow
from wadati.engine.live.picking import Picking, Tick
from wadati.engine.live.usage import give_back_memory
from wadati.engine.services.ingest import packets_of
from wadati.engine.services.leases import Leases, Share
from wadati.engine.services.messages import pack
from wadati.engine.services.partitions import partition_of
from wadati.engine.services.questions import answer
from wadati.engine.services.session import Say, again_and_again, member_name
from wadati.engine.services.status import Telling, of_picking
from wadati.engine.services.ticks import tick_message
from wadati.model import Inventory, Pick
from wadati.model.codec import encode_msgpack
from wadati.protocols import Packet
from wadati.store.live_log import LiveLog
from wadati.units import MINUTE, SECOND

TICK_S = 0.1
_MARK_EVERY = 10 * SECOND
_KEEP_S = 5.0
_TIDY_S = 3600.0
_TELL_S = 1.0
_AGAIN = 30 * MINUTE
_AT_ONCE = 100
_WAITING, _MOST_WAITING = 20 * MINUTE, 200_000


def pick(flow: Flow, inventory: Inventory, store: str | Path, bus: NatsBus, stop: threading.Event, say: Say) -> None:
    """Run until `stop` is set. Several pickers share the stations."""
    picker = flow.part("pickers")

    def session() -> None:
        member = member_name()
        own = MemoryBus()
        heard = own.subscribe("bus", [PickMessage.kind, StationHealthMessage.kind])
        with Leases(bus, member) as leases, LiveLog(store) as log:
            picking = Picking(picker, inventory, flow.live, log, own, None)
            _Session(picking, log, bus, Share(bus, leases, "pick", member), heard, say, member).run(stop)

    say("started", service="pick")
    again_and_again(session, stop, say)
    say("ended", service="pick")


class _Partition:
    """One that is held: what was read of it, and after which messages it can be taken up."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.waiting: list[Packet] = []
        self._left = reader.backlog or 0
        self.ready = self.ended = False
        self.marks: deque[tuple[int, int]] = deque()
        self.after: int | None = None
        self.end_serving: Callable[[], None] | None = None

    def read(self, most: int) -> list[Packet]:
        """The packets of the next messages."""
        packets: list[Packet] = []
        for message in self.reader.take(most):
            some = packets_of(message.data)
            self._left -= 1
            self.ended = not some
            packets += some
            if some:
                clock = max(packet.clock for packet in some)
                if not self.marks or clock - self.marks[-1][0] > _MARK_EVERY:
                    self.marks.append((clock, message.sequence))
        return packets

    def has_enough(self) -> bool:
        """Whether what waits is all that there was, or at least all that another may have looked at."""
        if self._left <= 0 or len(self.waiting) > _MOST_WAITING:
            return True
        return bool(self.waiting) and self.waiting[-1].clock - self.waiting[0].clock > _WAITING

    def forget(self, before: int) -> None:
        """Nothing from before a time (ns) is needed any more."""
        while self.marks and self.marks[0][0] < before:
            self.after = self.marks.popleft()[1]

    def close(self) -> None:
        if self.end_serving is not None:
            self.end_serving()
        self.reader.close()


class _Session:
    """From the taking of leases to the first thing that goes wrong."""

    def __init__(
        self, picking: Picking, log: LiveLog, bus: NatsBus, share: Share, heard: Subscription, say: Say, member: str
    ) -> None:
        self.picking, self.log, self.bus, self.share, self.heard, self.say = picking, log, bus, share, heard, say
        self.held: dict[int, _Partition] = {}
        self.finished = False
        self.told = self.kept = 0.0
        self.tidied = time.monotonic()
        self.telling = Telling(bus, "pick", member)

    def run(self, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                began = time.monotonic()
                leave, got = self.share.look()
                for partition in leave:
                    self._give(partition)
                for partition in got:
                    self._take(partition)
                if leave or got:
                    self.say("partitions", held=sorted(self.held))
                self._tick()
                if began - self.kept > _KEEP_S:
                    self.kept = began
                    self._keep()
                if began - self.tidied > _TIDY_S:
                    self.tidied = began
                    give_back_memory()
                if self.telling.due():
                    self.telling.tell(partitions=sorted(self.held), **of_picking(self.picking))
                stop.wait(max(TICK_S - (time.monotonic() - began), 0.001))
            for partition in list(self.held):
                self._give(partition)
        finally:
            for held in self.held.values():
                held.close()

    def _take(self, partition: int) -> None:
        after = int(self.log.state().get(_name(partition), "0"))
        self.held[partition] = _Partition(self.bus.read("packets", f"{partition:02d}", after))
        self.finished = False

    def _give(self, partition: int) -> None:
        self.picking.settle()
        self._keep()
        self.held.pop(partition).close()
        self.picking.drop([key for key in list(self.picking.heard) if partition_of(key) == partition])
        self.share.give(partition)

    def _keep(self) -> None:
        """From which messages on each partition is to be taken up."""
        needed = self.picking.needed()
        for held in self.held.values():
            held.forget(needed)
        after = {_name(n): str(held.after) for n, held in self.held.items() if held.after is not None}
        self.log.write(state=after)

    def _tick(self) -> None:
        packets: list[Packet] = []
        again: list[Pick] = []
        for partition, held in self.held.items():
            some = held.read(_AT_ONCE)
            if some:
                self.finished = False
            (packets if held.ready else held.waiting).extend(some)
            if not held.ready and held.has_enough():
                again += self._restore(partition, held)
        tick = self.picking.tick(packets)
        ready = bool(self.held) and all(held.ready for held in self.held.values())
        if ready and not self.finished and all(held.ended for held in self.held.values()):
            self._tell(tick, again)
            tick, again, self.finished = self.picking.finish(), [], True
            self.told = 0.0
        if tick.early or tick.final or tick.withdrawn or again or time.monotonic() - self.told > _TELL_S:
            self._tell(tick, again)

    def _restore(self, partition: int, held: _Partition) -> list[Pick]:
        """Take up where another was; what it had put into the store and may not have told."""
        waiting, held.waiting, held.ready = held.waiting, [], True
        if waiting:
            self.picking.restore(waiting)
        held.end_serving = self.bus.serve(f"ask.{partition:02d}", partial(answer, self.picking))
        if not waiting:
            return []
        recent = self.log.final(self.picking.clock - _AGAIN)
        return [pick for pick in recent if partition_of(pick.source_id.station_key) == partition]

    def _tell(self, tick: Tick, again: list[Pick]) -> None:
        self.told = time.monotonic()
        ended = [n for n, held in self.held.items() if held.ended and self.finished]
        self.bus.publish("ticks", [("pick", encode_msgpack(tick_message(tick, again, self.held, ended)))])
        messages = []
        while (message := self.heard.take(0)) is not None:
            messages.append(pack(message))
        self.bus.publish("events", messages)


def _name(partition: int) -> str:
    return f"partition {partition:02d}"
