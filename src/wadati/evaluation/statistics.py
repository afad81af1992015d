"""Shares and residuals with their uncertainties."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

_Z95 = 1.959963984540054


class Share(msgspec.Struct, frozen=True):
    """`count` of `total`; `value` is their ratio and [`low`, `high`] its 95 % interval, None and [0, 1] of nothing.

    The interval is Wilson's: Wilson (1927), doi:10.1080/01621459.1927.10502953.

    >>> share = Share.of(50, 62)
    >>> round(share.value, 3), round(share.low, 3), round(share.high, 3)
    (0.806, 0.691, 0.886)
    """

    count: int
    total: int
    value: float | None
    low: float
    high: float

    @classmethod
    def of(cls, count: int, total: int) -> Share:
        """The share of a count in a total."""
        if total == 0:
            return cls(0, 0, None, 0.0, 1.0)
        ratio, square = count / total, _Z95**2
        middle = (ratio + square / (2 * total)) / (1 + square / total)
        half = _Z95 / (1 + square / total) * math.sqrt(ratio * (1 - ratio) / total + square / (4 * total**2))
        low = 0.0 if count == 0 else max(middle - half, 0.0)
        high = 1.0 if count == total else min(middle + half, 1.0)
        return cls(count, total, ratio, low, high)


class Residuals(msgspec.Struct, frozen=True):
    """Differences candidate − reference (distances: never negative), in SI units; all None where there are none.

    `mad` is the median absolute deviation from the median (not scaled). [`low`, `high`] is the 95 % bootstrap interval
    of the median. `median_absolute` and `p90_absolute` are of the absolute values.
    """

    count: int
    median: float | None = None
    low: float | None = None
    high: float | None = None
    mad: float | None = None
    median_absolute: float | None = None
    p90_absolute: float | None = None

    @classmethod
    def of(cls, values: Sequence[float], *, seed: int = 0, resamples: int = 2000) -> Residuals:
        """What a sample says; equal seeds give equal intervals, and the order of the values does not matter.

        >>> Residuals.of([1.0, -1.0, 3.0]).median
        1.0
        """
        if not len(values):
            return cls(0)
        sample = np.sort(np.asarray(values, np.float64))
        median = float(np.median(sample))
        low, high = np.quantile(_bootstrap_medians(sample, seed, resamples), (0.025, 0.975))
        size = np.abs(sample)
        return cls(
            len(sample),
            median,
            float(low),
            float(high),
            float(np.median(np.abs(sample - median))),
            float(np.median(size)),
            float(np.quantile(size, 0.9)),
        )


def _bootstrap_medians(sample: npt.NDArray[np.float64], seed: int, resamples: int) -> npt.NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    rows = max(1, min(resamples, 1_000_000 // len(sample)))
    medians = [
        np.median(sample[generator.integers(len(sample), size=(min(rows, resamples - done), len(sample)))], axis=1)
        for done in range(0, resamples, rows)
    ]
    return np.concatenate(medians)
