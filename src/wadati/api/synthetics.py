"""`POST /synthetics`: whoever sends sources gets their seismograms, at once or, of many, as a job.

The body is JSON (`SyntheticsRequest`); the answer is miniSEED, SAC in a ZIP archive, or JSON; a job gives files, and
where callers have tokens it needs one that may send waveforms. Stations that lie beyond the Green's functions are left
out; `X-Left-Out` says how many, JSON and the archive's log which and why.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from wadati.api.access import require
from wadati.api.errors import Refused
from wadati.api.holdings import Holdings
from wadati.api.synthetics_jobs import ARRAYS, SyntheticsJobsService
from wadati.engine.synthetics.answers import answer
from wadati.engine.synthetics.jobs import SyntheticsJobs
from wadati.engine.synthetics.requests import Question, SyntheticsRequest
from wadati.engine.synthetics.seismograms import Motion
from wadati.errors import InputError, ReadError, UsageError, WadatiError
from wadati.greens.answers import Answers

LOG = logging.getLogger("wadati.api")

AT_ONCE = 2_000_000
"""Samples of a request that is answered at once: 1,300 stations with three components of 512 samples."""

LONGEST_SOURCE = 256
"""Samples that a moment rate may go on for."""

LARGEST = 1 << 22
"""The largest body (bytes)."""

_IN_FLIGHT = 8
"""Requests that are being answered at a time; who comes then is told to come again."""

_REQUESTS = msgspec.json.Decoder(SyntheticsRequest)
"""Made with the module: two threads that first decode one type at once crash in msgspec."""

T = TypeVar("T")


class SyntheticsService:
    """What answers out of one store of Green's functions, for the stations of a network."""

    def __init__(self, holdings: Holdings, greens: Answers[Any], jobs: SyntheticsJobs | None = None) -> None:
        self.greens = greens
        self.stations = holdings.inventory.stations()
        self._is_guarded = bool(holdings.settings.tokens or holdings.settings.openid.issuer)
        self._jobs = None if jobs is None else SyntheticsJobsService(jobs, is_guarded=self._is_guarded)
        self._turns = threading.BoundedSemaphore(_IN_FLIGHT)

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [Route("/synthetics", self.post, methods=["POST"]), *(self._jobs.routes() if self._jobs else ())]

    def close(self) -> None:
        """Begin no other piece of a job; the next service goes on."""
        if self._jobs is not None:
            self._jobs.close()

    def warm(self) -> None:
        """Have loaded and compiled what an answer needs, so that nobody who asks waits for it."""
        source, station = self.greens.within_reach()
        try:
            answer(self.greens, Question((source,), (station,), Motion("velocity")))
        except WadatiError:
            LOG.exception("the Green's functions give no answer")

    async def post(self, request: Request) -> Response:
        """Take a request. Raises `Refused`."""
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)  # Nobody is there to read it.
        question = await run_in_threadpool(self.read, body)
        samples = question.samples(self.greens)
        if self._jobs is not None and (samples > AT_ONCE or question.format in ARRAYS):
            if self._is_guarded:
                require(request.scope, "picks")
            return await run_in_threadpool(self._jobs.take, question, samples)
        self.admit(question, samples)
        sent = await run_in_threadpool(self.in_turn, lambda: answer(self.greens, question))
        headers = {"X-Left-Out": str(len(sent.problems))} if sent.problems else {}
        return Response(sent.content, 200, headers, sent.media_type)

    def read(self, body: bytes) -> Question:
        """What a body asks for, if it may be asked. Raises `Refused`."""
        try:
            question = _REQUESTS.decode(body).question(self.stations)
        except (msgspec.DecodeError, UsageError, OverflowError) as error:
            raise Refused(400, str(error)) from None
        self._check(question)
        return question

    def _check(self, question: Question) -> None:
        try:
            question.check(self.greens, LONGEST_SOURCE)
        except UsageError as error:
            raise Refused(400, str(error)) from None

    def admit(self, question: Question, samples: int) -> None:
        """Raise `Refused` for a question that is too large to be answered at once, or that these Green's functions have
        no answer to."""
        self._check(question)
        if question.format in ARRAYS:
            raise Refused(400, f"{question.format} is made as a job, and this service takes none")
        if samples > AT_ONCE:
            words = f"{samples:,} samples are more than {AT_ONCE:,}; ask for fewer sources or stations at a time"
            raise Refused(413, words)

    def in_turn(self, work: Callable[[], T]) -> T:
        """What some work gives, if not too much is being done. Raises `Refused`."""
        if not self._turns.acquire(blocking=False):
            words = "as many requests are being answered as can be; try again in a second"
            raise Refused(429, words, {"Retry-After": "1"})
        try:
            return work()
        except ReadError:
            LOG.exception("the Green's functions cannot be read")
            words = "the Green's functions cannot be read now; try again in a few seconds"
            raise Refused(503, words, {"Retry-After": "5"}) from None
        except InputError as error:
            raise Refused(400, f"{error.subject}: {error.wrong}") from None
        except UsageError as error:
            raise Refused(400, str(error)) from None
        finally:
            self._turns.release()


async def _body(request: Request) -> bytes:
    """The body. Raises `Refused` for one that is too large, before it is taken."""
    held = bytearray()
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > LARGEST:
        raise Refused(413, f"the body is larger than {LARGEST >> 20} MiB; ask for fewer sources at a time")
    async for chunk in request.stream():
        held += chunk
        if len(held) > LARGEST:
            raise Refused(413, f"the body is larger than {LARGEST >> 20} MiB; ask for fewer sources at a time")
    return bytes(held)
