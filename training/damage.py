"""What spoils a window that has nothing to do with the ground: nuisances on it, and what the station loses of it."""

from __future__ import annotations

import numpy as np

from training.example import Example
from training.pool import RATE, SAMPLES


def nuisances(rng: np.random.Generator, example: Example) -> Example:
    """Spikes, steps, calibration pulses, distant earthquakes, a drift: none of them an onset."""
    data = example.data
    size = data.std(axis=1, keepdims=True)
    time = np.arange(SAMPLES) / RATE
    if rng.random() < 0.06:
        for _ in range(rng.integers(1, 5)):
            at, width = rng.integers(SAMPLES - 3), rng.integers(1, 3)
            rows = rng.random(3) < 0.6
            data[rows, at : at + width] += (size * 10 ** rng.uniform(0.3, 2.0) * rng.choice([-1, 1]))[rows]
    if rng.random() < 0.05:
        at = rng.integers(SAMPLES)
        row = rng.integers(3)
        data[row, at:] += size[row] * 10 ** rng.uniform(0, 1.5) * rng.choice([-1, 1])
    if rng.random() < 0.04:
        at = rng.uniform(0, SAMPLES / RATE)
        lapse = np.maximum(time - at, 0)
        pulse = np.exp(-lapse / 10 ** rng.uniform(-0.7, 1.0)) * (lapse > 0)
        if rng.random() < 0.5:
            pulse = np.convolve(pulse, np.exp(-np.arange(60) / 10.0))[:SAMPLES] / 10
        row = rng.integers(3)
        data[row] += size[row] * 10 ** rng.uniform(0, 1.7) * pulse * rng.choice([-1, 1])
    if rng.random() < 0.08:
        low, high = sorted(10 ** rng.uniform(-1.5, -0.1, 2))
        spectrum = rng.normal(size=(3, SAMPLES // 2 + 1)) + 1j * rng.normal(size=(3, SAMPLES // 2 + 1))
        frequency = np.fft.rfftfreq(SAMPLES, 1 / RATE)
        spectrum[:, (frequency < low) | (frequency > high + 0.05)] = 0
        slow = np.fft.irfft(spectrum, SAMPLES, axis=1)
        envelope = 1 / (1 + np.exp(-(time - rng.uniform(-10, 35)) / rng.uniform(0.5, 4)))
        slow *= envelope / max(slow.std(), 1e-30)
        data += (size * 10 ** rng.uniform(-0.3, 1.5) * slow).astype(np.float32)
    if rng.random() < 0.05:
        data += size * (10 ** rng.uniform(-0.5, 1.0)) * rng.normal(size=(3, 1)) * (time / 15 - 1)
    example.data = data.astype(np.float32)
    return example


def bursts(rng: np.random.Generator, noise: np.ndarray) -> np.ndarray:
    """Short shaking of near sources without P and S: shape of `noise` (component, sample), sizes relative to it."""
    samples = noise.shape[1]
    size = noise.std(axis=1, keepdims=True)
    lapse = np.arange(samples) / RATE
    total = np.zeros_like(noise)
    times = burst_times(rng, samples / RATE)
    rise, fall = 10 ** rng.uniform(-1.7, 0.7), 10 ** rng.uniform(-1.2, 0.7)
    low = rng.uniform(1, 15)
    frequency = np.fft.rfftfreq(samples, 1 / RATE)
    shape = np.exp(-0.5 * ((frequency - low) / rng.uniform(0.5, 8)) ** 2)
    carrier = np.fft.irfft(np.fft.rfft(rng.normal(size=noise.shape)) * shape, samples)
    carrier /= carrier.std(axis=1, keepdims=True)
    for at in times:
        after = lapse - at
        envelope = np.exp(np.where(after < 0, np.maximum(after / rise, -50), -after / fall))
        total += (10 ** rng.uniform(-0.3, 1.2) * envelope * carrier * size).astype(np.float32)
    return total * (10 ** rng.uniform(-0.3, 0.3, (3, 1))).astype(np.float32)


def burst_times(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """When the bursts of one source come (s): a walker's steps, or a few at any time."""
    if rng.random() < 0.5:
        steps = np.arange(rng.integers(3, 30))
        return rng.uniform(0, seconds) + rng.uniform(0.4, 1.2) * (steps + rng.normal(0, 0.05, len(steps)))
    return rng.uniform(0, seconds, rng.integers(1, 6))


def losses(rng: np.random.Generator, example: Example) -> Example:
    """What the station does to its samples before anybody has them."""
    example.data = _digitised(rng, example.data)
    missing = _gaps(rng, example)
    lost = rng.random()
    if lost < 0.12:
        missing[rng.integers(3)] = True
    elif lost < 0.28:
        missing[1:] = True
    elif lost < 0.30:
        missing[0] = True
    if missing[0].all():
        example.first_motion[:] = 0
    if missing.all() or not example.data[~missing.all(axis=1)].any():
        example.target[:] = 0
    example.data = np.where(missing, np.float32(np.nan), example.data)
    return example


def _digitised(rng: np.random.Generator, data: np.ndarray) -> np.ndarray:
    """Unequal gains, a step of gain, clipping, coarse digits."""
    if rng.random() < 0.3:
        data *= (10 ** rng.uniform(-0.7, 0.7, (3, 1))).astype(np.float32)
    if rng.random() < 0.03:
        at = rng.integers(SAMPLES)
        data[rng.integers(3), at:] *= np.float32(10 ** rng.uniform(-1, 1))
    if rng.random() < 0.12:
        largest = np.abs(data).max() * rng.uniform(0.05, 0.6)
        np.clip(data, -largest, largest, out=data)
    if rng.random() < 0.08:
        alive = data.std(axis=1)
        step = np.median(alive[alive > 0]) * 10 ** rng.uniform(-1.5, 0.2) if alive.any() else 0
        if step > 0:
            data = (np.round(data / step) * step).astype(np.float32)
    return data


def _gaps(rng: np.random.Generator, example: Example) -> np.ndarray:
    """Gaps of 0.1 to 8 s, filled with 0 or missing; which samples are missing, shape (component, sample)."""
    missing = np.zeros((3, SAMPLES), bool)
    if rng.random() >= 0.12:
        return missing
    for _ in range(rng.integers(1, 3)):
        first, length = rng.integers(SAMPLES), int(10 ** rng.uniform(1.0, 2.9))
        rows = np.ones(3, bool) if rng.random() < 0.7 else rng.random(3) < 0.5
        if rng.random() < 0.5:
            example.data[rows, first : first + length] = 0
        else:
            missing[rows, first : first + length] = True
        if rows.all():
            around = slice(max(first - 30, 0), first + length + 30)
            example.weight[around] = 0
            example.first_motion[around] = 0
    return missing
