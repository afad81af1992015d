"""A connection to a NATS server, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import msgspec

from wadati.errors import MissingExtraError

T = TypeVar("T")
ANSWER_S = 5.0
"""How long (s) an answer of the server is waited for."""

_AGAIN_S = 0.5


class RefusedError(ConnectionError):
    """The server understood and says no."""


class Link:
    """What `do` is given runs in the link's thread; `client` is that of nats-py. Reconnects by itself, for ever.

    `user` and `password` are for servers whose addresses have none. Raises `MissingExtraError` without nats-py,
    `ConnectionError` where no server answers.
    """

    def __init__(self, servers: Sequence[str], user: str = "", password: str = "") -> None:
        try:
            import nats
        except ImportError:
            raise MissingExtraError("--bus nats://", "nats") from None
        self.servers = list(servers)
        self.error: type[Exception] = nats.errors.Error
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="bus", daemon=True)
        self._thread.start()
        connecting = nats.connect(
            self.servers,
            user=user or None,
            password=password or None,
            connect_timeout=ANSWER_S,
            max_reconnect_attempts=-1,
            reconnect_time_wait=_AGAIN_S,
            ping_interval=5,
            max_outstanding_pings=2,
            error_cb=_nothing,
        )
        try:
            self.client: Any = self.do(_within(connecting), 2 * ANSWER_S)
        except ConnectionError:
            self._end()
            raise

    def close(self) -> None:
        """End the connection and the thread."""
        with contextlib.suppress(ConnectionError):
            self.do(self.client.close())
        self._end()

    def _end(self) -> None:
        with contextlib.suppress(ConnectionError):
            self.do(_end_others())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(ANSWER_S)
        if not self.loop.is_running():
            self.loop.close()

    def do(self, work: Coroutine[Any, Any, T], timeout: float = ANSWER_S) -> T:
        """Have the link's thread do something. Raises `ConnectionError` where it cannot in time (s)."""
        done = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return done.result(timeout)
        except RefusedError:
            raise
        except (self.error, TimeoutError, OSError) as error:
            done.cancel()
            words = str(error) or "does not answer"
            raise ConnectionError(f"{','.join(_without_password(one) for one in self.servers)}: {words}") from error

    async def api(self, what: str, stream: str, **request: Any) -> dict[str, Any]:
        """Ask JetStream for something. Raises `RefusedError` where it says no."""
        return await self.request(f"$JS.API.{what}.{stream}", msgspec.json.encode(request))

    async def request(self, subject: str, data: bytes, headers: dict[str, str] | None = None) -> dict[str, Any]:
        """JetStream's answer to a message. Raises `RefusedError` where it says no."""
        reply = await self.client.request(subject, data, timeout=ANSWER_S, headers=headers)
        found: dict[str, Any] = msgspec.json.decode(reply.data)
        if "error" in found:
            raise RefusedError(found["error"].get("description", "refused"))
        return found


def _without_password(server: str) -> str:
    """A server as it may stand in a log."""
    scheme, _, rest = server.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


async def _within(work: Coroutine[Any, Any, T]) -> T:
    return await asyncio.wait_for(work, ANSWER_S)


async def _end_others() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _nothing(error: Exception) -> None:
    """Failures are told by what fails of them."""
    del error
