"""Travel-time tables: direct waves interpolated, head waves exact.

Direct times are smooth but for a bend where source or receiver passes a layer boundary; the grid has nodes on both
sides of each. It holds time over straight distance, the slowness of the path: constant within the first layer, without
a cusp at the source, and everywhere less curved than time itself. Head waves, whose crossovers no grid can follow, are
a sum of three terms and need none.
"""

from __future__ import annotations

import itertools
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from wadati.errors import UsageError
from wadati.model import VelocityModel
from wadati.traveltime.layered import direct_wave, first_arrival, head_wave_terms

Floats = npt.NDArray[np.float64]

_NEAR_STEP, _FAR_STEP = 50.0, 1000.0
_DEPTH_STEP, _DEPTH_CELLS = 500.0, 8
_ELEVATION_STEP = 500.0
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
        self.depths = _axis(depth_range, tops, _DEPTH_STEP, _DEPTH_CELLS)
        self.elevations = _axis(elevation_range, [-top for top in tops], _ELEVATION_STEP, 1)
        # Node i lies at near · i + bend · i², so that its index is found by a square root.
        count = int(np.ceil(2 * max_distance / (_NEAR_STEP + _FAR_STEP)))
        self._bend = (max_distance / count - _NEAR_STEP) / count
        self.steps = _NEAR_STEP, self._bend
        self.distances = _NEAR_STEP * np.arange(count + 1) + self._bend * np.arange(count + 1) ** 2
        self.slowness = {phase: self._grid(phase) for phase in phases}
        self.head_waves = {phase: head_wave_terms(model, phase, _beside(self.depths)) for phase in phases}

    def times(
        self, phase: str, distance: npt.ArrayLike, depth: npt.ArrayLike, elevation: npt.ArrayLike = 0.0
    ) -> Floats:
        """Seconds from sources to receivers; the arguments, in metres, are those of `first_arrival` and broadcast.

        Fastest where depth is constant along the receiver axis and elevation along the source axis, such as shapes
        (node, station), (node, 1) and (station,). Raises `UsageError` for a phase that is not in the table.
        """
        return self.receivers(phase, elevation)(distance, depth)

    def receivers(self, phase: str, elevation: npt.ArrayLike) -> Receivers:
        """The table for receivers at given elevations (m), for many calls. Raises `UsageError` as `times`."""
        if phase not in self.phases:
            raise UsageError(f"no travel times for phase {phase!r}; there are {', '.join(self.phases)}")
        return Receivers(self, phase, elevation)

    def distance_cell(self, x: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
        """The cells distances (m) lie in, and how far in them, from 0 to 1."""
        position = (np.sqrt(_NEAR_STEP**2 + 4 * self._bend * x) - _NEAR_STEP) / (2 * self._bend)
        cell = np.minimum(position.astype(np.int64), len(self.distances) - 2)
        return cell, position - cell

    def _grid(self, phase: str) -> npt.NDArray[np.float32]:
        """Time over straight distance, shape (elevation, depth, distance)."""
        depth = _beside(self.depths)[:, None]
        at_source = np.array([1 / self.model.velocity(phase, z) for z in depth[:, 0]])[:, None]
        # One elevation at a time, so that what is computed on the way is small.
        return np.stack([self._slab(phase, depth, at_source, float(z)) for z in _beside(self.elevations)])

    def _slab(self, phase: str, depth: Floats, at_source: Floats, elevation: float) -> npt.NDArray[np.float32]:
        time = direct_wave(self.model, phase, self.distances, depth, elevation)
        straight = np.sqrt(self.distances**2 + (depth + elevation) ** 2)
        here = straight == 0
        return np.where(here, at_source, time / np.where(here, 1.0, straight)).astype(np.float32)


class Receivers:
    """A table for one phase and receivers at fixed elevations: a function of distance and depth."""

    def __init__(self, table: TravelTimeTable, phase: str, elevation: npt.ArrayLike) -> None:
        self._table = table
        self._phase = phase
        self._elevation = np.asarray(elevation, np.float64)
        self._slab, self._up = _cell(table.elevations, self._elevation)
        _, self._offset, self._delay = head_wave_terms(table.model, phase, -self._elevation)
        low, high = table.elevations[[0, -1]]
        self._inside = (self._elevation >= low) & (self._elevation <= high)

    def __call__(self, distance: npt.ArrayLike, depth: npt.ArrayLike) -> Floats:
        """Seconds for distances and depths (m), which broadcast with the elevations."""
        table, up = self._table, self._up
        x, z = np.abs(np.asarray(distance, np.float64)), np.asarray(depth, np.float64)
        i, right = table.distance_cell(x)
        j, down = _cell(table.depths, z)
        grid = table.slowness[self._phase]
        row, slab = grid.shape[2], grid.shape[1] * grid.shape[2]
        flat = grid.reshape(-1)
        index = self._slab * slab + j * row + i
        left = 1.0 - right
        slowness = np.zeros(index.shape)
        for corner, weight in (
            (index, (1 - up) * (1 - down)),
            (index + row, (1 - up) * down),
            (index + slab, up * (1 - down)),
            (index + (slab + row), up * down),
        ):
            slowness += weight * (left * flat.take(corner) + right * flat.take(corner + 1))
        time = slowness * np.sqrt(x**2 + (z + self._elevation) ** 2)
        for velocity, offsets, delays, offset, delay in zip(
            *table.head_waves[self._phase], self._offset, self._delay, strict=True
        ):
            reach = offsets[j] + down * (offsets[j + 1] - offsets[j]) + offset
            late = delays[j] + down * (delays[j + 1] - delays[j]) + delay
            time = np.where(x >= reach, np.minimum(time, x / velocity + late), time)
        inside = self._inside & (x <= table.max_distance) & (z >= table.depths[0]) & (z <= table.depths[-1])
        if not inside.all():
            outside = ~np.broadcast_to(inside, time.shape)
            far = [np.broadcast_to(value, time.shape)[outside] for value in (x, z, self._elevation)]
            time[outside] = first_arrival(table.model, self._phase, *far)
        return time


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


def _axis(span: tuple[float, float], boundaries: list[float], step: float, cells: int) -> Floats:
    """Nodes over a span: boundaries within it twice, between them at least some cells no longer than a step."""
    low, high = span
    edges = [low, *sorted(b for b in boundaries if low < b < high), max(high, low + 1.0)]
    return np.concatenate(
        [
            np.linspace(top, bottom, max(int(np.ceil((bottom - top) / step)), cells) + 1)
            for top, bottom in itertools.pairwise(edges)
        ]
    )


def _beside(nodes: Floats) -> Floats:
    """Nodes with those that occur twice moved a little to either side."""
    twin = np.diff(nodes) == 0
    moved: Floats = nodes + _SIDE * (np.append(False, twin).astype(float) - np.append(twin, False))
    return moved


def _cell(nodes: Floats, value: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """The cell a value lies in and how far in it, from 0 to 1; the nearest end for a value outside."""
    cell = np.clip(np.searchsorted(nodes, value, side="right") - 1, 0, len(nodes) - 2)
    return cell, np.clip((value - nodes[cell]) / (nodes[cell + 1] - nodes[cell]), 0.0, 1.0)
