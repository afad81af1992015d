"""Picking shards in processes of this machine, one at a time each.

A process that dies takes the others with it and does not say on which shard it worked, so those that were under way are
then done one at a time; one that was alone costs its shard a try.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache

from wadati.engine.campaign.commit import Manifest
from wadati.engine.campaign.crew import Crew, Done
from wadati.engine.campaign.opened import Opened, open_campaign
from wadati.engine.campaign.picking_shard import work_on
from wadati.engine.campaign.purse import Purse
from wadati.engine.campaign.shards import PickingShard
from wadati.engine.flow import Flow
from wadati.engine.picking import interrupts_held
from wadati.engine.processes import end_with_parent, processes
from wadati.protocols import Picker

_DEATHS = 3


def work(opened: Opened, left: Sequence[PickingShard], workers: int, purse: Purse) -> Iterator[Done]:
    """Do shards in order of need and give each as it is done, until the purse is empty or somebody cancels."""
    if workers == 1:
        picker, known = opened.flow.part("pickers"), opened.known()
        for shard in left:
            if opened.is_cancelled or not purse.suffices(len(shard.days), 0):
                return
            yield shard, work_on(shard, opened, picker, known)
        return
    crew = Crew(opened, left, purse, _DEATHS)
    while crew.has_work:
        yield from _until_a_death(crew, opened.flow, min(workers, len(left)))


def _until_a_death(crew: Crew, flow: Flow, workers: int) -> Iterator[Done]:
    """Work with one pool of processes as long as all of them live."""
    pool = ProcessPoolExecutor(workers, processes(), _start_worker, (flow, dict(os.environ)))
    under_way: dict[Future[Manifest], PickingShard] = {}
    try:
        under_way |= _begun(crew, pool, workers)
        while under_way:
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                manifest = future.result()
                shard = under_way.pop(future)
                crew.ended(shard)
                yield shard, manifest
            under_way |= _begun(crew, pool, workers)
    except BrokenProcessPool:
        yield from crew.died(crew.under_way)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _begun(crew: Crew, pool: ProcessPoolExecutor, workers: int) -> dict[Future[Manifest], PickingShard]:
    found = {}
    for shard in crew.begun(workers):
        with interrupts_held():  # a worker that starts now inherits that it does not heed Ctrl-C
            found[pool.submit(_in_worker, shard)] = shard
    return found


@dataclass(frozen=True)
class _Worker:
    opened: Opened
    picker: Picker
    known: dict[str, int]


_flow: Flow | None = None


def _start_worker(flow: Flow, environment: dict[str, str]) -> None:
    global _flow  # noqa: PLW0603 - what a worker process is given once
    os.environ.update(environment)
    end_with_parent()
    _flow = flow


@cache
def _worker() -> _Worker:
    """Opened with the first shard: an error here would be told as the death of the process."""
    if _flow is None:
        raise RuntimeError("the worker process was not initialised")
    opened = open_campaign(_flow)
    return _Worker(opened, _flow.part("pickers"), opened.known())


def _in_worker(shard: PickingShard) -> Manifest:
    worker = _worker()
    return work_on(shard, worker.opened, worker.picker, worker.known)
