"""Traces as columns of a screen: the least and the largest sample of each short stretch of time.

Columns lie on the absolute grid of their rate, so that the columns of two parts of a trace are those of the whole once
the one that both share is joined.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wadati.model import SourceId, Trace
from wadati.units import SECOND


class Extremes(NamedTuple):
    """Columns of one channel: column k covers [k / `rate`, (k + 1) / `rate`) seconds since 1970.

    `first` is the number of the first column, `values` has shape (column, least and largest).
    """

    source_id: SourceId
    rate: int
    first: int
    values: npt.NDArray[np.float32]

    @property
    def start(self) -> int:
        """The time of the first column (ns)."""
        return -(-self.first * SECOND // self.rate)

    @property
    def end(self) -> int:
        """The time after the last column (ns)."""
        return -(-(self.first + len(self.values)) * SECOND // self.rate)


def extremes(trace: Trace, rate: int) -> Extremes | None:
    """The columns of a trace, `rate` a second; None of no samples.

    Where there are fewer samples than columns, each column holds the sample that was last before it.

    >>> from fractions import Fraction
    >>> trace = Trace(SourceId.parse("FDSN:XX_ABC__H_H_Z"), 5 * 10**8, Fraction(4), np.array([3, -1, 2, 7]))
    >>> found = extremes(trace, 1)
    >>> found.first, found.values.tolist()
    (0, [[-1.0, 3.0], [2.0, 7.0]])
    """
    if not len(trace):
        return None
    # Whole seconds are taken off first, for nanoseconds since 1970 times the rate are too many for 64 bits.
    base = trace.start - trace.start % SECOND
    sampling = trace.sampling_rate
    steps = np.arange(len(trace) + 1, dtype=np.int64) * (SECOND * sampling.denominator) // sampling.numerator
    columns = (trace.start - base + steps) * rate // SECOND
    begins = np.flatnonzero(np.diff(columns[:-1], prepend=-1))
    covered = np.diff(np.append(columns[begins], max(columns[-1], columns[-2] + 1)))
    data = trace.data.astype(np.float32)
    found = np.stack([np.minimum.reduceat(data, begins), np.maximum.reduceat(data, begins)], axis=1)
    return Extremes(trace.source_id, rate, base // SECOND * rate + int(columns[0]), np.repeat(found, covered, axis=0))
