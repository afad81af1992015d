"""Mechanisms in a process of their own, which gives way to all else: what takes seconds holds up neither picks nor
events. One that ends is started again, and its task is done once more."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from wadati.engine.live.records import KeptRecords
from wadati.errors import ReadError, WadatiError
from wadati.model import Event, Inventory, TimeSpan
from wadati.protocols import GreensFunctions

Key = tuple[str, str]

_NICE = 5
_LOOK_S = 0.2
_LONGEST_S = 300.0


class StoppedError(Exception):
    """The run ends; what was asked is not done."""


class Plan(NamedTuple):
    """What a tensor waits for: `span` (ns) of all records, and until when (ns) each station's are needed."""

    span: TimeSpan
    until: dict[Key, int]


class MechanismProcess:
    """One thread at a time may ask. A task may take five minutes at most."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._connection: Connection | None = None
        self._process: Any = None
        self._sent: Inventory | None = None

    def ask(self, task: Callable[..., Any], event: Event, inventory: Inventory, *more: Any) -> Any:
        """What a function of this module gives for an event; stations go over once, as they take long to pack.

        Raises `StoppedError` where the run ends, `WadatiError` where the function does, `TimeoutError` where it took
        too long, `ChildProcessError` where the process ended twice.
        """
        for _ in range(2):
            try:
                connection = self._started()
                if inventory is not self._sent:
                    connection.send(inventory)
                    self._sent = inventory
                connection.send((task.__name__, event, more))
                until = time.monotonic() + _LONGEST_S
                while not connection.poll(_LOOK_S):
                    if self._stop.is_set():
                        self.close()
                        raise StoppedError
                    if time.monotonic() > until:
                        self.close()
                        raise TimeoutError(f"it took more than {_LONGEST_S:.0f} s")
                answer = connection.recv()
            except (EOFError, ConnectionError):
                self.close()
                continue
            if isinstance(answer, Exception):
                raise answer
            return answer
        raise ChildProcessError("its process ended twice")

    def close(self) -> None:
        """End the process, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            with contextlib.suppress(ValueError):  # whoever starts a process just now may be told first that it ended
                self._process.close()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = self._sent = None

    def _started(self) -> Connection:
        if self._connection is None:
            context = multiprocessing.get_context("spawn")
            self._connection, theirs = context.Pipe()
            self._process = context.Process(target=_run, args=(theirs,), name="mechanisms", daemon=True)
            self._process.start()
            theirs.close()
        return self._connection


def _run(connection: Connection) -> None:
    """The other side."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run says when to end
    os.nice(_NICE)
    tasks: dict[str, Callable[..., Any]] = {one.__name__: one for one in (first_motion, plan, moment_tensor)}
    inventory = Inventory()
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            asked = connection.recv()
            if isinstance(asked, Inventory):
                inventory = asked
                continue
            name, event, more = asked
            try:
                answer = tasks[name](event, inventory, *more)
            except ReadError as error:
                answer = error
            except WadatiError as error:
                answer = WadatiError(str(error))
            except Exception as error:  # one event must not cost the others
                answer = WadatiError(f"unexpected {type(error).__name__}: {str(error).partition(chr(10))[0]}")
            connection.send(answer)


def first_motion(event: Event, inventory: Inventory, store: str | Path) -> Event:
    """See `engine.mechanisms`; picks come from the log of the run."""
    from wadati.engine.mechanisms import computed, with_first_motion
    from wadati.store.live_log import LiveLog

    with LiveLog(store) as log:
        picks = log.picks([arrival.pick_id for arrival in computed(event).origin.arrivals])
    return with_first_motion(event, picks.values(), inventory)


def plan(event: Event, inventory: Inventory, greens: str) -> Plan:
    """What the tensor of an event waits for. Raises `WadatiError` where it cannot be made, a `ReadError` for now."""
    from wadati.engine.mechanisms import computed
    from wadati.engine.tensor import asked

    what = asked(computed(event), inventory, _opened(greens))
    spans = {station.key: what.span(distance) for station, distance in what.near}
    whole = TimeSpan(min(one.start for one in spans.values()), max(one.end for one in spans.values()))
    return Plan(whole, {key: one.end for key, one in spans.items()})


def moment_tensor(event: Event, inventory: Inventory, greens: str, planned: Plan, records: KeptRecords) -> Any:
    """See `engine.mechanisms.with_tensor`; waveforms come from what the run keeps."""
    from wadati.engine.mechanisms import with_tensor

    held = records.within(planned.until.keys(), planned.span)
    return with_tensor(event, held, inventory, _opened(greens))


@cache
def _opened(greens: str) -> GreensFunctions:
    from wadati.engine.tensor import open_greens

    return open_greens(greens)
