"""Training examples out of the pool: what can happen to a record between the ground and the picker.

An example is drawn from its number alone, so training that was stopped goes on as if it had not been.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from training.damage import bursts, losses, nuisances
from training.example import Example
from training.pool import RATE, SAMPLES, Record

MARGIN = 400
SHARES = {"labelled": 0.27, "simulated": 0.20, "continuous": 0.38, "noise": 0.15}
SETS = {"ncedc": 0.75, "stead": 0.25}
"""How much of the labelled examples comes from which set; the other sets count by their records."""
TRUST = {"labelled": 0.8, "continuous": 0.8, "simulated": 0.5, "noise": 0.5}
"""How much the teacher's word counts beside the labels, by the kind of record."""
MOST_EVENTS = 5
"""Earthquakes in one window."""
INVISIBLE, DOUBTFUL = 0.5, 1.0
"""An onset whose first second has less than this share of the noise around it is no onset, or is not asked for."""


class Batch(NamedTuple):
    """Examples as arrays: normalised `data` (example, component, sample), `target` (example, P and S, sample),
    `weight` (example, sample), `first_motion` (example, sample), `clean` like `data`, `trust` (example,)."""

    data: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    first_motion: np.ndarray
    clean: np.ndarray
    trust: np.ndarray


class Augmenter:
    """Draws examples from records and noises."""

    def __init__(self, records: Sequence[Record], noises: Sequence[np.ndarray], seed: int) -> None:
        self._by_kind = {kind: [one for one in records if one.kind == kind] for kind in SHARES if kind != "noise"}
        self._odds = {kind: _odds(some) for kind, some in self._by_kind.items() if some}
        self._noises, self._seed = noises, seed
        self._kinds = [kind for kind in SHARES if kind == "noise" or self._by_kind[kind]]
        self._shares = np.array([SHARES[kind] for kind in self._kinds])
        self._shares /= self._shares.sum()

    def batch(self, number: int, size: int) -> Batch:
        """Batch `number`."""
        rng = np.random.default_rng([self._seed, number])
        examples = [self.draw(rng) for _ in range(size)]
        return Batch(
            np.stack([one.data for one in examples]),
            np.stack([one.target for one in examples]),
            np.stack([one.weight for one in examples]),
            np.stack([one.first_motion for one in examples]).astype(np.int8),
            np.stack([one.clean for one in examples]),
            np.array([one.trust for one in examples], np.float32),
        )

    def draw(self, rng: np.random.Generator) -> Example:
        """One example, normalised."""
        kind = self._kinds[rng.choice(len(self._kinds), p=self._shares)]
        if kind == "noise":
            example = _empty(self._ambient(rng))
        else:
            example = self._cut(rng, kind)
            if kind == "simulated":
                example = self._mix(example, self._quiet(rng), 10 ** rng.uniform(-0.2, 2.3))
            elif rng.random() < 0.4:
                example = self._mix(example, self._quiet(rng), 10 ** rng.uniform(-0.2, 1.7))
            if rng.random() < 0.25:
                for _ in range(min(rng.geometric(0.5), MOST_EVENTS - 1)):
                    other = self._cut(rng, rng.choice([one for one in self._kinds if one != "noise"]))
                    example = _superpose(example, other, 10 ** rng.uniform(-1.5, 1.5))
        example = _sensor(rng, _echoes(rng, example))
        example = _inside(example)
        example.trust = TRUST.get(kind, 0.0)
        example.clean = _normalised(example.data)
        example = nuisances(rng, self._hiss(rng, example))
        example = losses(rng, example)
        example.data = _normalised(example.data)
        return example

    def _cut(self, rng: np.random.Generator, kind: str) -> Example:
        """A stretch of a record with a margin at both ends, most often around an onset, sometimes stretched in time."""
        record = self._by_kind[kind][rng.choice(len(self._odds[kind]), p=self._odds[kind])]
        stretch = float(np.exp(rng.uniform(-0.3, 0.3))) if rng.random() < 0.4 else 1.0
        length = SAMPLES + 2 * MARGIN
        if record.labels and rng.random() < 0.9:
            _, around = record.labels[rng.integers(len(record.labels))]
            first = around * stretch - rng.uniform(MARGIN - 50, MARGIN + SAMPLES + 50)
        else:
            first = rng.uniform(-MARGIN, max(record.data.shape[1] * stretch - length + MARGIN, 1 - MARGIN))
        if stretch == 1.0:
            first = round(first)
        place_of = first, length, stretch
        data, target = _taken(record.data, *place_of), _taken(record.target, *place_of)
        labels = [(phase, sample * stretch - first) for phase, sample in record.labels]
        motion = np.zeros(length, np.float32)
        for sample, sign in record.first_motion.items():
            place = round(sample * stretch - first)
            if 3 <= place < length - 3:
                motion[place - 2 : place + 3] = sign
        weight = np.ones(length, np.float32)
        if record.doubt is not None:
            weight -= np.ceil(_taken(record.doubt[None], *place_of)[0])
        example = Example(data, target, weight, motion, [one for one in labels if 0 <= one[1] < length])
        at = (first + np.arange(length)) / stretch
        outside = (at < 0) | (at > record.data.shape[1] - 1)
        if outside.any() and kind != "simulated":
            _fill(rng, data, outside)
        return example

    def _noise(self, rng: np.random.Generator, length: int) -> np.ndarray:
        """A stretch of noise (component, sample), repeated backwards where it is too short."""
        noise = self._noises[rng.integers(len(self._noises))]
        while noise.shape[1] < length:
            noise = np.concatenate([noise, noise[:, ::-1]], axis=1)
        first = rng.integers(noise.shape[1] - length + 1)
        return noise[:, first : first + length].astype(np.float32)

    def _quiet(self, rng: np.random.Generator) -> np.ndarray:
        return self._noise(rng, SAMPLES + 2 * MARGIN)

    def _ambient(self, rng: np.random.Generator) -> np.ndarray:
        """Noise of one place, or of two on top of each other, sometimes with bursts as of traffic and footsteps."""
        noise = self._quiet(rng)
        if rng.random() < 0.4:
            other = self._quiet(rng)
            size = noise.std() / max(float(other.std()), 1e-30)
            noise = noise + other * np.float32(size * 10 ** rng.uniform(-1, 1))
        if rng.random() < 0.4:
            noise = noise + bursts(rng, noise)
        return noise

    def _hiss(self, rng: np.random.Generator, example: Example) -> Example:
        """More of the noise that was there before the teacher listened: up to ten times its power."""
        if rng.random() >= 0.25:
            return example
        noise = self._noise(rng, SAMPLES)
        parts = example.data[:, : SAMPLES // 256 * 256].reshape(3, -1, 256).std(axis=2)
        quietest = np.quantile(parts, 0.1, axis=1)
        sizes = noise.std(axis=1)
        factor = np.divide(quietest, sizes, out=np.zeros(3), where=sizes > 0) * 10 ** rng.uniform(0, 0.5)
        example.data = (example.data + noise * factor[:, None]).astype(np.float32)
        return example

    def _mix(self, example: Example, noise: np.ndarray, ratio: float) -> Example:
        """Noise under a record so that its strongest onset stands `ratio` times above it."""
        loud = max((_onset_size(example.data, at) for _, at in example.labels), default=0.0)
        sizes = noise.std(axis=1)
        size = float(np.median(sizes[sizes > 0])) if sizes.any() else 0.0
        if loud <= 0:
            loud = float(example.data.std())
            ratio = max(ratio, 1.0)
        if size <= 0 or loud <= 0:
            return example
        scaled = noise * np.float32(loud / ratio / size)
        absent = ~example.data.any(axis=1)
        scaled[absent] = 0
        _judge(example, example.data, scaled)
        example.data = example.data + scaled
        return example


def _odds(records: Sequence[Record]) -> np.ndarray:
    """With what probability each record is drawn."""
    sets = [one.name.split("/")[0] for one in records]
    odds = np.array([SETS[one] / sets.count(one) if one in SETS else 1 / len(records) for one in sets])
    return odds / odds.sum()


def _empty(data: np.ndarray) -> Example:
    length = data.shape[1]
    return Example(
        data, np.zeros((2, length), np.float32), np.ones(length, np.float32), np.zeros(length, np.float32), []
    )


def _taken(rows: np.ndarray, first: float, length: int, stretch: float) -> np.ndarray:
    """Rows from a place that may lie between samples or outside (0 there), stretched in time."""
    taken = np.zeros((len(rows), length), np.float32)
    if stretch == 1.0:
        begin = round(first)
        low, high = max(begin, 0), min(begin + length, rows.shape[1])
        if low < high:
            taken[:, low - begin : high - begin] = rows[:, low:high]
        return taken
    at = (first + np.arange(length)) / stretch
    inside = np.flatnonzero((at >= 0) & (at < rows.shape[1] - 1))
    if len(inside):
        part = slice(inside[0], inside[-1] + 1)
        whole = at[part].astype(int)
        share = (at[part] - whole).astype(np.float32)
        taken[:, part] = rows.take(whole, axis=1) * (1 - share) + rows.take(whole + 1, axis=1) * share
    return taken


def _fill(rng: np.random.Generator, data: np.ndarray, outside: np.ndarray) -> None:
    """Where a record has ended, its own quiet part backwards, else nothing at all."""
    inside = np.flatnonzero(~outside)
    if len(inside) < 500 or rng.random() < 0.1:
        return
    quiet = data[:, inside[:400]]
    for part in np.split(np.flatnonzero(outside), np.flatnonzero(np.diff(np.flatnonzero(outside)) > 1) + 1):
        repeats = np.concatenate([quiet[:, ::-1], quiet], axis=1)
        tiled = np.tile(repeats, (1, len(part) // repeats.shape[1] + 1))
        data[:, part] = tiled[:, : len(part)] if part[0] > inside[0] else tiled[:, : len(part)][:, ::-1]


def _onset_size(data: np.ndarray, at: float) -> float:
    """Standard deviation of the strongest component in the second after an onset."""
    first = max(round(at), 0)
    part = data[:, first : first + RATE]
    return float(part.std(axis=1).max()) if part.shape[1] > 10 else 0.0


def _judge(example: Example, own: np.ndarray, other: np.ndarray) -> None:
    """Take away onsets that vanish under what is laid over them; do not ask for those in doubt."""
    kept = []
    for phase, at in example.labels:
        first = round(at)
        low, high = max(first - 60, 0), min(first + 61, own.shape[1])
        around = other[:, max(first - RATE, 0) : first + RATE]
        after = own[:, max(first, 0) : first + RATE]
        if high <= low or around.shape[1] < 10 or after.shape[1] < 10:
            continue
        noise = around.std(axis=1)
        alive = noise > 0
        ratio = (after.std(axis=1)[alive] / noise[alive]).max() if alive.any() else np.inf
        if ratio < INVISIBLE:
            example.target[phase, low:high] = 0
            example.first_motion[low:high] = 0
            continue
        if ratio < DOUBTFUL:
            example.weight[low:high] = 0
        if ratio < 4:
            example.first_motion[low:high] = 0
        kept.append((phase, at))
    example.labels = kept


def _superpose(one: Example, two: Example, ratio: float) -> Example:
    """Two earthquakes at one station, the second `ratio` times as large as the first; dead components stay dead."""
    alive = one.data.any(axis=1) & two.data.any(axis=1)
    if not alive.any():
        return one
    sizes = one.data[alive].std(), two.data[alive].std()
    if min(sizes) <= 0:
        return one
    second = two.data * np.float32(ratio * sizes[0] / sizes[1])
    first = one.data.copy()
    first[~alive] = second[~alive] = 0
    _judge(one, first, second)
    _judge(two, second, first)
    return Example(
        first + second,
        np.maximum(one.target, two.target),
        np.minimum(one.weight, two.weight),
        np.where(one.first_motion != 0, one.first_motion, two.first_motion),
        one.labels + two.labels,
    )


def _echoes(rng: np.random.Generator, example: Example) -> Example:
    """Another site: each component followed by random echoes of itself that fade away. No onset moves."""
    if rng.random() >= 0.3:
        return example
    lapse = np.arange(1, 200)
    fading = np.exp(-lapse / 10 ** rng.uniform(0.3, 1.6))
    site = np.zeros((3, 200))
    site[:, 0] = 1
    site[:, 1:] = rng.uniform(0, 0.6) * rng.normal(size=(3, 199)) * fading / np.sqrt(np.square(fading).sum())
    length = example.data.shape[1]
    fast = next_fast_len(length + 200, real=True)
    spectrum = rfft(example.data, fast) * rfft(site.astype(np.float32), fast)
    example.data = np.ascontiguousarray(irfft(spectrum, fast)[:, :length])
    return example


def _sensor(rng: np.random.Generator, example: Example) -> Example:
    """Another azimuth, polarity, gain, pass band, integration or differentiation."""
    data = example.data
    if rng.random() < 0.6 and data[1].any() and data[2].any():
        angle = rng.uniform(0, 2 * np.pi)
        c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        data[1], data[2] = c * data[1] + s * data[2], c * data[2] - s * data[1]
    if rng.random() < 0.5:
        data *= -1
        example.first_motion = -example.first_motion
    kind = rng.random()
    if kind < 0.45:
        spectrum = rfft(data, axis=1)
        frequency = np.fft.rfftfreq(data.shape[1], 1 / RATE).astype(np.float32)
        if kind < 0.17:
            low = np.exp(rng.uniform(np.log(0.2), np.log(3.0)))
            spectrum *= frequency**2 / (frequency**2 + low**2)
        elif kind < 0.34:
            high = rng.choice([8.0, 10.0, 16.0, 20.0, 25.0, 40.0])
            spectrum /= np.sqrt(1 + (frequency / high) ** 12)
        elif kind < 0.40:
            spectrum *= frequency / (1 + frequency / 30.0)
        else:
            spectrum /= np.maximum(frequency, 0.3)
            spectrum[:, 0] = 0
        data = irfft(spectrum, data.shape[1], axis=1)
        if not 0.17 <= kind < 0.34:
            example.first_motion[:] = 0
    example.data = data
    return example


def _inside(example: Example) -> Example:
    """The window itself, without the margin."""
    cut = slice(MARGIN, MARGIN + SAMPLES)
    labels = [(phase, at - MARGIN) for phase, at in example.labels if MARGIN <= at < MARGIN + SAMPLES]
    return Example(
        np.ascontiguousarray(example.data[:, cut]),
        example.target[:, cut],
        example.weight[cut].copy(),
        example.first_motion[cut].copy(),
        labels,
    )


def _normalised(data: np.ndarray) -> np.ndarray:
    """As the picker does it: each component less its mean, over its standard deviation, 0 where it is missing."""
    data = data.astype(np.float64)
    there = np.isfinite(data)
    data[~there] = 0
    count = np.maximum(there.sum(axis=1, keepdims=True), 1)
    data -= data.sum(axis=1, keepdims=True) / count
    data *= there
    size = np.sqrt(np.square(data).sum(axis=1, keepdims=True) / count)
    return np.divide(data, size, out=np.zeros_like(data), where=size > 0).astype(np.float32)
