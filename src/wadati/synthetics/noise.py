"""Seismic background noise between the low and the high noise model.

Peterson (1993), Observations and modeling of seismic background noise, U.S. Geological Survey Open-File Report 93-322,
doi:10.3133/ofr93322.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.fft

Floats = npt.NDArray[np.float64]

_LOW = np.array(
    [
        (0.1, -168.0), (0.17, -166.7), (0.4, -166.7), (0.8, -169.2), (1.24, -163.7), (2.4, -148.6), (4.3, -141.1),
        (5.0, -141.1), (6.0, -149.0), (10.0, -163.8), (12.0, -166.2), (15.6, -162.1), (21.9, -177.5), (31.6, -185.0),
        (45.0, -187.5), (70.0, -187.5), (101.0, -185.0), (154.0, -185.0),
    ]
)  # fmt: skip
_HIGH = np.array(
    [
        (0.1, -91.5), (0.22, -97.4), (0.32, -110.5), (0.8, -120.0), (3.8, -98.0), (4.6, -96.5), (6.3, -101.0),
        (7.9, -113.5), (15.4, -120.0), (20.0, -138.5), (354.8, -126.0),
    ]
)  # fmt: skip

_MODULATION_SECONDS = 30.0
_MODULATION = 0.2


def noise_level(frequency: Floats, microseism: float, culture: float) -> Floats:
    """Power of acceleration (dB relative to 1 (m/s²)²/Hz) at frequencies (Hz).

    `microseism` below some 1 Hz and `culture` above it say where between the low (0) and the high (1) noise model.
    """
    period = np.log10(1 / np.maximum(frequency, 1e-3))
    low = np.interp(period, np.log10(_LOW[:, 0]), _LOW[:, 1])
    high = np.interp(period, np.log10(_HIGH[:, 0]), _HIGH[:, 1])
    fraction = microseism + (culture - microseism) * _above_one_hertz(frequency)
    return np.asarray(low + fraction * (high - low))


def background(
    rng: np.random.Generator,
    shape: tuple[int, int],
    rate: float,
    response: npt.NDArray[np.complex128],
    level: Floats,
    self_noise: float,
) -> Floats:
    """Noise behind an instrument, shape (component, sample); what people make waxes and wanes.

    `response` (counts per m/s) and `level` (dB of acceleration, component by component) are for the frequencies of
    the whole record, as is `self_noise` (dB). Counts.
    """
    count = shape[1]
    frequency = np.asarray(np.fft.rfftfreq(count, 1 / rate), np.float64)
    omega = 2 * np.pi * np.maximum(frequency, 1 / 400.0)
    upper = _above_one_hertz(frequency)
    total = np.zeros(shape)
    for row in range(shape[0]):
        outside = 10 ** (level[row] / 10)
        for power, changing in (
            (outside * (1 - upper) + 10 ** (self_noise / 10), False),
            (outside * upper, True),
        ):
            spectrum = rng.standard_normal(2 * len(frequency)).view(np.complex128)
            spectrum *= np.sqrt(power * rate * count) / 2 / omega * response
            samples = scipy.fft.irfft(spectrum, count, overwrite_x=True)
            total[row] += samples * _modulation(rng, count, rate) if changing else samples
    return total


def root_mean_square(level: Floats, frequency: Floats, lowest: float = 2.0, highest: float = 20.0) -> float:
    """Root mean square velocity (m/s) between two frequencies (Hz) of a level (dB of acceleration)."""
    inside = (frequency >= lowest) & (frequency <= highest)
    power = 10 ** (level[inside] / 10) / (2 * np.pi * frequency[inside]) ** 2
    return float(np.sqrt(np.sum(power) * (frequency[1] - frequency[0])))


def _above_one_hertz(frequency: Floats) -> Floats:
    return np.asarray(1 / (1 + np.maximum(frequency, 1e-3) ** -4.0))


def _modulation(rng: np.random.Generator, count: int, rate: float) -> Floats:
    """Slow changes of loudness, around 1."""
    knots = rng.normal(0.0, _MODULATION, int(count / rate / _MODULATION_SECONDS) + 2)
    return np.asarray(np.exp(np.interp(np.arange(count) / rate / _MODULATION_SECONDS, np.arange(len(knots)), knots)))
