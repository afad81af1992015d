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
    reach = max(separation, 1)
    seam = 2 * reach
    before: npt.NDArray[np.float64] | None = None
    short: list[npt.NDArray[np.float64]] = []
    end = 0
    for first, block in blocks:
        if before is None:
            before, end = np.zeros((len(block), seam)), first
        # Blocks are searched as they are, and their seams apart: joining all of them would cost more than the search.
        whole = np.concatenate((*short, block), axis=1) if short else block
        if whole.shape[1] < seam:
            short = [whole]
            continue
        short = []
        yield from _peaks(np.concatenate((before, whole[:, :seam]), axis=1), end - seam, thresholds, reach)
        yield from _peaks(whole, end, thresholds, reach)
        before, end = whole[:, -seam:], end + whole.shape[1]
    if before is not None:
        nothing = np.zeros((len(before), reach))
        yield from _peaks(np.concatenate((before, *short, nothing), axis=1), end - seam, thresholds, reach)


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
