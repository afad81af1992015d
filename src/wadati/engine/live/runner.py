"""The live runner: sources, picking, events and listeners, for ever or until the stream ends.

    sources ─▶ journal ─▶ picking ─▶ events ─▶ listeners
                            │          │
                            └─ log ────┘

Picking has the calling thread, so that nothing else holds it up; sources and each listener have threads of their own,
events a process, with queues between. What is shed when there is too much to do, in this order: messages on waveforms
and health, early picks of stations (made less often), versions of events (several ticks become one). Packets and final
picks never.
"""

from __future__ import annotations

import errno
import fcntl
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from wadati.bus.memory import MemoryBus
from wadati.bus.messages import EventMessage
from wadati.engine.flow import Flow
from wadati.engine.ledger import Ledger
from wadati.engine.live.compaction import compact
from wadati.engine.live.delivery import Listeners
from wadati.engine.live.events_process import HEARING, EventsProcess
from wadati.engine.live.intake import Intake
from wadati.engine.live.journal import Journal
from wadati.engine.live.mechanisms import Mechanisms, Reached
from wadati.engine.live.picking import Picking, Tick
from wadati.engine.live.records import KeptRecords
from wadati.engine.live.status import Status, serve_metrics
from wadati.engine.live.usage import give_back_memory
from wadati.engine.live.watermark import watermark
from wadati.engine.progress import Progress, Silent
from wadati.errors import InputError, UsageError
from wadati.formats.inventory import read_inventory
from wadati.model import Catalog, Event, Inventory
from wadati.protocols import Decorator, PacketSource, Problem
from wadati.sources.replay import Replay
from wadati.store.coverage import Coverage
from wadati.store.live_log import LiveLog
from wadati.units import HOUR, SECOND

TICK = 0.1
"""Seconds between two looks at what came."""

EVENTS_AT_ONCE, EVENTS_PAUSE = 0.1, 0.2
"""Where events of a tick take longer than the one (s), the next is waited for as much longer, the other at most."""

PASS_EVERY = 5 * SECOND
"""After so long by the clock of the data (ns), events are told how things stand although no pick came."""

MOST_TICKS = 20
"""An archive is read no further while the events of so many ticks wait to be made; instruments are never held up."""

SWITCH = 0.0005
"""Seconds after which a thread that computes gives way to picking."""

_HOUSEKEEPING = 5.0
DEFAULTS = Flow()
SILENT = Silent()
Say = Callable[..., None]


def _unsaid(what: str, **fields: Any) -> None:
    del what, fields


@dataclass(frozen=True, slots=True)
class LiveResult:
    """How a live run ended: `catalog` where the stream ended by itself, None where it was stopped."""

    catalog: Catalog | None
    ledger: Ledger
    status: dict[str, Any]


def live(
    sources: Sequence[PacketSource],
    stations: str | Path,
    output: str | Path,
    *,
    flow: Flow = DEFAULTS,
    progress: Progress = SILENT,
    say: Say = _unsaid,
    stop: threading.Event | None = None,
    decorators: Sequence[Decorator] = (),
) -> LiveResult:
    """Run until the sources end or `stop` is set, and go on where an earlier run into `output` was.

    `say` is told what happens, as a word with fields; `decorators` add to events besides those of the flow. Raises
    `UsageError` where another process runs there, `InputError` where the disk is full.

    >>> from wadati.sources.addresses import open_source
    >>> live([open_source("replay:waveforms?speed=20")], "stations.xml", "out")  # doctest: +SKIP
    """
    flow.check("pickers")
    sys.setswitchinterval(SWITCH)
    inventory, problems = read_inventory(Path(stations))
    folder = Path(output)
    own = folder / "live"
    own.mkdir(parents=True, exist_ok=True)
    with (own / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"{folder}: another process runs live there; stop it, or name another --output") from None
        with LiveLog(folder / "catalog.sqlite") as log:
            run = _Run(sources, Path(stations), inventory, folder, flow, log, say, decorators)
            for problem in problems:
                run.tell(problem)
            try:
                return run.go(stop or threading.Event(), progress)
            except (OSError, OperationalError) as error:
                if getattr(error, "errno", None) == errno.ENOSPC or "disk is full" in str(error):
                    raise InputError(folder, "its disk is full", "make room and start again; it goes on") from error
                raise


class _Run:
    def __init__(
        self,
        sources: Sequence[PacketSource],
        stations: Path,
        inventory: Inventory,
        folder: Path,
        flow: Flow,
        log: LiveLog,
        say: Say,
        decorators: Sequence[Decorator],
    ) -> None:
        self.sources, self.stations, self.inventory, self.folder = sources, stations, inventory, folder
        self.flow, self.log, self.say = flow, log, say
        settings = flow.live
        self.bus = MemoryBus()
        dropped = None if flow.tensor.greens is None else folder / "live" / "records"
        self.journal = Journal(folder / "live" / "journal", dropped)
        self.records = KeptRecords(folder / "live" / "journal", folder / "live" / "records")
        self.picking = Picking(flow.part("pickers"), inventory, settings, log, self.bus, folder / "live")
        self.events = EventsProcess(
            flow, inventory, folder, self.bus, self.picking.traces, self.picking.arrival, self.tell
        )
        self.intake = Intake(sources, self.journal.positions())
        store = folder / "catalog.sqlite"
        self.mechanisms = Mechanisms(flow, lambda: self.inventory, store, self.records, self._reached, self.moved)
        self.listeners = Listeners(
            flow, folder, self.bus, self.events_add, say, log, decorators, mechanisms=self.mechanisms
        )
        self.status = Status(
            folder, self.picking, self.events, self.intake, self.bus, self.listeners, self.mechanisms, stations
        )
        self._ticks: deque[Tick] = deque()
        self._more = threading.Condition()
        self._done = False
        self._passed = 0
        self._heard: deque[Callable[[], None]] = deque()
        self._stations_at = stations.stat().st_mtime_ns if stations.is_file() else 0
        self._new_inventory: Inventory | None = None
        self._compacted = 0
        self._compaction: threading.Thread | None = None
        self._failure: BaseException | None = None

    def tell(self, problem: Problem) -> None:
        """A problem into status and log."""
        self.picking.problems[problem.subject] = problem
        self.say("problem", subject=problem.subject, wrong=problem.wrong, mend=problem.mend)

    def events_add(self, message: EventMessage, name: str, additions: dict[str, Any]) -> None:
        """What a decorator adds; the events thread makes the next version of it."""
        self._later(lambda: self.events.add(message.event_id, name, additions, message))

    def moved(self, _: EventMessage, found: Event, additions: dict[str, Any]) -> None:
        """How an event moved; the events thread makes the next version of it."""
        self._later(lambda: self.events.moved(found, additions))

    def _later(self, task: Callable[[], None]) -> None:
        with self._more:
            self._heard.append(task)
            self._more.notify()

    def _reached(self) -> Reached:
        return Reached(self.picking.clock, self.picking.reached())

    def go(self, stop: threading.Event, progress: Progress) -> LiveResult:
        self._restore()
        self.events.start()
        events = threading.Thread(target=self._events, name="events", daemon=True)
        server = serve_metrics(self.status.metrics, self.flow.live.metrics_port)
        self.listeners.start()
        events.start()
        self.intake.start()
        self.say("started", sources=[source.name for source in self.sources], output=str(self.folder))
        try:
            self._listen(stop)
            ended = self.intake.ended and not stop.is_set() and self._failure is None
            self.intake.stop()
            self._drain(ended=ended, stop=stop)
        finally:
            self._finish_events(events)
            self.events.close()
            if self._compaction is not None:
                self._compaction.join()
            self.bus.close()
            self.listeners.stop()
            self.journal.close()
            if server is not None:
                server.shutdown()
                server.server_close()
        if self._failure is not None:
            raise self._failure
        ledger = Ledger()
        found = None
        if ended:
            ledger.problems.extend(self.picking.problems.values())
            replayed = [source for source in self.sources if isinstance(source, Replay)]
            from wadati.engine.live.closing import close  # what a batch run needs, only now

            found = close(
                self.folder,
                self.log,
                self.picking.files,
                self.flow,
                self.inventory,
                self.stations,
                self._coverage(),
                replayed[0].files() if len(replayed) == 1 else None,
                self.records,
                ledger,
                progress,
            )
        status = self.status.write(running=False)
        self.say("ended" if ended else "stopped", events=status["events"]["open"], picks=status["picks"]["final"])
        return LiveResult(found, ledger, status)

    def _restore(self) -> None:
        packets = list(self.journal.packets())
        if packets:
            self.picking.restore(packets)
            self.events.restore(self.picking.clock - HEARING)
            self.say("resumed", packets=len(packets))

    def _listen(self, stop: threading.Event) -> None:
        kept = time.monotonic()
        while not stop.is_set() and not self.intake.ended and self._failure is None:
            began = time.monotonic()
            packets = self.intake.take(TICK)
            self._take(packets)
            now = time.monotonic()
            if now - kept > _HOUSEKEEPING:
                kept = now
                self._keep_house()
            if len(packets) < 4000 and now - began < TICK and not self.intake.ended:
                stop.wait(TICK - (now - began))

    def _take(self, packets: list[Any]) -> None:
        self.journal.append(packets)
        tick = self.picking.tick(packets)
        if tick.early or tick.final or tick.withdrawn or tick.clock - self._passed > PASS_EVERY:
            self._pass(tick)

    def _pass(self, tick: Tick) -> None:
        self._passed = tick.clock
        with self._more:
            while self.intake.waits and len(self._ticks) >= MOST_TICKS and self._failure is None:
                self._more.wait(TICK)
            self._ticks.append(tick)
            self._more.notify()

    def _drain(self, *, ended: bool, stop: threading.Event) -> None:
        while packets := self.intake.take(0.0):
            self._take(packets)
            if stop.is_set() and self.intake.depth > 100_000:
                break
        if ended:
            self._pass(self.picking.finish())
        else:
            self.picking.settle()

    def _finish_events(self, thread: threading.Thread) -> None:
        with self._more:
            self._done = True
            self._more.notify()
        thread.join(6 if not self.intake.ended else None)

    def _events(self) -> None:
        try:
            while True:
                with self._more:
                    if not (self._ticks or self._heard or self._done):
                        self._more.wait(1.0)
                    ticks = list(self._ticks)
                    self._ticks.clear()
                    self._more.notify_all()
                    heard = list(self._heard)
                    self._heard.clear()
                    done = self._done
                if self._new_inventory is not None:
                    self.events.use(self._new_inventory)
                    self._new_inventory = None
                for task in heard:
                    task()
                if ticks:
                    began = time.monotonic()
                    self._step(ticks)
                    spent = time.monotonic() - began
                    if spent > EVENTS_AT_ONCE and not (self._done or done):
                        # What comes meanwhile is taken together.
                        time.sleep(min(spent - EVENTS_AT_ONCE, EVENTS_PAUSE))
                elif done:
                    return
        except BaseException as error:  # the picking goes on no further without it, and says why
            self._failure = error

    def _step(self, ticks: Sequence[Tick]) -> None:
        # How things stand is said by the last of them: what came since is not among these picks yet.
        last = ticks[-1]
        self.events.step(
            [pick for tick in ticks for pick in tick.final],
            last.open,
            [pick_id for tick in ticks for pick_id in tick.withdrawn],
            last.heard,
            last.known,
            None if last.until is None else watermark(last.until, self.picking.streaming.patience),
            last.clock,
        )

    def _keep_house(self) -> None:
        for problem in self.intake.problems():
            self.tell(problem)
        for source in self.listeners.problems():
            self.tell(source)
        self.journal.forget(self.picking.needed())
        self.records.forget(self.mechanisms.needed(self.picking.clock))
        self.status.write(running=True)
        if self.stations.is_file() and self.stations.stat().st_mtime_ns != self._stations_at:
            self._stations_at = self.stations.stat().st_mtime_ns
            self._reread()
        if self.picking.clock - self._compacted > HOUR:
            if self._compacted:
                until = self.picking.clock - HOUR
                self._compaction = threading.Thread(target=self._tidy, args=(until,), name="compaction")
                self._compaction.start()
            self._compacted = self.picking.clock

    def _tidy(self, until: int) -> None:
        compact(self.log, self.folder / "picks", until)
        give_back_memory()

    def _reread(self) -> None:
        try:
            inventory, problems = read_inventory(self.stations)
        except InputError as error:
            self.tell(Problem(str(self.stations), f"is not used: {error.wrong}", error.mend))
            return
        for problem in problems:
            self.tell(problem)
        self.inventory = inventory
        self.picking.use(inventory)
        self._new_inventory = inventory
        self.say("stations", count=len(inventory.stations()))

    def _coverage(self) -> list[Coverage]:
        found = []
        for station in self.inventory.stations():
            heard = self.picking.heard.get(station.key)
            name = ".".join(station.key)
            if heard is None or not heard.records:
                found.append(Coverage(name, "no data", "no waveforms of it in the stream"))
            else:
                found.append(Coverage(name, "done"))
        return found
