"""The events of a live run in a process of their own, so that a mainshock's association never holds up its picking.

The two talk over a pipe: a step goes over, and until it is done the other side may ask for waveforms and arrivals and
says what is to be published. A process that ends is started again and takes up from the log.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from wadati.bus.memory import MemoryBus
from wadati.bus.messages import EventMessage
from wadati.engine.flow import Flow
from wadati.engine.live.usage import cpu_seconds, largest_memory_mb
from wadati.errors import UsageError, WadatiError
from wadati.model import Event, Inventory, Pick
from wadati.protocols import Problem
from wadati.units import HOUR

if TYPE_CHECKING:
    from wadati.engine.live.events import Arrived, LiveEvents
    from wadati.engine.live.solver import Key, Traces


HEARING = 7 * HOUR
"""A process that takes up from the log reads the picks of this long (ns)."""


_PATIENCE_S = 3.0


class Summary(msgspec.Struct, frozen=True):
    """How the events do: how many, delays of first origins, what steps took (s), CPU (s) and largest memory (MB)."""

    open: int = 0
    final: int = 0
    retracted: int = 0
    delays: tuple[float, ...] = ()
    steps: tuple[float, ...] = ()
    cpu_s: float = 0.0
    memory_mb: float = 0.0
    failure: str | None = None
    """What the locator said when it last failed."""


class EventsProcess:
    """`LiveEvents` elsewhere; one thread at a time may call it."""

    def __init__(
        self,
        flow: Flow,
        inventory: Inventory,
        folder: Path,
        bus: MemoryBus,
        traces: Traces,
        arrival: Arrived,
        tell: Callable[[Problem], None],
    ) -> None:
        self._flow, self._inventory, self._folder, self._bus = flow, inventory, folder, bus
        self._answers: dict[str, Callable[..., Any]] = {"traces": traces, "arrival": arrival}
        self._tell = tell
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._process: Any = None
        self._since: int | None = None
        self._closing = False
        self.summary = Summary()

    def start(self) -> None:
        """Have the process ready. Raises `UsageError` for a flow that cannot be, or where it does not start."""
        self._ask("nothing")
        if self._connection is None:
            raise UsageError("the process of the events does not start; see what it printed")

    def restore(self, since: int) -> None:
        """Take up from the log: final picks from a time on (ns), and the last versions of events."""
        self._since = since

    def use(self, inventory: Inventory) -> None:
        """Go on with another inventory."""
        self._inventory = inventory
        self._ask("use", inventory)

    def step(
        self,
        new: Iterable[Pick],
        early: Iterable[Pick],
        withdrawn: Iterable[str],
        heard: Iterable[Key],
        known: Mapping[Key, int],
        watermark: int | None,
        clock: int,
    ) -> None:
        """As `LiveEvents.step`."""
        self._since = clock - HEARING
        self._ask("step", tuple(new), tuple(early), tuple(withdrawn), tuple(heard), dict(known), watermark, clock)

    def add(self, event_id: str, name: str, additions: Mapping[str, object], message: EventMessage) -> None:
        """As `LiveEvents.add`."""
        self._ask("add", event_id, name, dict(additions), message)

    def moved(self, found: Event, additions: Mapping[str, object]) -> None:
        """As `LiveEvents.moved`."""
        self._ask("moved", found, dict(additions))

    def close(self) -> None:
        """End the process; one that is in the middle of a step is not waited for long."""
        self._closing = True
        if not self._lock.acquire(timeout=_PATIENCE_S):
            self._process.kill()
            self._lock.acquire()
        try:
            if self._connection is not None:
                with contextlib.suppress(OSError):
                    self._connection.send(None)
                self._process.join(3)
                if self._process.is_alive():
                    self._process.terminate()
                    self._process.join(1)
                with contextlib.suppress(ValueError):  # whoever starts a process just now may be told first of its end
                    self._process.close()
                self._connection.close()
                self._connection = None
        finally:
            self._lock.release()

    def _ask(self, what: str, *arguments: Any) -> None:
        with self._lock:
            for _ in range(2):
                try:
                    connection = self._started()
                    connection.send((what, arguments))
                    self._serve(connection)
                except (EOFError, OSError) as error:
                    self._connection = None
                    if self._closing:
                        return
                    wrong = f"their process ended ({error or 'without a word'})"
                    self._tell(Problem("events", wrong, "started again; please report it"))
                else:
                    return

    def _started(self) -> Connection:
        if self._connection is None:
            context = multiprocessing.get_context("spawn")
            self._connection, theirs = context.Pipe()
            arguments = (theirs, self._flow, self._inventory, self._folder, self._since)
            self._process = context.Process(target=_run, args=arguments, name="events", daemon=True)
            self._process.start()
            theirs.close()
        return self._connection

    def _serve(self, connection: Connection) -> None:
        """Answer until the step is done."""
        while True:
            what, arguments = connection.recv()
            if what == "publish":
                self._bus.publish(*arguments)
            elif what == "done":
                (self.summary,) = arguments
                if self.summary.failure is not None:
                    wrong = f"failed on an event ({self.summary.failure}); it is where the associator saw it"
                    self._tell(Problem("locator", wrong, "please report it"))
                return
            elif what == "refused":
                raise UsageError(*arguments)
            elif what == "failed":
                raise EOFError(*arguments)
            else:
                connection.send(self._answers[what](*arguments))


def _run(connection: Connection, flow: Flow, inventory: Inventory, folder: Path, since: int | None) -> None:
    """The other side."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the picking process says when to end

    def asked(what: str) -> Callable[..., Any]:
        def ask(*arguments: Any) -> Any:
            connection.send((what, arguments))
            return connection.recv()

        return ask

    def publish(message: Any) -> None:
        connection.send(("publish", (message,)))

    # Here, so that the picking process does without what only events need.
    from wadati.engine.live.events import LiveEvents
    from wadati.store.catalog import CatalogStore
    from wadati.store.live_log import LiveLog

    target = folder / "catalog.sqlite"
    with LiveLog(target) as log, CatalogStore(target) as catalog:
        try:
            events = LiveEvents(flow, inventory, flow.live, log, catalog, publish, asked("traces"), asked("arrival"))
        except WadatiError as error:
            connection.send(("refused", (str(error),)))
            return
        if since is not None:
            events.restore(log.final(since), log.latest(time.time_ns() - HEARING))
        try:
            _work(connection, events)
        except (EOFError, ConnectionError):
            return  # the picking process is gone, and says why itself
        except Exception as error:  # told to the picking process, which starts another
            connection.send(("failed", (f"{type(error).__name__}: {str(error).partition(chr(10))[0]}",)))


def _work(connection: Connection, events: LiveEvents) -> None:
    """Do what is asked until the other side is done. Raises `EOFError` or `ConnectionError` where it is gone."""
    steps: deque[float] = deque(maxlen=1000)
    while True:
        task = connection.recv()
        if task is None:
            return
        what, arguments = task
        began = time.monotonic()
        if what != "nothing":
            getattr(events, what)(*arguments)
        if what == "step":
            steps.append(time.monotonic() - began)
        connection.send(("done", (_summary(events, steps),)))


def _summary(events: LiveEvents, steps: Iterable[float]) -> Summary:
    states = [one.state for one in events.open.values()]
    failure, events.solver.failure = events.solver.failure, None
    return Summary(
        sum(state in ("created", "updated") for state in states),
        states.count("final"),
        states.count("retracted"),
        tuple(events.delays[-1000:]),
        tuple(steps),
        cpu_seconds(),
        largest_memory_mb(),
        failure,
    )
