"""What can be wrong with a record: each a function of a record, random numbers and other records of the same kind.

They give the record as a station would have sent it, labels in their true places, or None where the condition does not
apply. Labelled windows are quiet before their first P, so that noise can be taken from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from benchmarks.pickers.records import Array, Record

Condition = Callable[[Record, np.random.Generator, Sequence[Record]], Record | None]


def _onset(record: Record) -> int:
    """The sample of the first label."""
    return round(min(time for _, time in record.labels) * float(record.rate))


def _peak(data: Array) -> float:
    return float(np.abs(data).max())


def _with(record: Record, data: Array) -> Record:
    return replace(record, data=data)


def dead(letter: str) -> Condition:
    """A component of a sensor of three that always has the same value."""

    def apply(record: Record, rng: np.random.Generator, others: Sequence[Record]) -> Record | None:  # noqa: ARG001
        if len(record.letters) < 3:
            return None
        data = record.data.copy()
        data[record.letters.index(letter)] = -3.0
        return _with(record, data)

    return apply


def vertical_only(record: Record, rng: np.random.Generator, others: Sequence[Record]) -> Record | None:  # noqa: ARG001
    """The vertical of a sensor of three."""
    return record.only("Z") if len(record.letters) == 3 else None


def slower(rate: int) -> Condition:
    """Fewer samples a second, after a linear-phase filter against aliases."""

    def apply(record: Record, rng: np.random.Generator, others: Sequence[Record]) -> Record:  # noqa: ARG001
        from scipy.signal import resample_poly

        ratio = Fraction(rate) / record.rate
        data = resample_poly(record.data, ratio.numerator, ratio.denominator, axis=1, padtype="line")
        return replace(record, data=data, rate=Fraction(rate))

    return apply


def noisier(record: Record, rng: np.random.Generator, others: Sequence[Record]) -> Record:  # noqa: ARG001
    """Ten times the power of noise: three times the record's own from before P is added, with random phases."""
    noise = record.data[:, : _onset(record) - 100]
    taper = np.hanning(noise.shape[1])
    noise = (noise - noise.mean(axis=1, keepdims=True)) * taper / np.sqrt((taper**2).mean())
    # The same turn for all components keeps what they have in common; what comes out repeats itself without a seam.
    turn = np.exp(2j * np.pi * rng.uniform(size=noise.shape[1] // 2 + 1))
    more = np.fft.irfft(np.fft.rfft(noise) * turn, noise.shape[1])
    return _with(record, record.data + 3 * more[:, np.arange(record.data.shape[1]) % noise.shape[1]])


def two_events(record: Record, rng: np.random.Generator, others: Sequence[Record]) -> Record | None:
    """Another window on top, its P 3 s later, 0.3 to 3 times as large; both have labels."""
    fitting = [one for one in others if one.window != record.window and set(record.letters) <= set(one.letters)]
    if not fitting:
        return None
    other = fitting[int(rng.integers(len(fitting)))].only(record.letters)
    late = _onset(record) + 300 - _onset(other)
    rows = [other.letters.index(letter) for letter in record.letters]
    count = record.data.shape[1]
    second = np.pad(other.data[rows], ((0, 0), (max(late, 0), max(-late, 0))), mode="reflect")
    second = second[:, max(-late, 0) :][:, :count]
    scale = _peak(record.data) / _peak(second) * 10 ** rng.uniform(np.log10(0.3), np.log10(3))
    moved = tuple((phase, time + late / float(record.rate)) for phase, time in other.labels)
    return replace(record, data=record.data + scale * second, labels=record.labels + moved)


def clipped(record: Record, rng: np.random.Generator, others: Sequence[Record]) -> Record:  # noqa: ARG001
    """All components at full scale where the ground moves by more than a fifth of the largest motion."""
    limit = 0.2 * _peak(record.data)
    return _with(record, np.clip(record.data, -limit, limit))


def gaps(fill: float) -> Condition:
    """Two gaps of 0.5 to 3 s between 10 s before P and 10 s after S, no sample within 0.3 s of a label missing."""

    def apply(record: Record, rng: np.random.Generator, others: Sequence[Record]) -> Record:  # noqa: ARG001
        data = record.data.copy()
        times = np.arange(data.shape[1]) / float(record.rate)
        low, high = record.near
        free = np.all([np.abs(times - time) > 0.3 for _, time in record.labels], axis=0)
        made = 0
        while made < 2:
            length = rng.uniform(0.5, 3.0)
            start = rng.uniform(low - 5.0, high + 5.0 - length)
            inside = (times >= start) & (times < start + length)
            if free[inside].all():
                data[:, inside] = fill
                made += 1
        return _with(record, data)

    return apply


def scaled(factor: float) -> Condition:
    """In another unit."""

    def apply(record: Record, rng: np.random.Generator, others: Sequence[Record]) -> Record:  # noqa: ARG001
        return _with(record, record.data * factor)

    return apply


def rotated(record: Record, rng: np.random.Generator, others: Sequence[Record]) -> Record | None:  # noqa: ARG001
    """Horizontals that point anywhere."""
    if len(record.letters) < 3:
        return None
    data = record.data.copy()
    east, north = (record.letters.index(letter) for letter in "EN")
    angle = rng.uniform(0, 2 * np.pi)
    data[east] = np.cos(angle) * record.data[east] + np.sin(angle) * record.data[north]
    data[north] = np.cos(angle) * record.data[north] - np.sin(angle) * record.data[east]
    return _with(record, data)


def disturbed(kind: str) -> Condition:
    """A `step`, a `spike` of one sample or a calibration `pulse`, as large as the earthquake, 5 s before P."""

    def apply(record: Record, rng: np.random.Generator, others: Sequence[Record]) -> Record:  # noqa: ARG001
        at = _onset(record) - 500
        after = np.arange(record.data.shape[1]) - at
        shapes = {
            "step": (after >= 0) * 1.0,
            "spike": (after == 0) * 1.0,
            "pulse": (after >= 0) * np.exp(-np.maximum(after, 0) / 100)
            - (after >= 200) * np.exp(-np.maximum(after - 200, 0) / 100),
        }
        signs = rng.choice([-1.0, 1.0], len(record.letters))
        return _with(record, record.data + _peak(record.data) * signs[:, None] * shapes[kind])

    return apply


def _relaxing(after: npt.NDArray[np.int64]) -> Array:
    """What a sensor of a second's memory makes of a step, sample by sample after it."""
    return np.asarray((after >= 0) * np.exp(-np.maximum(after, 0) / 100))


def offset(record: Record, rng: np.random.Generator, others: Sequence[Record]) -> Record:  # noqa: ARG001
    """A constant of a million counts on every component."""
    return _with(record, record.data + 1e6 * rng.choice([-1.0, 1.0], (len(record.letters), 1)))


CONDITIONS: dict[str, Condition] = {
    "dead vertical": dead("Z"),
    "dead north": dead("N"),
    "dead east": dead("E"),
    "vertical only": vertical_only,
    "40 Hz": slower(40),
    "50 Hz": slower(50),
    "10 dB more noise": noisier,
    "two events 3 s apart": two_events,
    "clipped at 20 %": clipped,
    "gaps, missing": gaps(np.nan),
    "gaps, zeros": gaps(0.0),
    "times 1e-15": scaled(1e-15),
    "times 1e-20": scaled(1e-20),
    "times 1e9": scaled(1e9),
    "horizontals turned": rotated,
    "polarity reversed": scaled(-1.0),
    "step 5 s before P": disturbed("step"),
    "spike 5 s before P": disturbed("spike"),
    "calibration pulse 5 s before P": disturbed("pulse"),
    "offset of 1e6": offset,
}
"""By name, in the order of the table."""
