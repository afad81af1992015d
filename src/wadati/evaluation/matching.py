"""One-to-one matching of two catalogs: as many pairs as can be, and of all such matchings the closest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from wadati.model import Origin
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import SECOND

Pairs = list[tuple[int, int]]


def match_origins(
    candidates: Sequence[Origin], references: Sequence[Origin], *, time_tolerance: float, distance_tolerance: float
) -> Pairs:
    """Pairs of indices (candidate, reference) within both tolerances (s, m of epicentral distance), no index twice.

    The number of pairs is the greatest possible; among such matchings the sum over pairs of
    √((Δt / time tolerance)² + (Δx / distance tolerance)²) is least. In order of the candidate's index.

    >>> a, b = Origin.of(0, 35.0, -117.0, 5000.0), Origin.of(2 * SECOND, 35.0, -117.0, 5000.0)
    >>> match_origins([a, b], [b, a], time_tolerance=2.5, distance_tolerance=15_000.0)
    [(0, 1), (1, 0)]
    """
    from scipy.optimize import linear_sum_assignment

    first, second, cost = _possible_pairs(candidates, references, time_tolerance, distance_tolerance)
    pairs: Pairs = []
    for members in _components(first, second, len(candidates), len(references)):
        rows, row = np.unique(first[members], return_inverse=True)
        columns, column = np.unique(second[members], return_inverse=True)
        dear = 2.0 * (min(len(rows), len(columns)) + 1)
        table = np.full((len(rows), len(columns)), dear)
        table[row, column] = cost[members]
        pairs.extend(
            (int(rows[i]), int(columns[j]))
            for i, j in zip(*linear_sum_assignment(table), strict=True)
            if table[i, j] < dear
        )
    return sorted(pairs)


def _possible_pairs(
    candidates: Sequence[Origin], references: Sequence[Origin], time_tolerance: float, distance_tolerance: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """All pairs within the tolerances and their cost, between 0 and √2."""
    times = np.array([origin.time for origin in references], np.int64)
    order = np.argsort(times, kind="stable")
    reach = round(time_tolerance * SECOND)
    own = np.array([origin.time for origin in candidates], np.int64)
    lows = np.searchsorted(times[order], own - reach, side="left")
    highs = np.searchsorted(times[order], own + reach, side="right")
    counts = highs - lows
    first = np.repeat(np.arange(len(candidates)), counts)
    second = np.concatenate([np.zeros(0, np.int64), *(order[a:b] for a, b in zip(lows, highs, strict=True))])
    places = [
        np.array([(origin.latitude, origin.longitude) for origin in side]).reshape(-1, 2)[index]
        for side, index in ((candidates, first), (references, second))
    ]
    distance, _ = distance_azimuth(places[0][:, 0], places[0][:, 1], places[1][:, 0], places[1][:, 1])
    near = distance <= distance_tolerance
    apart = np.abs(own[first] - times[second]) / SECOND
    cost = np.hypot(apart / max(time_tolerance, 1e-9), distance / max(distance_tolerance, 1e-9))
    return first[near], second[near], cost[near]


def _components(
    first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], candidates: int, references: int
) -> list[npt.NDArray[np.int64]]:
    """The pairs (as indices into them) grouped so that no event stands in two groups."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(first):
        return []
    size = candidates + references
    graph = coo_array((np.ones(len(first)), (first, candidates + second)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    of_pair = label[first]
    order = np.argsort(of_pair, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(of_pair[order])) + 1)
