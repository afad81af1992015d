"""Traces without what is slower than a corner, for screens: packet by packet the same as all at once."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from wadati.model import SourceId, Trace
from wadati.units import SECOND

_ORDER = 2


class HighPass:
    """A Butterworth high pass of the second order, forwards only, with a state for each channel.

    A trace that continues the one before it goes on with its state; after a gap the filter begins at rest on the first
    sample, so that an offset makes no swing. Traces whose sampling is too slow for the corner (Hz) come as they are.

    >>> trace = Trace(SourceId.parse("FDSN:XX_ABC__H_H_Z"), 0, Fraction(100), np.full(500, 1000))
    >>> bool(np.abs(HighPass(1.0)(trace).data).max() < 1e-6)
    True
    """

    def __init__(self, corner: float) -> None:
        self._corner = corner
        self._states: dict[SourceId, tuple[int, npt.NDArray[np.float64]]] = {}

    def __call__(self, trace: Trace) -> Trace:
        """The trace as it is after the filter."""
        from scipy.signal import sosfilt, sosfilt_zi

        if not len(trace) or trace.sampling_rate < 4 * self._corner:
            return trace
        sections = _sections(self._corner, trace.sampling_rate)
        until, state = self._states.get(trace.source_id, (0, None))
        if state is None or abs(trace.start - until) > SECOND / trace.sampling_rate / 2:
            state = sosfilt_zi(sections) * float(trace.data[0])
        data, after = sosfilt(sections, trace.data.astype(np.float64), zi=state)
        self._states[trace.source_id] = trace.end, after
        return Trace(trace.source_id, trace.start, trace.sampling_rate, data)


def _sections(corner: float, sampling_rate: Fraction) -> npt.NDArray[Any]:
    from scipy.signal import butter

    sections: npt.NDArray[Any] = butter(_ORDER, corner, "highpass", fs=float(sampling_rate), output="sos")
    return sections
