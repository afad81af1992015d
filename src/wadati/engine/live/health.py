"""How a station's feed does, from what came of it and when."""

from __future__ import annotations

from collections import deque
from typing import Literal

import msgspec

from wadati.engine.live.settings import Live

_ARRIVALS = 100


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
