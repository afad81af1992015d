"""Pages that are the same for everybody: made once, and given out of memory until something changes.

They are answered before any routing, so that a crowd that comes after an earthquake costs little: a page is a look into
a dictionary and one write.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from starlette.concurrency import run_in_threadpool

LOG = logging.getLogger("wadati.api")
MOST = 2000
_SMALLEST = 800
_MAX_AGE = 30

Header = tuple[bytes, bytes]


class Made(NamedTuple):
    """What a page holds, and of which type it is."""

    content: bytes
    media_type: str


Make = Callable[[str, str], "Made | None"]
"""(path, address of the service) to the page; None where there is none of that path."""


class _Page(NamedTuple):
    plain: bytes
    packed: bytes | None
    headers: list[Header]
    etag: bytes
    until: float
    generation: int


class Pages:
    """An application (ASGI) that answers GET with pages, and hands on all else.

    `where` are the prefixes and the exact paths of pages.
    `make` runs in a thread; where it fails, the page as it was before is better than none. `forget` says that something
    changed: pages are made anew when next asked for.
    """

    def __init__(self, app: Any, where: tuple[tuple[str, ...], tuple[str, ...]], make: Make, public: str = "") -> None:
        self._app, self._make, self._public = app, make, public
        self._prefixes, self._exact = where
        self._pages: OrderedDict[tuple[str, bytes], _Page] = OrderedDict()
        self._making: dict[tuple[str, bytes], asyncio.Future[_Page | None]] = {}
        self.generation = 0
        self.answered = 0

    def forget(self) -> None:
        """Make pages anew."""
        self.generation += 1

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        wanted = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        if not wanted or not (scope["path"].startswith(self._prefixes) or scope["path"] in self._exact):
            await self._app(scope, receive, send)
            return
        asked = dict(scope["headers"])
        key = scope["path"], b"" if self._public else asked.get(b"host", b"")
        page = self._pages.get(key)
        if page is None or page.generation != self.generation or page.until < time.monotonic():
            try:
                page = await self._made(key, scope)
            except Exception:
                LOG.exception("%s cannot be made", key[0])
                if page is None:
                    await send({"type": "http.response.start", "status": 503, "headers": [(b"retry-after", b"5")]})
                    await send({"type": "http.response.body", "body": b""})
                    return
            if page is None:
                await self._app(scope, receive, send)
                return
        self.answered += 1
        await _send(page, asked, send, bodiless=scope["method"] == "HEAD")

    async def _made(self, key: tuple[str, bytes], scope: Any) -> _Page | None:
        """The page, made once however many wait for it."""
        waiting = self._making.get(key)
        if waiting is None:
            waiting = self._making[key] = asyncio.ensure_future(self._new(key, scope))
            waiting.add_done_callback(lambda _: self._making.pop(key, None))
        return await asyncio.shield(waiting)

    async def _new(self, key: tuple[str, bytes], scope: Any) -> _Page | None:
        generation = self.generation
        address = self._public or f"{scope['scheme']}://{key[1].decode('latin-1')}"
        page = await run_in_threadpool(self._prepared, key[0], address, generation)
        if page is not None:
            self._pages[key] = page
            self._pages.move_to_end(key)
            while len(self._pages) > MOST:
                self._pages.popitem(last=False)
        return page

    def _prepared(self, path: str, address: str, generation: int) -> _Page | None:
        made = self._make(path, address)
        if made is None:
            return None
        etag = b'"' + hashlib.sha256(made.content).hexdigest()[:20].encode() + b'"'
        headers = [
            (b"etag", etag),
            (b"cache-control", b"public, max-age=%d" % _MAX_AGE),
            (b"access-control-allow-origin", b"*"),
            (b"vary", b"accept-encoding"),
            (b"x-content-type-options", b"nosniff"),
            (b"content-type", made.media_type.encode()),
        ]
        packed = gzip.compress(made.content, 6, mtime=0) if len(made.content) >= _SMALLEST else None
        return _Page(made.content, packed, headers, etag, time.monotonic() + _MAX_AGE, generation)


async def _send(page: _Page, asked: dict[bytes, bytes], send: Any, *, bodiless: bool) -> None:
    if asked.get(b"if-none-match") == page.etag:
        kept = [one for one in page.headers if one[0] != b"content-type"]
        await send({"type": "http.response.start", "status": 304, "headers": kept})
        await send({"type": "http.response.body", "body": b""})
        return
    body, headers = page.plain, page.headers
    if page.packed is not None and b"gzip" in asked.get(b"accept-encoding", b""):
        body, headers = page.packed, [*headers, (b"content-encoding", b"gzip")]
    headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if bodiless else body})
