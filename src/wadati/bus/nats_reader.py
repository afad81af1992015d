"""Messages of a JetStream stream in order and without gaps, whatever happens to connection, consumer or server."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from wadati.bus.nats_link import Link

_SILENCE_S = 3.0
_HEARTBEAT_S = 1.0
_MOST_HELD = 2000
_NS = 1_000_000_000


class Message(NamedTuple):
    """What was read: its number in the stream, its subject, and its content."""

    sequence: int
    subject: str
    data: bytes


class Reader:
    """Messages of one subject in order, without gaps, from `take`; `backlog` were there already when it began."""

    def __init__(self, link: Link, stream: str, subject: str, after: int) -> None:
        self._link, self._stream, self._subject, self._after = link, stream, subject, after
        self._held: deque[Message] = deque()
        self._consumed = 0
        self._subscription: Any = None
        self._stalled: str | None = None
        self.backlog: int | None = None
        self._heard = 0.0
        self._lost = False
        self.closed = False

    @property
    def silent(self) -> bool:
        """Whether it is to be opened again."""
        return self._lost or time.monotonic() - self._heard > _SILENCE_S

    def take(self, most: int = 1 << 30) -> list[Message]:
        """The next messages, those that are there and at most so many."""
        found = [self._held.popleft() for _ in range(min(most, len(self._held)))]
        if self._stalled is not None:
            asyncio.run_coroutine_threadsafe(self._go_on(), self._link.loop)
        return found

    def close(self) -> None:
        """Read no more."""
        self.closed = True
        with contextlib.suppress(ConnectionError):
            self._link.do(self._unsubscribe())

    async def open(self) -> None:
        """Ask for what comes after the last message."""
        client = self._link.client
        self._heard = time.monotonic()
        await self._unsubscribe()
        inbox = client.new_inbox()
        self._consumed, self._stalled, self._lost = 0, None, False
        subscription = await client.subscribe(inbox, cb=self._callback(inbox), pending_msgs_limit=-1)
        self._subscription = subscription
        config = {
            "deliver_subject": inbox,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": self._after + 1,
            "ack_policy": "none",
            "filter_subject": self._subject,
            "flow_control": True,
            "idle_heartbeat": round(_HEARTBEAT_S * _NS),
            "replay_policy": "instant",
            "mem_storage": True,
            "num_replicas": 1,
        }
        found = await self._link.api("CONSUMER.CREATE", self._stream, stream_name=self._stream, config=config)
        if self.backlog is None:
            self.backlog = int(found["num_pending"]) + int(found["delivered"]["consumer_seq"])
        self._heard = time.monotonic()

    def _callback(self, inbox: str) -> Callable[[Any], Awaitable[None]]:
        async def came(message: Any) -> None:
            if self._subscription is None or self._subscription.subject != inbox:
                return
            self._heard = time.monotonic()
            if message.headers and message.headers.get("Status") == "100":
                stalled = message.reply or message.headers.get("Nats-Consumer-Stalled")
                if stalled:
                    self._stalled = stalled
                    await self._go_on()
                last = message.headers.get("Nats-Last-Consumer")
                if last is not None and int(last) != self._consumed:
                    self._lost = True
                return
            if self._lost:
                return
            # $JS.ACK.<stream>.<consumer>.<delivered>.<stream sequence>.<consumer sequence>.<time>.<pending>
            parts = message.reply.split(".")
            sequence, consumed = int(parts[-4]), int(parts[-3])
            if consumed != self._consumed + 1:
                self._lost = True  # on the way; all is asked for again
                return
            self._consumed = consumed
            self._after = sequence
            self._held.append(Message(sequence, message.subject, message.data))

        return came

    async def _go_on(self) -> None:
        """Tell the broker to send more, where not too much waits."""
        if self._stalled is not None and len(self._held) < _MOST_HELD:
            stalled, self._stalled = self._stalled, None
            await self._link.client.publish(stalled, b"")

    async def _unsubscribe(self) -> None:
        if self._subscription is not None:
            subscription, self._subscription = self._subscription, None
            with contextlib.suppress(self._link.error):
                await subscription.unsubscribe()
