"""Who works on which piece, when another worker is wanted and which one may go: decisions alone, no clock and no I/O.

What happens is told to the manager, and it says what is to be done. Both by one thread, and a worker that is let go is
forgotten in the same step, so that nothing is ever given to one that goes, and none goes that has something.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import msgspec


class Elasticity(msgspec.Struct, frozen=True, kw_only=True):
    """When workers come and go: never fewer than `minimum` nor more than `maximum`.

    Another is wanted while a piece has waited longer than `response_s`. One beyond the minimum goes when it has had
    nothing to do for `idle_s` and is `age_s` old.
    """

    minimum: int = 0
    maximum: int = 1
    response_s: float = 10.0
    idle_s: float = 60.0
    age_s: float = 300.0


class Assign(msgspec.Struct, frozen=True):
    """Give a worker a piece of a job."""

    worker: str
    job: str
    piece: int


class Release(msgspec.Struct, frozen=True):
    """Let a worker go; it has nothing, and is given nothing more."""

    worker: str


class Scale(msgspec.Struct, frozen=True):
    """Have so many workers, those that are still on their way included."""

    workers: int


class GiveUp(msgspec.Struct, frozen=True):
    """A piece has killed too many workers; its job cannot be done."""

    job: str
    piece: int


Action = Assign | Release | Scale | GiveUp

_DEATHS = 3


class _Worker(msgspec.Struct):
    """A worker that is there: since when (s), since when it has had nothing to do, and what it has."""

    born: float
    idle: float
    has: tuple[str, int] | None = None


class Manager:
    """Jobs with pieces that wait, and workers; times are seconds of any clock that does not go back.

    >>> manager = Manager(Elasticity(maximum=2))
    >>> manager.add("job", [0, 1], now=0.0)
    >>> manager.next(now=0.0)
    [Scale(workers=1)]
    >>> manager.came("w", now=1.0)
    >>> manager.next(now=1.0)
    [Assign(worker='w', job='job', piece=0)]
    >>> manager.ended("w", "job", 0, now=2.0), manager.next(now=2.0)
    (True, [Assign(worker='w', job='job', piece=1)])
    """

    def __init__(self, elasticity: Elasticity) -> None:
        self._elasticity = elasticity
        self._wanted = elasticity.minimum
        self._told: int | None = None
        self._jobs: dict[str, deque[int]] = {}
        self._since: dict[tuple[str, int], float] = {}
        self._workers: dict[str, _Worker] = {}
        self._deaths: dict[tuple[str, int], int] = {}
        self._given_up: list[GiveUp] = []

    def add(self, job: str, pieces: Iterable[int], now: float) -> None:
        """A job with these pieces is to be done."""
        self._jobs[job] = deque(pieces)
        self._since |= {(job, piece): now for piece in self._jobs[job]}

    def drop(self, job: str) -> None:
        """Nothing of a job is begun any more, and what ends of it does not count."""
        for piece in self._jobs.pop(job, ()):
            del self._since[job, piece]
        self._deaths = {key: count for key, count in self._deaths.items() if key[0] != job}

    def came(self, worker: str, now: float) -> None:
        """A worker is there and has nothing to do. Names of workers are never used again."""
        self._workers.setdefault(worker, _Worker(now, now))

    def lost(self, worker: str, now: float) -> None:
        """A worker is gone; what it had waits again, before the rest of its job."""
        gone = self._workers.pop(worker, None)
        if gone is None or gone.has is None or gone.has[0] not in self._jobs:
            return
        job, piece = gone.has
        self._deaths[gone.has] = self._deaths.get(gone.has, 0) + 1
        if self._deaths[gone.has] >= _DEATHS:
            self._given_up.append(GiveUp(job, piece))
            self.drop(job)
            return
        self._jobs[job].appendleft(piece)
        self._since[gone.has] = now

    def ended(self, worker: str, job: str, piece: int, now: float) -> bool:
        """A worker is through with a piece; whether it counts: it was his, and its job is not given up."""
        held = self._workers.get(worker)
        if held is None or held.has != (job, piece):
            return False
        held.has, held.idle = None, now
        return job in self._jobs

    def next(self, now: float) -> list[Action]:
        """What is to be done now, in this order."""
        actions: list[Action] = [*self._given_up]
        self._given_up.clear()
        actions += self._assigned()
        actions += self._let_go(now)
        if self._is_slow(now) and len(self._workers) >= self._wanted < self._elasticity.maximum:
            self._wanted += 1
        if self._wanted != self._told or len(self._workers) < self._wanted:
            self._told = self._wanted
            actions.append(Scale(self._wanted))
        return actions

    def _assigned(self) -> Iterable[Assign]:
        """One piece each for workers with nothing to do, the jobs in turn."""
        for name, worker in self._workers.items():
            job = next((job for job, pieces in self._jobs.items() if pieces), None)
            if worker.has is not None or job is None:
                continue
            pieces = self._jobs.pop(job)
            worker.has = job, pieces.popleft()
            del self._since[worker.has]
            self._jobs[job] = pieces  # behind the others, which are served first next time
            yield Assign(name, *worker.has)

    def _let_go(self, now: float) -> Iterable[Release]:
        """Workers that are too many, those that have been idle longest first; never while pieces wait."""
        limits = self._elasticity
        if self._since:
            return
        for name, worker in sorted(self._workers.items(), key=lambda one: one[1].idle):
            old = now - worker.idle >= limits.idle_s and now - worker.born >= limits.age_s
            extra = len(self._workers) > self._wanted
            if worker.has is None and len(self._workers) > limits.minimum and (old or extra):
                del self._workers[name]
                self._wanted = max(limits.minimum, min(self._wanted, len(self._workers)))
                yield Release(name)

    def _is_slow(self, now: float) -> bool:
        """Whether a piece has waited too long, or anything waits and nobody is there."""
        if not self._since:
            return False
        return not self._wanted or now - min(self._since.values()) > self._elasticity.response_s
