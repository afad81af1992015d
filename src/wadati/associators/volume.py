"""Where hypocentres may lie: nodes as close as the stations ask for, and which stations are near each.

Where stations stand close together an earthquake is felt by many and can be told from one a few kilometres off; where
they stand far apart it cannot. So the nodes lie as far from each other as a share of the distance to the fourth
nearest station, or of their depth, whichever is more.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from wadati.associators.compiled import compiled
from wadati.associators.travel import Floats, Integers, Travel, model_error, travel_time

Singles = npt.NDArray[np.float32]

_ANCHORS, _NEAR = 8, 25
_NEIGHBOUR = 4
_COARSEST, _FINEST = 64_000.0, 1_000.0
_OF_DEPTH = 0.3
_CELLS = 1000
_STEPS = 32_000


class Volume(NamedTuple):
    """Nodes of a search.

    `node` (node, 3): x, y, depth (m); `spacing` (m) of each. `near` (node, near): the nearest stations in order, `time`
    and `blur` (node, near, phase): travel times (s) and how far off (s) a pick of an event of the node may be.
    `anchor_node`, `anchor_rank`: the nodes for which a station is among the nearest, from `anchor_start[station]` on,
    and its place among them. `neighbour` (station, neighbour): all stations near any of these nodes, −1 for none; `lag`
    (station, neighbour, phase, 2): how much later (s), at least and at most, a pick there may be than P at the station.
    The same by node: a station and the i-th of its `n` neighbours share the nodes `pair_node` from
    pair_start[station · n + i] on, counted from its first; `pair_lag` (pair, phase, 2) is how much later, and
    how far off, in steps of `lag_step` (s).
    `order` (cell, station): the stations in order of distance from the middle of a cell of `cell` (m) size, `cells`
    (columns, rows) of which cover the volume from `low` on. `low`, `high`: x, y, depth. `latest_anchor` and
    `longest`: the longest times (s) of P to a station among the nearest, and of all.
    """

    node: Floats
    spacing: Floats
    near: npt.NDArray[np.int32]
    time: Singles
    blur: Singles
    anchor_start: Integers
    anchor_node: Integers
    anchor_rank: Integers
    neighbour: Integers
    lag: Singles
    pair_start: Integers
    pair_node: npt.NDArray[np.int32]
    pair_lag: npt.NDArray[np.int16]
    lag_step: float
    order: npt.NDArray[np.int32]
    cell: float
    cells: Integers
    low: Floats
    high: Floats
    latest_anchor: float
    longest: float


def volume_of(travel: Travel, low: Floats, high: Floats, relative_spacing: float, sigmas: float) -> Volume:
    """The nodes between two corners (x, y, depth), each with its nearest stations."""
    node, spacing = _nodes(travel, low, high, relative_spacing)
    near = min(_NEAR, len(travel.x))
    nearest = _nearest(travel, node[:, 0], node[:, 1], near)[1].astype(np.int32)
    time, blur = np.empty((*nearest.shape, 2), np.float32), np.empty((*nearest.shape, 2), np.float32)
    _fill(travel, node, spacing, nearest, sigmas, time, blur)
    anchors = min(_ANCHORS, near)
    station = nearest[:, :anchors].ravel()
    by_station = np.argsort(station, kind="stable")
    start = np.searchsorted(station[by_station], np.arange(len(travel.x) + 1))
    anchor_node, anchor_rank = by_station // anchors, by_station % anchors
    around = [np.unique(nearest[anchor_node[a:b]]) for a, b in itertools.pairwise(start)]
    neighbour = np.full((len(around), max(map(len, around))), -1)
    for row, stations in zip(neighbour, around, strict=True):
        row[: len(stations)] = stations
    lag = np.empty((*neighbour.shape, 2, 2), np.float32)
    pairs = np.zeros(neighbour.size + 1, np.int64)
    _lags(start, anchor_node, anchor_rank, nearest, time, blur, neighbour, lag, pairs[1:])
    pair_start = np.cumsum(pairs)
    pair_node, pair_lag = np.empty(pair_start[-1], np.int32), np.empty((pair_start[-1], 2, 2), np.int16)
    lag_step = float(max(np.abs(lag[np.isfinite(lag)]).max(), blur.max())) / _STEPS
    _pairs(start, anchor_node, anchor_rank, nearest, time, blur, neighbour, pair_start, lag_step, pair_node, pair_lag)
    cell = float(max(np.sqrt(np.prod((high - low)[:2]) / _CELLS), 1000.0))
    cells = np.ceil((high - low)[:2] / cell).astype(np.int64) + 1
    middle_x = low[0] + cell * (np.arange(cells[0]) + 0.5)
    middle_y = low[1] + cell * (np.arange(cells[1]) + 0.5)
    x, y = (axis.ravel() for axis in np.meshgrid(middle_x, middle_y, indexing="ij"))
    order = _nearest(travel, x, y, len(travel.x))[1].astype(np.int32)
    return Volume(
        node,
        spacing,
        nearest,
        time,
        blur,
        start,
        anchor_node,
        anchor_rank,
        neighbour,
        lag,
        pair_start,
        pair_node,
        pair_lag,
        lag_step,
        order,
        cell,
        cells,
        low,
        high,
        float(time[:, :anchors, 0].max()),
        float(time.max()) + 5.0,
    )


def _nearest(travel: Travel, x: Floats, y: Floats, count: int) -> tuple[Floats, Integers]:
    """Distances (m) and numbers of the nearest stations in order, shape (place, count)."""
    apart, station = cKDTree(np.column_stack([travel.x, travel.y])).query(np.column_stack([x, y]), count)
    return apart.reshape(len(x), count), station.reshape(len(x), count)


def _nodes(travel: Travel, low: Floats, high: Floats, relative_spacing: float) -> tuple[Floats, Floats]:
    """Nodes and their spacings: squares are divided in four while they are too large for their place."""

    nodes, spacings = [], []
    depth = low[2]
    while True:
        size = _COARSEST
        count = np.ceil((high - low)[:2] / size).astype(int)
        x, y = (
            axis.ravel()
            for axis in np.meshgrid(*(low[i] + size * (np.arange(count[i]) + 0.5) for i in (0, 1)), indexing="ij")
        )
        while len(x):
            inside = (x - size / 2 < high[0]) & (y - size / 2 < high[1])
            x, y = x[inside], y[inside]
            wanted = np.maximum(
                relative_spacing * _nearest(travel, x, y, min(_NEIGHBOUR, len(travel.x)))[0][:, -1],
                _OF_DEPTH * max(depth, 0.0),
            )
            fine = (size <= 1.4 * wanted) | (size <= _FINEST)
            nodes.append(np.column_stack([x[fine], y[fine], np.full(fine.sum(), depth)]))
            spacings.append(np.full(fine.sum(), size))
            x, y, size = x[~fine], y[~fine], size / 2
            x, y = (
                np.concatenate([x + dx * size / 2 for dx in (-1, -1, 1, 1)]),
                np.concatenate([y + dy * size / 2 for dy in (-1, 1, -1, 1)]),
            )
        if depth >= high[2]:
            break
        smallest = min(s.min() for s in spacings[-8:] if len(s))
        depth = min(depth + max(1.5 * smallest, 0.25 * (depth - low[2]), 2000.0), high[2])
    return np.clip(np.concatenate(nodes), low, high), np.concatenate(spacings)


@compiled
def _fill(
    travel: Travel,
    node: Floats,
    spacing: Floats,
    nearest: npt.NDArray[np.int32],
    sigmas: float,
    time: Singles,
    blur: Singles,
) -> None:
    for n in range(len(node)):
        for m in range(nearest.shape[1]):
            s = nearest[n, m]
            distance = np.hypot(node[n, 0] - travel.x[s], node[n, 1] - travel.y[s])
            for phase in range(2):
                t, along, down = travel_time(travel, s, phase, distance, node[n, 2])
                time[n, m, phase] = t
                # Half the diagonal of the cell, seen at an angle.
                blur[n, m, phase] = 0.7 * sigmas * model_error(travel, phase, t) + 0.4 * spacing[n] * (
                    abs(along) + abs(down)
                )


@compiled
def _number(stations: Integers, column: Integers) -> None:
    """Set `column` (station) to where a station stands among `stations`, which ends in −1."""
    for i in range(len(stations)):
        if stations[i] >= 0:
            column[stations[i]] = i


@compiled
def _lags(
    start: Integers,
    anchor_node: Integers,
    anchor_rank: Integers,
    nearest: npt.NDArray[np.int32],
    time: Singles,
    blur: Singles,
    neighbour: Integers,
    lag: Singles,
    pairs: Integers,
) -> None:
    """How much later picks of neighbours may be, and how many nodes each shares with a station."""
    lag[..., 0], lag[..., 1] = np.inf, -np.inf
    column = np.zeros(neighbour.max() + 1, np.int64)
    for s in range(len(start) - 1):
        _number(neighbour[s], column)
        for k in range(start[s], start[s + 1]):
            n = anchor_node[k]
            for m in range(nearest.shape[1]):
                i = column[nearest[n, m]]
                pairs[s * neighbour.shape[1] + i] += 1
                for phase in range(2):
                    later = time[n, m, phase] - time[n, anchor_rank[k], 0]
                    lag[s, i, phase, 0] = min(lag[s, i, phase, 0], later - blur[n, m, phase])
                    lag[s, i, phase, 1] = max(lag[s, i, phase, 1], later + blur[n, m, phase])


@compiled
def _pairs(
    start: Integers,
    anchor_node: Integers,
    anchor_rank: Integers,
    nearest: npt.NDArray[np.int32],
    time: Singles,
    blur: Singles,
    neighbour: Integers,
    pair_start: Integers,
    lag_step: float,
    pair_node: npt.NDArray[np.int32],
    pair_lag: npt.NDArray[np.int16],
) -> None:
    column = np.zeros(neighbour.max() + 1, np.int64)
    filled = pair_start[:-1].copy()
    for s in range(len(start) - 1):
        _number(neighbour[s], column)
        for k in range(start[s], start[s + 1]):
            n = anchor_node[k]
            for m in range(nearest.shape[1]):
                pair = s * neighbour.shape[1] + column[nearest[n, m]]
                entry = filled[pair]
                filled[pair] += 1
                pair_node[entry] = k - start[s]
                for phase in range(2):
                    pair_lag[entry, phase, 0] = round((time[n, m, phase] - time[n, anchor_rank[k], 0]) / lag_step)
                    pair_lag[entry, phase, 1] = round(blur[n, m, phase] / lag_step)


@compiled
def cell_of(volume: Volume, x: float, y: float) -> int:
    """The number of the cell that a place lies in."""
    column = min(max(int((x - volume.low[0]) / volume.cell), 0), volume.cells[0] - 1)
    row = min(max(int((y - volume.low[1]) / volume.cell), 0), volume.cells[1] - 1)
    return int(column * volume.cells[1] + row)
