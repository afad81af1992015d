"""`POST /picks`: whoever sends waveforms gets picks back, at once or, of much, as a job.

Bodies are miniSEED 2 or 3, SAC (one component, or several as files of a form), or JSON. Of binary bodies the options
stand in the address: `picker`, `threshold_p`, `threshold_s`, `curves`. `Idempotency-Key: WORD` makes a request that is
sent again the same request.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from wadati import registry
from wadati.api.errors import Refused
from wadati.api.parameters import Parameter, read
from wadati.engine.jobs import Job, Jobs, Task, TooManyJobsError
from wadati.engine.picking_requests import PickReply, PickRequest, pick_traces
from wadati.errors import WadatiError
from wadati.formats.miniseed import is_miniseed, read_miniseed
from wadati.formats.sac import looks_like_sac, read_sac
from wadati.model import Trace
from wadati.model.codec import encode_json
from wadati.pickers.together import Together

PARAMETERS = (
    Parameter(name="picker", words="one of those of this service; its usual one without"),
    Parameter(name="threshold_p", kind="number", low=0.0, high=1.0, words="P from this probability on"),
    Parameter(name="threshold_s", kind="number", low=0.0, high=1.0, words="S from this probability on"),
    Parameter(name="curves", kind="boolean", usual=False, words="also the probabilities themselves"),
)
AT_ONCE = 3_000_000
"""Samples of a request that is answered at once; one with more becomes a job."""

LARGEST = 256 << 20
"""The largest body (bytes)."""

_IN_FLIGHT = 16
"""Requests that are being read or answered at a time; who comes then is told to come again."""

_PASSED_OVER = 1 << 20
"""Bytes of a body that are read only so that the caller hears why it is not taken."""

_MOST_SAMPLES = 400_000_000
_REMEMBERED = 1000
_MOST_FILES = 300
_FORM = "multipart/form-data"

_REQUESTS = msgspec.json.Decoder(PickRequest)
"""Made with the module: two threads that first decode one type at once crash in msgspec."""


class PicksService:
    """The picking service; jobs are kept in a folder. Close it."""

    def __init__(self, pickers: Sequence[str], folder: Path) -> None:
        self._names = tuple(dict.fromkeys(pickers))
        self._pickers = {name: Together(registry.make("pickers", name)) for name in self._names}
        self._in_flight = 0
        self._answers: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        self.jobs = Jobs(folder, self._do)
        self.answered = self.turned_away = 0

    def close(self) -> None:
        """Finish what is being done."""
        self.jobs.close()
        for picker in self._pickers.values():
            picker.close()

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/picks", self.post, methods=["POST"]),
            Route("/jobs/{job_id}", self.job, methods=["GET", "DELETE"]),
            Route("/jobs/{job_id}/result", self.result, methods=["GET"]),
        ]

    async def post(self, request: Request) -> Response:
        """Take a request. Raises `Refused`."""
        if self._in_flight >= _IN_FLIGHT:
            self.turned_away += 1
            await _pass_over(request)
            words = "as many requests are being answered as can be; try again in a second"
            raise Refused(429, words, {"Retry-After": "1"})
        self._in_flight += 1
        try:
            return await self._take(request)
        except ClientDisconnect:
            return Response(status_code=400)  # Nobody is there to read it.
        finally:
            self._in_flight -= 1

    async def _take(self, request: Request) -> Response:
        body, kind = await _body(request)
        options = {**dict(request.query_params), "content-type": kind}
        key = request.headers.get("idempotency-key", "")[:200]
        digest = hashlib.sha256(repr(sorted(options.items())).encode() + body).hexdigest()
        if key in self._answers:
            before, answer = self._answers[key]
            if before != digest:
                raise Refused(422, "this Idempotency-Key came with another request before")
            return Response(answer, media_type="application/json")
        asked = await run_in_threadpool(self._read, body, options)
        if sum(len(trace) for trace in asked[0]) > AT_ONCE:
            try:
                job = await run_in_threadpool(self.jobs.submit, body, options, f"{key} {digest}" if key else "")
            except TooManyJobsError as error:
                raise Refused(503, str(error), {"Retry-After": "60"}) from None
            except OSError as error:
                words = f"the disk of this service takes no more jobs ({error.strerror}); try again later"
                raise Refused(503, words, {"Retry-After": "60"}) from None
            return Response(_told(job), 202, {"Location": f"/jobs/{job.job_id}"}, "application/json")
        # Whoever has been read is answered, also when the one who asked is gone: nothing accepted is half done.
        answer = await asyncio.shield(run_in_threadpool(self._answer, *asked))
        self.answered += 1
        if key:
            self._answers[key] = digest, answer
            while len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)
        return Response(answer, media_type="application/json")

    async def job(self, request: Request) -> Response:
        """How a job stands; with DELETE it is given up."""
        job = self._known(request)
        if request.method == "DELETE":
            cancelled = await run_in_threadpool(self.jobs.cancel, job.job_id)
            job = cancelled or job
        return Response(_told(job), media_type="application/json")

    async def result(self, request: Request) -> Response:
        """What came out of a job."""
        job = self._known(request)
        if job.state != "done":
            raise Refused(404, f"the job is {job.state}{': ' + job.words if job.words else ''}")
        return Response(await run_in_threadpool(self.jobs.result, job.job_id), media_type="application/json")

    def _known(self, request: Request) -> Job:
        job = self.jobs.get(request.path_params["job_id"])
        if job is None:
            raise Refused(404, "there is no such job; they are kept for a day")
        return job

    def _do(self, task: Task) -> bytes:
        try:
            return self._answer(*self._read(task.request, task.options))
        except Refused as error:
            raise ValueError(error.words) from None

    def _read(self, body: bytes, options: dict[str, str]) -> tuple[list[Trace], PickRequest, list[str]]:
        """Traces, what is asked of them, and what was left out. Raises `Refused`."""
        kind = options["content-type"]
        given = [(name, value) for name, value in options.items() if name != "content-type"]
        values = read(PARAMETERS, given)
        problems: list[str] = []
        try:
            if kind == "application/json":
                asked = _REQUESTS.decode(body)
                traces = [one.trace() for one in asked.traces]
            else:
                named = (("P", values["threshold_p"]), ("S", values["threshold_s"]))
                chosen = {phase: value for phase, value in named if value is not None}
                asked = PickRequest([], values["picker"], chosen, values["curves"])
                traces = []
                for part in msgspec.msgpack.decode(body, type=list[bytes]) if kind == _FORM else [body]:
                    traces += _waveforms(part, problems)
        except (msgspec.DecodeError, msgspec.ValidationError, WadatiError, ValueError, OverflowError) as error:
            raise Refused(400, str(error)) from None
        if asked.picker not in (None, *self._names):
            raise Refused(400, f"no picker is called {asked.picker!r} here; there are {', '.join(self._names)}")
        if sum(len(trace) for trace in traces) > _MOST_SAMPLES:
            raise Refused(413, f"more than {_MOST_SAMPLES:,} samples; send less at a time")
        if not traces:
            raise Refused(400, "; ".join(problems) or "there are no waveforms in it")
        return traces, asked, problems

    def _answer(self, traces: list[Trace], asked: PickRequest, problems: list[str]) -> bytes:
        picker = self._pickers[asked.picker or self._names[0]]
        try:
            reply = pick_traces(traces, picker, thresholds=asked.thresholds, curves=asked.curves)
        except WadatiError as error:
            raise Refused(400, str(error)) from None
        return encode_json(PickReply(reply.picks, reply.picker, (*problems, *reply.problems), reply.curves))


def _told(job: Job) -> bytes:
    return encode_json(msgspec.structs.replace(job, key=""))


async def _pass_over(request: Request) -> None:
    """Read a short body and keep nothing: where a line is closed with something unread, the answer can be lost."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) <= _PASSED_OVER:
        with suppress(ClientDisconnect):
            async for _ in request.stream():
                pass


async def _body(request: Request) -> tuple[bytes, str]:
    """The body and what it is. Raises `Refused` for one that is too large, before it is taken."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > LARGEST:
        raise Refused(413, f"the body is larger than {LARGEST >> 20} MiB; send less at a time")
    if kind == _FORM:
        async with request.form(max_files=_MOST_FILES, max_fields=0, max_part_size=LARGEST) as form:
            files = [await one.read() for _, one in form.multi_items() if isinstance(one, UploadFile)]
        return msgspec.msgpack.encode(files), kind
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) > LARGEST:
            raise Refused(413, f"the body is larger than {LARGEST >> 20} MiB; send less at a time")
    if kind != "application/json" and bytes(held[:1]) in (b"{", b"["):
        kind = "application/json"
    return bytes(held), kind


def _waveforms(content: bytes, problems: list[str]) -> list[Trace]:
    if is_miniseed(content[:64]):
        traces, wrong = read_miniseed(content)
        problems += [f"{one.subject}: {one.wrong}" for one in wrong]
        return traces
    if looks_like_sac(content):
        trace = read_sac(content)
        return [trace] if len(trace) and math.isfinite(float(abs(trace.data).max())) else []
    raise ValueError("the body is neither miniSEED nor SAC nor JSON")
