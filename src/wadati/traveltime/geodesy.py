"""Distances and azimuths on the WGS 84 ellipsoid, and a flat frame around a place.

Vincenty (1975), "Direct and inverse solutions of geodesics on the ellipsoid with application of nested equations",
Survey Review 23(176), 88–93, doi:10.1179/sre.1975.23.176.88. Exact to well below a metre except between points that
are nearly antipodal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SEMI_MAJOR = 6378137.0
"""Equatorial radius of WGS 84 (m)."""
FLATTENING = 1 / 298.257223563
"""Flattening of WGS 84."""
SEMI_MINOR = SEMI_MAJOR * (1 - FLATTENING)
"""Polar radius of WGS 84 (m)."""

_ITERATIONS = 12


def distance_azimuth(
    latitude1: npt.ArrayLike, longitude1: npt.ArrayLike, latitude2: npt.ArrayLike, longitude2: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """The geodesic from point 1 to point 2: length (m) and azimuth at point 1 (degrees from north, 0 ≤ azimuth < 360).

    Latitudes and longitudes in degrees; arrays broadcast against each other. Longitudes may differ by whole turns.
    The azimuth between equal points is 0.

    >>> distance, azimuth = distance_azimuth(0.0, 179.5, 0.0, -179.5)
    >>> round(float(distance)), float(azimuth)
    (111319, 90.0)
    """
    reduced1 = np.arctan((1 - FLATTENING) * np.tan(np.radians(latitude1)))
    reduced2 = np.arctan((1 - FLATTENING) * np.tan(np.radians(latitude2)))
    turn = np.radians(np.subtract(longitude2, longitude1))
    sin1, cos1, sin2, cos2 = np.sin(reduced1), np.cos(reduced1), np.sin(reduced2), np.cos(reduced2)
    angle = turn
    for _ in range(_ITERATIONS):
        across = cos2 * np.sin(angle)
        along = cos1 * sin2 - sin1 * cos2 * np.cos(angle)
        sin_arc = np.hypot(across, along)
        cos_arc = sin1 * sin2 + cos1 * cos2 * np.cos(angle)
        arc = np.arctan2(sin_arc, cos_arc)
        sin_alpha = cos1 * across / np.where(sin_arc == 0, 1.0, sin_arc)
        cos2_alpha = 1 - sin_alpha**2
        middle = cos_arc - 2 * sin1 * sin2 / np.where(cos2_alpha < 1e-12, np.inf, cos2_alpha)
        c = FLATTENING / 16 * cos2_alpha * (4 + FLATTENING * (4 - 3 * cos2_alpha))
        before = angle
        angle = turn + (1 - c) * FLATTENING * sin_alpha * (
            arc + c * sin_arc * (middle + c * cos_arc * (2 * middle**2 - 1))
        )
        if np.all(np.abs(angle - before) < 1e-13):
            break
    scale, b = _series(cos2_alpha)
    distance = SEMI_MINOR * scale * (arc - _arc_correction(b, sin_arc, cos_arc, middle))
    azimuth = np.degrees(np.arctan2(across, along)) % 360.0
    return np.asarray(distance, np.float64), np.asarray(np.where(azimuth >= 360.0, 0.0, azimuth), np.float64)


def destination(
    latitude: npt.ArrayLike, longitude: npt.ArrayLike, distance: npt.ArrayLike, azimuth: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Where one arrives at after `distance` (m) along the geodesic that leaves at `azimuth` (degrees from north).

    Returns latitude and longitude (−180 ≤ longitude < 180) in degrees. The inverse of `distance_azimuth`.

    >>> latitude, longitude = destination(0.0, 179.5, 111319.4908, 90.0)
    >>> round(abs(float(latitude)), 6), round(float(longitude), 6)
    (0.0, -179.5)
    """
    reduced = np.arctan((1 - FLATTENING) * np.tan(np.radians(latitude)))
    sin1, cos1 = np.sin(reduced), np.cos(reduced)
    sin_azimuth, cos_azimuth = np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))
    start = np.arctan2(sin1, cos1 * cos_azimuth)
    sin_alpha = cos1 * sin_azimuth
    cos2_alpha = 1 - sin_alpha**2
    scale, b = _series(cos2_alpha)
    flat = np.asarray(distance, np.float64) / (SEMI_MINOR * scale)
    arc = flat
    for _ in range(_ITERATIONS):
        middle = np.cos(2 * start + arc)
        before = arc
        arc = flat + _arc_correction(b, np.sin(arc), np.cos(arc), middle)
        if np.all(np.abs(arc - before) < 1e-14):
            break
    middle, sin_arc, cos_arc = np.cos(2 * start + arc), np.sin(arc), np.cos(arc)
    towards = sin1 * sin_arc - cos1 * cos_arc * cos_azimuth
    latitude2 = np.arctan2(
        sin1 * cos_arc + cos1 * sin_arc * cos_azimuth, (1 - FLATTENING) * np.hypot(sin_alpha, towards)
    )
    angle = np.arctan2(sin_arc * sin_azimuth, cos1 * cos_arc - sin1 * sin_arc * cos_azimuth)
    c = FLATTENING / 16 * cos2_alpha * (4 + FLATTENING * (4 - 3 * cos2_alpha))
    turn = angle - (1 - c) * FLATTENING * sin_alpha * (arc + c * sin_arc * (middle + c * cos_arc * (2 * middle**2 - 1)))
    longitude2 = (np.asarray(longitude, np.float64) + np.degrees(turn) + 180.0) % 360.0 - 180.0
    return np.degrees(latitude2), np.asarray(longitude2, np.float64)


def _series(cos2_alpha: Any) -> tuple[Any, Any]:
    """Vincenty's A and B."""
    u2 = cos2_alpha * (SEMI_MAJOR**2 - SEMI_MINOR**2) / SEMI_MINOR**2
    a = 1 + u2 / 16384 * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)))
    b = u2 / 1024 * (256 + u2 * (-128 + u2 * (74 - 47 * u2)))
    return a, b


def _arc_correction(b: Any, sin_arc: Any, cos_arc: Any, middle: Any) -> Any:
    """Vincenty's Δσ."""
    inner = cos_arc * (2 * middle**2 - 1) - b / 6 * middle * (4 * sin_arc**2 - 3) * (4 * middle**2 - 3)
    return b * sin_arc * (middle + b / 4 * inner)


@dataclass(frozen=True)
class LocalFrame:
    """A flat frame (azimuthal equidistant) around a place: x metres east, y metres north.

    Distance and azimuth from the centre are exact; between two places within 300 km of it, distances are right to
    0.1 %. Works across the date line and at the poles.

    >>> frame = LocalFrame(35.7, -117.5)
    >>> x, y = frame.to_xy(36.0, -117.0)
    >>> [round(float(v), 6) for v in frame.to_lat_lon(x, y)]
    [36.0, -117.0]
    """

    latitude: float
    longitude: float

    def to_xy(self, latitude: npt.ArrayLike, longitude: npt.ArrayLike) -> tuple[Floats, Floats]:
        """East and north (m) of places in degrees."""
        distance, azimuth = distance_azimuth(self.latitude, self.longitude, latitude, longitude)
        angle = np.radians(azimuth)
        return distance * np.sin(angle), distance * np.cos(angle)

    def to_lat_lon(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Latitude and longitude (degrees) of places east and north (m) of the centre."""
        return destination(self.latitude, self.longitude, np.hypot(x, y), np.degrees(np.arctan2(x, y)))
