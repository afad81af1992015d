"""Signed addresses of objects: large downloads come from the bucket itself and never pass through the services."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wadati.api.access import scopes_of
from wadati.api.errors import Refused
from wadati.api.fdsn.selections import CODES, TIMES, selections
from wadati.api.fdsn.service import Selecting, body_of, lists_of
from wadati.api.holdings import Holdings
from wadati.api.parameters import Parameter, read
from wadati.model import format_time
from wadati.units import SECOND

PATH = "/archive/urls"
PARAMETERS: tuple[Parameter, ...] = (*TIMES, *CODES)
_LIFETIME_S = 3600
_MOST = 10_000


class SignedObject(msgspec.Struct, frozen=True):
    """One object: its name, its size, and the address that opens it."""

    name: str
    bytes: int
    url: str


class SignedObjects(msgspec.Struct, frozen=True):
    """The objects that hold what is asked for, with all else that is in them, and until when their addresses work."""

    expires: str
    bytes: int
    objects: list[SignedObject]


class UrlsService:
    """What answers for one archive."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [Route(PATH, self._answer, methods=["GET", "POST"])]

    async def _answer(self, request: Request) -> Response:
        lines = None
        if request.method == "POST":
            given, lines = lists_of(await body_of(request))
        else:
            given = parse_qsl(request.url.query, keep_blank_values=True)
        values = read(PARAMETERS, given)
        try:
            found = await run_in_threadpool(self.ask, values, lines, scopes_of(request.scope))
        except OSError:
            request.app.state.log(request)
            raise Refused(
                503, "the archive cannot be read now; try again in a few seconds", {"Retry-After": "5"}
            ) from None
        return Response(
            msgspec.json.encode(found), media_type="application/json", headers={"Cache-Control": "no-store"}
        )

    def ask(self, values: dict[str, Any], lines: list[Selecting] | None, scopes: frozenset[str]) -> SignedObjects:
        """The addresses of what is wanted and open to who asks. Raises `Refused`."""
        wanted = selections(values, lines)
        if lines is None and (values["starttime"] is None or values["endtime"] is None):
            raise Refused(400, "starttime and endtime are needed")
        archive = self._holdings.archive
        if archive is None:
            raise Refused(404, "there are no waveforms")
        opened = "restricted" in scopes
        found = archive.objects(wanted, opened=opened)
        if not found and not opened and archive.objects(wanted, opened=True):
            raise Refused(403, "these waveforms are restricted; ask with a token that opens them")
        if len(found) > _MOST:
            raise Refused(413, f"there are more than {_MOST} objects; ask for less at a time")
        expires = format_time(time.time_ns() + _LIFETIME_S * SECOND, 0)
        objects = []
        for tree in {id(held.tree): held.tree for held in found}.values():
            own = [held.stored for held in found if held.tree is tree]
            try:
                urls = tree.signed([stored.name for stored in own], _LIFETIME_S)
            except OSError:
                raise Refused(404, "the keys of this service cannot sign addresses; ask fdsnws-dataselect") from None
            if urls is None:
                raise Refused(404, "these waveforms lie in no bucket; ask fdsnws-dataselect for them")
            objects += [SignedObject(one.name, one.size, url) for one, url in zip(own, urls, strict=True)]
        return SignedObjects(expires, sum(one.bytes for one in objects), objects)
