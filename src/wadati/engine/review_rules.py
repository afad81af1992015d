"""The settings of the review, as they stand in a Flow."""

from __future__ import annotations

import msgspec

from wadati.errors import UsageError


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A polygon of (latitude, longitude) in degrees, closed by itself, that crosses neither a pole nor the date line.

    >>> square = Region("here", ((35.0, -118.0), (36.0, -118.0), (36.0, -117.0), (35.0, -117.0)))
    >>> square.holds(35.5, -117.5), square.holds(35.5, -116.5)
    (True, False)
    """

    name: str
    corners: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if len(self.corners) < 3:
            raise UsageError(f"the region {self.name} has {len(self.corners)} corners: give at least 3")

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether a point lies inside, by the parity of edges crossed; south and west edges belong to the region."""
        inside = False
        for (lat1, lon1), (lat2, lon2) in zip(self.corners, (*self.corners[1:], self.corners[0]), strict=True):
            if (lat1 <= latitude) != (lat2 <= latitude):
                crossing = lon1 + (latitude - lat1) / (lat2 - lat1) * (lon2 - lon1)
                inside ^= longitude >= crossing
        return inside


class Authority(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose origins, by their `method`, come first in a region."""

    region: Region
    methods: tuple[str, ...]


class Quarry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where and at which hours of solar time blasts are fired; deeper than `deepest_km` below sea level none are."""

    region: Region
    first_hour: float = 7.0
    last_hour: float = 19.0
    deepest_km: float = 2.0


class Publication(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an automatic origin needs to be published.

    At least so many `arrivals` with weight at so many `stations`; at most so large a weighted RMS of the `residuals_s`,
    95 % semi-major axis (`ellipse_km`) and azimuthal `gap` (degrees; 360 asks nothing).
    """

    arrivals: int = 5
    stations: int = 4
    residuals_s: float = 0.8
    ellipse_km: float = 15.0
    gap: float = 360.0


class Review(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules of `engine.review`; authorities in order of precedence, magnitude types by how they begin."""

    publication: Publication = Publication()
    same_time_s: float = 1.0
    same_distance_km: float = 10.0
    magnitude_types: tuple[str, ...] = ("Mw", "ML", "Ms", "mb", "Md")
    authorities: tuple[Authority, ...] = ()
    quarries: tuple[Quarry, ...] = ()
