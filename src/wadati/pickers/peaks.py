"""Peaks of phase curves: where a pick is.

A peak is a sample of at least the threshold that nothing within `separation` samples on either side exceeds, the
earliest where several are equal. This looks no farther than the separation, so blocks of any length give the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Peak(NamedTuple):
    """A peak of a phase's curve: its sample, the rest from a parabola (−0.5 to 0.5 of a sample), and its height.

    `beside` are the values there of the rows that follow the phases' curves.
    """

    phase: int
    sample: int
    rest: float
    height: float
    beside: tuple[float, ...] = ()


def find_peaks(
    blocks: Iterable[tuple[int, npt.NDArray[np.float64]]], thresholds: Sequence[float], separation: int
) -> Iterator[Peak]:
    """Peaks of curves given as consecutive blocks (first index, curves of shape (row, sample)).

    The first rows are those of the phases, one a threshold; rows after them have no peaks of their own.

    >>> curve = np.array([[0, 0.1, 0.8, 0.6, 0.2, 0.5, 0]])
    >>> [(p.sample, round(p.rest, 3), p.height) for p in find_peaks([(10, curve)], [0.4], 2)]
    [(12, 0.278, 0.8)]
    >>> [p.sample for p in find_peaks([(10, curve[:, :3]), (13, curve[:, 3:])], [0.4], 1)]
    [12, 15]
    """
    held: npt.NDArray[np.float64] | None = None
    base, reach = 0, max(separation, 1)
    for first, block in blocks:
        if held is None:
            held, base = np.zeros((len(block), reach)), first - reach
        held = np.concatenate((held, block), axis=1)
        yield from _peaks(held, base, thresholds, reach)
        used = held.shape[1] - 2 * reach
        if used > 0:
            held, base = held[:, used:], base + used
    if held is not None:
        yield from _peaks(np.concatenate((held, np.zeros((len(held), reach))), axis=1), base, thresholds, reach)


def _peaks(curves: npt.NDArray[np.float64], base: int, thresholds: Sequence[float], reach: int) -> Iterator[Peak]:
    """Peaks that have `reach` samples on both sides."""
    others = curves[len(thresholds) :]
    for phase, threshold in enumerate(thresholds):
        curve = curves[phase]
        inner = curve[reach:-reach]
        rising = (inner >= max(threshold, np.finfo(float).tiny)) & (inner > curve[reach - 1 : -reach - 1])
        for at in (np.flatnonzero(rising & (inner >= curve[reach + 1 : len(curve) - reach + 1])) + reach).tolist():
            height = float(curve[at])
            if curve[at - reach : at].max() < height and curve[at + 1 : at + reach + 1].max() <= height:
                before, after = float(curve[at - 1]), float(curve[at + 1])
                bend = before - 2 * height + after
                rest = 0.5 * (before - after) / bend if bend < 0 else 0.0
                yield Peak(phase, base + at, rest, height, tuple(others[:, at].tolist()))
