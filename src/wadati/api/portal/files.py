"""The files of the portal as they were built from `portal/`: `/portal/` and `/portal/assets/NAME`.

Names of assets carry a digest of their content, so a browser may keep them for ever; the page itself it asks for anew.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from wadati.api.portal.answers import HEADERS

BUILT = files("wadati.api.portal") / "built"
_FOR_EVER = "public, max-age=31536000, immutable"
_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
}


class _File(NamedTuple):
    plain: bytes
    packed: bytes
    etag: str
    media_type: str


def file_routes() -> list[Route]:
    """Where the files are."""
    return [
        Route("/portal", lambda _: RedirectResponse("/portal/", 308), methods=["GET"]),
        Route("/portal/", lambda request: _answer(request, "index.html", "no-cache"), methods=["GET"]),
        Route("/portal/assets/{name}", _asset, methods=["GET"]),
    ]


def _asset(request: Request) -> Response:
    return _answer(request, f"assets/{request.path_params['name']}", _FOR_EVER)


def _answer(request: Request, name: str, kept: str) -> Response:
    if name not in _names():
        raise HTTPException(404, "the portal has no such file")
    found = _file(name)
    headers = HEADERS | {"Cache-Control": kept, "ETag": found.etag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == found.etag:
        return Response(None, 304, headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, 200, headers | {"Content-Encoding": "gzip"}, found.media_type)
    return Response(found.plain, 200, headers, found.media_type)


@cache
def _names() -> frozenset[str]:
    """What there is; nothing else is looked for on the disk."""
    return frozenset({"index.html", *(f"assets/{one.name}" for one in (BUILT / "assets").iterdir())})


@cache
def _file(name: str) -> _File:
    content = (BUILT / name).read_bytes()
    ending = name[name.rindex(".") :]
    kind = _TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    return _File(content, gzip.compress(content, 6, mtime=0), etag, kind)
