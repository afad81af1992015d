"""Origins and arrivals: when and where, with what uncertainty, from which picks. Never edited, only superseded."""

from __future__ import annotations

import math

import msgspec

from wadati.model.ids import content_id
from wadati.model.time import Nanoseconds


class Arrival(msgspec.Struct, frozen=True):
    """A pick tied to an origin.

    `distance` is epicentral, in metres along the ellipsoid. `azimuth` is at the source, in degrees clockwise from
    north. `time_residual` = observed − expected, in seconds. `weight` between 0 (not used) and 1.
    """

    pick_id: str
    network: str
    station: str
    phase: str
    distance: float
    azimuth: float
    time_residual: float
    weight: float


class Uncertainty(msgspec.Struct, frozen=True):
    """What the posterior of an origin says; 95 % where it says so, else one standard deviation.

    `covariance` is ((east, north, down, time) × the same) in m and s. The 95 % confidence ellipse of the epicentre
    has `semi_major` and `semi_minor` (m) and `semi_major_azimuth` (degrees clockwise from north).
    `depth_95` and `time_95` are half-widths of 95 % intervals (m, s). `depth_resolved` is False where the data leave
    the depth free within the search range.
    """

    covariance: tuple[tuple[float, float, float, float], ...]
    semi_major: float
    semi_minor: float
    semi_major_azimuth: float
    depth_95: float
    time_95: float
    depth_resolved: bool = True

    @property
    def horizontal(self) -> float:
        """Horizontal standard error in metres: the larger axis of the one-sigma ellipse."""
        return self.semi_major / 2.4477

    @property
    def depth(self) -> float:
        """Standard error of the depth (m)."""
        return math.sqrt(self.covariance[2][2])

    @property
    def time(self) -> float:
        """Standard error of the origin time (s)."""
        return math.sqrt(self.covariance[3][3])


class Origin(msgspec.Struct, frozen=True):
    """A hypocentre and its evidence.

    Latitude and longitude in degrees (WGS 84), `depth` in metres below sea level (negative above it). `azimuthal_gap`
    in degrees, `standard_error` is the weighted RMS of the residuals in seconds. `earth_model` and `method` name what
    was used. `uncertainty` is None for origins read from tables that state none.
    Make origins with `Origin.of`, which gives them the identifier of their content.
    """

    origin_id: str
    time: Nanoseconds
    latitude: float
    longitude: float
    depth: float
    arrivals: tuple[Arrival, ...] = ()
    uncertainty: Uncertainty | None = None
    azimuthal_gap: float | None = None
    standard_error: float | None = None
    earth_model: str = ""
    method: str = ""
    evaluation_mode: str = "automatic"
    evaluation_status: str = "preliminary"

    @classmethod
    def of(
        cls,
        time: int,
        latitude: float,
        longitude: float,
        depth: float,
        *,
        arrivals: tuple[Arrival, ...] = (),
        uncertainty: Uncertainty | None = None,
        azimuthal_gap: float | None = None,
        standard_error: float | None = None,
        earth_model: str = "",
        method: str = "",
        evaluation_mode: str = "automatic",
        evaluation_status: str = "preliminary",
    ) -> Origin:
        """An origin whose identifier hashes hypocentre, picks, model and method.

        >>> Origin.of(0, 35.7, -117.5, 8000.0).origin_id
        'origin-bp7umvfbdjq6duoe'
        """
        origin_id = content_id(
            "origin",
            time,
            round(latitude, 6),
            round(longitude, 6),
            round(depth),
            sorted(arrival.pick_id for arrival in arrivals),
            earth_model,
            method,
            evaluation_mode,
        )
        return cls(
            origin_id,
            time,
            latitude,
            longitude,
            depth,
            arrivals,
            uncertainty,
            azimuthal_gap,
            standard_error,
            earth_model,
            method,
            evaluation_mode,
            evaluation_status,
        )
