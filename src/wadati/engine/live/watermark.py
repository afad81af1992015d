"""Before which time nothing changes any more."""

from __future__ import annotations

import statistics
from collections.abc import Mapping

_LAG = 4


def watermark(until: Mapping[tuple[str, str], int], patience: int) -> int:
    """The time (ns) before which no station will give another final pick, by until when each is final.

    One that is behind the others by more than four times the `patience` (ns) is not waited for.

    >>> watermark({("XX", "A"): 100, ("XX", "B"): 90, ("XX", "C"): 3}, patience=10)
    90
    """
    if not until:
        return 0
    usual = statistics.median(until.values())
    return min(time for time in until.values() if time > usual - _LAG * patience)
