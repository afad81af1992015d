"""All services of a network as one application (ASGI)."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from wadati.api.errors import REASONS, Refused
from wadati.api.fdsn.dataselect import DataselectService
from wadati.api.fdsn.event import EventService
from wadati.api.fdsn.station import StationService
from wadati.api.holdings import Holdings
from wadati.api.picks import PicksService

LOG = logging.getLogger("wadati.api")


def application(holdings: Holdings, picks: PicksService | None = None) -> Starlette:
    """The services of what there is; they are closed with it."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        holdings.close()
        if picks is not None:
            await run_in_threadpool(picks.close)

    services = [EventService(holdings).service, StationService(holdings).service, DataselectService(holdings).service]
    routes = [route for one in services for route in one.routes()]
    routes += [] if picks is None else picks.routes()
    app = Starlette(
        routes=[*routes, Route("/health", _health, methods=["GET"])],
        lifespan=lifespan,
        exception_handlers={Refused: _refused, HTTPException: _not_there, Exception: _failed},
    )
    app.state.log = _log
    return app


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


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
