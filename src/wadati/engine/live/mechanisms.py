"""How final events of a live run moved, beside it: first motions at once, a tensor when its last sample is there.

A listener in a thread of its own with a process of its own. Each station is waited for until its records reach as far
as the tensor needs, but no longer than the patience of the run after that by the clock of the data. What was found is
given back and becomes the event's next version; an event that has it is left alone, so a run that was killed makes what
is missing and nothing twice. It is made again where the computed origin has moved far (see `engine.mechanisms`). While
the Green's functions cannot be had it is put off, for three hours at most.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from wadati.bus.memory import Subscription
from wadati.bus.messages import EventMessage
from wadati.engine.first_motion import METHOD as FIRST_MOTION
from wadati.engine.flow import Flow
from wadati.engine.live.mechanism_process import (
    Key,
    MechanismProcess,
    Plan,
    StoppedError,
    first_motion,
    moment_tensor,
    plan,
)
from wadati.engine.live.records import KEPT, KeptRecords
from wadati.engine.mechanisms import Moved, computed, has_tensor, is_elsewhere, is_large
from wadati.errors import ReadError, WadatiError
from wadati.model import Event, Inventory, Origin, seconds
from wadati.model.codec import decode_json
from wadati.protocols import Problem
from wadati.store.live_log import LiveLog
from wadati.tensors.first_motion import LEAST
from wadati.units import HOUR

NAME = "moment_tensor"
"""What is added to an event under this name: which stations do not count, and why there is no tensor."""

_WAIT_S = 0.5
_AT_FIRST_S = 60.0
_AGAIN_S = 60.0
_PUT_OFF = 3 * HOUR
_REMEMBERED = 7 * HOUR


class Reached(NamedTuple):
    """The clock of the data (ns), and until when (ns) the records of each station that is heard reach."""

    clock: int
    stations: Mapping[Key, int]


Found = Callable[[EventMessage, Event, dict[str, Any]], None]


class _Waiting(NamedTuple):
    message: EventMessage
    plan: Plan
    since: int
    began: float


class _Tried(NamedTuple):
    origin: Origin
    found: tuple[Event, dict[str, Any]] | None = None


class Mechanisms:
    """What finds mechanisms; `found` takes the version that was looked at, its event with them, and what is added.

    `inventory` gives the stations there are now, `reached` how far records reach, `records` where they are kept
    (None where none are), and `store` the database of the run.
    """

    def __init__(
        self,
        flow: Flow,
        inventory: Callable[[], Inventory],
        store: str | Path,
        records: KeptRecords | None,
        reached: Callable[[], Reached],
        found: Found,
    ) -> None:
        self._rules, self._patience = flow.tensor, seconds(flow.live.patience_s)
        self._inventory, self._store, self._records, self._reached = inventory, store, records, reached
        self._found = found
        self._new: dict[str, EventMessage] = {}
        self._waiting: dict[str, _Waiting] = {}
        self._away: dict[str, tuple[float, EventMessage]] = {}
        self._tried: dict[tuple[str, str], _Tried] = {}
        self._problems: deque[Problem] = deque(maxlen=100)
        self.delays: deque[float] = deque(maxlen=1000)
        """How long (s) after its last sample each tensor was there."""
        self.made = self.failed = 0

    @property
    def waiting(self) -> int:
        """Events whose tensor waits for samples, or for Green's functions that could not be had."""
        return len(self._waiting) + len(self._away)

    def needed(self, clock: int) -> int:
        """Records from before this time of the data's clock (ns), which says `clock`, are not needed."""
        spans = [one.plan.span.start for one in list(self._waiting.values())]
        new = [one.event.origin.time - KEPT for one in list(self._new.values())]
        new += [one.event.origin.time - KEPT for _, one in list(self._away.values())]
        return min([clock - KEPT, *spans, *new])

    def problems(self) -> list[Problem]:
        """What went wrong since the last call."""
        told = []
        while self._problems:
            told.append(self._problems.popleft())
        return told

    def run(self, log: LiveLog, heard: Subscription, stop: threading.Event, silent: Callable[[], bool]) -> None:
        """Listen until nothing more comes, or `stop` is set; begin with what another process left undone."""
        process = MechanismProcess(stop)
        try:
            undone, until = True, time.monotonic() + _AT_FIRST_S
            while not (heard.closed or stop.is_set()):
                try:
                    if undone and not silent():
                        # Of two sites, one that was silent for longer is told anew of what the other left undone.
                        if time.monotonic() < until:
                            for version in log.latest(time.time_ns() - _REMEMBERED):
                                self._hear(decode_json(version.message.encode(), EventMessage))
                        undone = False
                    message = heard.take(_WAIT_S)
                    while message is not None:
                        if isinstance(message, EventMessage) and not silent():
                            self._hear(message)
                        message = heard.take(0.0)
                    self._work(process, heard)
                except StoppedError:
                    return
                except Exception as error:  # a bus that is away, say; what is not told is made by the next run
                    words = f"failed: {type(error).__name__}: {str(error).partition(chr(10))[0]}"
                    self._problems.append(Problem("mechanisms", words, "see what else failed then"))
                    stop.wait(_WAIT_S)
        finally:
            process.close()

    def _hear(self, message: EventMessage) -> None:
        if message.state in ("final", "retracted"):
            self._away.pop(message.event_id, None)
        if message.state == "final":
            self._new[message.event_id] = message
        elif message.state == "retracted":
            self._new.pop(message.event_id, None)
            self._waiting.pop(message.event_id, None)

    def _work(self, process: MechanismProcess, heard: Subscription) -> None:
        """What there is to do, tensors before first motions, until something new is heard."""
        for name, (due, message) in list(self._away.items()):
            if time.monotonic() >= due:
                del self._away[name]
                self._new.setdefault(name, message)
        for message in list(self._new.values()):
            self._plan(process, message)
        self._solve(process)
        while self._new and not heard.depth:
            message = self._new.pop(next(iter(self._new)))
            self._first_motion(process, message)
            self._solve(process)

    def _solve(self, process: MechanismProcess) -> None:
        """The tensors whose last samples are there."""
        if not self._waiting:
            return
        reached = self._reached()
        for name in [name for name, one in self._waiting.items() if self._is_due(one, reached)]:
            one = self._waiting.pop(name)
            began = time.monotonic()
            moved = self._ask(process, one.message, moment_tensor, one.plan, self._records)
            if isinstance(moved, Moved):
                self._take(one.message, moved)
                self.delays.append(time.monotonic() - began)

    def _first_motion(self, process: MechanismProcess, message: EventMessage) -> None:
        event = message.event
        if _may_have_polarities(event) and self._is_new(message, FIRST_MOTION):
            moved = self._ask(process, message, first_motion, self._store)
            if isinstance(moved, Event) and moved.mechanisms != event.mechanisms:
                self._give(message, FIRST_MOTION, moved, {})

    def _plan(self, process: MechanismProcess, message: EventMessage) -> None:
        """What the tensor of an event waits for."""
        event = message.event
        greens = self._rules.greens
        if greens is None or self._records is None or has_tensor(event) or not is_large(event, self._rules):
            return
        waiting = self._waiting.get(message.event_id)
        moved = waiting is not None and computed(waiting.message.event).origin != computed(event).origin
        if moved or (NAME not in message.additions and self._is_new(message, NAME)):
            planned = self._ask(process, message, plan, greens)
            if isinstance(planned, Plan):
                self._waiting[message.event_id] = _Waiting(message, planned, self._reached().clock, time.monotonic())

    def _is_new(self, message: EventMessage, what: str) -> bool:
        """Whether nothing was tried for an event there yet; it is from now on. What was found is given once more, for
        who took it may have died before it was kept."""
        now = computed(message.event).origin
        tried = self._tried.get((message.event_id, what))
        if tried is not None and not is_elsewhere(tried.origin, now):
            if tried.found is not None:
                self._found(message, *tried.found)
            return False
        old = now.time - _REMEMBERED
        self._tried = {key: one for key, one in self._tried.items() if one.origin.time > old}
        self._tried[message.event_id, what] = _Tried(now)
        return True

    def _give(self, message: EventMessage, what: str, found: Event, additions: dict[str, Any]) -> None:
        self._tried[message.event_id, what] = _Tried(computed(message.event).origin, (found, additions))
        self._found(message, found, additions)

    def _is_due(self, one: _Waiting, reached: Reached) -> bool:
        # What comes after a link was away is older than the clock says, and comes all the same; where a stream is over,
        # the clock stands still.
        late, waited = reached.clock - self._patience, seconds(time.monotonic() - one.began)
        if late > one.plan.span.end and (late > one.since or waited > self._patience):
            return True
        heard = [key for key in one.plan.until if key in reached.stations]
        return bool(heard) and all(reached.stations[key] >= one.plan.until[key] for key in heard)

    def _ask(self, process: MechanismProcess, message: EventMessage, task: Callable[..., Any], *more: Any) -> Any:
        """What a task gives; None where it failed, which is told."""
        if task is moment_tensor:
            more = (self._rules.greens, *more)
        try:
            return process.ask(task, message.event, self._inventory(), *more)
        except (ReadError, TimeoutError) as error:
            why = str(error)
            if task is not first_motion and self._put_off(message, why):
                return None
        except WadatiError as error:
            why = str(error)
        except ChildProcessError as error:
            why = f"{error}; please report it"
        if task is first_motion:
            self._problems.append(Problem(message.event_id, f"has no first motions: {why}"))
        else:
            self._take(message, Moved(message.event, (), Problem(message.event_id, f"has no moment tensor: {why}")))
        return None

    def _put_off(self, message: EventMessage, why: str) -> bool:
        """Whether it is tried again in a minute: what is said of an event now would be the last word."""
        if self._reached().clock > message.event.origin.time + _PUT_OFF:
            return False
        self._tried.pop((message.event_id, NAME), None)
        self._waiting.pop(message.event_id, None)
        self._away[message.event_id] = time.monotonic() + _AGAIN_S, message
        self._problems.append(Problem(message.event_id, f"waits for its moment tensor: {why}", "tried again"))
        return True

    def _take(self, message: EventMessage, moved: Moved) -> None:
        added: dict[str, Any] = {"left_out": {one.subject: one.wrong for one in moved.left_out}}
        if moved.failure is not None:
            self.failed += 1
            added["why"] = moved.failure.wrong
            self._problems.append(moved.failure)
        else:
            self.made += 1
        self._give(message, NAME, moved.event, {NAME: added})


def _may_have_polarities(event: Event) -> bool:
    """Whether enough stations have a P for first motions, and none are told for the computed origin yet."""
    if any(one.method == FIRST_MOTION for one in event.mechanisms):
        return False
    arrivals = computed(event).origin.arrivals
    return len({(a.network, a.station) for a in arrivals if a.phase.startswith("P") and a.weight > 0}) >= LEAST
