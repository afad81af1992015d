"""Shifts, low-pass and integration by spectra, of traces that begin and end in silence."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def shifted(traces: Floats, sampling_rate_hz: float, later: float) -> Floats:
    """Traces (..., sample) as they are `later` seconds, less than one sample, after each of their samples.

    >>> wave = np.sin(2 * np.pi * np.arange(8) / 8)
    >>> shifted(wave, 1.0, 0.5).round(3).tolist()[:3]
    [0.383, 0.924, 0.924]
    """
    samples = traces.shape[-1]
    frequency = np.fft.rfftfreq(samples, 1 / sampling_rate_hz)
    spectrum = np.fft.rfft(traces, axis=-1) * np.exp(2j * np.pi * frequency * later)
    moved: Floats = np.fft.irfft(spectrum, samples, axis=-1)
    return moved


def integrated(traces: Floats, sampling_rate_hz: float, band_hz: float, stop_hz: float) -> Floats:
    """The integral over time of traces (..., sample), without what lies above `stop_hz`; no phase is turned.

    Up to `band_hz` it is exact, where a sum of samples would be 20 % off at a quarter of the sampling rate; between
    the two falls a cosine. It begins at any level.
    """
    samples = traces.shape[-1]
    mean = traces.mean(axis=-1, keepdims=True)
    spectrum = np.fft.rfft(traces - mean, axis=-1)
    frequency = np.fft.rfftfreq(samples, 1 / sampling_rate_hz).astype(np.float64)
    spectrum[..., 0] = 0.0
    spectrum[..., 1:] *= taper(frequency[1:], band_hz, stop_hz) / (2j * np.pi * frequency[1:])
    integral: Floats = np.fft.irfft(spectrum, samples, axis=-1) + mean * np.arange(samples) / sampling_rate_hz
    return integral


def taper(frequency: Floats, band_hz: float, stop_hz: float) -> Floats:
    """1 up to `band_hz`, 0 from `stop_hz` on, a cosine between.

    >>> taper(np.array([0.0, 1.0, 1.5, 2.0, 3.0]), 1.0, 2.0).round(3).tolist()
    [1.0, 1.0, 0.5, 0.0, 0.0]
    """
    place = np.clip((np.abs(frequency) - band_hz) / (stop_hz - band_hz), 0.0, 1.0)
    return 0.5 + 0.5 * np.cos(np.pi * place)
