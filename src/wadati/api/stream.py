"""Picks and events as they come: server-sent events and a WebSocket, both resumable by the last id.

`GET /stream` (server-sent events; `Last-Event-ID` or `?after=ID`) and `/ws?after=ID`; `?kinds=event,pick`. What is told
are CloudEvents, as on the bus.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from wadati.api.current import Current, Told
from wadati.api.errors import Refused

KINDS = ("event", "pick")
_MOST = 5000
"""Listeners at a time."""


class StreamService:
    """What listeners are told."""

    def __init__(self, current: Current) -> None:
        self._current = current
        self.listeners = 0

    def routes(self) -> list[Any]:
        """Where it answers."""
        return [Route("/stream", self.sent, methods=["GET"]), WebSocketRoute("/ws", self.socket)]

    async def sent(self, request: Request) -> Response:
        """Server-sent events. Raises `Refused`."""
        kinds = _kinds(request.query_params.get("kinds"))
        after = request.headers.get("last-event-id") or request.query_params.get("after")
        if self.listeners >= _MOST:
            raise Refused(503, "as many listen as can be served", {"Retry-After": "10"})

        async def lines() -> AsyncIterator[bytes]:
            self.listeners += 1
            try:
                yield b"retry: 2000\n\n"
                async for one in self._current.listen(after, kinds):
                    yield b": still here\n\n" if one is None else _event(one)
            finally:
                self.listeners -= 1

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Access-Control-Allow-Origin": "*"}
        return StreamingResponse(lines(), media_type="text/event-stream", headers=headers)

    async def socket(self, socket: WebSocket) -> None:
        """The same over a WebSocket: `{"id": …, "kind": …, "message": …}` a frame."""
        try:
            kinds = _kinds(socket.query_params.get("kinds"))
        except Refused as refused:
            await socket.close(1008, refused.words)
            return
        if self.listeners >= _MOST:
            await socket.close(1013, "as many listen as can be served")
            return
        await socket.accept()
        self.listeners += 1
        telling = asyncio.create_task(self._tell(socket, kinds))
        leaving = asyncio.create_task(_until_gone(socket))
        try:
            await asyncio.wait((telling, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.listeners -= 1
            for task in (telling, leaving):
                task.cancel()
            await asyncio.gather(telling, leaving, return_exceptions=True)
        if socket.application_state is WebSocketState.CONNECTED:
            with suppress(RuntimeError, WebSocketDisconnect):
                await socket.close(1001)

    async def _tell(self, socket: WebSocket, kinds: frozenset[str]) -> None:
        async for one in self._current.listen(socket.query_params.get("after"), kinds):
            told: dict[str, object] = {"kind": "still here"}
            if one is not None:
                told = {"id": one.place, "kind": one.kind, "message": msgspec.Raw(one.content)}
            await socket.send_text(msgspec.json.encode(told).decode())


async def _until_gone(socket: WebSocket) -> None:
    """Until the other side leaves; what it says is passed over."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


def _event(one: Told) -> bytes:
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (one.place.encode(), one.kind.encode(), one.content)


def _kinds(text: str | None) -> frozenset[str]:
    wanted = frozenset(KINDS if text is None else text.split(","))
    if not wanted <= frozenset(KINDS):
        raise Refused(400, f"kinds={text}: give {' or '.join(KINDS)}, with commas between them")
    return wanted
