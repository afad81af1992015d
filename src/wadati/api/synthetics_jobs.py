"""`/synthetics/jobs/ID`: how a job of seismograms stands, and the files that came of it.

An array is a folder of files as zarr has it, so that whoever reads zarr over HTTP opens it where it is.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from wadati.api.errors import Refused
from wadati.engine.jobs import Job, TooManyJobsError
from wadati.engine.synthetics.job import Result
from wadati.engine.synthetics.jobs import SyntheticsJobs
from wadati.engine.synthetics.requests import Question
from wadati.errors import UsageError
from wadati.model.codec import encode_json

JOBS = "/synthetics/jobs"

ARRAYS = ("zarr", "peaks")
"""Formats that are always made as a job."""

MOST = 8_000_000_000
"""Samples of a job, which are 32 GB where all of them are written."""

_RESULTS: dict[str, Result] = {"zarr": "zarr", "peaks": "peaks", "miniseed": "mseed"}


class SyntheticsJobState(msgspec.Struct, frozen=True):
    """How a job of seismograms stands, where what came of it is, below the address of this service, and what was left
    out of it, in words."""

    job: Job
    files: tuple[str, ...] = ()
    left_out: str = ""


class SyntheticsJobsService:
    """What is asked of jobs of seismograms. Close it."""

    def __init__(self, jobs: SyntheticsJobs) -> None:
        self._jobs = jobs

    def close(self) -> None:
        """Begin no other piece of a job."""
        self._jobs.close()

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route(f"{JOBS}/{{job_id}}", self.job, methods=["GET", "DELETE"]),
            Route(f"{JOBS}/{{job_id}}/files/{{name:path}}", self.file, methods=["GET"]),
        ]

    def take(self, question: Question, samples: int) -> Response:
        """A question as a job. Raises `Refused`."""
        if question.format not in _RESULTS:
            raise Refused(413, f"{samples:,} samples are a job, which gives miniseed, zarr or peaks")
        if samples > MOST:
            raise Refused(
                413, f"{samples:,} samples are more than {MOST:,}; ask for fewer sources or stations at a time"
            )
        try:
            result = _RESULTS[question.format]
            job = self._jobs.submit(question.sources, question.stations, question.motion, result)
        except UsageError as error:
            raise Refused(400, str(error)) from None
        except TooManyJobsError as error:
            raise Refused(429, str(error), {"Retry-After": "60"}) from None
        except OSError as error:
            words = f"the disk of this service takes no more jobs ({error.strerror}); try again later"
            raise Refused(503, words, {"Retry-After": "60"}) from None
        return Response(self._told(job), 202, {"Location": f"{JOBS}/{job.job_id}"}, "application/json")

    async def job(self, request: Request) -> Response:
        """How a job stands; with DELETE it is given up."""
        job = self._known(request)
        if request.method == "DELETE":
            cancelled = await run_in_threadpool(self._jobs.cancel, job.job_id)
            job = cancelled or job
        return Response(await run_in_threadpool(self._told, job), media_type="application/json")

    async def file(self, request: Request) -> Response:
        """One of the files of a job that is done."""
        job = self._known(request)
        if job.state != "done":
            raise Refused(404, f"the job is {job.state}{': ' + job.words if job.words else ''}")
        folder = self._jobs.files(job.job_id)
        path = await run_in_threadpool((folder / request.path_params["name"]).resolve)
        if not path.is_relative_to(folder) or not await run_in_threadpool(path.is_file):
            raise Refused(404, "no file of this job is called so")
        kind = "application/vnd.fdsn.mseed" if path.suffix == ".mseed" else "application/octet-stream"
        return FileResponse(path, media_type=kind)

    def _told(self, job: Job) -> bytes:
        names: list[str] = []
        if job.state == "done":
            names = sorted(path.name for path in Path(self._jobs.files(job.job_id)).iterdir())
        files = tuple(f"{JOBS}/{job.job_id}/files/{name}" for name in names)
        return encode_json(SyntheticsJobState(job, files, self._jobs.left_out(job.job_id)))

    def _known(self, request: Request) -> Job:
        job = self._jobs.get(request.path_params["job_id"])
        if job is None:
            raise Refused(404, "there is no such job; they are kept for a day")
        return job
