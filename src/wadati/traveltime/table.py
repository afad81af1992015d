"""Travel-time tables: direct waves interpolated, head waves exact.

Direct times are smooth but for a bend where source or receiver passes a layer boundary; the grid has nodes on both sides
of each. It holds time over straight distance, the slowness of the path: constant within the first layer, without a cusp
at the source, and everywhere less curved than time itself. Head waves, whose crossovers no grid can follow, are a sum
of three terms and need none.
"""

from __future__ import annotations

import itertools
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from wadati.errors import UsageError
from wadati.model import VelocityModel
from wadati.traveltime.layered import direct_wave, first_arrival, head_wave

Floats = npt.NDArray[np.float64]

_NEAR_STEP, _FAR_STEP = 100.0, 1000.0
_DEPTH_STEP = 500.0
_ELEVATION_STEP = 1000.0
_SIDE = 1e-3


class TravelTimeTable:
    """First arrivals of one model for sources and receivers within given ranges, within 5 ms of exact.

    `max_distance`, `depth_range` (sources, below sea level) and `elevation_range` (receivers, above it) in metres.
    What lies outside is computed exactly, which is slower.

    >>> from wadati.traveltime.models import SOUTHERN_CALIFORNIA
    >>> table = travel_time_table(SOUTHERN_CALIFORNIA, max_distance=50000.0)
    >>> table.times("P", 30000.0, 10000.0, 700.0).round(2)
    np.float64(5.39)
    """

    def __init__(
        self,
        model: VelocityModel,
        phases: tuple[str, ...] = ("P", "S"),
        max_distance: float = 200_000.0,
        depth_range: tuple[float, float] = (-5000.0, 60_000.0),
        elevation_range: tuple[float, float] = (0.0, 3000.0),
    ) -> None:
        self.model = model
        self.phases = phases
        self.max_distance = max_distance
        tops = [layer.top for layer in model.layers[1:]]
        self._depths = _axis(depth_range, tops, _DEPTH_STEP)
        self._elevations = _axis(elevation_range, [-top for top in tops], _ELEVATION_STEP)
        # Node i lies at near · i + bend · i², so that its index is found by a square root.
        count = int(np.ceil(2 * max_distance / (_NEAR_STEP + _FAR_STEP)))
        self._bend = (max_distance / count - _NEAR_STEP) / count
        nodes = np.arange(count + 1)
        self._distances = _NEAR_STEP * nodes + self._bend * nodes**2
        self._slowness = np.stack([self._grid(phase) for phase in phases])

    def times(
        self, phase: str, distance: npt.ArrayLike, depth: npt.ArrayLike, elevation: npt.ArrayLike = 0.0
    ) -> Floats:
        """Seconds from sources to receivers; the arguments, in metres, are those of `first_arrival` and broadcast.

        Fastest where depth is constant along the receiver axis and elevation along the source axis, such as shapes
        (node, station), (node, 1) and (station,). Raises `UsageError` for a phase that is not in the table.
        """
        if phase not in self.phases:
            raise UsageError(f"no travel times for phase {phase!r}; there are {', '.join(self.phases)}")
        x, z, e = (np.asarray(value, np.float64) for value in (distance, depth, elevation))
        inside = (
            (x <= self._distances[-1])
            & (z >= self._depths[0])
            & (z <= self._depths[-1])
            & (e >= self._elevations[0])
            & (e <= self._elevations[-1])
        )
        i, right = self._distance_cell(x)
        j, down = _cell(self._depths, z)
        k, up = _cell(self._elevations, e)
        grid = self._slowness[self.phases.index(phase)]
        row, slab = grid.shape[2], grid.shape[1] * grid.shape[2]
        flat = grid.reshape(-1)
        index = k * slab + j * row + i
        near = 1.0 - right
        slowness = np.zeros(index.shape)
        for offset, weight in (
            (0, (1 - up) * (1 - down)),
            (row, (1 - up) * down),
            (slab, up * (1 - down)),
            (slab + row, up * down),
        ):
            corner = index + offset
            slowness += weight * (near * flat.take(corner) + right * flat.take(corner + 1))
        time = np.minimum(slowness * np.sqrt(x**2 + (z + e) ** 2), head_wave(self.model, phase, x, z, e))
        if not inside.all():
            outside = ~np.broadcast_to(inside, time.shape)
            far = [np.broadcast_to(value, time.shape)[outside] for value in (x, z, e)]
            time[outside] = first_arrival(self.model, phase, *far)
        return time

    def _distance_cell(self, x: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
        position = (np.sqrt(_NEAR_STEP**2 + 4 * self._bend * np.abs(x)) - _NEAR_STEP) / (2 * self._bend)
        cell = np.clip(position.astype(np.int64), 0, len(self._distances) - 2)
        return cell, np.clip(position - cell, 0.0, 1.0)

    def _grid(self, phase: str) -> npt.NDArray[np.float32]:
        """Time over straight distance, shape (elevation, depth, distance)."""
        elevation = self._elevations[:, None, None]
        depth = self._depths[:, None]
        time = direct_wave(self.model, phase, self._distances, depth, elevation)
        straight = np.sqrt(self._distances**2 + (depth + elevation) ** 2)
        at_source = np.array([1 / self.model.velocity(phase, z) for z in self._depths])[:, None]
        here = straight == 0
        return np.where(here, at_source, time / np.where(here, 1.0, straight)).astype(np.float32)


@lru_cache(maxsize=8)
def travel_time_table(
    model: VelocityModel,
    *,
    max_distance: float = 200_000.0,
    depth_range: tuple[float, float] = (-5000.0, 60_000.0),
    elevation_range: tuple[float, float] = (0.0, 3000.0),
) -> TravelTimeTable:
    """The table of a model, built once in a process for the same arguments."""
    return TravelTimeTable(model, ("P", "S"), max_distance, depth_range, elevation_range)


def _axis(span: tuple[float, float], boundaries: list[float], step: float) -> Floats:
    """Nodes over a span, at most a step apart, with one on either side of each boundary within it."""
    low, high = span
    edges = [low, *sorted(b for b in boundaries if low < b < high), high]
    parts = [
        np.linspace(top + _SIDE, bottom - _SIDE, max(int(np.ceil((bottom - top) / step)), 1) + 1)
        for top, bottom in itertools.pairwise(edges)
    ]
    nodes = np.concatenate(parts)
    nodes[0], nodes[-1] = low, max(high, low + 1.0)
    return nodes


def _cell(nodes: Floats, value: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """The cell a value lies in and how far in it, from 0 to 1; the nearest end for a value outside."""
    cell = np.clip(np.searchsorted(nodes, value, side="right") - 1, 0, len(nodes) - 2)
    return cell, np.clip((value - nodes[cell]) / (nodes[cell + 1] - nodes[cell]), 0.0, 1.0)
