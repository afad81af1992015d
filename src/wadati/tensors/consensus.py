"""Which stations tell of the same source, and what is wrong with the others.

A station with a wrong gain or a wrong polarity would pull any fit of all stations, so first many small groups of
stations are asked. Each gives a tensor; what counts is how many stations that tensor explains, each by its share of
its own energy, so that none is louder than another (as in random sample consensus, Fischler & Bolles, 1981,
doi:10.1145/358669.358692). Then component by component: what fits but for its sign is flipped, what fits but for its
size has another gain, what does not fit is left out as such.
"""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wadati.tensors.alignment import best_lags
from wadati.tensors.blocks import Blocks
from wadati.tensors.solution import BASES

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

GROUP = 4
"""Stations in a group that is asked."""
_GROUPS = 500
_UNEXPLAINED = 0.75
_CORRELATED = 0.6
_LOUDER = 2.5
_HEARD = 0.1
_FAINT = 0.03
_CERTAIN = 0.9
_AGREES = 0.4
_SEED = 20190716


class Verdict(NamedTuple):
    """What is wrong with a station, in words, and by which component."""

    components: str
    words: str


def agreeing(blocks: Blocks, farthest: int) -> tuple[Mask, float]:
    """Which stations the tensor of the best group explains (a quarter of their energy and more), and its score.

    The score is the energy that is left, each station's in its own measure and 1 at most, summed over stations.
    """
    stations = len(blocks.energies)
    middle = blocks.middle
    size = np.maximum(blocks.energies.sum(axis=1), 1e-300)
    squares = blocks.squares.sum(axis=1)
    products = blocks.products.sum(axis=1)
    basis = BASES["deviatoric"]
    groups = _groups(stations)
    chosen = np.zeros((len(groups), stations))
    chosen[np.arange(len(groups))[:, None], groups] = 1.0
    best = np.ones(stations, bool), np.inf
    for centroid in range(farthest, 2 * middle + 1 - farthest, max(farthest // 3, 1)):
        weights = chosen / size[:, centroid]
        design = np.einsum("gs,sij->gij", weights, squares)
        seen = np.einsum("gs,si->gi", weights, products[:, centroid])
        reduced = basis.T @ design @ basis
        reduced += 1e-9 * np.trace(reduced, axis1=1, axis2=2)[:, None, None] * np.eye(basis.shape[1])
        tensors = np.linalg.solve(reduced, (seen @ basis)[..., None])[..., 0] @ basis.T
        near = slice(centroid - farthest, centroid + farthest + 1)
        along = np.einsum("gi,sli->gsl", tensors, products[:, near])
        own = np.einsum("gi,sij,gj->gs", tensors, squares, tensors, optimize=True)
        left = (1 + (own[..., None] - 2 * along) / size[None, :, near]).min(axis=2)
        scores = np.minimum(left, 1.0).sum(axis=1)
        at = int(np.argmin(scores))
        if scores[at] < best[1]:
            best = left[at] < _UNEXPLAINED, float(scores[at])
    return best


def verdicts(
    blocks: Blocks, tensor: Floats, centroid: int, farthest: int, snr: Floats
) -> tuple[list[Verdict | None], Floats]:
    """What a tensor says of each station (None: it agrees), and the share that it explains of each (station,).

    `snr` has shape (station, component). A component is judged where it stands above the noise and the tensor expects
    at least a tenth of the station's energy in it.
    """
    lags = best_lags(blocks, tensor, centroid + blocks.middle, farthest)
    stations = np.arange(len(lags))
    energies = np.maximum(blocks.energies[stations, :, lags], 1e-300)
    along = blocks.products[stations, :, lags] @ tensor
    expected = np.einsum("scij,i,j->sc", blocks.squares, tensor, tensor)
    explained = 1 - (energies - 2 * along + expected).sum(axis=1) / energies.sum(axis=1)
    fits = along / np.sqrt(energies * np.maximum(expected, 1e-300))
    louder = np.sqrt(energies / np.maximum(expected, 1e-300))
    heard = (expected >= _HEARD * expected.sum(axis=1, keepdims=True)) & (snr >= 3)
    # A flipped component lets a shift of up to a quarter period look better, so polarity is judged at any lag. Where
    # little is expected it takes more: waves that the model does not know may look like that.
    small = (expected >= _FAINT * expected.sum(axis=1, keepdims=True)) & (snr >= 3)
    flipped = (_flipped(blocks, tensor, centroid, farthest) & heard) | ((fits <= -_CERTAIN) & small)
    found = [_verdict(fits[k], louder[k], heard[k], flipped[k], float(explained[k])) for k in stations]
    return found, explained


def _verdict(fits: Floats, louder: Floats, heard: Mask, flipped: Mask, explained: float) -> Verdict | None:
    wrong = heard & (fits >= _CORRELATED) & ((louder > _LOUDER) | (louder < 1 / _LOUDER))
    if flipped.any():
        return Verdict(_letters(flipped), "polarity is flipped")
    if wrong.any():
        factor = float(np.exp(np.mean(np.log(louder[wrong]))))
        words = f"{factor:.1f} times too large" if factor > 1 else f"{1 / factor:.1f} times too small"
        return Verdict(_letters(wrong), f"gain is wrong: records are {words}")
    if explained < _AGREES:
        return Verdict("ZNE", f"records do not fit: {100 * max(explained, 0.0):.0f} % explained")
    return None


def _flipped(blocks: Blocks, tensor: Floats, centroid: int, farthest: int) -> Mask:
    """Components that correlate better with the opposite, and well; shape (station, component)."""
    first = centroid + blocks.middle - farthest
    near = slice(first, first + 2 * farthest + 1)
    expected = np.sqrt(np.maximum(np.einsum("scij,i,j->sc", blocks.squares, tensor, tensor), 1e-300))
    size = np.sqrt(np.maximum(blocks.energies[:, :, near], 1e-300))
    fits = (blocks.products[:, :, near] @ tensor) / (size * expected[..., None])
    return np.asarray((-fits.min(axis=2) >= _CORRELATED + 0.1) & (-fits.min(axis=2) > fits.max(axis=2) + 0.1))


def _letters(which: Mask) -> str:
    return "".join(letter for letter, one in zip("ZNE", which, strict=True) if one)


def _groups(stations: int) -> npt.NDArray[np.int64]:
    """Groups of stations, all where they are few, else a drawn lot that is the same every time."""
    size = min(GROUP, stations)
    if comb(stations, size) <= _GROUPS:
        return np.array(list(combinations(range(stations), size)))
    random = np.random.default_rng(_SEED)
    return np.array([np.sort(random.choice(stations, size, replace=False)) for _ in range(_GROUPS)])
