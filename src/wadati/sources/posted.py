"""Records that others POST: a site's gateway, or anybody with curl.

    POST /packets?gateway=NAME&first=N     miniSEED, the records N, N+1, … of that gateway
    GET  /packets?gateway=NAME             which is wanted next, and the name of this run

Answers are `{"run": …, "next": N}`. What was taken by a run that ended before it had put it on disk is asked for again
by the next, whose `next` is what is kept: a gateway that sees another `run` asks and goes back. Tokens (`Authorization:
Bearer …`) are needed on any address but loopback; encryption is the business of a proxy in front.
"""

from __future__ import annotations

import asyncio
import hmac
import http.server
import ipaddress
import json
import threading
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from wadati.errors import UsageError
from wadati.formats.miniseed_headers import split_records
from wadati.protocols import Packet, Problem

LARGEST = 4 << 20
"""The largest body (bytes)."""

_WAITING = 20_000
_PATIENCE_S = 20.0


class Posted:
    """An HTTP server on an address of this machine; port 0 takes a free one, which `port` then is.

    `tokens` are the words that open it. Raises `UsageError` where there are none and others than this machine could
    reach it.
    """

    ends = False

    def __init__(self, host: str, port: int, tokens: Sequence[str] = ()) -> None:
        if not tokens and not _is_loopback(host):
            raise UsageError(f"post://{host}:{port}: anybody could send; give token_file=FILE, or listen on 127.0.0.1")
        self.host, self.port, self._tokens = host, port, tuple(tokens)
        self.name = f"post://{host}:{port}"
        self._problems: list[Problem] = []
        self._next: dict[str, int] = {}
        self._run = uuid.uuid4().hex
        self._queue: asyncio.Queue[Packet] = asyncio.Queue(_WAITING)
        self._lock = threading.Lock()

    def problems(self) -> Sequence[Problem]:
        """What went wrong since the last call."""
        told, self._problems = self._problems, []
        return told

    async def packets(self, resume: Mapping[str, int]) -> AsyncIterator[Packet]:
        """Records for ever; `resume` has the last number of each gateway that was kept."""
        self._run = uuid.uuid4().hex
        self._next = {stream: number + 1 for stream, number in resume.items() if stream.startswith(self.name + " ")}
        self._queue = asyncio.Queue(_WAITING)
        self._loop = asyncio.get_running_loop()
        server = http.server.ThreadingHTTPServer((self.host, self.port), type("Handler", (_Handler,), {"source": self}))
        server.daemon_threads = True
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, name="posted", daemon=True)
        thread.start()
        try:
            while True:
                yield await self._queue.get()
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def allowed(self, header: str) -> bool:
        """Whether an Authorization header opens it."""
        given = header.removeprefix("Bearer ").encode()
        return not self._tokens or any(hmac.compare_digest(given, token.encode()) for token in self._tokens)

    def wanted(self, gateway: str) -> dict[str, Any]:
        """The answer to who asks."""
        return {"run": self._run, "next": self._next.get(self._stream(gateway), 0)}

    def take(self, gateway: str, first: int | None, data: bytes) -> dict[str, Any]:
        """Take records. Raises `ValueError` for what is no miniSEED, `TimeoutError` where there is no room in time."""
        records, used = split_records(data)
        if not records or used < len(data):
            raise ValueError("the body is no miniSEED, or not whole records")
        stream = self._stream(gateway)
        with self._lock:
            number = self._next.get(stream, 0) if first is None else first
            now = time.time_ns()
            packets = [Packet(record, stream, number + k, now, now) for k, (_, record) in enumerate(records)]
            putting = asyncio.run_coroutine_threadsafe(self._put(packets), self._loop)
            try:
                putting.result(_PATIENCE_S)
            except TimeoutError:
                putting.cancel()
                raise
            self._next[stream] = number + len(packets)
        return self.wanted(gateway)

    async def _put(self, packets: Sequence[Packet]) -> None:
        for packet in packets:
            await self._queue.put(packet)

    def _stream(self, gateway: str) -> str:
        return f"{self.name} {gateway or 'posted'}"


def read_tokens(path: Path) -> tuple[str, ...]:
    """Tokens, one a line. Raises `UsageError` where there are none."""
    try:
        found = tuple(line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); write tokens into it, one a line") from None
    if not found:
        raise UsageError(f"{path}: holds no token; write tokens into it, one a line")
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Handler(http.server.BaseHTTPRequestHandler):
    source: ClassVar[Posted]
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        asked = self._asked()
        if asked is not None:
            self._answer(200, self.source.wanted(asked.get("gateway", "")))

    def do_POST(self) -> None:
        asked = self._asked()
        if asked is None:
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST:
            self._refuse(413 if length.isdecimal() else 411, f"send at most {LARGEST} bytes, and say how many")
            return
        first = asked.get("first")
        if first is not None and not first.isdecimal():
            self._refuse(400, "first is no number")
            return
        try:
            data = self.rfile.read(int(length))
            self._answer(200, self.source.take(asked.get("gateway", ""), None if first is None else int(first), data))
        except ValueError as error:
            self._answer(400, {"error": str(error)})
        except TimeoutError:
            self._answer(503, {"error": "there is too much to do; send it again"})

    def _asked(self) -> dict[str, str] | None:
        parts = urlsplit(self.path)
        if parts.path != "/packets":
            self._refuse(404, "there is /packets only")
        elif not self.source.allowed(self.headers.get("Authorization", "")):
            self._refuse(401, "send Authorization: Bearer TOKEN")
        else:
            return {name: values[-1] for name, values in parse_qs(parts.query).items()}
        return None

    def _refuse(self, status: int, words: str) -> None:
        self.close_connection = True  # the body was not read
        self._answer(status, {"error": words})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""
