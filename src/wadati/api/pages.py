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
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

LOG = logging.getLogger("wadati.api")
MOST_BYTES = 64_000_000
"""What all kept pages may take; those that nobody asked for longest go first."""

_SLOW_S = 0.1
"""A page that took longer is given out as it is while it is made anew."""

_REST = 5
"""A page is not made anew before this many times as long as that took has passed: dear ones cost a fifth of a core."""

_MAKING = 200
"""Pages being made or waiting for it; who asks for one more is told to come again."""

_QUICK = "/feeds/"
"""Pages below it are made beside the others, whose drawings take longer."""
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
    made: float
    cost: float


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
        self._quick, self._slow = ThreadPoolExecutor(2), ThreadPoolExecutor(1)
        self._renewing: dict[tuple[str, bytes], asyncio.Task[_Page | None]] = {}
        self._held = 0
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
        if page is None or self._is_old(page):
            try:
                if page is None and len(self._making) >= _MAKING:
                    await _come_again(send)
                    return
                if page is None or page.cost < _SLOW_S:
                    page = await self._made(key, scope)
                elif len(self._making) < _MAKING:
                    self._renew(key, scope)
            except Exception:
                LOG.exception("%s cannot be made", key[0])
                if page is None:
                    await _come_again(send)
                    return
            if page is None:
                await self._app(scope, receive, send)
                return
        self.answered += 1
        await _send(page, asked, send, bodiless=scope["method"] == "HEAD")

    def _is_old(self, page: _Page) -> bool:
        now = time.monotonic()
        stale = page.generation != self.generation or page.until < now
        return stale and (page.cost < _SLOW_S or now - page.made > _REST * page.cost)

    def _renew(self, key: tuple[str, bytes], scope: Any) -> None:
        """Have a page made anew while nobody waits."""
        if key not in self._renewing:
            task = self._renewing[key] = asyncio.ensure_future(self._made(key, scope))
            task.add_done_callback(lambda task: self._renewed(key, task))

    def _renewed(self, key: tuple[str, bytes], task: asyncio.Task[_Page | None]) -> None:
        del self._renewing[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            LOG.error("a page cannot be made; it stays as it was", exc_info=error)

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
        threads = self._quick if key[0].startswith(_QUICK) else self._slow
        page = await asyncio.get_running_loop().run_in_executor(threads, self._prepared, key[0], address, generation)
        before = self._pages.pop(key, None)
        self._held -= _size(before)
        if page is not None:
            self._pages[key] = page
            self._held += _size(page)
            while self._held > MOST_BYTES and len(self._pages) > 1:
                self._held -= _size(self._pages.popitem(last=False)[1])
        return page

    def _prepared(self, path: str, address: str, generation: int) -> _Page | None:
        began = time.monotonic()
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
        now = time.monotonic()
        packed = gzip.compress(made.content, 6, mtime=0) if len(made.content) >= _SMALLEST else None
        return _Page(made.content, packed, headers, etag, now + _MAX_AGE, generation, now, now - began)


def _size(page: _Page | None) -> int:
    return 0 if page is None else len(page.plain) + len(page.packed or b"")


async def _come_again(send: Any) -> None:
    await send({"type": "http.response.start", "status": 503, "headers": [(b"retry-after", b"5")]})
    await send({"type": "http.response.body", "body": b""})


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
