"""A job of seismograms is done: who does its pieces, what of it is done already, and what it is in the end."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from wadati.engine.cluster import open_cluster
from wadati.engine.compute import AwsBatch, Compute, Local
from wadati.engine.elastic.cluster_crew import ClusterCrew
from wadati.engine.elastic.crew import Threads
from wadati.engine.elastic.manager import Elasticity
from wadati.engine.elastic.runner import Runner
from wadati.engine.synthetics.arrays import create, finish, url_of
from wadati.engine.synthetics.job import SyntheticsJob
from wadati.engine.synthetics.piece import Run, done, held, work_on
from wadati.errors import InputError, UsageError
from wadati.protocols import Problem
from wadati.store.objects import Place, open_place

_AS_THEY_COME = Elasticity(minimum=sys.maxsize, maximum=sys.maxsize)
"""For workers that somebody else starts and ends."""


def open_runner(compute: Compute, workers: int) -> Runner:
    """Who does pieces by these settings: threads of this process, or the workers of a cluster. Close it.

    Raises what `open_cluster` does, and `UsageError` for a cluster none of whose workers can be told to go.
    """
    if isinstance(compute, AwsBatch):
        raise UsageError("seismograms are not made on AWS Batch: write engine = 'local' or 'dask' under [compute]")
    if isinstance(compute, Local):
        return Runner(Threads(work_on), Elasticity(maximum=workers, response_s=0.0))
    limits = {name: getattr(compute, name) for name in ("response_s", "idle_s", "age_s")}
    if compute.scheduler:
        elasticity = _AS_THEY_COME
    elif compute.maximum is not None:
        elasticity = Elasticity(minimum=compute.minimum, maximum=compute.maximum, **limits)
    else:
        elasticity = Elasticity(minimum=workers, maximum=workers, **limits)
    # How many there are is not left to Dask, whose own rule would end workers that have been given something.
    settings = msgspec.structs.replace(compute, minimum=0, maximum=None)
    crew = ClusterCrew(open_cluster(settings, 0), work_on, compute.resources)
    if compute.is_elastic and not crew.can_let_go:
        crew.close()
        raise UsageError(f"{compute.cluster} cannot be told which worker is to go: leave minimum and maximum away")
    return Runner(crew, elasticity)


def run_job(
    job: SyntheticsJob,
    runner: Runner,
    *,
    start: Callable[[int, int], None] = lambda *_: None,
    step: Callable[[], None] = lambda: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> list[Problem]:
    """Do what is left of a job; what was left out of it. Where it was ended before, it goes on from there.

    `start` is told how many pieces there are and how many of them are done, `step` that one more is. Raises
    `InputError` where no station of any source is within reach, or a source outside of the store's depths,
    `JobCancelledError` where it was given up.
    """
    pieces, place, reduced = job.pieces(), open_place(job.output), held(job.greens).reduced
    run = _begun(job, place)
    told = {number: done(place, run, number) for number in range(len(pieces))}
    left = [number for number, found in told.items() if found is None]
    start(len(pieces), len(pieces) - len(left))
    runner.do(run.name, msgspec.msgpack.encode(run), left, lambda _: step(), is_cancelled)
    told |= {number: done(place, run, number) for number in left}
    found = [one for one in told.values() if one is not None]
    if len(found) < len(told):
        wrong = "holds not all that workers did, as this process sees it"
        raise InputError(job.output, wrong, "name a folder that is the same on all machines, or a bucket")
    problems = [problem for one in found for problem in one.problems]
    if not any(one.pairs for one in found):
        raise InputError(problems[0].subject, problems[0].wrong, "give stations within the distances of the store")
    if job.result != "mseed":
        finish(job, reduced)
    _forget(run, place, len(pieces))
    return problems


def _begun(job: SyntheticsJob, place: Place) -> Run:
    """The run of a job that was ended before its end, or a new one."""
    content = place.get(_beginning(job))
    if content is not None:
        return Run(job, content.decode())
    if job.result != "mseed":
        create(job, held(job.greens).reduced)
    name = f"{job.name}-{secrets.token_hex(4)}"
    place.put(_beginning(job), name.encode(), "text/plain", 0)
    return Run(job, name)


def _beginning(job: SyntheticsJob) -> str:
    return f".pieces/{job.name}"


def _forget(run: Run, place: Place, pieces: int) -> None:
    """Leave nothing but the result."""
    place.remove(_beginning(run.job))
    for number in range(pieces):
        place.remove(run.marker(number))
    if "://" not in run.job.output:
        markers = Path(run.job.output, run.marker(0)).parent
        for folder in (markers, markers.parent):
            if not any(folder.iterdir()):
                folder.rmdir()


def results(job: SyntheticsJob) -> str:
    """Where what a job gave is."""
    return job.output if job.result == "mseed" else url_of(job)
