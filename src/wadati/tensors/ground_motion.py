"""Counts to displacement in a band, at any times."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wadati.model import Response
from wadati.signal.response import DERIVATIVES, evaluate
from wadati.tensors.passband import REACH, gain, tapered

Floats = npt.NDArray[np.float64]

TAPER = 0.5
"""What is tapered at either end, in periods of the band's lower end."""
_LONGEST_TAPER = 0.1


def displacement(
    counts: npt.ArrayLike,
    sampling_rate_hz: float,
    response: Response,
    band: tuple[float, float],
    times: npt.ArrayLike,
) -> Floats:
    """Ground displacement (m) in a band (Hz) at times (s after the first sample), of counts with shape (sample,).

    Line and mean are taken off, and half a period of the band's lower end is tapered at either end (at most a tenth of
    all). The instrument is divided out of the spectrum
    together with the band-pass (see `passband`), and the few frequencies that it leaves are summed at each time:
    exact at any time, between samples too.

    >>> velocity = np.cos(2 * np.pi * 0.03 * np.arange(8000) / 20)
    >>> moved = displacement(1e9 * velocity, 20.0, Response(1e9, "m/s"), (0.02, 0.05), [200.0, 208.3333])
    >>> (moved * 2 * np.pi * 0.03).round(2).tolist()
    [0.0, 1.0]
    """
    from scipy.fft import next_fast_len, rfft, rfftfreq
    from scipy.signal import detrend

    data = detrend(np.asarray(counts, np.float64))
    taper = min(TAPER * sampling_rate_hz / band[0], _LONGEST_TAPER * len(data))
    data = tapered(data, max(round(taper), 1))
    length = next_fast_len(len(data) + round(3 * sampling_rate_hz / band[0]), real=True)
    frequencies = rfftfreq(length, 1 / sampling_rate_hz)
    kept = slice(1, int(np.searchsorted(frequencies, min(REACH * band[1], 0.5 * sampling_rate_hz))))
    at = frequencies[kept]
    s = 2j * np.pi * at
    ground = rfft(data, length)[kept] * gain(at, band) / (evaluate(response, at) * s ** DERIVATIVES[response.unit])
    waves = np.exp(2j * np.pi * np.outer(np.asarray(times, np.float64), at))
    return np.asarray((waves @ ground).real * 2 / length)
