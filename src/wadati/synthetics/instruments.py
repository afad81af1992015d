"""What stations record with: sensors, digitisers, and their response in the frequency domain."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.model import Response

FULL_SCALE = 2**23
"""Counts at which a 24-bit digitiser clips."""


class Instrument(msgspec.Struct, frozen=True):
    """One sensor: band and source code, component letters, rate (Hz), response, full scale (counts), own noise.

    `self_noise` is in dB relative to 1 (m/s²)²/Hz.
    """

    codes: str
    components: str
    rate: int
    response: Response
    full_scale: int = FULL_SCALE
    self_noise: float = -175.0

    def counts_per_velocity(self, frequency: npt.NDArray[np.float64]) -> npt.NDArray[np.complex128]:
        """Counts per m/s at frequencies (Hz), phase and anti-alias filter included."""
        return counts_per_velocity(self.response, frequency) * anti_alias(frequency, self.rate)


def _second_order(corner: float, damping: float) -> tuple[tuple[float, float], ...]:
    """The pair of poles (rad/s) of an oscillator with a corner in Hz."""
    omega = 2 * math.pi * corner
    real, imaginary = -damping * omega, math.sqrt(1 - damping**2) * omega
    return (real, imaginary), (real, -imaginary)


_AT_REST = ((0.0, 0.0), (0.0, 0.0))
_BROADBAND = Response(6.27e8, "m/s", 1.0, _second_order(1 / 120, 0.707), _AT_REST)
_SHORT_PERIOD = Response(7.2e7, "m/s", 10.0, _second_order(1.0, 0.7), _AT_REST)
_ACCELEROMETER = Response(4.28e5, "m/s**2", 1.0, _second_order(200.0, 0.707), ())

BROADBAND = Instrument("HH", "ZNE", 100, _BROADBAND)
BROADBAND_200 = Instrument("HH", "ZNE", 200, _BROADBAND)
BROADBAND_50 = Instrument("BH", "ZNE", 50, _BROADBAND)
BROADBAND_ROTATED = Instrument("BH", "Z12", 50, _BROADBAND)
SHORT_PERIOD = Instrument("EH", "ZNE", 100, _SHORT_PERIOD, self_noise=-150.0)
VERTICAL = Instrument("EH", "Z", 100, _SHORT_PERIOD, self_noise=-150.0)
STRONG_MOTION = Instrument("HN", "ZNE", 100, _ACCELEROMETER, self_noise=-110.0)


def counts_per_velocity(response: Response, frequency: npt.NDArray[np.float64]) -> npt.NDArray[np.complex128]:
    """Counts per m/s at frequencies (Hz), phase included, from sensitivity, poles and zeros."""
    at = response.sensitivity_frequency_hz or 1.0
    s = 2j * np.pi * np.append(frequency, at)
    shape = np.ones(s.shape, np.complex128)
    for real, imaginary in response.zeros or ():
        shape *= s - complex(real, imaginary)
    for real, imaginary in response.poles or ():
        shape /= s - complex(real, imaginary)
    factor = response.sensitivity * shape[:-1] / abs(shape[-1])
    return np.asarray(factor * s[:-1] if response.unit == "m/s**2" else factor)


def anti_alias(frequency: npt.NDArray[np.float64], rate: float) -> npt.NDArray[np.float64]:
    """The digitiser's linear-phase filter: 1 up to 0.8 of the Nyquist frequency, 0 at it."""
    x = np.clip((frequency / (rate / 2) - 0.8) / 0.2, 0.0, 1.0)
    return np.asarray(np.cos(np.pi / 2 * x) ** 2)
