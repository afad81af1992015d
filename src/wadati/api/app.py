"""All services of a network as one application (ASGI)."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from wadati.api.access import Access, Allowance, require
from wadati.api.archive_urls import UrlsService
from wadati.api.audit import Audit
from wadati.api.current import Current
from wadati.api.errors import REASONS, Refused
from wadati.api.fdsn.dataselect import DataselectService
from wadati.api.fdsn.event import EventService
from wadati.api.fdsn.station import StationService
from wadati.api.holdings import Holdings
from wadati.api.html import link, page, table
from wadati.api.openapi import openapi
from wadati.api.openid import Organisation
from wadati.api.operating import Operating
from wadati.api.pages import Pages
from wadati.api.picks import PicksService
from wadati.api.portal.routes import portal
from wadati.api.public import FRONT, PREFIXES, PublicPages
from wadati.api.reviewing import ReviewService
from wadati.api.stream import StreamService
from wadati.api.syngine import SyngineService
from wadati.api.synthetics import SyntheticsService
from wadati.api.tokens import Tokens
from wadati.report.markup import element

LOG = logging.getLogger("wadati.api")
_LOOK_S = 0.5
_AUDITED = 1000
_INDEX = [
    (link("fdsnws/event/1/"), "events: QuakeML, text, GeoJSON, CSV"),
    (link("fdsnws/station/1/"), "stations: StationXML, text"),
    (link("fdsnws/dataselect/1/"), "waveforms: miniSEED"),
    (
        link("feeds/all_day.geojson"),
        "a feed; others of an hour, a week, a month, by size, in five formats",
    ),
    (link("stream"), "events and picks as they come"),
    ("POST picks", "picks of waveforms that are sent"),
    (link("portal/"), "the portal: a live map, waveforms, stations and statistics"),
    (link("openapi.json"), "all of it, for programs"),
]
_SYNTHETIC = [
    ("POST synthetics", "seismograms of sources that are sent"),
    (link("syngine/1/"), "seismograms as Syngine is asked for them: miniSEED, SAC"),
]


def application(
    holdings: Holdings, picks: PicksService | None = None, synthetics: SyntheticsService | None = None
) -> Application:
    """The services of what there is; they are closed with it."""
    current = Current(holdings.store, holdings.authority)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(current.follow()), asyncio.create_task(_follow(holdings, current, pages))]
        tasks += [asyncio.create_task(run_in_threadpool(one.warm)) for one in computing]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        holdings.close()
        current.close()
        reviewing.close()
        close_portal()
        for close in [one.close for one in (picks, synthetics) if one is not None]:
            await run_in_threadpool(close)

    asked = EventService(holdings, current), StationService(holdings), DataselectService(holdings)
    computing = [] if synthetics is None else [synthetics]
    syngines = [SyngineService(holdings, one) for one in computing]
    services = [*(one.service for one in asked), *(one.service for one in syngines)]
    stream, reviewing = StreamService(current), ReviewService(holdings, current)
    greens = None if synthetics is None else synthetics.greens
    portal_routes, close_portal = portal(holdings, current, greens)

    async def described(request: Request) -> Response:
        return JSONResponse(openapi(services, holdings.settings, public or str(request.base_url).rstrip("/")))

    async def audited(request: Request) -> Response:
        require(request.scope, "audit")
        return JSONResponse({"requests": await run_in_threadpool(audit.latest, _AUDITED)})

    async def services_page(_: Request) -> Response:
        terms = element("p", holdings.settings.words())
        listed = [*_INDEX, *(_SYNTHETIC if computing else ())]
        return page(holdings.settings.title, table(("address", "what"), listed), terms)

    routes: list[BaseRoute] = [route for one in services for route in one.routes()]
    routes += [] if picks is None else picks.routes()
    routes += [
        *(route for one in computing for route in one.routes()),
        *(route for one in syngines for route in one.routes()),
        *stream.routes(),
        *reviewing.routes(),
        *portal_routes,
        *UrlsService(holdings).routes(),
        Route("/audit", audited, methods=["GET"]),
        Route("/openapi.json", described, methods=["GET"]),
    ]
    routes.append(Route("/services", services_page, methods=["GET"]))
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={Refused: _refused, HTTPException: _not_there, Exception: _failed},
    )
    app.state.log = _log
    public = holdings.settings.url.rstrip("/")
    settings = holdings.settings
    tokens = Tokens(Path(settings.tokens)) if settings.tokens else None
    organisation = Organisation(settings.openid) if settings.openid.issuer else None
    audit = Audit(holdings.audit)
    reading_open = settings.reading_open or (tokens is None and organisation is None)

    def guarded(inner: Any) -> Access:
        return Access(
            inner,
            tokens,
            Allowance(settings.requests_a_minute),
            reading_open=reading_open,
            organisation=organisation,
            audit=audit,
        )

    make = PublicPages(holdings, current).make
    if reading_open:
        # Feeds are given out before anybody is asked who they are.
        operating = Operating(guarded(app), holdings)
        whole: Any = (pages := Pages(operating, (PREFIXES, FRONT), make, public))
    else:
        pages = Pages(app, (PREFIXES, FRONT), make, public)
        whole = operating = Operating(guarded(pages), holdings)
    app.router.routes.extend(operating.routes())
    operating.pages, operating.listeners = lambda: pages.answered, lambda: stream.listeners
    return Application(whole, current.end)


class Application:
    """An application (ASGI), and what is to be called before its server waits for open answers."""

    def __init__(self, app: Any, ending: Callable[[], None]) -> None:
        self._app, self.ending = app, ending

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        await self._app(scope, receive, send)


async def _follow(holdings: Holdings, current: Current, pages: Pages) -> None:
    """Have pages made anew when something changes."""
    before: tuple[int, int] | None = None
    working = True
    while True:
        try:
            now = await run_in_threadpool(holdings.search.revision), current.changes
        except Exception:
            if working:
                LOG.exception("the catalog cannot be read; tried again")
            working = False
        else:
            working = True
            if now != before:
                before = now
                pages.forget()
        await asyncio.sleep(_LOOK_S)


def problem(status: int, words: str, headers: dict[str, str] | None = None) -> Response:
    """What is wrong, as RFC 9457 says it."""
    told = {"type": "about:blank", "title": REASONS.get(status, "Error"), "status": status, "detail": words}
    return JSONResponse(told, status, headers, "application/problem+json")


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return problem(error.status, error.words, error.headers)


async def _not_there(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, str(error.detail), dict(error.headers or {}))


async def _failed(request: Request, _: Exception) -> Response:
    _log(request)
    return problem(500, "the service failed; the operator finds the reason in its log")


def _log(request: Request) -> None:
    LOG.error("%s %s failed", request.method, request.url.path, exc_info=sys.exc_info())
