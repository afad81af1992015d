"""A Dask cluster to work on: one that is there, or one that is started for the work and ended after it."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from wadati.engine.compute import Dask
from wadati.errors import InputError, MissingExtraError, UsageError

_ANSWERS_WITHIN = "20s"


class Cluster(NamedTuple):
    """A client of Dask, and the cluster where it was started for the work (else None)."""

    client: Any
    own: Any

    def workers(self) -> dict[str, dict[str, float]]:
        """The workers that there are now, by address, each with its resources. Raises `InputError` where the scheduler
        is lost."""
        try:
            found: dict[str, dict[str, float]] = self.client.run_on_scheduler(_resources)
        except OSError as error:
            raise lost(self.client) from error
        return found

    def keep(self, workers: int) -> None:
        """Have so many workers, where the cluster was started for the work: Dask itself starts one that was lost again
        only when it is asked."""
        if self.own is not None:
            self.own.scale(workers)


@contextmanager
def open_cluster(compute: Dask, workers: int) -> Iterator[Cluster]:
    """The cluster of some settings; what was started for it is ended, the rest left as it was.

    Raises `MissingExtraError` without the extra `cluster`, `UsageError` for a class that cannot be made, `InputError`
    where no scheduler answers.
    """
    if importlib.util.find_spec("distributed") is None:
        raise MissingExtraError("the engine dask", "cluster")
    from distributed import Client

    with ExitStack() as ends:
        own = None
        if not compute.scheduler:
            own = ends.enter_context(_started(compute, workers))
        try:
            client = ends.enter_context(Client(own or compute.scheduler, timeout=_ANSWERS_WITHIN, set_as_default=False))
        except (OSError, ValueError) as error:
            wrong = f"is no scheduler that answers ({str(error).splitlines()[0]})"
            raise InputError(compute.scheduler, wrong, "start one with dask scheduler, or leave it away") from None
        found = Cluster(client, own)
        _check_resources(found, compute)
        yield found


def lost(client: Any) -> InputError:
    """What to say when a scheduler is gone with the work that it was given."""
    return InputError(client.scheduler.address, "is gone, and what was under way with it", "run again, which goes on")


def _started(compute: Dask, workers: int) -> Any:
    name = compute.cluster or "distributed.LocalCluster"
    options: dict[str, Any] = dict(compute.options)
    if not compute.cluster:
        options = {"n_workers": 0, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", **options}
    module, _, kind = name.rpartition(".")
    try:
        cluster = getattr(importlib.import_module(module), kind)(**options)
    except ImportError as error:
        words = (
            f"the cluster {name} needs {module.partition('.')[0].replace('_', '-')}, which is not installed ({error})"
        )
        raise UsageError(words) from None
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise UsageError(f"the cluster {name} cannot be made of the options in [compute]: {error}") from None
    if compute.maximum is not None:
        cluster.adapt(minimum=compute.minimum, maximum=compute.maximum)
    else:
        cluster.scale(workers)
    return cluster


def _check_resources(cluster: Cluster, compute: Dask) -> None:
    """Workers of a cluster that is there either have what is asked for, or work would wait for ever."""
    there = cluster.workers().values() if compute.scheduler else ()
    if there and not any(_suffices(own, compute) for own in there):
        words = ", ".join(f"{name}={amount:g}" for name, amount in compute.resources.items())
        raise UsageError(f"no worker of {compute.scheduler} has {words}; start some with --resources '{words}'")


def _suffices(own: dict[str, float], compute: Dask) -> bool:
    return all(own.get(name, 0.0) >= amount for name, amount in compute.resources.items())


def _resources(dask_scheduler: Any) -> dict[str, dict[str, float]]:
    return {address: dict(worker.resources) for address, worker in dask_scheduler.workers.items()}
