"""Where one channel says two different things about one time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from wadati.model import Trace


def conflict_seconds(traces: Iterable[Trace]) -> float:
    """For how long (s) traces of one channel overlap with different samples; copies agree and count nothing.

    Samples are compared with the nearest of the other trace where sampling rates are equal; overlaps of different
    rates always disagree.

    >>> from fractions import Fraction
    >>> from wadati.model import SourceId
    >>> sid = SourceId.parse("FDSN:XX_ABC__H_H_Z")
    >>> first, copy = Trace(sid, 0, Fraction(10), np.arange(20)), Trace(sid, 10**9, Fraction(10), np.arange(10, 30))
    >>> other = Trace(sid, 10**9, Fraction(10), np.arange(20))
    >>> conflict_seconds([first, copy]), conflict_seconds([first, other])
    (0.0, 1.0)
    """
    ordered = sorted(traces, key=lambda trace: (trace.start, trace.end))
    total = 0.0
    longest: Trace | None = None
    for trace in ordered:
        if longest is not None and trace.start < longest.end:
            total += _disagreement(longest, trace)
        if longest is None or trace.end > longest.end:
            longest = trace
    return total


def _disagreement(first: Trace, second: Trace) -> float:
    if first.sampling_rate != second.sampling_rate:
        return (min(first.end, second.end) - second.start) / 1e9
    half = int(5e8 / first.sampling_rate)
    offset = first.index_at_or_after(second.start - half)
    count = min(len(first) - offset, len(second))
    differ = int(np.count_nonzero(first.data[offset : offset + count] != second.data[:count]))
    return float(differ / first.sampling_rate)
