"""Where to begin: equal differential times over a wide volume, from coarse cells to fine.

Font, Kao, Lallemand, Liu & Chiao (2004), doi:10.1111/j.1365-246X.2004.02317.x. A cell scores by the pairs of arrivals
whose difference in time it explains, so the origin time drops out, and wrong picks, which agree with nothing, cost
no more than their own pairs. The tolerance of a pair shrinks with the cells.
"""

from __future__ import annotations

import itertools

import numpy as np

from wadati.locators.error_model import ErrorModel
from wadati.locators.observations import Floats, Observations

_FIRST_CELL = 20_000.0
_MOST_FIRST_CELLS = 16
_LAST_CELL = 700.0
_KEPT_CELLS = 20
_MOST_ARRIVALS = 18
_CHUNK = 320
_SLOWNESS = 1 / 5000.0
_CORNERS = np.array(list(itertools.product((-0.5, 0.5), repeat=3)))


def search(obs: Observations, errors: ErrorModel, low: Floats, high: Floats) -> Floats:
    """The place (x, y, z; m) within the box from `low` to `high` that explains most pairs of arrivals."""
    early = np.zeros(len(obs), np.bool_)
    early[np.argsort(obs.time, kind="stable")[:_MOST_ARRIVALS]] = True
    obs = obs.subset(early)
    size = np.maximum(_FIRST_CELL, (high - low) / _MOST_FIRST_CELLS)
    counts = np.ceil((high - low) / size).astype(int)
    size = (high - low) / counts
    axes = [start + step * (np.arange(count) + 0.5) for start, step, count in zip(low, size, counts, strict=True)]
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    while True:
        score = _score(obs, errors, nodes, _SLOWNESS * float(size.max()) / 2)
        if size.max() < _LAST_CELL:
            best: Floats = nodes[np.argmax(score)]
            return best
        kept = nodes[np.argsort(-score, kind="stable")[:_KEPT_CELLS]]
        size = size / 2
        nodes = (kept[:, None, :] + size * _CORNERS).reshape(-1, 3)


def consensus(obs: Observations, errors: ErrorModel, place: Floats) -> Floats:
    """How far (in σ) each arrival is at a place from the origin time on which most agree."""
    times = obs.rays.at(*place[:, None])[0][0]
    origin = obs.time - times
    variance = errors.total(times, obs) + (_SLOWNESS * _LAST_CELL) ** 2
    difference2 = (origin[:, None] - origin) ** 2
    agreement = np.exp(-difference2 / (2 * (variance[:, None] + variance)))
    most = agreement[np.argmax(agreement.sum(axis=1))] / variance
    surprise: Floats = np.abs(origin - most @ origin / most.sum()) / np.sqrt(variance)
    return surprise


def _score(obs: Observations, errors: ErrorModel, nodes: Floats, tolerance: float) -> Floats:
    """How many pairs of arrivals agree on the origin time, shape (node,)."""
    first, second = np.triu_indices(len(obs), 1)
    scores = []
    for start in range(0, len(nodes), _CHUNK):
        times = obs.rays.at(*nodes[start : start + _CHUNK].T)[0]
        origin = (obs.time - times).T.astype(np.float32)
        variance = (errors.total(times, obs) + tolerance**2).T.astype(np.float32) * np.float32(-2)
        misfit = (origin[first] - origin[second]) ** 2
        misfit /= variance[first] + variance[second]
        scores.append(np.exp(misfit, out=misfit).sum(axis=0))
    return np.concatenate(scores)
