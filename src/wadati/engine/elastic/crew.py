"""What does the work of pieces: the contract of crews, and threads of this process as the simplest of them."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

Work = Callable[[bytes, int], None]
"""Does piece number so-and-so of a job, which is described by bytes; what it gives it has put where that says."""


class Came(msgspec.Struct, frozen=True):
    """A worker is there."""

    worker: str


class Lost(msgspec.Struct, frozen=True):
    """A worker is gone, with whatever it had."""

    worker: str


class Ended(msgspec.Struct, frozen=True):
    """A worker is through with a piece, well or with an error."""

    worker: str
    job: str
    piece: int
    error: Exception | None = None


Event = Came | Lost | Ended


class Crew(Protocol):
    """Workers that come and go. All is called by one thread."""

    def scale(self, workers: int) -> None:
        """Have at least so many workers; asked again while they are fewer."""
        ...

    def assign(self, worker: str, job: str, content: bytes, piece: int) -> None:
        """Let a worker that has nothing do a piece; one that is gone meanwhile is told by `events`."""
        ...

    def release(self, worker: str) -> None:
        """Let a worker that has nothing go."""
        ...

    def events(self, timeout: float) -> Sequence[Event]:
        """What has happened since, perhaps nothing; waits for the first so many seconds at most."""
        ...

    def close(self) -> None:
        """End all workers that were started for this crew."""
        ...


class Threads:
    """Threads of this process, for work that lets other threads run."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._names = (f"thread-{number}" for number in itertools.count())
        self._inboxes: dict[str, queue.SimpleQueue[tuple[str, bytes, int] | None]] = {}
        self._threads: list[threading.Thread] = []
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def scale(self, workers: int) -> None:
        """See `Crew`."""
        while len(self._inboxes) < workers:
            name = next(self._names)
            self._inboxes[name] = queue.SimpleQueue()
            thread = threading.Thread(target=self._run, args=(name, self._inboxes[name]), name=name, daemon=True)
            self._threads = [one for one in self._threads if one.is_alive()] + [thread]
            thread.start()

    def assign(self, worker: str, job: str, content: bytes, piece: int) -> None:
        """See `Crew`."""
        self._inboxes[worker].put((job, content, piece))

    def release(self, worker: str) -> None:
        """See `Crew`."""
        self._inboxes.pop(worker).put(None)

    def events(self, timeout: float) -> Sequence[Event]:
        """See `Crew`."""
        return waited_for(self._events, timeout)

    def close(self) -> None:
        """See `Crew`: pieces that are being done are done first."""
        for worker in list(self._inboxes):
            self.release(worker)
        for thread in self._threads:
            thread.join()

    def _run(self, name: str, inbox: queue.SimpleQueue[tuple[str, bytes, int] | None]) -> None:
        self._events.put(Came(name))
        while (given := inbox.get()) is not None:
            job, content, piece = given
            error = None
            try:
                self._work(content, piece)
            except Exception as caught:  # whatever one job does must not cost the others
                error = caught
            self._events.put(Ended(name, job, piece, error))


def waited_for(events: queue.SimpleQueue[Event], timeout: float) -> list[Event]:
    """What a queue holds; where that is nothing, what comes first within so many seconds."""
    found: list[Event] = []
    try:
        found.append(events.get(timeout=timeout))
        while True:
            found.append(events.get_nowait())
    except queue.Empty:
        return found
