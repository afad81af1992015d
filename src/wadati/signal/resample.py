"""Any sampling rate to the picker's, by a windowed sinc on the absolute time grid.

Output samples lie at multiples of the output interval since the epoch. Each is a sum over the input samples within
`LOBES` intervals of the slower rate, so it does not depend on where the input was cut, and one with a missing sample
in reach is missing: there are no edge effects. The delay is zero. With fs the slower rate, amplitudes are kept within
0.1 % up to 0.4 fs, and what lies above 0.5 fs is damped by 70 dB.

The sinc is weighted by a Kaiser window.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple, final

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from wadati.errors import UsageError
from wadati.model import SourceId
from wadati.signal.axis import Section
from wadati.units import SECOND

LOBES = 24
"""Half-length of the kernel in intervals of the slower rate."""

_CUTOFF = 0.9
_KAISER_BETA = 7.0
_PHASES = 4096
_FEW = 64

_USUAL = 10.0
"""Up to so many times the slower rate there are all phases; beyond, as many as keep the table of weights small."""

_AT_ONCE = 1 << 21
"""Products of samples and weights in memory at a time, where each output has weights of its own."""


@final
class Resampled:
    """A section of one component at another rate: a record whose samples are computed when read.

    `data` is the record itself: slices of it are float64 with NaN where a sample in reach is missing.

    >>> from wadati.model import Trace
    >>> from wadati.signal.axis import assemble
    >>> z = SourceId.parse("FDSN:XX_ABC__H_H_Z")
    >>> sine = np.sin(2 * np.pi * 3 * np.arange(400) / 200)
    >>> (section,) = assemble([Trace(z, 0, Fraction(200), sine)], {z: "Z"}, "Z", longest_gap=0)
    >>> record = Resampled(section, z, Fraction(100))
    >>> bool(np.abs(record[50:150] - np.sin(2 * np.pi * 3 * np.arange(50, 150) / 100)).max() < 1e-3)
    True
    """

    __slots__ = ("_count", "_first", "_half", "_phases", "_scale", "_section", "_step", "sampling_rate", "source_id")

    source_id: SourceId
    sampling_rate: Fraction

    def __init__(self, section: Section, source_id: SourceId, sampling_rate: Fraction) -> None:
        if SECOND * sampling_rate.denominator % sampling_rate.numerator:
            raise UsageError(f"cannot resample to {float(sampling_rate)} Hz: the interval is no whole nanoseconds")
        self._section = section
        self.source_id = source_id
        self.sampling_rate = sampling_rate
        self._step = SECOND * sampling_rate.denominator // sampling_rate.numerator
        axis = section.axis
        self._first = -(-axis.time_of(axis.first) // self._step)
        self._count = max(axis.time_of(axis.end - 1) // self._step - self._first + 1, 0)
        self._scale = max(float(axis.sampling_rate / sampling_rate), 1.0)
        self._half = int(np.ceil(LOBES * self._scale))
        self._phases = math.ceil(_PHASES * min(1.0, _USUAL / self._scale))

    @property
    def start(self) -> int:
        """The time of the first sample (ns)."""
        return self._first * self._step

    @property
    def data(self) -> Resampled:
        """The samples, which are the record itself."""
        return self

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, key: slice) -> npt.NDArray[np.float64]:
        low, high, stride = key.indices(self._count)
        if stride != 1:
            raise ValueError("a resampled record is read in order")
        if high <= low:
            return np.empty(0)
        groups = list(self._groups(low, high))
        first = min(int(group.centres[0]) for group in groups) - self._half + 1
        data, missing = self._section.read(first, max(int(group.centres[-1]) for group in groups) + self._half + 1)
        gone = np.concatenate(([0], np.cumsum(missing[0]))) if missing.any() else None
        reaches = sliding_window_view(data[0], 2 * self._half)
        kernels = _kernels(self._scale, self._half, self._phases)
        out = np.empty(high - low)
        for outputs, centres, phases in groups:
            at = centres - (first + self._half - 1)
            if isinstance(phases, int):
                advance = int(at[1] - at[0]) if len(at) > 1 else 1
                sums = np.einsum("ot,t->o", reaches[at[0] : at[-1] + 1 : advance], kernels[phases])
            else:
                sums = np.empty(len(at))
                size = max(_AT_ONCE // (2 * self._half), 1)
                for part in (slice(start, start + size) for start in range(0, len(at), size)):
                    sums[part] = np.einsum("ot,ot->o", reaches[at[part]], kernels[phases[part]])
            if gone is not None:
                sums[gone[at + 2 * self._half] > gone[at]] = np.nan
            out[outputs] = sums
        return out

    def _groups(self, low: int, high: int) -> Iterator[_Group]:
        """Outputs [low, high), those together that have the same phase where there are few."""
        axis = self._section.axis
        time = (self._first + low) * self._step * axis.unit
        stride = self._step * axis.unit
        period = axis.step // math.gcd(axis.step, stride)
        done = 0
        at = max(bisect_right(axis.pieces, time, key=lambda piece: piece.start) - 1, 0)
        while done < high - low:
            piece = axis.pieces[at]
            following = axis.pieces[at + 1] if at + 1 < len(axis.pieces) else None
            until = high - low if following is None else min(-((time - following.start) // stride), high - low)
            if period <= _FEW:
                for start in range(done, min(done + period, until)):
                    index, phase = _nearest(start * stride + time - piece.start, axis.step, self._phases)
                    count = -((start - until) // period)
                    centres = piece.first + index + np.arange(count) * (period * stride // axis.step)
                    yield _Group(slice(start, until, period), centres, phase)
            elif done < until:
                ticks = np.arange(done, until, dtype=np.int64) * stride + (time - piece.start)
                indices, phases = _nearest(ticks, axis.step, self._phases)
                yield _Group(slice(done, until), piece.first + indices, phases)
            done, at = until, at + 1


def _nearest(ticks: Any, step: int, count: int) -> tuple[Any, Any]:
    """The sample at or before each time since a piece's start, and the rest in 1/`count` of a sample; as `ticks`."""
    rounded = (ticks % step * count + step // 2) // step
    return ticks // step + rounded // count, rounded % count


class _Group(NamedTuple):
    """Outputs, the sample at or before each, and the rest as a phase: one for all, or one each."""

    outputs: slice
    centres: npt.NDArray[np.int64]
    phases: int | npt.NDArray[np.int64]


@lru_cache(maxsize=4)
def _kernels(scale: float, half: int, phases: int) -> npt.NDArray[np.float64]:
    """Weights, shape (phase, tap), each row of sum 1."""
    taps = np.arange(2 * half) - half + 1
    x = (taps - np.arange(phases)[:, None] / phases) / scale
    taper = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (x / LOBES) ** 2, 0, None))) * (np.abs(x) <= LOBES)
    weights = np.sinc(_CUTOFF * x) * taper
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
