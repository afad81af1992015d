"""What a program computed from a pulse on, as the answer to a step in the reduced time of a store."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wadati.errors import InputError
from wadati.greens.spectra import taper
from wadati.protocols import ReducedTime

Floats = npt.NDArray[np.float64]

WINDOWS = 2
"""As many times the length of a trace as is given, so that what is tapered at the end lies beyond it."""
_LEAST = 0.01
"""The least share of its mean that a pulse must hold at every frequency kept."""


def check_pulse(subject: str, pulse: Floats, sampling_rate_hz: float, samples: int, stop_hz: float) -> None:
    """Raises `InputError` for a pulse, or a sampling rate, that holds too little of the frequencies up to a last."""
    if sampling_rate_hz < 2 * stop_hz:
        wrong = f"{sampling_rate_hz:g} samples a second do not hold {stop_hz:g} Hz"
        raise InputError(subject, wrong, "let the program write more often, or end the band lower")
    size = max(4 * samples, 4096)
    spectrum = np.abs(np.fft.rfft(pulse, size))
    within = np.fft.rfftfreq(size, 1 / sampling_rate_hz) <= stop_hz
    if spectrum[within].min() < _LEAST * spectrum[0]:
        wrong = f"its force holds too little of frequencies up to {stop_hz:g} Hz"
        raise InputError(subject, wrong, "let the force grow within a shorter time, or end the band lower")


def lasting(pulse: Floats, sampling_rate_hz: float, samples: int) -> float:
    """Seconds from the middle of a pulse to the last of some samples."""
    middle = float((np.arange(len(pulse)) * pulse).sum() / pulse.sum())
    return (samples - 1 - middle) / sampling_rate_hz


def in_reduced_time(
    traces: Floats, pulse: Floats, sampling_rate_hz: float, delays: Floats, reduced: ReducedTime, stop_hz: float
) -> Floats:
    """The answers (place, row, sample) to a pulse, its sum over the rate 1, as those to an impulse in reduced time.

    Time of each place is reduced by `delays` (s). They are `WINDOWS` times as long as a store's traces. The pulse is
    divided out of the spectra; what lies above `stop_hz` falls off before the Nyquist frequency of the store.
    """
    rate, samples = sampling_rate_hz, traces.shape[-1]
    wanted = reduced.start_s + np.arange(WINDOWS * reduced.samples) / reduced.sampling_rate_hz
    # What wraps around comes to lie beyond all that is wanted.
    size = samples + int(np.ceil((wanted[-1] + delays.max() - wanted[0]) * rate))
    frequency = np.fft.rfftfreq(size, 1 / rate).astype(np.float64)
    kept = frequency < min(reduced.sampling_rate_hz, rate) / 2
    frequency = frequency[kept]
    act = taper(frequency, stop_hz, min(reduced.sampling_rate_hz, rate) / 2) * np.where(frequency > 0, 2.0, 1.0) / size
    act = act / np.where(act > 0, np.fft.rfft(pulse, size)[kept] / rate, 1.0)
    spectra = np.fft.rfft(traces, size, axis=-1)[..., kept] * act
    spectra *= np.exp(2j * np.pi * frequency * delays[:, None])[:, None, :]
    turns = np.exp(2j * np.pi * frequency[:, None] * wanted)
    return np.asarray(spectra.real @ turns.real - spectra.imag @ turns.imag)
