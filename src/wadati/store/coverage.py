"""What a store remembers of a unit of work: three different facts, and why."""

from __future__ import annotations

from typing import Literal

import msgspec


class Coverage(msgspec.Struct, frozen=True):
    """How one unit of work ended: `done`, `no data` or `failed`, and for the last two why.

    `seconds` is how much of a station's time had samples, `band` the instrument picked on.
    """

    unit: str
    status: Literal["done", "no data", "failed"]
    reason: str = ""
    seconds: float = 0.0
    band: str = ""
    picks: int = 0
