"""What the operator asks: whether it runs, whether it can answer, and how much it does."""

from __future__ import annotations

import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from wadati.api.holdings import Holdings

LOG = logging.getLogger("wadati.api")
_BOUNDS = (0.005, 0.025, 0.1, 0.5, 2.5, 10.0)
_LONGEST = 100


class Operating:
    """An application (ASGI) around another: gives each request a name, counts and times it."""

    def __init__(self, app: Any, holdings: Holdings) -> None:
        self._app, self._holdings = app, holdings
        self._answers: Counter[tuple[str, int]] = Counter()
        self._times: dict[str, list[int]] = {}
        self._spent: dict[str, float] = {}
        self.pages: Callable[[], int] = int
        self.listeners: Callable[[], int] = int

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/health", self.health, methods=["GET"]),
            Route("/ready", self.ready, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
        ]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        name = given[:_LONGEST] if given and given.isascii() and given.isalnum() else secrets.token_hex(8).encode()
        scope["wadati.request"] = name.decode()
        began = time.perf_counter()
        status = 500

        async def told(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*_headers(message), (b"x-request-id", name)]}
            await send(message)

        try:
            await self._app(scope, receive, told)
        finally:
            self._count(_group(scope["path"]), status, time.perf_counter() - began)

    def _count(self, group: str, status: int, seconds: float) -> None:
        self._answers[group, status] += 1
        self._spent[group] = self._spent.get(group, 0.0) + seconds
        times = self._times.setdefault(group, [0] * len(_BOUNDS))
        for k, bound in enumerate(_BOUNDS):
            times[k] += seconds <= bound

    async def health(self, _: Request) -> Response:
        """That the process runs."""
        return JSONResponse({"status": "ok"})

    async def ready(self, _: Request) -> Response:
        """That the catalog can be read."""
        try:
            revision = await run_in_threadpool(self._holdings.search.revision)
        except Exception:
            LOG.exception("the catalog cannot be read")
            return JSONResponse({"status": "the catalog cannot be read"}, 503, {"Retry-After": "5"})
        return JSONResponse({"status": "ok", "revision": revision})

    async def metrics(self, _: Request) -> Response:
        """Counts and times in the text of Prometheus."""
        lines = ["# TYPE wadati_api_requests_total counter"]
        for (group, status), count in sorted(self._answers.items()):
            lines.append(f'wadati_api_requests_total{{group="{group}",status="{status}"}} {count}')
        lines.append("# TYPE wadati_api_seconds histogram")
        for group, times in sorted(self._times.items()):
            whole = sum(count for (other, _), count in self._answers.items() if other == group)
            for bound, count in zip(_BOUNDS, times, strict=True):
                lines.append(f'wadati_api_seconds_bucket{{group="{group}",le="{bound}"}} {count}')
            lines.append(f'wadati_api_seconds_bucket{{group="{group}",le="+Inf"}} {whole}')
            lines.append(f'wadati_api_seconds_sum{{group="{group}"}} {self._spent[group]:.6f}')
            lines.append(f'wadati_api_seconds_count{{group="{group}"}} {whole}')
        lines += ["# TYPE wadati_api_pages_total counter", f"wadati_api_pages_total {self.pages()}"]
        lines += ["# TYPE wadati_api_listeners gauge", f"wadati_api_listeners {self.listeners()}"]
        return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")


def _headers(message: Any) -> list[tuple[bytes, bytes]]:
    """Those of an answer, and that its type is what it says."""
    headers: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
    sniffed = any(name.lower() == b"x-content-type-options" for name, _ in headers)
    return headers if sniffed else [*headers, (b"x-content-type-options", b"nosniff")]


def _group(path: str) -> str:
    """The service that a path belongs to: few, whatever is asked."""
    parts = path.split("/")
    if parts[1:2] == ["fdsnws"] and parts[2:3] and parts[2] in ("event", "station", "dataselect"):
        return parts[2]
    known = ("picks", "jobs", "stream", "health", "ready", "metrics", "openapi.json", "portal", "synthetics", "syngine")
    return parts[1] if len(parts) > 1 and parts[1] in known else "other"
