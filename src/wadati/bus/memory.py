"""The bus within one process: each listener has a queue of its own, and none can hold up who speaks.

A queue that is full sheds its oldest messages of the kinds that may be shed, in this order: waveforms, then station
health. Picks, origins and events are never shed; a listener that does not take them makes its queue grow, which its
`depth` shows.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable

from wadati.bus.messages import Message, StationHealthMessage, WaveformMessage

SHEDDABLE = (WaveformMessage.kind, StationHealthMessage.kind)
"""Kinds that may be shed, the first one first."""


class Subscription:
    """The queue of one listener; `shed` counts what it lost."""

    def __init__(self, name: str, kinds: Iterable[str], most: int) -> None:
        self.name = name
        self.kinds = frozenset(kinds)
        self.shed = 0
        self._most = most
        self._held: deque[Message] = deque()
        self._more = threading.Condition()
        self._closed = False

    def put(self, message: Message) -> None:
        """Take a message, and shed where there are too many."""
        with self._more:
            self._held.append(message)
            if len(self._held) > self._most:
                self._shed()
            self._more.notify()

    def _shed(self) -> None:
        for kind in SHEDDABLE:
            oldest = next((at for at, one in enumerate(self._held) if one.kind == kind), None)
            if oldest is not None:
                del self._held[oldest]
                self.shed += 1
                return

    def take(self, timeout: float | None = None) -> Message | None:
        """The next message; None where none came in time (s), or where it is closed and empty."""
        with self._more:
            if not self._held and not self._closed:
                self._more.wait(timeout)
            return self._held.popleft() if self._held else None

    def close(self) -> None:
        """No more messages come."""
        with self._more:
            self._closed = True
            self._more.notify_all()

    @property
    def closed(self) -> bool:
        """Whether it is closed and all was taken."""
        with self._more:
            return self._closed and not self._held

    @property
    def depth(self) -> int:
        """Messages that wait."""
        return len(self._held)


class MemoryBus:
    """Who speaks publishes; who listens subscribes to kinds of messages.

    >>> bus = MemoryBus()
    >>> heard = bus.subscribe("test", ["wadati.station-health.v1"])
    >>> bus.publish(StationHealthMessage(
    ...     network="XX", station="ABC", state="ok", data_latency_s=1.0, feed_latency_s=1.0
    ... ))
    >>> heard.take().subject
    'XX.ABC'
    """

    def __init__(self) -> None:
        self._listeners: tuple[Subscription, ...] = ()
        self._lock = threading.Lock()

    def subscribe(self, name: str, kinds: Iterable[str], *, most: int = 10_000) -> Subscription:
        """A queue of the messages of some kinds from now on."""
        subscription = Subscription(name, kinds, most)
        with self._lock:
            self._listeners = (*self._listeners, subscription)
        return subscription

    def wants(self, kind: str) -> bool:
        """Whether anybody listens to a kind."""
        return any(kind in one.kinds for one in self._listeners)

    def publish(self, message: Message) -> None:
        """Give a message to all who listen to its kind; never waits for them."""
        for one in self._listeners:
            if message.kind in one.kinds:
                one.put(message)

    def close(self) -> None:
        """Tell all listeners that no more comes."""
        for one in self._listeners:
            one.close()

    @property
    def listeners(self) -> tuple[Subscription, ...]:
        """All queues."""
        return self._listeners
