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

_STEP = 200.0
_NEAREST = 100.0


class Network:
    """Stations in a flat frame, with travel times and their expected errors.

    `error_base` (s) and `error_fraction` (of the travel time), one each a phase: one standard deviation of what the
    velocity model gets wrong.
    """

    def __init__(
        self,
        stations: Sequence[Station],
        model: VelocityModel,
        margin: float,
        error_base: tuple[float, float],
        error_fraction: tuple[float, float],
    ) -> None:
        latitudes = np.array([station.latitude for station in stations])
        longitudes = np.array([station.longitude for station in stations])
        turned = (longitudes - longitudes[0] + 180.0) % 360.0 - 180.0
        self.frame = LocalFrame(float(latitudes.mean()), float(longitudes[0] + turned.mean()))
        self.x, self.y = self.frame.to_xy(latitudes, longitudes)
        self.elevation = np.array([station.elevation for station in stations])
        self.error_base = np.array(error_base)
        self.error_fraction = np.array(error_fraction)
        diameter = float(np.hypot(np.ptp(self.x) + 2 * margin, np.ptp(self.y) + 2 * margin))
        low, high = np.floor(self.elevation.min() / 1000) * 1000, np.ceil(self.elevation.max() / 1000) * 1000
        self._table = travel_time_table(
            model,
            max_distance=max(200_000.0, float(np.ceil(diameter / 100_000) * 100_000)),
            elevation_range=(min(0.0, float(low)), max(3000.0, float(high))),
        )

    def __len__(self) -> int:
        return len(self.x)

    def spacing(self) -> float:
        """The median distance (m) from a station to the nearest other."""
        distance = np.hypot(self.x[:, None] - self.x, self.y[:, None] - self.y)
        np.fill_diagonal(distance, np.inf)
        return float(np.median(distance.min(axis=1)))

    def distances(self, x: Floats, y: Floats, station: Integers | slice = slice(None)) -> Floats:
        """Epicentral distances (m), shape (source, station)."""
        return np.asarray(np.hypot(x[:, None] - self.x[station], y[:, None] - self.y[station]))

    def times(self, distance: Floats, depth: Floats, station: Integers | slice = slice(None)) -> Floats:
        """Travel times (s), shape (source, station, phase), for distances (source, station) and depths (source)."""
        elevation = self.elevation[station]
        return np.stack([self._table.times(p, distance, depth[:, None], elevation) for p in PHASES], axis=-1)

    def model_error(self, times: Floats) -> Floats:
        """One standard deviation (s) of travel times (…, phase)."""
        return np.asarray(self.error_base + self.error_fraction * times)

    def slopes(self, x: Floats, y: Floats, depth: Floats, station: Integers | slice) -> tuple[Floats, Floats]:
        """Travel times (source, station, phase) and their derivatives to x, y, depth (s/m), one more axis."""
        distance = self.distances(x, y, station)
        times = self.times(distance, depth, station)
        along = (self.times(distance + _STEP, depth, station) - times) / _STEP
        down = (self.times(distance, depth + _STEP, station) - times) / _STEP
        far = np.maximum(distance, _NEAREST)
        east, north = (x[:, None] - self.x[station]) / far, (y[:, None] - self.y[station]) / far
        return times, np.stack([along * east[..., None], along * north[..., None], down], axis=-1)
