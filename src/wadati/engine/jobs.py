"""Work that was accepted and is done later: on disk before anybody is told so, done once, kept for a day.

A job is a folder of its own: `request` and `options` as they came, `job.json` how it stands, `result` what came out,
and `files` where that is more than one. Whatever was not done when the process ended is done by the next.
"""

from __future__ import annotations

import logging
import queue
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from wadati.errors import WadatiError
from wadati.formats.atomic import atomic_write
from wadati.model import Nanoseconds
from wadati.model.codec import decode_json, encode_json
from wadati.units import DAY

State = Literal["queued", "running", "done", "failed", "cancelled"]
KEPT = DAY
LOG = logging.getLogger("wadati.engine")

_NAME = re.compile(r"[0-9a-f]{16}")
_PATH = re.compile(r"(?<![\w:/.])/[^\s'\",;:()]+")
_OVER = ("done", "failed", "cancelled")


class Job(msgspec.Struct, frozen=True):
    """How a job stands: when it came and was over (ns), in words what is wrong with it, and how many of its pieces are
    done where it is done in pieces (of one that ended with its process, as far as the next has come)."""

    job_id: str
    state: State
    created: Nanoseconds
    finished: Nanoseconds | None = None
    words: str = ""
    key: str = ""
    pieces: int = 0
    done: int = 0


class Task(NamedTuple):
    """What is to be done: the request as it came, a folder for files (not made yet), whether it is still wanted now,
    and whom to tell how many pieces there are and how many are done."""

    request: bytes
    options: dict[str, str]
    files: Path
    is_wanted: Callable[[], bool]
    tell: Callable[[int, int], None]


class TooManyJobsError(WadatiError):
    """No more jobs are taken now; try again later."""


class Jobs:
    """Jobs in a folder, done by `work`, `at_once` of them at a time, each in a thread; close it.

    Work that ends with an error because it is not wanted any more is begun again by the next process.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     jobs = Jobs(Path(folder), lambda task: task.request.upper())
    ...     job = jobs.submit(b"abc", {})
    ...     jobs.wait(job.job_id, 10).state, jobs.result(job.job_id)
    ('done', b'ABC')
    """

    def __init__(self, folder: Path, work: Callable[[Task], bytes], most: int = 100, at_once: int = 1) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._work, self._most = folder, work, most
        self._jobs: dict[str, Job] = {}
        self._keys: dict[str, str] = {}
        self._waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._take_up()
        self._threads = [threading.Thread(target=self._run, name="jobs", daemon=True) for _ in range(at_once)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Finish the jobs that are being done, or what of them does not ask whether it is wanted; others wait for the
        next process."""
        self._closing.set()
        for _ in self._threads:
            self._waiting.put(None)
        with self._changed:
            self._most = 0
        for thread in self._threads:
            thread.join()

    def submit(self, request: bytes, options: dict[str, str], key: str = "") -> Job:
        """Take a job; one that came under the same `key` before is that one.

        Raises `TooManyJobsError`, and `OSError` where the disk does not take it: then there is no job.
        """
        self._forget()
        with self._changed:
            if key and key in self._keys:
                return self._jobs[self._keys[key]]
            if sum(job.state not in _OVER for job in self._jobs.values()) >= self._most:
                raise TooManyJobsError("as many jobs wait as may; try again in a minute")
            job = Job(secrets.token_hex(8), "queued", time.time_ns(), key=key)
            place = self._folder / job.job_id
            place.mkdir()
            try:
                with atomic_write(place / "request") as path:
                    path.write_bytes(request)
                with atomic_write(place / "options") as path:
                    path.write_bytes(msgspec.json.encode(options))
                self._put(job)
            except OSError:
                shutil.rmtree(place, ignore_errors=True)
                raise
        self._waiting.put(job.job_id)
        return job

    def get(self, job_id: str) -> Job | None:
        """How a job stands; None where there is none of that name."""
        with self._changed:
            return self._jobs.get(job_id)

    def result(self, job_id: str) -> bytes | None:
        """What came out of a job that is done."""
        job = self.get(job_id)
        return None if job is None or job.state != "done" else (self._folder / job_id / "result").read_bytes()

    def files(self, job_id: str) -> Path:
        """The folder of the files of a job."""
        return self._folder / job_id / "files"

    def cancel(self, job_id: str) -> Job | None:
        """Give up a job that is not over; one that is being done is thrown away when it is."""
        with self._changed:
            job = self._jobs.get(job_id)
            if job is not None and job.state not in _OVER:
                self._put(msgspec.structs.replace(job, state="cancelled", finished=time.time_ns()))
            return self._jobs.get(job_id)

    def wait(self, job_id: str, seconds: float) -> Job:
        """A job when it is over, or after so many seconds."""
        until = time.monotonic() + seconds
        with self._changed:
            while (job := self._jobs[job_id]).state not in _OVER and time.monotonic() < until:
                self._changed.wait(until - time.monotonic())
            return job

    def _take_up(self) -> None:
        found = []
        for place in self._folder.iterdir():
            if not _NAME.fullmatch(place.name):
                continue
            try:
                found.append(decode_json((place / "job.json").read_bytes(), Job))
            except (OSError, msgspec.DecodeError):
                shutil.rmtree(place, ignore_errors=True)  # It was never told to anybody.
        for job in sorted(found, key=lambda job: job.created):
            self._jobs[job.job_id] = job
            if job.key:
                self._keys[job.key] = job.job_id
            if job.state not in _OVER:
                self._waiting.put(job.job_id)

    def _put(self, job: Job) -> None:
        with atomic_write(self._folder / job.job_id / "job.json") as path:
            path.write_bytes(encode_json(job))
        self._jobs[job.job_id] = job
        if job.key:
            self._keys[job.key] = job.job_id
        self._changed.notify_all()

    def _forget(self) -> None:
        with self._changed:
            before = time.time_ns() - KEPT
            old = [job for job in self._jobs.values() if job.finished is not None and job.finished < before]
            for job in old:
                del self._jobs[job.job_id]
                self._keys.pop(job.key, None)
        # Gigabytes go slowly: whoever asks for another job meanwhile does not wait.
        for job in old:
            shutil.rmtree(self._folder / job.job_id, ignore_errors=True)

    def _run(self) -> None:
        while (job_id := self._waiting.get()) is not None and not self._closing.is_set():
            try:
                self._do(job_id)
            except OSError as error:
                # The disk does not take even how the job stands: this process remembers it, the next one does it again.
                with self._changed:
                    words = f"the disk does not take it ({error.strerror}); make room and send it again"
                    job = self._jobs[job_id]
                    now = time.time_ns()
                    self._jobs[job_id] = msgspec.structs.replace(job, state="failed", finished=now, words=words)
                    self._changed.notify_all()

    def _do(self, job_id: str) -> None:
        with self._changed:
            job = self._jobs[job_id]
            if job.state not in ("queued", "running"):
                return
            self._put(msgspec.structs.replace(job, state="running"))
        place = self._folder / job_id
        state: State = "done"
        words = ""
        try:
            options = msgspec.json.decode((place / "options").read_bytes(), type=dict[str, str])
            request, files = (place / "request").read_bytes(), self.files(job_id)
            result = self._work(
                Task(request, options, files, partial(self._is_wanted, job_id), partial(self._tell, job_id))
            )
            with atomic_write(place / "result") as path:
                path.write_bytes(result)
        except Exception as error:  # whatever one job does must not cost the others
            if self._closing.is_set():
                return
            if self._is_wanted(job_id):
                LOG.warning("job %s failed", job_id, exc_info=not isinstance(error, WadatiError))
            state, words = "failed", _words(error)
        if state == "failed":
            # Nobody is given what there is of it; where it filled the disk, there is room again.
            shutil.rmtree(self.files(job_id), ignore_errors=True)
        with self._changed:
            if self._jobs[job_id].state == "running":
                now = time.time_ns()
                self._put(msgspec.structs.replace(self._jobs[job_id], state=state, finished=now, words=words))

    def _is_wanted(self, job_id: str) -> bool:
        with self._changed:
            return self._jobs[job_id].state == "running" and not self._closing.is_set()

    def _tell(self, job_id: str, pieces: int, done: int) -> None:
        with self._changed:
            self._jobs[job_id] = msgspec.structs.replace(self._jobs[job_id], pieces=pieces, done=done)
            self._changed.notify_all()


def _words(error: Exception) -> str:
    """What is wrong, for whoever sent the job: where files of this machine lie is nothing to them.

    >>> _words(FileNotFoundError(2, "No such file or directory", "/srv/x"))
    'FileNotFoundError: No such file or directory'
    >>> _words(ValueError("/srv/jobs/x.mseed: 3 m/s of s3://bucket/y"))
    'ValueError: a file: 3 m/s of s3://bucket/y'
    """
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{type(error).__name__}: {_PATH.sub('a file', said)}"
