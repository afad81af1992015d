"""The stations that picks come from, and how long waves take to reach them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from wadati.model import Station, VelocityModel
from wadati.traveltime.geodesy import LocalFrame
from wadati.traveltime.table import travel_time_table

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

PHASES = ("P", "S")
"""The order of the phase axis."""

_DISTANCE_STEP, _DEPTH_STEP, _ELEVATION_STEP = 1000.0, 1000.0, 250.0
_NEAREST = 100.0


class Network:
    """Stations in a flat frame, with travel times and their expected errors.

    Hypocentres lie within `margin` (m) around the stations and within `depth_range` (m below sea level). `error_base`
    (s) and `error_fraction` (of the travel time), one each a phase: one standard deviation of what the velocity model
    gets wrong. Times are interpolated linearly in a grid of 1 km, which is exact enough beside that.
    """

    def __init__(
        self,
        stations: Sequence[Station],
        model: VelocityModel,
        margin: float,
        depth_range: tuple[float, float],
        error_base: tuple[float, float],
        error_fraction: tuple[float, float],
    ) -> None:
        latitudes = np.array([station.latitude for station in stations])
        longitudes = np.array([station.longitude for station in stations])
        turned = (longitudes - longitudes[0] + 180.0) % 360.0 - 180.0
        self.frame = LocalFrame(float(latitudes.mean()), float(longitudes[0] + turned.mean()))
        self.x, self.y = self.frame.to_xy(latitudes, longitudes)
        self.low = np.array([self.x.min() - margin, self.y.min() - margin, depth_range[0]])
        self.high = np.array([self.x.max() + margin, self.y.max() + margin, depth_range[1]])
        self.error_base = np.array(error_base)
        self.error_fraction = np.array(error_fraction)
        level = np.rint(np.array([station.elevation for station in stations]) / _ELEVATION_STEP).astype(np.int64)
        levels, self._level = np.unique(level, return_inverse=True)
        diameter = float(np.hypot(*(self.high - self.low)[:2]))
        distance = np.arange(0.0, diameter + 2 * _DISTANCE_STEP, _DISTANCE_STEP)
        depth = np.arange(depth_range[0], depth_range[1] + 2 * _DEPTH_STEP, _DEPTH_STEP)
        table = travel_time_table(model, max_distance=max(200_000.0, np.ceil(diameter / 100_000.0 + 0.1) * 100_000.0))
        elevation = levels[:, None, None] * _ELEVATION_STEP
        grid = np.stack([table.times(phase, distance, depth[:, None], elevation) for phase in PHASES], axis=-1)
        self._rows, self._columns = len(depth), len(distance)
        self._grid = grid.reshape(-1, len(PHASES))

    def __len__(self) -> int:
        return len(self.x)

    def spacing(self, neighbour: int) -> float:
        """The median distance (m) from a station to its first, second, … neighbour."""
        distance = np.hypot(self.x[:, None] - self.x, self.y[:, None] - self.y)
        return float(np.median(np.sort(distance, axis=1)[:, min(neighbour, len(self) - 1)]))

    def distances(self, place: Floats, station: Integers) -> Floats:
        """Epicentral distances (m), shape (source, station), from places (x, y, …) to stations (source, station)."""
        return np.asarray(np.hypot(place[:, :1] - self.x[station], place[:, 1:2] - self.y[station]))

    def times(self, place: Floats, station: Integers) -> Floats:
        """Travel times (s), shape (source, station, phase), from places (x, y, depth, …) to stations."""
        corners, right, down = self._cells(self.distances(place, station), place[:, 2], station)
        (near_up, far_up), (near_down, far_down) = corners
        up = near_up + right * (far_up - near_up)
        return np.asarray(up + down * (near_down + right * (far_down - near_down) - up))

    def slopes(self, place: Floats, station: Integers) -> tuple[Floats, Floats]:
        """Travel times and their derivatives to x, y and depth (s/m) on one more axis."""
        distance = self.distances(place, station)
        corners, right, down = self._cells(distance, place[:, 2], station)
        (near_up, far_up), (near_down, far_down) = corners
        up, below = near_up + right * (far_up - near_up), near_down + right * (far_down - near_down)
        along = (far_up - near_up + down * (far_down - near_down - far_up + near_up)) / _DISTANCE_STEP
        away = np.maximum(distance, _NEAREST)
        east, north = (place[:, :1] - self.x[station]) / away, (place[:, 1:2] - self.y[station]) / away
        slopes = [along * east[..., None], along * north[..., None], (below - up) / _DEPTH_STEP]
        return up + down * (below - up), np.stack(slopes, axis=-1)

    def model_error(self, times: Floats) -> Floats:
        """One standard deviation (s) of travel times (…, phase)."""
        return np.asarray(self.error_base + self.error_fraction * times)

    def _cells(self, distance: Floats, depth: Floats, station: Integers) -> tuple[list[list[Floats]], Floats, Floats]:
        """Times at the corners [upper, lower][near, far] of the cells, and how far in them the places lie."""
        column = np.minimum((distance / _DISTANCE_STEP).astype(np.int64), self._columns - 2)
        row = np.clip(((depth - self.low[2]) / _DEPTH_STEP).astype(np.int64), 0, self._rows - 2)
        right = distance / _DISTANCE_STEP - column
        down = (depth - self.low[2]) / _DEPTH_STEP - row
        index = (self._level[station] * self._rows + row[:, None]) * self._columns + column
        corners = [[self._grid[index + lower * self._columns + far] for far in (0, 1)] for lower in (0, 1)]
        return corners, right[..., None], np.broadcast_to(down[:, None, None], (*distance.shape, 1))
