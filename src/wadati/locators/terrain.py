"""The ground above an event: earthquakes are under it, under the sea they are under its floor.

Where there is no grid of elevations, the ground is as high as the highest of the three stations nearest to the source,
which is too low under a summit without stations and too high under the sea.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wadati.locators.observations import Floats, Observations
from wadati.model import Topography
from wadati.traveltime.times import Frame

_NEAREST_STATIONS = 3


@dataclass(frozen=True)
class Terrain:
    """How deep below sea level (m, negative above it) the ground lies, in the frame of one event.

    `level` is that of the stations, which holds where `topography` has no elevation.
    """

    level: float
    frame: Frame
    topography: Topography | None

    @classmethod
    def around(cls, obs: Observations, place: Floats, frame: Frame, topography: Topography | None) -> Terrain:
        """The terrain of arrivals whose source is about at a place (x, y; m)."""
        distances = obs.distances(place[:1], place[1:2])[0]
        third = np.unique(distances)[:_NEAREST_STATIONS][-1]
        return cls(-float(obs.elevation[distances <= third].max()), frame, topography)

    def depth(self, x: Floats, y: Floats) -> Floats:
        """The depth (m) of the ground at places of shape (node,)."""
        if self.topography is None:
            return np.full(len(x), self.level)
        depth = -self.topography.elevation(*self.frame.to_lat_lon(x, y))
        found: Floats = np.where(np.isfinite(depth), depth, self.level)
        return found

    def covers(self, x: Floats, y: Floats, z: Floats) -> npt.NDArray[np.bool_]:
        """Whether places of shape (node,) are in the ground."""
        if self.topography is None:
            return z >= self.level
        return z >= self.depth(x, y)
