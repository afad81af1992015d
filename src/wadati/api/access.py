"""Who may do what, and how often: callers by their tokens, an allowance for each, and a log of what they did."""

from __future__ import annotations

import json
import re
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.concurrency import run_in_threadpool

from wadati.api.audit import Audit
from wadati.api.errors import REASONS, Refused
from wadati.api.openid import Organisation
from wadati.api.tokens import Tokens

_REMEMBERED = 50_000
_ALWAYS = ("/health", "/ready")
_PORTAL, _ASSETS = ("/portal", "/portal/"), "/portal/assets/"
"""An application without data, which asks for a token where data need one."""
_BEARER = b"bearer "
_CALLER = "wadati.caller"
_TAKEN, _REFUSED = 202, 400
_REVIEW = re.compile(r"/events/[^/]+/reviews?")


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


class Caller(NamedTuple):
    """Who asks: a name for the log, a key for the allowance, and what it may do."""

    name: str
    key: str
    scopes: frozenset[str] = frozenset()


class Refusal(NamedTuple):
    """Why a request is not let through."""

    status: int
    words: str
    header: tuple[bytes, bytes] | None = None


def caller_of(scope: Mapping[str, Any]) -> Caller:
    """Who asks, of the scope of a request that was let through."""
    found: Caller = scope.get(_CALLER, Caller("", ""))
    return found


def require(scope: Mapping[str, Any], needed: str) -> None:
    """Make sure that who asks may do something, once more where it is done. Raises `Refused`."""
    if needed not in scopes_of(scope):
        raise Refused(403, f"this needs a token with the scope {needed}")


def scopes_of(scope: Mapping[str, Any]) -> frozenset[str]:
    """What who asks may do."""
    return caller_of(scope).scopes


class Access:
    """An application (ASGI) around another that lets through what may pass.

    Callers are known by a token of `tokens` or of an `organisation`. Where there are such, sending waveforms needs the
    scope `picks`, and, unless `reading_open`, everything else the scope `read`. Reviewing and the log of who did what
    always need theirs.
    """

    def __init__(
        self,
        app: Any,
        tokens: Tokens | None,
        allowance: Allowance,
        *,
        reading_open: bool,
        organisation: Organisation | None = None,
        audit: Audit | None = None,
    ) -> None:
        self._app, self._tokens, self._organisation = app, tokens, organisation
        self._allowance, self._reading_open = allowance, reading_open
        self._audit = audit or Audit(None)
        self._guarded = tokens is not None or organisation is not None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, or refuse it before its body is read."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        caller, refusal = await self._judge(scope)
        if refusal is not None:
            if refusal.status in (401, 403):
                self._note(scope, caller, refusal.status)
            await _refuse(scope, receive, send, refusal)
            return
        scope[_CALLER] = caller
        if scope["type"] == "http":
            send = self._noted(scope, caller, send)
        await self._app(scope, receive, send)

    async def _judge(self, scope: Any) -> tuple[Caller, Refusal | None]:
        """Who asks, and why it may not."""
        path: str = scope["path"]
        host = scope["client"][0] if scope.get("client") else ""
        caller = Caller(host, host)
        if not path.isprintable():
            # Routes and rules may read such a path differently.
            return caller, Refusal(404, "there is nothing under a path with such characters")
        if path in _ALWAYS or path in _PORTAL or path.startswith(_ASSETS):
            return caller, None
        needed = self._needed(path)
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if needed and not self._guarded:
            words = "this service knows nobody who may; see tokens and openid under [serve]"
            return caller, self._limited(caller) or Refusal(403, words)
        if self._guarded and (needed or given):
            word = given[len(_BEARER) :].decode("latin-1").strip() if given.lower().startswith(_BEARER) else ""
            found = await self._find(word) if word else None
            if found is None and (needed or word):
                words = "this needs a token: Authorization: Bearer WORD" if not word else "this token opens nothing"
                return caller, self._limited(caller) or Refusal(401, words, (b"www-authenticate", b"Bearer"))
            caller = found or caller
            if needed and needed not in caller.scopes:
                return caller, self._limited(caller) or Refusal(403, f"this token has no scope {needed}")
        return caller, self._limited(caller)

    def _limited(self, caller: Caller) -> Refusal | None:
        """Why a caller has to wait; also whoever is refused asks only so often."""
        wait = self._allowance.take(caller.key, time.monotonic())
        if not wait:
            return None
        seconds = int(wait) + 1
        return Refusal(429, f"too many requests a minute; wait {seconds} s", (b"retry-after", b"%d" % seconds))

    async def _find(self, word: str) -> Caller | None:
        token = self._tokens.find(word) if self._tokens is not None else None
        if token is not None:
            return Caller(token.name, f"token {token.digest}", frozenset(token.scopes))
        if self._organisation is not None and word.count(".") == 2:
            found = await run_in_threadpool(self._organisation.find, word)
            if found is not None:
                return Caller(found[0], f"openid {found[0]}", frozenset(found[1]))
        return None

    def _needed(self, path: str) -> str:
        """The scope that a path needs, or nothing."""
        if _REVIEW.fullmatch(path):
            return "review"
        if path == "/audit":
            return "audit"
        if not self._guarded:
            return ""
        if path.startswith(("/picks", "/jobs/")):
            return "picks"
        return "" if self._reading_open else "read"

    def _noted(self, scope: Any, caller: Caller, send: Any) -> Any:
        """Sends, and notes what was done by a right or with what is restricted, and jobs that came or were given up."""
        is_noted = self._needed(scope["path"]) not in ("", "read") or "restricted" in caller.scopes
        given_up = scope.get("method") == "DELETE"

        async def told(message: Any) -> None:
            if message["type"] == "http.response.start" and (
                is_noted or message["status"] == _TAKEN or (given_up and message["status"] < _REFUSED)
            ):
                self._note(scope, caller, message["status"])
            await send(message)

        return told

    def _note(self, scope: Any, caller: Caller, status: int) -> None:
        self._audit.note(
            caller=caller.name,
            host=scope["client"][0] if scope.get("client") else "",
            method=scope.get("method", "WEBSOCKET"),
            path=scope["path"],
            query=scope.get("query_string", b"").decode("latin-1")[:500],
            status=status,
            request=scope.get("wadati.request", ""),
        )


async def _refuse(scope: Any, receive: Any, send: Any, refusal: Refusal) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": refusal.words})
        return
    told = {"type": "about:blank", "title": REASONS[refusal.status], "status": refusal.status}
    body = json.dumps(told | {"detail": refusal.words}).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body))]
    headers += [refusal.header] if refusal.header else []
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
