"""Picks beside labels: recall, precision and residuals as ratios of sums over windows, with paired intervals.

Every measure is a numerator and a denominator of each window, so that whole windows, with all that was made of them,
can be drawn again: Efron (1979), doi:10.1214/aos/1176344552.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from benchmarks.pickers.chain import Picks
from benchmarks.pickers.records import Record, generator

Array = npt.NDArray[np.float64]

TOLERANCES = (0.1, 0.5)
"""How far (s) a pick may be from a label; the second one also says which picks are right."""

DRAWS = 2000

MEASURES = tuple(
    f"{phase} {name}"
    for phase in "PS"
    for name in ("recall 0.1 s", "recall 0.5 s", "precision near", "precision whole", "mean residual (ms)")
)
SHARES = tuple(name for name in MEASURES if "residual" not in name)


def residuals(record: Record, phase: str, picks: Picks, threshold: float) -> Array:
    """For each label of a phase the time (s) of the nearest pick minus that of the label; inf where there is none."""
    times = picks.times[picks.heights >= threshold]
    labels = [time for name, time in record.labels if name == phase]
    if not len(times):
        return np.full(len(labels), np.inf)
    away = times - np.array(labels)[:, None]
    return np.asarray(away[np.arange(len(labels)), np.abs(away).argmin(axis=1)])


def sums(record: Record, found: Mapping[str, Picks], thresholds: Mapping[str, float]) -> Array:
    """Numerator and denominator of each measure in one record, shape (measure, 2).

    A label makes at most one pick right; a second pick beside it is wrong. Near means from 5 s before the first
    label to 5 s after the last, where arrivals without a label are few; in the whole record there are more. Where a
    phase has no label, its picks are not counted.
    """
    low, high = record.near
    rows: list[tuple[float, float]] = []
    for phase in "PS":
        picks, threshold = found[phase], thresholds[phase]
        away = residuals(record, phase, picks, threshold)
        right = away[np.abs(away) <= TOLERANCES[1]]
        times = picks.times[picks.heights >= threshold]
        near = int(((times >= low) & (times <= high)).sum())
        rows += [(int((np.abs(away) <= tolerance).sum()), len(away)) for tolerance in TOLERANCES]
        known = len(away) > 0
        rows += [(len(right), near * known), (len(right), len(times) * known)]
        rows += [(1000 * float(right.sum()), len(right))]
    return np.array(rows, np.float64)


def heights(record: Record, phase: str, picks: Picks, tolerance: float) -> list[float]:
    """For each label of a phase the highest pick within the tolerance (s), 0 where there is none."""
    labels = (time for name, time in record.labels if name == phase)
    return [float(picks.heights[np.abs(picks.times - time) <= tolerance].max(initial=0)) for time in labels]


def by_window(records: Sequence[Record], values: Sequence[Array]) -> Array:
    """Sums of the values of all records that were made of one window, windows in order of name."""
    names = sorted({record.window for record in records})
    total = np.zeros((len(names), *values[0].shape))
    place = {name: at for at, name in enumerate(names)}
    for record, value in zip(records, values, strict=True):
        total[place[record.window]] += value
    return total


@cache
def draws(count: int, *names: object) -> Array:
    """How often each of so many windows is drawn, shape (draw, window), first the sample itself. Not to be changed."""
    drawn = generator("draws", count, *names).multinomial(count, np.full(count, 1 / count), DRAWS)
    return np.concatenate((np.ones((1, count)), drawn))


def ratios(weights: Array, windows: Array) -> Array:
    """Each measure in each draw, shape (draw, measure), from sums of shape (window, measure, 2); NaN where empty."""
    totals = np.tensordot(weights, windows, 1)
    empty = np.full(totals.shape[:-1], np.nan)
    return np.asarray(np.divide(totals[..., 0], totals[..., 1], out=empty, where=totals[..., 1] > 0))


@dataclass(frozen=True)
class Difference:
    """A measure of two pickers on the same windows: their values and the difference with its 95 % interval."""

    ours: float
    rival: float
    low: float
    high: float
    n: int

    @property
    def value(self) -> float:
        return self.ours - self.rival


def difference(ours: Array, rival: Array, n: int) -> Difference:
    """From values of shape (draw,), of which the first is that of the sample."""
    between = (ours - rival)[1:]
    low, high = np.nanpercentile(between, (2.5, 97.5)) if np.isfinite(between).any() else (np.nan, np.nan)
    return Difference(float(ours[0]), float(rival[0]), float(low), float(high), n)
