"""Picking shards in processes of this machine, one at a time each.

A process that dies takes the others with it and does not say on which shard it worked, so those that were under way are
then done one at a time; one that was alone costs its shard a try.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from wadati.engine.campaign.commit import WORKER_DIED, Manifest, Unit
from wadati.engine.campaign.opened import Opened, open_campaign
from wadati.engine.campaign.picking_shard import outputs_of, work_on
from wadati.engine.campaign.processes import processes
from wadati.engine.campaign.purse import Purse
from wadati.engine.campaign.shards import PickingShard
from wadati.engine.flow import Flow
from wadati.engine.picking import interrupts_held
from wadati.protocols import Picker

_DEATHS = 3

Done = tuple[PickingShard, Manifest]


def work(opened: Opened, left: Sequence[PickingShard], workers: int, purse: Purse) -> Iterator[Done]:
    """Do shards in order of need and give each as it is done, until the purse is empty or somebody cancels."""
    if workers == 1:
        picker, known = opened.flow.part("pickers"), opened.known()
        for shard in left:
            if opened.is_cancelled or not purse.suffices(len(shard.days), 0):
                return
            yield shard, work_on(shard, opened, picker, known)
        return
    crew = _Crew(opened, left, workers, purse)
    while crew.has_work:
        yield from crew.until_a_death()


class _Crew:
    """Worker processes, the shards that wait for them, and the suspects: shards that were under way when a worker died,
    each with how often one died of it alone."""

    def __init__(self, opened: Opened, left: Sequence[PickingShard], workers: int, purse: Purse) -> None:
        self._opened, self._purse = opened, purse
        self._workers = min(workers, len(left))
        self._waiting = list(reversed(left))
        self._under_way: dict[Future[Manifest], PickingShard] = {}
        self._suspects: dict[PickingShard, int] = {}

    @property
    def has_work(self) -> bool:
        """Whether there is something that may be begun."""
        return bool(self._waiting) and self._may_begin()

    def until_a_death(self) -> Iterator[Done]:
        """Work with one pool of processes as long as all of them live."""
        pool = ProcessPoolExecutor(self._workers, processes(), _start_worker, (self._opened.flow, dict(os.environ)))
        try:
            self._begin(pool)
            while self._under_way:
                for future in wait(self._under_way, return_when=FIRST_COMPLETED).done:
                    manifest = future.result()
                    shard = self._under_way.pop(future)
                    self._suspects.pop(shard, None)
                    yield shard, manifest
                self._begin(pool)
        except BrokenProcessPool:
            yield from self._given_up()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, pool: ProcessPoolExecutor) -> None:
        while self._waiting and self._has_room() and self._may_begin():
            with interrupts_held():  # a worker that starts now inherits that it does not heed Ctrl-C
                future = pool.submit(_in_worker, self._waiting[-1])
            self._under_way[future] = self._waiting.pop()

    def _has_room(self) -> bool:
        """Whether one more may be under way; a suspect, which waits before the others, only by itself."""
        shards = [self._waiting[-1], *self._under_way.values()]
        return len(shards) <= (1 if self._suspects.keys() & set(shards) else self._workers)

    def _may_begin(self) -> bool:
        days = sum(len(shard.days) for shard in self._under_way.values())
        return self._purse.suffices(len(self._waiting[-1].days), days) and not self._opened.is_cancelled

    def _given_up(self) -> Iterator[Done]:
        """Shards whose worker has died too often; the others wait again."""
        shards = list(self._under_way.values())
        self._under_way.clear()
        for shard in shards:
            self._suspects[shard] = self._suspects.get(shard, 0) + (len(shards) == 1)
            if self._suspects[shard] < _DEATHS:
                self._waiting.append(shard)
                continue
            del self._suspects[shard]
            reason = f"its worker process died {_DEATHS} times; see whether there is memory enough"
            units = tuple(Unit(shard.unit, day, "failed", reason, WORKER_DIED) for day in shard.days)
            draft = Manifest(path=shard.path, stage="pick", attempt="", files={}, units=units, finished=time.time_ns())
            yield shard, self._opened.shelf.commit(draft, outputs_of((), ()))


@dataclass(frozen=True)
class _Worker:
    opened: Opened
    picker: Picker
    known: dict[str, int]


_worker: _Worker | None = None


def _start_worker(flow: Flow, environment: dict[str, str]) -> None:
    global _worker  # noqa: PLW0603 - what a worker process is given once
    os.environ.update(environment)
    opened = open_campaign(flow)
    _worker = _Worker(opened, flow.part("pickers"), opened.known())


def _in_worker(shard: PickingShard) -> Manifest:
    if _worker is None:
        raise RuntimeError("the worker process was not initialised")
    return work_on(shard, _worker.opened, _worker.picker, _worker.known)
