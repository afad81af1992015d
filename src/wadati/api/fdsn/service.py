"""What the services of the FDSN share: addresses, lists by POST, errors in the standard's words, WADL.

Standard: FDSN Web Services 1.2 (https://www.fdsn.org/webservices/fdsnws-specifications.pdf).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl

from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from wadati.api.access import scopes_of
from wadati.api.errors import REASONS, Refused
from wadati.api.fdsn.wadl import wadl
from wadati.api.html import link, page, table
from wadati.api.parameters import Parameter, read
from wadati.api.streaming import streamed
from wadati.model import format_time
from wadati.report.markup import element

T = TypeVar("T")

MOST_BODY = 1 << 22
LONGEST_ADDRESS = 8000
_LINE = 6
_MOST_LINES = 10_000

NODATA = Parameter(
    name="nodata", words="the status where nothing is found", choices=("204", "404"), usual="204", example="404"
)


class Answer(NamedTuple):
    """What a service answers: chunks of a type, and the name under which they may be kept."""

    chunks: Iterable[bytes]
    media_type: str
    filename: str | None = None


class Selecting(NamedTuple):
    """One line of a list by POST: codes and times as text."""

    network: str
    station: str
    location: str
    channel: str
    start: str
    end: str


Ask = Callable[[dict[str, Any], Any, frozenset[str]], "Answer | None"]
"""(values, lines of a list or None, scopes of who asks) to the answer; None where nothing is found."""

ReadList = Callable[[str], "tuple[list[tuple[str, str]], list[Any]]"]
"""The text of a list to its parameters and its lines."""


class Service:
    """One service: its name, version, parameters, and what answers; `ask` runs in a thread.

    Where `lists`, it takes lists by POST, of lines as `read_list` reads them. It answers under `path`.
    """

    def __init__(
        self,
        name: str,
        version: str,
        parameters: Sequence[Parameter],
        ask: Ask,
        *,
        lists: bool,
        read_list: ReadList | None = None,
        path: str = "",
    ) -> None:
        self.name, self.version, self.parameters, self.lists = name, version, (*parameters, NODATA), lists
        self._ask, self._read_list = ask, read_list or lists_of
        self.path = path or f"/fdsnws/{name}/1"

    @property
    def title(self) -> str:
        """What it is called by who knows it."""
        return f"fdsnws-{self.name}" if self.path.startswith("/fdsnws/") else self.name

    def routes(self) -> list[Route]:
        """Where it answers."""
        methods = ["GET", "POST"] if self.lists else ["GET"]
        return [
            Route(f"{self.path}/query", self._query, methods=methods),
            Route(f"{self.path}/version", self._version, methods=["GET"]),
            Route(f"{self.path}/application.wadl", self._wadl, methods=["GET"]),
            Route(f"{self.path}/", self._help, methods=["GET"]),
        ]

    async def _version(self, _: Request) -> Response:
        return PlainTextResponse(self.version)

    async def _wadl(self, request: Request) -> Response:
        text = wadl(f"{request.base_url}{self.path[1:]}/", self.parameters, lists=self.lists)
        return Response(text, media_type="application/xml")

    async def _help(self, _: Request) -> Response:
        rows = [
            (
                one.name + (f" ({one.short})" if one.short else ""),
                " | ".join(one.choices) or one.kind,
                one.words,
                "" if one.usual is None else str(one.usual).lower(),
            )
            for one in self.parameters
        ]
        told = table(("parameter", "kind", "meaning", "usually"), rows)
        return page(f"{self.title} {self.version}", element("p", link("application.wadl")), told)

    async def _query(self, request: Request) -> Response:
        try:
            return await self._answer(request)
        except Refused as refused:
            return self._refusal(request, refused)
        except (OperationalError, OSError):
            request.app.state.log(request)
            words = "the catalog or the archive cannot be read now; try again in a few seconds"
            return self._refusal(request, Refused(503, words, {"Retry-After": "5"}))
        except Exception:
            # What went wrong inside is for the log of the server, not for whoever asked.
            request.app.state.log(request)
            failed = Refused(500, "the service failed; the operator finds the reason in its log")
            return self._refusal(request, failed)

    async def _answer(self, request: Request) -> Response:
        if len(str(request.url)) > LONGEST_ADDRESS:
            raise Refused(414, f"the address is longer than {LONGEST_ADDRESS} characters; ask by POST")
        lines = None
        if request.method == "POST":
            given, lines = self._read_list(await body_of(request))
        else:
            given = parse_qsl(request.url.query, keep_blank_values=True, strict_parsing=bool(request.url.query))
        values = read(self.parameters, given)
        answer = await run_in_threadpool(self._ask, values, lines, scopes_of(request.scope))
        if answer is None:
            return Response(status_code=204) if values["nodata"] == "204" else self._nothing(request)
        headers = {"Content-Disposition": f'attachment; filename="{answer.filename}"'} if answer.filename else {}
        return await streamed(answer.chunks, answer.media_type, headers)

    def _nothing(self, request: Request) -> Response:
        return self._refusal(request, Refused(404, "nothing is found that fits"))

    def _refusal(self, request: Request, refused: Refused) -> Response:
        """The text that the standard asks for."""
        status = refused.status
        text = (
            f"Error {status}: {REASONS.get(status, '')}\n\n{refused.words}\n\n"
            f"Usage details are available from {request.base_url}{self.path[1:]}/\n\n"
            f"Request:\n{str(request.url)[:LONGEST_ADDRESS]}\n\n"
            f"Request Submitted:\n{format_time(time.time_ns())}\n\nService version:\n{self.version}\n"
        )
        return PlainTextResponse(text, status, refused.headers)


async def body_of(request: Request) -> str:
    """The text that was posted. Raises `Refused` for one that is too long or none."""
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) > MOST_BODY:
            raise Refused(413, f"the list is longer than {MOST_BODY} bytes; cut it into several")
    try:
        return held.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(400, "the list is no text in UTF-8") from None


def lists_of(text: str) -> tuple[list[tuple[str, str]], list[Selecting]]:
    """The `name=value` lines of a list, and its lines of codes and times. Raises `Refused` for what is neither."""
    return entries_of(text, _selecting, _MOST_LINES, "NETWORK STATION LOCATION CHANNEL START END")


def entries_of(
    text: str, entry: Callable[[int, list[str]], T], most: int, wanted: str
) -> tuple[list[tuple[str, str]], list[T]]:
    """The `name=value` lines of a list, and what `entry` makes of the number and the fields of each other line.

    Raises `Refused` where there are more of the latter than `most`, or none that says what is `wanted`.
    """
    given: list[tuple[str, str]] = []
    entries: list[T] = []
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        if not fields:
            continue
        if "=" in fields[0]:
            name, _, value = line.strip().partition("=")
            given.append((name.strip(), value.strip()))
        else:
            entries.append(entry(number, fields))
        if len(entries) > most:
            raise Refused(413, f"the list has more than {most} lines; cut it into several")
    if not entries:
        raise Refused(400, f"the list has no line {wanted}")
    return given, entries


def _selecting(number: int, fields: list[str]) -> Selecting:
    if len(fields) != _LINE:
        raise Refused(400, f"line {number} of the list is not NETWORK STATION LOCATION CHANNEL START END")
    return Selecting(*fields)
