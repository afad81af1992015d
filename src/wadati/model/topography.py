"""The ground: a grid of elevations, above which no earthquake is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from wadati.errors import UsageError
from wadati.model.ids import content_id

Floats = npt.NDArray[np.float64]

_WHOLE_CIRCLE = 360.0


@dataclass(frozen=True, eq=False)
class Topography:
    """Elevations of the ground or the sea floor, metres above sea level (negative below), on a regular grid.

    `elevations` has shape (row, column), rows from south to north, columns from west to east, NaN where there is none.
    `south` and `west` are the latitude and longitude (degrees) of the first node, `latitude_step` and `longitude_step`
    the distance (degrees) from one to the next. A grid may cross the date line or go all the way around.

    Raises `UsageError` for fewer than 2 × 2 nodes, for steps that are not positive, for latitudes beyond a pole and for
    a grid without any elevation.

    >>> slope = Topography("slope", 45.0, 7.0, 0.5, 0.5, np.array([[0.0, 1000.0], [0.0, 3000.0]]))
    >>> slope.elevation(np.array([45.25, 45.25, 50.0]), np.array([7.25, 7.0, 7.0]))
    array([1000.,    0.,   nan])
    >>> slope.highest
    3000.0
    """

    name: str
    south: float
    west: float
    latitude_step: float
    longitude_step: float
    elevations: npt.NDArray[np.floating]

    def __post_init__(self) -> None:
        rows, columns = self.elevations.shape
        if rows < 2 or columns < 2:
            raise UsageError(f"topography {self.name}: {rows} × {columns} nodes; give at least 2 × 2")
        if not (self.latitude_step > 0 and self.longitude_step > 0):
            raise UsageError(f"topography {self.name}: steps must be positive")
        north = self.south + self.latitude_step * (rows - 1)
        if not (self.south >= -90.0 and north <= 90.0):
            raise UsageError(
                f"topography {self.name}: latitudes {self.south:g} to {north:g} are beyond a pole; "
                "give coordinates in degrees"
            )
        if not np.isfinite(self.elevations).any():
            raise UsageError(f"topography {self.name}: has no elevation at all")

    @cached_property
    def digest(self) -> str:
        """An identifier of the content."""
        grid = self.south, self.west, self.latitude_step, self.longitude_step, self.elevations.shape
        return content_id("topography", grid, np.asarray(self.elevations, np.float32).tobytes())

    @cached_property
    def highest(self) -> float:
        """The elevation (m) of the highest node."""
        return float(np.nanmax(self.elevations))

    def elevation(self, latitude: Floats, longitude: Floats) -> Floats:
        """The elevation (m) at places (degrees) of any one shape, between the nodes in proportion.

        NaN outside the grid and where one of the four nodes around has none.
        """
        rows, columns = self.elevations.shape
        row = (np.asarray(latitude, np.float64) - self.south) / self.latitude_step
        column = np.mod(np.asarray(longitude, np.float64) - self.west, _WHOLE_CIRCLE) / self.longitude_step
        around = round(_WHOLE_CIRCLE / self.longitude_step)
        closes = columns >= around and abs(around * self.longitude_step - _WHOLE_CIRCLE) < 1e-6 * self.longitude_step
        inside = (row >= 0) & (row <= rows - 1) & (closes | (column <= columns - 1))
        low = np.clip(np.where(inside, row, 0).astype(int), 0, rows - 2)
        left = np.where(inside, column, 0).astype(int)
        if not closes:
            left = np.clip(left, 0, columns - 2)
        right = (left + 1) % around if closes else left + 1
        up, across = row - low, column - left
        nodes = self.elevations
        south = nodes[low, left] * (1 - across) + nodes[low, right] * across
        north = nodes[low + 1, left] * (1 - across) + nodes[low + 1, right] * across
        found: Floats = np.where(inside, south * (1 - up) + north * up, np.nan)
        return found
