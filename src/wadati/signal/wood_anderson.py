"""Counts to the Wood–Anderson seismogram by a recursive filter in the time domain.

The exact transfer function is that of the Wood–Anderson seismograph divided by the instrument's. Its poles, and those
of its zeros that lie below the Nyquist frequency, go to the z plane as exp(s T) (the matched z transform);
what is then missing is smooth over frequency, and a short FIR filter, fitted by least squares to the exact
response, makes it up. Undoing the low corner of a seismometer needs unbounded gain towards 0 Hz, so a Butterworth high
pass stands before it: of third order (of higher order where the sensor needs more) and 0.4 % down at 0.1 Hz, with its
corner at 0.045 Hz. Above that corner the noise of the sensor and digitizer is raised as the full response raises it,
for a 4.5 Hz geophone by 2000 at 0.1 Hz; below, it falls. Amplitudes must therefore be compared with the
noise before the signal.

Zeros of the instrument in the right half plane are mirrored into the left, which changes phase only.
"""

from __future__ import annotations

from typing import NamedTuple, final

import numpy as np
import numpy.typing as npt

from wadati.errors import InputError
from wadati.model import Response
from wadati.signal.response import (
    DERIVATIVES,
    WOOD_ANDERSON_DAMPING,
    WOOD_ANDERSON_PERIOD,
    counts_to_wood_anderson,
)

LOWEST_RATE = 10.0
"""The lowest sampling rate (Hz) at which the seismograph, which peaks near 1.25 Hz, can be imitated."""

WARM_UP_S = 60.0
"""After so many seconds less than 0.3 % of the record's peak is left of what the filter did not see before its start
(0.03 % for broadband seismometers and accelerometers)."""

_LOWEST_FREQUENCY = 0.1
_LOSS = 0.008
_TAPS = 8
_DELAY = 2.0
_FIT_UP_TO = 0.23
_REFERENCE_FREQUENCY = 1.0

Samples = npt.NDArray[np.float64]


class State(NamedTuple):
    """What the filter remembers: the level taken off every sample (counts; None before the first sample), and the
    memory of each section, shape (section, 2)."""

    level: float | None
    memory: Samples


@final
class WoodAndersonFilter:
    """Turns counts of one instrument at one sampling rate (Hz) into metres on a Wood–Anderson record.

    The modulus is within 1 % of the exact one from 0.1 Hz to a fifth of the sampling rate; the delay is about two
    samples. `sections` has shape (section, 6), second-order sections as in SciPy. `process` may be given a record in
    pieces: the results, put together, are those of the whole, bit for bit.

    >>> counts = 1000.0 * np.sin(2 * np.pi * np.arange(3000) / 100.0)
    >>> seismograph = WoodAndersonFilter(Response(1e6, "m/s"), 100.0)
    >>> record, state = seismograph.process(counts)
    >>> round(float(record[2000:].max() * 1000), 1)
    180.1

    Raises `InputError` for sampling rates below 10 Hz and for units that are no ground motion.
    """

    __slots__ = ("sampling_rate_hz", "sections")

    sections: Samples
    sampling_rate_hz: float

    def __init__(self, response: Response, sampling_rate_hz: float) -> None:
        if sampling_rate_hz < LOWEST_RATE:
            raise InputError(
                f"{sampling_rate_hz:g} Hz",
                "is too slow for a Wood–Anderson record",
                f"use channels of at least {LOWEST_RATE:g} Hz",
            )
        if response.unit not in DERIVATIVES:
            raise InputError(
                f"unit {response.unit!r}", "is no ground motion", f"give the sensitivity per {' or '.join(DERIVATIVES)}"
            )
        self.sampling_rate_hz = sampling_rate_hz
        self.sections = _design(response, sampling_rate_hz)

    def process(self, samples: npt.ArrayLike, state: State | None = None) -> tuple[Samples, State]:
        """The Wood–Anderson record (m), shape (sample,), and the state to go on with.

        Without a state the filter starts as if the first sample's level had stood there always.
        """
        counts = np.asarray(samples, np.float64)
        level, memory = state or State(None, np.zeros((len(self.sections), 2)))
        if not len(counts):
            return counts, State(level, memory)
        if level is None:
            level = float(counts[0])
        from scipy.signal import sosfilt

        record, memory = sosfilt(self.sections, counts - level, zi=memory)
        return record, State(level, memory)

    def response(self, frequencies: npt.ArrayLike) -> npt.NDArray[np.complex128]:
        """Metres per count at frequencies (Hz)."""
        from scipy.signal import sosfreqz

        at = np.asarray(frequencies, np.float64)
        return np.asarray(sosfreqz(self.sections, at, fs=self.sampling_rate_hz)[1])


def _design(response: Response, rate: float) -> Samples:
    from scipy.signal import freqs_zpk, sosfreqz, zpk2sos

    zeros, poles = _analog(response)
    frequencies = np.concatenate([np.geomspace(0.5, _FIT_UP_TO * rate, 150), np.linspace(_FIT_UP_TO, 0.5, 60) * rate])
    weights = np.where(frequencies <= _FIT_UP_TO * rate, 1.0, 0.01)
    wanted = freqs_zpk(zeros, poles, 1.0, 2 * np.pi * frequencies)[1]
    zeros, poles = (np.exp(some[np.abs(some) < np.pi * rate] / rate) for some in (zeros, poles))
    skeleton = sosfreqz(zpk2sos(zeros, poles, 1.0), frequencies, fs=rate)[1]
    taps = _fit(frequencies / rate, wanted / skeleton, weights)
    sections = zpk2sos(np.concatenate([zeros, np.roots(taps)]), poles, taps[0])
    middle = [_REFERENCE_FREQUENCY]
    exact, reached = (
        np.abs(some).item()
        for some in (counts_to_wood_anderson(response, middle), sosfreqz(sections, middle, fs=rate)[1])
    )
    sections[0, :3] *= np.copysign(exact / reached, response.sensitivity)
    return np.asarray(sections)


def _analog(response: Response) -> tuple[npt.NDArray[np.complex128], npt.NDArray[np.complex128]]:
    """Zeros and poles (rad/s) of high pass × Wood–Anderson / instrument; what cancels at 0 Hz is left out."""
    from scipy.signal import butter

    sensor_zeros = _left_half([complex(*zero) for zero in response.zeros or ()])
    sensor_poles = _left_half([complex(*pole) for pole in response.poles or ()])
    at_origin = np.abs(sensor_zeros) < 2 * np.pi * _LOWEST_FREQUENCY / 20
    integrations = int(at_origin.sum()) + DERIVATIVES[response.unit] - 2
    order = max(3, integrations + 1)
    corner = 2 * np.pi * _LOWEST_FREQUENCY * _LOSS ** (1 / (2 * order))
    _, high_pass, _ = butter(order, corner, "high", analog=True, output="zpk")
    pendulum = np.roots([1, 2 * WOOD_ANDERSON_DAMPING * (w := 2 * np.pi / WOOD_ANDERSON_PERIOD), w**2])
    zeros = np.concatenate([np.zeros(order - integrations), sensor_poles])
    return zeros, np.concatenate([pendulum, high_pass, sensor_zeros[~at_origin]])


def _left_half(values: list[complex]) -> npt.NDArray[np.complex128]:
    """Mirrored into the left half plane, and a little off the imaginary axis."""
    some = np.array(values, np.complex128)
    return np.asarray(-np.maximum(np.abs(some.real), 1e-3 * np.abs(some)) + 1j * some.imag)


def _fit(cycles: Samples, wanted: npt.NDArray[np.complex128], weights: Samples) -> Samples:
    """FIR taps whose response at `cycles` a sample is `wanted`, delayed, with the least weighted relative error."""
    scale = weights / np.abs(wanted)
    goal = wanted * np.exp(-2j * np.pi * cycles * _DELAY) * scale
    matrix = np.exp(-2j * np.pi * np.outer(cycles, np.arange(_TAPS))) * scale[:, None]
    taps, *_ = np.linalg.lstsq(
        np.concatenate([matrix.real, matrix.imag]), np.concatenate([goal.real, goal.imag]), rcond=None
    )
    return np.asarray(taps)
