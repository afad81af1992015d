"""Picking shards on the workers of a Dask cluster, one at a time each.

A worker is told the Flow and the name of a shard, opens the campaign for itself and keeps nothing that another would
miss; what it did is on the shelf or was not done. Dask gives a shard whose worker is lost to another, some times;
where it then gives one up others may have been to blame, so it is tried once more by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Literal

import msgspec

from wadati.engine.campaign.crew import Crew, Done
from wadati.engine.campaign.opened import Opened, open_campaign
from wadati.engine.campaign.picking_shard import work_on
from wadati.engine.campaign.purse import Purse
from wadati.engine.campaign.shards import PickingShard
from wadati.engine.cluster import Cluster, lost, open_cluster
from wadati.engine.compute import Dask
from wadati.engine.flow import Flow
from wadati.errors import InputError

Ended = Literal["done", "cancelled"]

_DEATHS = 2
_LOOKED_AFTER_S = 2.0
"""So often it is looked whether somebody cancelled, or workers came, while none has anything to say."""


def work(opened: Opened, left: Sequence[PickingShard], workers: int, purse: Purse, compute: Dask) -> Iterator[Done]:
    """Do shards in order of need and give each as it is done, until the purse is empty or somebody cancels.

    Raises `InputError` where workers cannot be reached or do not see the same archive, stations and shards.
    """
    crew = Crew(opened, left, purse, _DEATHS)
    if not crew.has_work:
        return
    workers = min(workers, len(left))
    with open_cluster(compute, workers) as cluster:
        flow, under_way = msgspec.json.encode(opened.flow), {}
        while crew.has_work or under_way:
            if not compute.is_elastic:
                cluster.keep(workers)
            most = max(len(cluster.workers()), compute.maximum or 1)
            for shard in crew.begun(most):
                under_way[_submitted(cluster, flow, shard, compute.resources)] = shard
            for future in _settled(cluster, under_way):
                yield from _told(opened, crew, under_way.pop(future), future)
            if opened.is_cancelled and not cluster.workers():
                return


def _submitted(cluster: Cluster, flow: bytes, shard: PickingShard, resources: dict[str, float]) -> Any:
    # Not pure: a key of its own, so that nothing that Dask remembers of an earlier run is taken for this.
    return cluster.client.submit(_in_worker, flow, shard.path, pure=False, resources=resources or None)


def _settled(cluster: Cluster, under_way: dict[Any, PickingShard]) -> list[Any]:
    """What has ended since, perhaps nothing."""
    from distributed import wait

    if under_way:
        try:
            with cluster.client.as_current():
                wait(list(under_way), timeout=_LOOKED_AFTER_S, return_when="FIRST_COMPLETED")
        except TimeoutError:
            return []
    return [future for future in under_way if future.done()]


def _told(opened: Opened, crew: Crew, shard: PickingShard, future: Any) -> Iterator[Done]:
    """What came of a shard, by the shelf and not by who worked on it."""
    from distributed import CancelledError, KilledWorker

    try:
        ended: Ended = future.result()
    except KilledWorker:
        yield from crew.died([shard])
        return
    except CancelledError:
        raise lost(future.client) from None
    crew.ended(shard)
    if ended == "cancelled":
        return
    manifest = opened.shelf.manifest(shard.path)
    if manifest is None:
        wrong = "was done by a worker, but it is not on the shelf of this process"
        raise InputError(shard.path, wrong, "give `shards` as a URL or as a path that is the same on all machines")
    yield shard, manifest


_one_at_a_time = threading.Lock()


def _in_worker(flow: bytes, path: str) -> Ended:
    """Do a shard in a worker process, of whose threads one does it."""
    with _one_at_a_time:
        if path not in _opened(flow)[1]:  # files that the flow names may be others than those of an earlier run
            _opened.cache_clear()
        opened, shards, picker, known = _opened(flow)
        if opened.is_cancelled:
            return "cancelled"
        if path not in shards:
            wrong = "is no shard by the stations, the picker and the code of a worker"
            raise InputError(path, wrong, "install the same version of Wadati, and give it the same files")
        if opened.shelf.manifest(path) is None:
            work_on(shards[path], opened, picker, known)
        return "done"


@cache
def _opened(flow: bytes) -> tuple[Opened, dict[str, PickingShard], Any, dict[str, int]]:
    opened = open_campaign(msgspec.json.decode(flow, type=Flow))
    shards = {shard.path: shard for shard in opened.shards}
    return opened, shards, opened.flow.part("pickers"), opened.known()
