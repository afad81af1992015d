"""Jobs in pieces are done: one thread hears what happens, asks the manager and tells the crew."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable

from wadati.engine.elastic.crew import Came, Crew, Ended, Event, Lost
from wadati.engine.elastic.manager import Assign, Elasticity, GiveUp, Manager, Release
from wadati.errors import NothingUsableError

_LOOKED_AFTER_S = 0.2


class JobCancelledError(NothingUsableError):
    """A job was given up while it was being done."""

    exit_code = 4


class _Job:
    """A job that is being done: what of it is left, and what was wrong."""

    def __init__(self, content: bytes, pieces: Iterable[int], step: Callable[[int], None]) -> None:
        self.content, self.left, self.step = content, set(pieces), step
        self.error: Exception | None = None
        self.over = threading.Event()

    def end(self, error: Exception | None = None) -> None:
        self.error = error
        self.over.set()


class Runner:
    """A crew at work. Any number of threads may have jobs done at once; close it."""

    def __init__(self, crew: Crew, elasticity: Elasticity) -> None:
        self._crew, self._manager = crew, Manager(elasticity)
        self._jobs: dict[str, _Job] = {}
        self._asked: queue.SimpleQueue[tuple[str, _Job | None]] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._broken: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="runner", daemon=True)
        self._thread.start()

    @property
    def is_broken(self) -> bool:
        """Whether the crew was lost; another runner is needed then."""
        return self._broken is not None

    def close(self) -> None:
        """End the crew; jobs that are not done end with an error."""
        self._closing.set()
        self._thread.join()

    def do(
        self,
        name: str,
        content: bytes,
        pieces: Iterable[int],
        step: Callable[[int], None],
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Do the pieces of a job, each told to `step` when it is done.

        Raises the error of the first piece that fails, whatever crew was lost with, or `JobCancelledError`.
        """
        job = _Job(content, pieces, step)
        if not job.left:
            return
        self._asked.put((name, job))
        while not job.over.wait(_LOOKED_AFTER_S):
            if self._broken is not None or not self._thread.is_alive():
                raise self._broken or JobCancelledError(f"{name}: its crew was closed")
            if is_cancelled():
                self._asked.put((name, None))
                raise JobCancelledError(f"{name}: given up")
        if job.error is not None:
            raise job.error

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                for event in self._crew.events(_LOOKED_AFTER_S):
                    self._hear(event)
                self._hear_callers()  # last: nothing is begun of a job whose caller was told that it is given up
                self._act()
        except Exception as error:  # told to all who wait
            self._broken = error
        finally:
            for job in self._jobs.values():
                job.end(self._broken or JobCancelledError("the crew was closed"))
            self._crew.close()

    def _hear_callers(self) -> None:
        while not self._asked.empty():
            name, job = self._asked.get()
            if job is None:
                self._end(name)
            else:
                self._jobs[name] = job
                self._manager.add(name, sorted(job.left), time.monotonic())

    def _hear(self, event: Event) -> None:
        now = time.monotonic()
        if isinstance(event, Came):
            self._manager.came(event.worker, now)
        elif isinstance(event, Lost):
            self._manager.lost(event.worker, now)
        elif self._manager.ended(event.worker, event.job, event.piece, now):
            self._ended(self._jobs[event.job], event)

    def _ended(self, job: _Job, event: Ended) -> None:
        if event.error is not None:
            self._end(event.job, event.error)
            return
        job.left.discard(event.piece)
        job.step(event.piece)
        if not job.left:
            self._end(event.job)

    def _act(self) -> None:
        for action in self._manager.next(time.monotonic()):
            if isinstance(action, Assign):
                self._crew.assign(action.worker, action.job, self._jobs[action.job].content, action.piece)
            elif isinstance(action, Release):
                self._crew.release(action.worker)
            elif isinstance(action, GiveUp):
                words = f"workers died of piece {action.piece} again and again; see whether there is memory enough"
                self._end(action.job, NothingUsableError(words))
            else:
                self._crew.scale(action.workers)

    def _end(self, name: str, error: Exception | None = None) -> None:
        self._manager.drop(name)
        job = self._jobs.pop(name, None)
        if job is not None:
            job.end(error)
