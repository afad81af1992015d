"""What all answers of the portal have in common: nothing it shows may come from, or go to, another host."""

from __future__ import annotations

import gzip

from starlette.requests import Request
from starlette.responses import Response

_POLICY = (
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "worker-src 'self' blob:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
)
HEADERS = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_SMALLEST = 800


def json_answer(request: Request, content: bytes, headers: dict[str, str]) -> Response:
    """JSON with the headers of the portal, packed where that is worth it."""
    told = HEADERS | headers | {"Vary": "Accept-Encoding"}
    if len(content) >= _SMALLEST and "gzip" in request.headers.get("accept-encoding", ""):
        content, told = gzip.compress(content, 5), told | {"Content-Encoding": "gzip"}
    return Response(content, 200, told, "application/json")
