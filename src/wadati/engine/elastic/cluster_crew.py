"""The workers of a Dask cluster as a crew.

Which worker does what is not left to Dask, which would give work to one that is about to go: each piece is for one
worker alone. A worker is called by the id of its process, for addresses are used again.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from wadati.engine.cluster import Cluster, lost
from wadati.engine.elastic.crew import Came, Ended, Event, Lost, Work, waited_for

_LOOKED_AFTER_S = 0.25


class ClusterCrew:
    """Workers of an open cluster, which is closed with the crew; of one that is there, as many as it has."""

    def __init__(self, opened: AbstractContextManager[Cluster], work: Work, resources: dict[str, float]) -> None:
        self._opened, self._work, self._resources = opened, work, resources
        self._cluster = opened.__enter__()
        self._addresses: dict[str, str] = {}
        self._names: dict[str, Any] = {}
        self._futures: dict[tuple[str, str, int], Any] = {}
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._looked = 0.0

    @property
    def can_let_go(self) -> bool:
        """Whether the cluster can be told which worker is to go."""
        return hasattr(self._cluster.own, "worker_spec")

    def scale(self, workers: int) -> None:
        """See `Crew`. What is asked of the cluster only ever grows here: made less, it would end any worker."""
        self._cluster.keep(max(workers, len(getattr(self._cluster.own, "worker_spec", ()))))

    def assign(self, worker: str, job: str, content: bytes, piece: int) -> None:
        """See `Crew`."""
        future = self._cluster.client.submit(
            self._work,
            content,
            piece,
            workers=[self._addresses[worker]],
            allow_other_workers=False,
            pure=False,
            resources=self._resources or None,
        )
        self._futures[worker, job, piece] = future
        future.add_done_callback(partial(self._settled, worker, job, piece))

    def release(self, worker: str) -> None:
        """See `Crew`."""
        del self._addresses[worker]
        own = self._cluster.own
        if own is not None:
            own.sync(own.scale_down, [self._names.pop(worker)])

    def events(self, timeout: float) -> Sequence[Event]:
        """See `Crew`. Raises `InputError` where the scheduler is gone."""
        found = waited_for(self._events, min(timeout, _LOOKED_AFTER_S))
        for event in found:
            if isinstance(event, Ended):
                self._futures.pop((event.worker, event.job, event.piece), None)
        return [*found, *self._come_and_gone()]

    def close(self) -> None:
        """See `Crew`: what is being done is not waited for."""
        for future in self._futures.values():
            future.cancel()
        self._opened.__exit__(None, None, None)

    def _come_and_gone(self) -> list[Event]:
        if time.monotonic() - self._looked < _LOOKED_AFTER_S:
            return []
        self._looked = time.monotonic()
        try:
            there: dict[str, tuple[str, Any]] = self._cluster.client.run_on_scheduler(_workers, self._resources)
        except OSError as error:
            raise lost(self._cluster.client) from error
        gone = [worker for worker in self._addresses if worker not in there]
        for worker in gone:
            del self._addresses[worker]
        for key in [key for key in self._futures if key[0] in gone]:
            self._futures.pop(key).cancel()  # else it would wait for its worker to come back
        new = [worker for worker in there if worker not in self._addresses]
        self._addresses |= {worker: there[worker][0] for worker in new}
        self._names = {worker: name for worker, (_, name) in there.items()}
        return [*map(Lost, gone), *map(Came, new)]

    def _settled(self, worker: str, job: str, piece: int, future: Any) -> None:
        """Called by a thread of Dask. A worker that died says nothing here: it will be missed."""
        if future.status == "finished":
            self._events.put(Ended(worker, job, piece))
        elif future.status == "error":
            from distributed import KilledWorker

            error = future.exception()
            if not isinstance(error, KilledWorker):
                self._events.put(Ended(worker, job, piece, error))


def _workers(resources: dict[str, float], dask_scheduler: Any) -> dict[str, tuple[str, Any]]:
    """Workers that take work and have what is asked for: ids of their processes, addresses and names in the cluster."""
    return {
        worker.server_id: (address, worker.name)
        for address, worker in dask_scheduler.workers.items()
        if worker.status.name == "running"
        and all(worker.resources.get(name, 0.0) >= amount for name, amount in resources.items())
    }
