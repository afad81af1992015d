"""Any sampling rate to the picker's, by a windowed sinc on the absolute time grid.

Output samples lie at multiples of the output interval since the epoch. Each is a sum over the input samples within
`LOBES` intervals of the slower rate, so it does not depend on where the input was cut, and one with a missing sample
in reach is missing: there are no edge effects. The delay is zero. With fs the slower rate, amplitudes are kept within
0.1 % up to 0.4 fs, and what lies above 0.5 fs is damped by 70 dB.

The sinc is weighted by a Kaiser window.
"""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from typing import final

import numpy as np
import numpy.typing as npt

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

    __slots__ = ("_count", "_first", "_half", "_scale", "_section", "_step", "sampling_rate", "source_id")

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
        centre, phase = self._positions(low, high)
        first = int(centre.min()) - self._half + 1
        data, missing = self._section.read(first, int(centre.max()) + self._half + 1)
        at = centre - first - self._half + 1
        count = np.concatenate(([0], np.cumsum(missing[0])))
        out = self._sums(data[0], at, phase)
        out[count[at + 2 * self._half] > count[at]] = np.nan
        return out

    def _positions(self, low: int, high: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """For outputs [low, high): the index of the sample at or before each, and the rest in 1/4096 of a sample."""
        axis = self._section.axis
        time = (self._first + low) * self._step * axis.unit
        stride = self._step * axis.unit
        centre = np.empty(high - low, np.int64)
        phase = np.empty(high - low, np.int64)
        done = 0
        at = max(bisect_right(axis.pieces, time, key=lambda piece: piece.start) - 1, 0)
        while done < high - low:
            piece = axis.pieces[at]
            following = axis.pieces[at + 1] if at + 1 < len(axis.pieces) else None
            until = high - low if following is None else min(-((time - following.start) // stride), high - low)
            ticks = np.arange(done, until, dtype=np.int64) * stride + (time - piece.start)
            index, rest = np.divmod(ticks, axis.step)
            rounded = (rest * _PHASES + axis.step // 2) // axis.step
            centre[done:until] = piece.first + index + rounded // _PHASES
            phase[done:until] = rounded % _PHASES
            done, at = until, at + 1
        return centre, phase

    def _sums(
        self, data: npt.NDArray[np.float64], at: npt.NDArray[np.int64], phase: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        """Weighted sums over the samples from `at` on, always added in the same order."""
        out = np.zeros(len(at))
        phases, which = np.unique(phase, return_inverse=True)
        kernels = self._kernels(phases)
        if len(phases) > _FEW:
            for tap in range(2 * self._half):
                out += kernels[which, tap] * data[at + tap]
            return out
        for row, kernel in enumerate(kernels):
            chosen = np.flatnonzero(which == row)
            places = at[chosen]
            strides = np.diff(places)
            total = np.zeros(len(chosen))
            even = len(strides) == 0 or (strides == strides[0]).all()
            stride = int(strides[0]) if len(strides) else 1
            for tap in range(2 * self._half):
                begin = int(places[0]) + tap
                values = data[begin : begin + stride * len(chosen) : stride] if even and stride else data[places + tap]
                total += kernel[tap] * values[: len(chosen)]
            out[chosen] = total
        return out

    def _kernels(self, phases: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Weights, shape (phase, tap), each row of sum 1."""
        taps = np.arange(2 * self._half) - self._half + 1
        x = (taps - phases[:, None] / _PHASES) / self._scale
        taper = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (x / LOBES) ** 2, 0, None))) * (np.abs(x) <= LOBES)
        weights = np.sinc(_CUTOFF * x) * taper
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))
