"""Two pickers at the same recall, or at the same rate of false picks, whatever their thresholds mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.pickers.chain import FLOOR, Picks
from benchmarks.pickers.quiet import HALF_MINUTE
from benchmarks.pickers.records import Record
from benchmarks.pickers.scoring import Array, draws, heights

_BLOCK = 300.0
"""Quiet records are drawn again in blocks of so many seconds."""


@dataclass(frozen=True)
class Weighed:
    """Heights in falling order, with the index of the window or block that each belongs to."""

    heights: Array
    which: npt.NDArray[np.int64]

    @classmethod
    def of(cls, heights: Sequence[float], which: Sequence[int]) -> Weighed:
        order = np.argsort(-np.asarray(heights, np.float64), kind="stable")
        return cls(np.asarray(heights, np.float64)[order], np.asarray(which, np.int64)[order])

    def weight(self, weights: Array, thresholds: Array, *, above: bool = False) -> Array:
        """For each draw the weight of what is at least as high as its threshold, or `above` it."""
        total = np.pad(np.cumsum(weights[:, self.which], axis=1), ((0, 0), (1, 0)))
        at = np.searchsorted(-self.heights, -thresholds, "left" if above else "right")
        return np.asarray(total[np.arange(len(weights)), at])

    def height_at(self, weights: Array, target: Array) -> Array:
        """For each draw the height down to which the weight reaches the target; 0 where it never does."""
        return self._first(weights, np.asarray(target - 1e-9))

    def height_over(self, weights: Array, budget: Array) -> Array:
        """For each draw the height of the first with which the weight is over the budget; 0 where it never is."""
        return self._first(weights, np.asarray(budget + 1e-9))

    def _first(self, weights: Array, limit: Array) -> Array:
        """For each draw the height with which the weight passes the limit."""
        passed = np.cumsum(weights[:, self.which], axis=1) > limit[:, None]
        always = np.ones((len(weights), 1), bool)
        return np.asarray(np.append(self.heights, 0.0)[np.hstack((passed, always)).argmax(axis=1)])


@dataclass(frozen=True)
class Labelled:
    """The highest pick within the tolerance of each label."""

    labels: Weighed
    windows: int

    @classmethod
    def of(
        cls, records: Sequence[Record], found: Sequence[Mapping[str, Picks]], phase: str, tolerance: float
    ) -> Labelled:
        names = sorted({record.window for record in records})
        pairs = [
            (height, names.index(record.window))
            for record, picks in zip(records, found, strict=True)
            for height in heights(record, phase, picks[phase], tolerance)
        ]
        return cls(Weighed.of([pair[0] for pair in pairs], [pair[1] for pair in pairs]), len(names))

    def recall(self, thresholds: Array, *, above: bool = False) -> Array:
        """In each draw of windows the share of labels with a pick at its threshold, or `above` it."""
        weights = draws(self.windows)
        return self.labels.weight(weights, thresholds, above=above) / self._total(weights)

    def threshold(self, recall: Array) -> Array:
        """In each draw of windows the threshold that gives the recall; the recall must be within reach."""
        weights = draws(self.windows)
        return self.labels.height_at(weights, recall * self._total(weights))

    def reach(self) -> Array:
        """In each draw of windows the recall at the floor: more cannot be asked."""
        return self.recall(np.full(len(draws(self.windows)), FLOOR))

    def _total(self, weights: Array) -> Array:
        return np.asarray(weights[:, self.labels.which].sum(axis=1))


@dataclass(frozen=True)
class Quiet:
    """False picks, the highest of each half minute, and the hours of each block."""

    picks: Weighed
    half_minutes: Weighed
    hours: Array

    @classmethod
    def of(cls, records: Sequence[Record], found: Sequence[Mapping[str, Picks]], phase: str) -> Quiet:
        picks: list[tuple[float, int]] = []
        highest: list[tuple[float, int]] = []
        hours: list[float] = []
        for record, all_picks in zip(records, found, strict=True):
            own = all_picks[phase]
            first = len(hours)
            edges = [*np.arange(0, record.seconds, _BLOCK), record.seconds]
            hours += [float(length) / 3600 for length in np.diff(edges)]
            picks += [
                (float(height), first + min(int(time // _BLOCK), len(edges) - 2))
                for time, height in zip(own.times, own.heights, strict=True)
            ]
            for k in range(max(round(record.seconds / HALF_MINUTE), 1)):
                inside = own.times // HALF_MINUTE == k
                block = first + min(int(k * HALF_MINUTE // _BLOCK), len(edges) - 2)
                highest.append((float(own.heights[inside].max(initial=0)), block))
        return cls(
            Weighed.of([one[0] for one in picks], [one[1] for one in picks]),
            Weighed.of([one[0] for one in highest], [one[1] for one in highest]),
            np.array(hours),
        )

    def rate(self, thresholds: Array) -> Array:
        """In each draw of blocks the false picks an hour."""
        weights = self._draws()
        return np.asarray(self.picks.weight(weights, thresholds) / (weights @ self.hours))

    def clean(self, thresholds: Array) -> Array:
        """In each draw of blocks the share of half minutes without a false pick."""
        weights = self._draws()
        total = weights[:, self.half_minutes.which].sum(axis=1)
        return np.asarray(1 - self.half_minutes.weight(weights, thresholds) / total)

    def threshold(self, rate: Array) -> Array:
        """In each draw of blocks the height of the first pick too many for the rate (1/h)."""
        weights = self._draws()
        return self.picks.height_over(weights, rate * (weights @ self.hours))

    def _draws(self) -> Array:
        return draws(len(self.hours), "quiet")
