"""The band of an inversion: which one, and the one filter that data and synthetics go through.

The filter is a Butterworth band-pass of three corners run forth and back: without phase, so that nothing shifts. It is
applied to spectra, so data of any sampling rate and synthetics of another go through exactly the same one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wadati.errors import UsageError

Floats = npt.NDArray[np.float64]

CORNERS = 3
"""Corners of the filter on either side, each way."""
REACH = 6.0
"""Nothing above this many times the band's upper end is left of what goes through the filter (10⁻⁶)."""
OVERSAMPLED = 20
"""Samples in the band's shortest period."""

_RULE = (
    (4.0, (0.03, 0.10)),
    (5.0, (0.02, 0.05)),
    (6.0, (0.01, 0.05)),
    (7.0, (0.006, 0.03)),
    (np.inf, (0.004, 0.015)),
)
_NARROWEST = 1.5
"""The least ratio of a band's ends."""


def band_of(magnitude: float, known: tuple[float, float]) -> tuple[float, float]:
    """The band (Hz) for an earthquake of a magnitude, within what Green's functions are right in.

    30–100 mHz below magnitude 4, 20–50 mHz below 5, 10–50 mHz below 6, 6–30 mHz below 7, else 4–15 mHz: periods long
    enough for a simple model of the earth, and short enough to stand above the noise. Raises `UsageError` where less
    than a ratio of 1.5 is left of it.

    >>> band_of(4.3, (0.01, 0.5)), band_of(3.2, (0.01, 0.08))
    ((0.02, 0.05), (0.03, 0.08))
    """
    wanted = next(band for below, band in _RULE if magnitude < below)
    low, high = max(wanted[0], known[0]), min(wanted[1], known[1])
    if high < _NARROWEST * low:
        raise UsageError(
            f"magnitude {magnitude:.1f} asks for {1e3 * wanted[0]:g}–{1e3 * wanted[1]:g} mHz, and the Green's "
            f"functions are right within {1e3 * known[0]:g}–{1e3 * known[1]:g} mHz; build a store whose --band holds it"
        )
    return low, high


def gain(frequencies: npt.ArrayLike, band: tuple[float, float]) -> Floats:
    """What the filter leaves of an amplitude at frequencies (Hz).

    >>> gain([0.0, 0.02, 0.03, 0.05, 1.0], (0.02, 0.05)).round(3).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    at = np.abs(np.asarray(frequencies, np.float64))
    low, high = band
    detuning = np.divide(at**2 - low * high, at * (high - low), out=np.full(at.shape, np.inf), where=at > 0)
    return np.asarray(1 / (1 + detuning ** (2 * CORNERS)))


def tapered(samples: Floats, length: int) -> Floats:
    """Samples, the last axis, with cosine ramps of a length at both ends."""
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / length)
    out = np.array(samples, np.float64)
    out[..., :length] *= ramp
    out[..., -length:] *= ramp[::-1]
    return out


def filtered(synthetics: Floats, sampling_rate_hz: float, band: tuple[float, float], duration_s: float = 0.0) -> Floats:
    """Synthetics, shape (..., sample), through the filter; `duration_s` is that of a triangular source.

    The last quarter of a period of the band's lower end is lost at the end, where a static offset is tapered away.
    """
    from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

    count = synthetics.shape[-1]
    lost = min(max(round(sampling_rate_hz / (4 * band[0])), 1), count // 2)
    calm = np.array(synthetics, np.float64)
    calm[..., -lost:] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(lost) + 0.5) / lost)
    length = next_fast_len(count + round(3 * sampling_rate_hz / band[0]), real=True)
    frequencies = rfftfreq(length, 1 / sampling_rate_hz)
    shape = gain(frequencies, band) * np.sinc(frequencies * duration_s / 2) ** 2
    return np.asarray(irfft(rfft(calm, length) * shape, length)[..., :count])
