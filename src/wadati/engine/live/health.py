"""How a station's feed does, from what came of it and when."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import msgspec

from wadati.bus.memory import MemoryBus
from wadati.bus.messages import StationHealthMessage
from wadati.engine.live.settings import Live
from wadati.units import SECOND

Key = tuple[str, str]
_ARRIVALS = 100
_EVERY = 10 * SECOND


class Heard(msgspec.Struct):
    """What is known of a station's feed: its last arrival (ns), and why its clock is not believed."""

    arrived_wall: int = 0
    clock_fault: str = ""
    records: int = 0
    last_early: int = 0
    last_state: str = ""
    arrivals: deque[tuple[int, int]] = msgspec.field(default_factory=lambda: deque(maxlen=_ARRIVALS))
    """Ends of the last records and when they came in (ns)."""


def judge(heard: Heard | None, behind: float, settings: Live) -> tuple[Literal["ok", "silent", "late", "clock"], str]:
    """The state of a station and why; `behind` is the age of its latest sample (s)."""
    if heard is None or not heard.records:
        return "silent", "nothing came of it yet"
    if heard.clock_fault:
        return "clock", heard.clock_fault
    if behind > 10 * settings.patience_s:
        return "silent", f"its last sample is {behind:.0f} s old"
    if behind > settings.patience_s:
        return "late", f"its last sample is {behind:.0f} s old"
    return "ok", ""


def health_of(
    known: Iterable[Key], heard: Mapping[Key, Heard], latest: Mapping[Key, int], clock: int, settings: Live
) -> list[StationHealthMessage]:
    """How each station does that is known or heard, in order of name; `latest` are the times of their last samples."""
    wall = time.time_ns()
    told = []
    for key in sorted({*known, *heard}):
        one, last = heard.get(key), latest.get(key, 0)
        behind = (clock - last) / SECOND if last else -1.0
        quiet = (wall - one.arrived_wall) / SECOND if one and one.arrived_wall else -1.0
        word, words = judge(one, behind, settings)
        told.append(
            StationHealthMessage(
                network=key[0],
                station=key[1],
                state=word,
                data_latency_s=round(behind, 2),
                feed_latency_s=round(quiet, 2),
                words=words,
            )
        )
    return told


class Health:
    """Tells the bus of stations whose state changed."""

    def __init__(self, bus: MemoryBus) -> None:
        self._bus = bus
        self._last = 0

    def tell(self, clock: int, heard: dict[Key, Heard], health: Callable[[], list[StationHealthMessage]]) -> None:
        """Look every ten seconds of the data's clock (ns), if anybody listens."""
        if clock - self._last < _EVERY or not self._bus.wants(StationHealthMessage.kind):
            return
        self._last = clock
        for message in health():
            one = heard.setdefault((message.network, message.station), Heard())
            if one.last_state != message.state:
                one.last_state = message.state
                self._bus.publish(message)
