"""Jobs of seismograms that were accepted: on disk before anybody is told, done in pieces, taken up after a restart."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from wadati.engine.compute import Compute
from wadati.engine.elastic.runner import Runner
from wadati.engine.jobs import Job, Jobs, Task
from wadati.engine.synthetics.job import USUAL, Cut, Result, SyntheticsJob
from wadati.engine.synthetics.runs import open_runner, run_job
from wadati.engine.synthetics.seismograms import Motion
from wadati.errors import InputError, NothingUsableError, ReadError
from wadati.model import PointSource, Station
from wadati.protocols import Problem

LOG = logging.getLogger("wadati.engine")

_AT_ONCE = 4
"""Jobs that are being done at a time, in turns, so that a small one does not wait for a large one."""

_WAITS = (2.0, 10.0, 60.0)
"""Seconds until work goes on with another cluster, or the same one when it is back."""

_LOOKED_AFTER_S = 0.2
_MOST = 100
_TOLD = 3

_JOBS = msgspec.msgpack.Decoder(SyntheticsJob)
"""Made with the module: two threads that first decode one type at once crash in msgspec."""


class SyntheticsJobs:
    """Jobs for one store, done by threads of this process or on a cluster; close it."""

    def __init__(self, folder: Path, greens: str, compute: Compute, workers: int, cut: Cut = USUAL) -> None:
        self._cut = cut
        self._greens, self._compute, self._workers = greens, compute, workers
        self._lock = threading.Lock()
        self._runner: Runner | None = None
        self._jobs = Jobs(folder.resolve(), self._do, _MOST, _AT_ONCE)

    def submit(
        self, sources: Sequence[PointSource], stations: Sequence[Station], motion: Motion, result: Result
    ) -> Job:
        """Take a job. Raises `TooManyJobsError`, `UsageError` for what cannot be a job, and `OSError` where the disk
        does not take it."""
        asked = SyntheticsJob(self._greens, tuple(sources), tuple(stations), motion, result, output="", cut=self._cut)
        return self._jobs.submit(msgspec.msgpack.encode(asked), {})

    def get(self, job_id: str) -> Job | None:
        """How a job stands; None where there is none of that name."""
        return self._jobs.get(job_id)

    def cancel(self, job_id: str) -> Job | None:
        """Give up a job that is not over; no other piece of it is begun."""
        return self._jobs.cancel(job_id)

    def wait(self, job_id: str, seconds: float) -> Job:
        """A job when it is over, or after so many seconds."""
        return self._jobs.wait(job_id, seconds)

    def files(self, job_id: str) -> Path:
        """The folder with what came of a job that is done."""
        return self._jobs.files(job_id)

    def left_out(self, job_id: str) -> str:
        """What was left out of a job that is done, in words: the first of it."""
        return (self._jobs.result(job_id) or b"").decode()

    def close(self) -> None:
        """Begin no other piece; the next process goes on."""
        self._jobs.close()
        if self._runner is not None:
            self._runner.close()

    def _do(self, task: Task) -> bytes:
        asked = _JOBS.decode(task.request)
        job = msgspec.structs.replace(asked, output=str(task.files))
        count = [0, 0]

        def start(pieces: int, done: int) -> None:
            count[:] = pieces, done
            task.tell(pieces, done)

        def step() -> None:
            count[1] += 1
            task.tell(*count)

        try:
            problems = self._in_spite_of_lost_crews(
                lambda crew: run_job(job, crew, start=start, step=step, is_cancelled=lambda: not task.is_wanted()), task
            )
        except ReadError as error:
            # Where the store lies is nothing to whoever asks.
            LOG.exception("the Green's functions cannot be read")
            words = "the Green's functions cannot be read now; send it again later"
            raise NothingUsableError(words) from error
        told = [f"{one.subject}: {one.wrong}" for one in problems[:_TOLD]]
        told += [f"and {len(problems) - _TOLD} more"] if len(problems) > _TOLD else []
        return "; ".join(told).encode()

    def _in_spite_of_lost_crews(self, work: Callable[[Runner], list[Problem]], task: Task) -> list[Problem]:
        """What some work gives; where the cluster was lost with it or is not there, it is begun again, some times."""
        for wait in (*_WAITS, None):
            crew = None
            try:
                crew = self._crew()
                return work(crew)
            except Exception as error:  # the first thing that went wrong in the crew, of any kind
                is_lost = isinstance(error, InputError | OSError) if crew is None else crew.is_broken
                if not is_lost or wait is None:
                    raise
                LOG.warning("who makes seismograms is not there; again in %g s", wait, exc_info=True)
                until = time.monotonic() + wait
                while task.is_wanted() and time.monotonic() < until:
                    time.sleep(min(wait, _LOOKED_AFTER_S))
                if not task.is_wanted():
                    raise
        raise AssertionError

    def _crew(self) -> Runner:
        """Who does the work: opened when there is some, and again where a cluster was lost."""
        with self._lock:
            if self._runner is None or self._runner.is_broken:
                self._runner = open_runner(self._compute, self._workers)
            return self._runner
