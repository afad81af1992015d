"""The flat frames of NonLinLoc grids: the transforms SIMPLE and LAMBERT.

Snyder (1987), Map projections: a working manual, doi:10.3133/pp1395, pages 107–109 for the conic on the ellipsoid.
`x` is east and `y` north; a grid may be rotated within its frame (see `gridded_times`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from wadati.traveltime.times import Floats

_DEGREE = 10_000_000.0 / 90.0
_ITERATIONS = 8

ELLIPSOIDS = {
    "WGS-84": (6378137.0, 298.257223563),
    "GRS-80": (6378137.0, 298.257222101),
    "WGS-72": (6378135.0, 298.26),
    "Clarke-1880": (6378249.145, 293.465),
    "International": (6378388.0, 297.0),
}
"""Equatorial radius (m) and inverse flattening by the name that NonLinLoc uses."""


@dataclass(frozen=True)
class SimpleFrame:
    """Degrees times 10,000 km / 90, longitude also times the cosine of the place's latitude.

    >>> frame = SimpleFrame(35.0, -117.0)
    >>> x, y = frame.to_xy(36.0, -117.0)
    >>> float(x), round(float(y))
    (0.0, 111111)
    """

    latitude: float
    longitude: float

    def to_xy(self, latitude: npt.ArrayLike, longitude: npt.ArrayLike) -> tuple[Floats, Floats]:
        """East and north (m) of places in degrees."""
        away = (np.asarray(longitude, np.float64) - self.longitude + 180.0) % 360.0 - 180.0
        north = np.asarray(latitude, np.float64)
        return away * _DEGREE * np.cos(np.radians(north)), (north - self.latitude) * _DEGREE

    def to_lat_lon(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Latitude and longitude (degrees) of places east and north (m)."""
        latitude = self.latitude + np.asarray(y, np.float64) / _DEGREE
        away = np.asarray(x, np.float64) / (_DEGREE * np.cos(np.radians(latitude)))
        return latitude, (self.longitude + away + 180.0) % 360.0 - 180.0


@dataclass(frozen=True)
class LambertFrame:
    """Lambert's conformal conic with two standard parallels (degrees) on an ellipsoid.

    >>> frame = LambertFrame("WGS-84", -22.27, -67.16, -22.28, -22.26)
    >>> x, y = frame.to_xy(-22.264670, -67.163331)
    >>> round(float(x)), round(float(y))
    (-343, 590)
    """

    ellipsoid: str
    latitude: float
    longitude: float
    first_parallel: float
    second_parallel: float

    def to_xy(self, latitude: npt.ArrayLike, longitude: npt.ArrayLike) -> tuple[Floats, Floats]:
        """East and north (m) of places in degrees."""
        cone, scale, origin = self._cone
        radius = scale * self._conformal(np.asarray(latitude, np.float64)) ** cone
        away = (np.asarray(longitude, np.float64) - self.longitude + 180.0) % 360.0 - 180.0
        angle = cone * np.radians(away)
        return radius * np.sin(angle), origin - radius * np.cos(angle)

    def to_lat_lon(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Latitude and longitude (degrees) of places east and north (m)."""
        cone, scale, origin = self._cone
        east, down, sign = np.asarray(x, np.float64), origin - np.asarray(y, np.float64), np.sign(cone)
        radius = sign * np.hypot(east, down)
        angle = np.arctan2(sign * east, sign * down)
        conformal = (radius / scale) ** (1 / cone)
        latitude = np.pi / 2 - 2 * np.arctan(conformal)
        for _ in range(_ITERATIONS):
            bent = self._eccentricity * np.sin(latitude)
            ratio = ((1 - bent) / (1 + bent)) ** (self._eccentricity / 2)
            latitude = np.pi / 2 - 2 * np.arctan(conformal * ratio)
        longitude = (self.longitude + np.degrees(angle / cone) + 180.0) % 360.0 - 180.0
        return np.degrees(latitude), longitude

    @property
    def _eccentricity(self) -> float:
        flattening = 1 / ELLIPSOIDS[self.ellipsoid][1]
        return float(np.sqrt(flattening * (2 - flattening)))

    @cached_property
    def _cone(self) -> tuple[float, float, float]:
        """The constant of the cone, the radius of its scale (m) and that of the origin (m)."""
        first, second = np.radians([self.first_parallel, self.second_parallel])
        m = [np.cos(p) / np.sqrt(1 - (self._eccentricity * np.sin(p)) ** 2) for p in (first, second)]
        t = [self._conformal(np.degrees(p)) for p in (first, second)]
        is_one = abs(first - second) < 1e-9
        cone = float(np.sin(first) if is_one else np.log(m[0] / m[1]) / np.log(t[0] / t[1]))
        scale = float(ELLIPSOIDS[self.ellipsoid][0] * m[0] / (cone * t[0] ** cone))
        return cone, scale, float(scale * self._conformal(np.float64(self.latitude)) ** cone)

    def _conformal(self, latitude: npt.ArrayLike) -> Floats:
        """Snyder's t: the tangent of half the conformal colatitude."""
        angle = np.radians(np.asarray(latitude, np.float64))
        bent = self._eccentricity * np.sin(angle)
        t: Floats = np.tan(np.pi / 4 - angle / 2) / ((1 - bent) / (1 + bent)) ** (self._eccentricity / 2)
        return t
