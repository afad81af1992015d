"""Who may do what, and how often: tokens with scopes, and an allowance for each caller."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from typing import Any, NamedTuple

from wadati.api.errors import REASONS
from wadati.api.tokens import Tokens

_REMEMBERED = 50_000
_ALWAYS = ("/health", "/ready")
_PORTAL, _ASSETS = ("/portal", "/portal/"), "/portal/assets/"
"""An application without data, which asks for a token where data need one."""
_BEARER = b"bearer "


class Allowance:
    """Requests of each caller: so many a minute, and as many at once where none came for a minute.

    >>> allowance = Allowance(60)
    >>> [allowance.take("a", 0.0) for _ in range(61)].count(0.0), allowance.take("a", 1.0), allowance.take("b", 0.0)
    (60, 0.0, 0.0)
    """

    def __init__(self, a_minute: float) -> None:
        self._a_minute = a_minute
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, now: float) -> float:
        """0 where the caller may ask once more at a time (s), else after how many seconds it may."""
        left, at = self._left.get(caller, (self._a_minute, now))
        left = min(left + (now - at) * self._a_minute / 60, self._a_minute)
        wait = 0.0 if left >= 1 else (1 - left) * 60 / self._a_minute
        self._left[caller] = (left - (not wait), now)
        self._left.move_to_end(caller)
        if len(self._left) > _REMEMBERED:
            self._left.popitem(last=False)
        return wait


class Refusal(NamedTuple):
    """Why a request is not let through."""

    status: int
    words: str
    header: tuple[bytes, bytes] | None = None


class Access:
    """An application (ASGI) around another that lets through what may pass.

    Without tokens everything is open. With them, sending waveforms needs one with the scope `picks`, and, unless
    `reading_open`, everything else one with the scope `read`.
    """

    def __init__(self, app: Any, tokens: Tokens | None, allowance: Allowance, *, reading_open: bool) -> None:
        self._app, self._tokens, self._allowance, self._reading_open = app, tokens, allowance, reading_open

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, or refuse it before its body is read."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.words})
        else:
            told = {"type": "about:blank", "title": REASONS[refusal.status], "status": refusal.status}
            body = json.dumps(told | {"detail": refusal.words}).encode()
            headers = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body))]
            headers += [refusal.header] if refusal.header else []
            await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    def _refusal(self, scope: Any) -> Refusal | None:
        path: str = scope["path"]
        if path in _ALWAYS or path in _PORTAL or path.startswith(_ASSETS):
            return None
        caller = scope["client"][0] if scope.get("client") else ""
        needed = self._needed(path)
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if self._tokens is not None and (needed or given):
            word = given[len(_BEARER) :].decode("latin-1").strip() if given.lower().startswith(_BEARER) else ""
            token = self._tokens.find(word) if word else None
            if token is None and (needed or word):
                words = "this needs a token: Authorization: Bearer WORD" if not word else "this token opens nothing"
                return Refusal(401, words, (b"www-authenticate", b"Bearer"))
            if needed and token is not None and needed not in token.scopes:
                return Refusal(403, f"this token has no scope {needed}")
            caller = caller if token is None else f"token {token.digest}"
        wait = self._allowance.take(caller, time.monotonic())
        if wait:
            seconds = int(wait) + 1
            return Refusal(429, f"too many requests a minute; wait {seconds} s", (b"retry-after", b"%d" % seconds))
        return None

    def _needed(self, path: str) -> str:
        """The scope that a path needs, or nothing."""
        if self._tokens is None:
            return ""
        if path.startswith(("/picks", "/jobs/")):
            return "picks"
        return "" if self._reading_open else "read"
