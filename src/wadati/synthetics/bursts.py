"""What people do near a station: vehicles that pass, footsteps that come and go."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.signal

Floats = npt.NDArray[np.float64]


def bursts(rng: np.random.Generator, count: int, rate: float, per_minute: float, loudness: float) -> Floats:
    """Ground velocity, shape (component, sample), in units of `loudness` (m/s, that of the background noise)."""
    total = np.zeros((3, count))
    for _ in range(rng.poisson(per_minute * count / rate / 60)):
        shape = _vehicle(rng, rate) if rng.random() < 0.5 else _footsteps(rng, rate)
        first = int(rng.integers(0, count))
        kept = shape[:, : count - first]
        total[:, first : first + kept.shape[1]] += kept
    return loudness * total


def _vehicle(rng: np.random.Generator, rate: float) -> Floats:
    """Rumble that swells and fades over 6 to 20 s."""
    length = rng.uniform(6.0, 20.0)
    time = np.arange(0.0, length, 1 / rate)
    low = rng.uniform(3.0, 8.0)
    band = scipy.signal.butter(2, [low, min(2.5 * low, 0.45 * rate)], "bandpass", fs=rate, output="sos")
    rumble = scipy.signal.sosfilt(band, rng.standard_normal((3, len(time))), axis=-1)
    swell = np.exp(-(((time - length / 2) / (length / 5)) ** 2))
    return np.asarray(rng.uniform(2.0, 10.0) * swell * rumble / rumble.std())


def _footsteps(rng: np.random.Generator, rate: float) -> Floats:
    """A train of thuds half a second apart, louder as they come near."""
    steps = int(rng.integers(8, 25))
    instants = np.cumsum(rng.normal(0.55, 0.03, steps))
    time = np.arange(0.0, instants[-1] + 1.0, 1 / rate)
    pitch, fade = rng.uniform(8.0, min(20.0, 0.4 * rate)), rng.uniform(0.04, 0.1)
    total = np.zeros((3, len(time)))
    for k, instant in enumerate(instants):
        near = np.exp(-(((k - steps / 2) / (steps / 4)) ** 2))
        after = np.maximum(time - instant, 0.0)
        thud = np.exp(-after / fade) * np.sin(2 * np.pi * pitch * after)
        total += near * np.outer(rng.normal(1.0, 0.2) * np.array([1.0, 0.6, 0.5]), thud)
    return np.asarray(rng.uniform(4.0, 15.0) * total)
