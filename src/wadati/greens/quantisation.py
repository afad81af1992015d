"""Traces as 16-bit counts with a scale of each, the largest count 32767."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_MOST = 32767.0


def quantised(traces: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float32]]:
    """Counts of traces (..., sample) and what one count is worth (...); a trace of zeros has the scale 0.

    >>> counts, scale = quantised(np.array([[0.0, 1.0, -2.0]]))
    >>> counts.tolist()
    [[0, 16384, -32767]]
    """
    scale = (np.abs(traces).max(axis=-1) / _MOST).astype(np.float32)
    # The smallest normal number: a scale below it would be 0 in single precision, and counts beyond 16 bits.
    scale = np.where(scale < np.finfo(np.float32).tiny, np.float32(0.0), scale)
    worth = np.where(scale > 0, scale, 1.0)[..., None].astype(np.float64)
    counts = np.where(scale[..., None] > 0, np.rint(traces / worth), 0.0)
    return np.clip(counts, -_MOST, _MOST).astype(np.int16), scale
