"""Travel times read from grids, of two or three dimensions, one for each station and phase; see `nonlinloc`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wadati.errors import InputError
from wadati.traveltime.nonlinloc import TimeGrid, read_time_grid
from wadati.traveltime.times import Floats, Frame, Receivers


class GriddedTimes:
    """Travel times of the grids in a folder (`*.time.hdr`), or of those whose names begin with a path.

    Between nodes times are linear in each direction, as in NonLinLoc. A grid serves the stations whose code is its
    label, or whose network and code, joined by `_` or `.`, are. Sources are looked for within all three-dimensional
    grids, and as far from every station as two-dimensional ones reach. Raises `InputError` where there are no grids,
    for one that cannot be read, and for grids in different frames.
    """

    def __init__(self, path: Path) -> None:
        folder, start = (path, "") if path.is_dir() else (path.parent, path.name)
        headers = sorted(folder.glob(f"{start}*.time.hdr")) if folder.is_dir() else []
        if not headers:
            raise InputError(path, "no travel-time grids (*.time.hdr) are there", "name their folder")
        grids = [read_time_grid(header) for header in headers]
        self._first = grids[0]
        for header, grid in zip(headers, grids, strict=True):
            if (grid.frame, grid.rotation) != (self._first.frame, self._first.rotation):
                raise InputError(header, f"is in another frame than {headers[0].name}", "make all grids in one frame")
        self._grids = {(grid.station, grid.phase): grid for grid in grids}
        self.name = headers[0].name.split(".")[0]

    def knows(self, station: tuple[str, str], phase: str) -> bool:
        """Whether there is a grid for a phase at a station (network, code)."""
        return self._grid(station, phase) is not None

    def frame(self, latitude: Floats, longitude: Floats) -> Frame:  # noqa: ARG002
        """The frame of the grids."""
        return self._first.frame

    def box(self, receivers: Receivers) -> tuple[Floats, Floats]:
        """Corners of what all grids of these arrivals cover."""
        turn = _turn(self._first.rotation)
        low, high = np.full(3, -np.inf), np.full(3, np.inf)
        for station, phase in zip(receivers.stations, receivers.phases, strict=True):
            grid = self._known(station, phase)
            first = np.array(grid.origin)
            last = first + np.array(grid.step) * (np.array(grid.times.shape) - 1)
            if grid.is_flat:
                reach = last[1] / math.sqrt(2)
                middle = np.array(grid.place[:2])
                first, last = np.append(middle - reach, first[2]), np.append(middle + reach, last[2])
            low, high = np.maximum(low, first), np.minimum(high, last)
        corners = np.array([(x, y) for x in (low[0], high[0]) for y in (low[1], high[1])]) @ turn
        low[:2], high[:2] = corners.min(axis=0), corners.max(axis=0)
        if (low >= high).any():
            raise InputError(self.name, "the grids of the stations of an event have no volume in common", "widen them")
        return low, high

    def rays(self, receivers: Receivers) -> GriddedRays:
        """Rays to receivers, whose place is that of their grids."""
        pairs = zip(receivers.stations, receivers.phases, strict=True)
        return GriddedRays(tuple(self._known(station, phase) for station, phase in pairs), _turn(self._first.rotation))

    def _grid(self, station: tuple[str, str], phase: str) -> TimeGrid | None:
        labels = (station[1], "_".join(station), ".".join(station))
        return next((self._grids[label, phase] for label in labels if (label, phase) in self._grids), None)

    def _known(self, station: tuple[str, str], phase: str) -> TimeGrid:
        grid = self._grid(station, phase)
        if grid is None:
            raise InputError(".".join(station), f"has no grid of {phase} travel times", "ask `knows` first")
        return grid


@dataclass(frozen=True)
class GriddedRays:
    """Rays of one event, a grid an arrival; `turn` (2, 2) takes a row (x, y) of the grid to east and north."""

    grids: tuple[TimeGrid, ...]
    turn: Floats

    def subset(self, keep: npt.NDArray[np.bool_]) -> GriddedRays:
        """The rays of some of the arrivals, in the same order."""
        return GriddedRays(tuple(grid for grid, kept in zip(self.grids, keep, strict=True) if kept), self.turn)

    def at(self, x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
        """Times (s) and their slopes along x and y (s/m), each of shape (source, arrival)."""
        place = np.stack((x, y), axis=1) @ self.turn.T
        found = [_interpolate(grid, place[:, 0], place[:, 1], z) for grid in self.grids]
        times, along_x, along_y = (np.stack(columns, axis=1) for columns in zip(*found, strict=True))
        east = self.turn[0, 0] * along_x + self.turn[1, 0] * along_y
        north = self.turn[0, 1] * along_x + self.turn[1, 1] * along_y
        return times, east, north


def _turn(rotation: float) -> Floats:
    """Rows of x and y along a grid, of which north lies `rotation` degrees clockwise of y, times this: east, north."""
    angle = math.radians(rotation)
    return np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])


def _interpolate(grid: TimeGrid, x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
    """Times and their slopes along the grid's x and y; linear beyond its ends."""
    if grid.is_flat:
        dx, dy = x - grid.place[0], y - grid.place[1]
        distance = np.hypot(dx, dy)
        time, _, slope = _trilinear(grid, np.zeros_like(x), distance, z)
        slope = slope / np.maximum(distance, 1.0)
        return time, slope * dx, slope * dy
    return _trilinear(grid, x, y, z)


def _trilinear(grid: TimeGrid, x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
    cells, parts = [], []
    for value, start, step, count in zip((x, y, z), grid.origin, grid.step, grid.times.shape, strict=True):
        position = (value - start) / step
        cell = np.clip(position.astype(np.int64), 0, max(count - 2, 0))
        cells.append(cell)
        parts.append(position - cell)
    (i, j, k), (u, v, w) = cells, parts
    beside = i if grid.is_flat else i + 1
    corner = [[grid.times[a, b, k] * (1 - w) + grid.times[a, b, k + 1] * w for b in (j, j + 1)] for a in (i, beside)]
    if grid.is_flat:
        u = np.zeros_like(u)
    low, high = ((1 - v) * row[0] + v * row[1] for row in corner)
    slope_x = (high - low) / grid.step[0] if not grid.is_flat else np.zeros_like(u)
    slope_y = ((1 - u) * (corner[0][1] - corner[0][0]) + u * (corner[1][1] - corner[1][0])) / grid.step[1]
    return (1 - u) * low + u * high, slope_x, slope_y
