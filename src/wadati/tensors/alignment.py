"""When the centroid was, and by how much each station is early or late: found together with the tensor.

All stations share the time of the centroid. Tensor and lags are found in turn, from every time of the centroid on,
because there are several that nothing near improves; the best of all counts. Each station may be shifted further by at
most a quarter of the shortest period (more would let a wrong mechanism fit by skipping cycles), to where data and
synthetics correlate best. Shifts have a price, so that those of a second or so, which any simple model of the earth
needs, are taken before larger ones.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wadati.tensors.blocks import Blocks, at_lags
from wadati.tensors.solution import Kind, Solution, solve

Floats = npt.NDArray[np.float64]
Lags = npt.NDArray[np.int64]

SHIFT_COST = 0.5
"""What a shift by the farthest costs: as much as this share of the variance."""

_ROUNDS = 12
_TIE = 1e-6


class Fit(NamedTuple):
    """A solution, the lag of the centroid and that of each station (samples, positive for late), all in `Blocks` lags
    counted from their middle."""

    solution: Solution
    centroid: int
    lags: Lags


def align(blocks: Blocks, weights: Floats, farthest: int, kind: Kind = "deviatoric") -> Fit:
    """The tensor with the lags that explain most; `weights` of stations (0: not used), `farthest` station shift.

    Lags of the centroid run over all there are but `farthest` on either side. Stations without weight are given the
    lag that fits them best, too.
    """
    middle = blocks.middle
    best, found = -np.inf, None
    for centroid in range(farthest, 2 * middle + 1 - farthest):
        fit = _descend(blocks, weights, centroid, farthest, kind)
        merit = fit.solution.variance_reduction - _cost(fit.lags, weights, centroid, farthest)
        if merit > best + _TIE:
            best, found = merit, fit
    assert found is not None
    return Fit(found.solution, found.centroid - middle, found.lags - middle)


def _descend(blocks: Blocks, weights: Floats, centroid: int, farthest: int, kind: Kind) -> Fit:
    """Tensor and lags in turn, from a tensor of all stations at the centroid's lag on."""
    lags = np.full(len(weights), centroid, np.int64)
    solution = _solve(blocks, weights, lags, kind)
    for _ in range(_ROUNDS):
        moved = best_lags(blocks, solution.tensor, centroid, farthest)
        if np.array_equal(moved, lags):
            break
        then = _solve(blocks, weights, moved, kind)
        gained = then.variance_reduction - solution.variance_reduction
        if gained <= _cost(moved, weights, centroid, farthest) - _cost(lags, weights, centroid, farthest):
            break
        lags, solution = moved, then
    return Fit(solution, centroid, lags)


def best_lags(blocks: Blocks, tensor: Floats, centroid: int, farthest: int) -> Lags:
    """The lag of each station within `farthest` of the centroid's at which it correlates best; as `Blocks` count."""
    first = centroid - farthest
    near = slice(first, centroid + farthest + 1)
    along = (blocks.products[:, :, near] @ tensor).sum(axis=1)
    size = np.sqrt(np.maximum(blocks.energies[:, :, near].sum(axis=1), 1e-300))
    away = np.arange(-farthest, farthest + 1) / max(farthest, 1)
    expected = np.sqrt(np.maximum(np.einsum("scij,i,j->s", blocks.squares, tensor, tensor), 1e-300))
    fits = along / (size * expected[:, None])
    return np.asarray(np.argmax(fits - SHIFT_COST * away**2, axis=1) + first, np.int64)


def _cost(lags: Lags, weights: Floats, centroid: int, farthest: int) -> float:
    """What shifts cost in variance reduction: their mean square, in units of the farthest."""
    away = ((lags - centroid) / max(farthest, 1)) ** 2
    return SHIFT_COST * float(weights @ away) / float(weights.sum())


def _solve(blocks: Blocks, weights: Floats, lags: Lags, kind: Kind) -> Solution:
    squares, products, energies = at_lags(blocks, lags)
    return solve(
        np.einsum("s,sij->ij", weights, squares), weights @ products, max(float(weights @ energies), 1e-300), kind
    )
