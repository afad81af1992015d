"""What lists, feeds and maps need of an event, without its evidence."""

from __future__ import annotations

import math

import msgspec

from wadati.model.event import Event
from wadati.model.time import Nanoseconds


class EventSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One event in a line: its preferred origin and magnitude, and how good they are.

    Latitude and longitude in degrees (WGS 84), `depth` and `minimum_distance` (to the nearest used station) in metres,
    `azimuthal_gap` in degrees, `standard_error` in seconds. `used_stations` is 0 where nothing is known of them.
    `updated` is when the event last changed, None where nobody noted it.

    >>> from wadati.model.origin import Origin
    >>> EventSummary.of(Event("wd1", (Origin.of(0, 35.7, -117.5, 8000.0),))).depth
    8000.0
    """

    event_id: str
    time: Nanoseconds
    latitude: float
    longitude: float
    depth: float
    magnitude: float | None = None
    magnitude_type: str | None = None
    event_type: str = "earthquake"
    evaluation_mode: str = "automatic"
    evaluation_status: str = "preliminary"
    arrivals: int = 0
    used_stations: int = 0
    minimum_distance: float | None = None
    azimuthal_gap: float | None = None
    standard_error: float | None = None
    updated: Nanoseconds | None = None
    aliases: tuple[str, ...] = ()

    @classmethod
    def of(cls, event: Event, updated: int | None = None) -> EventSummary:
        """The summary of an event."""
        origin, magnitude = event.origin, event.magnitude
        used = [arrival for arrival in origin.arrivals if arrival.weight > 0]
        return cls(
            event_id=event.event_id,
            time=origin.time,
            latitude=origin.latitude,
            longitude=origin.longitude,
            depth=origin.depth,
            magnitude=None if magnitude is None else magnitude.value,
            magnitude_type=None if magnitude is None else magnitude.magnitude_type,
            event_type=event.event_type,
            evaluation_mode=origin.evaluation_mode,
            evaluation_status=origin.evaluation_status,
            arrivals=len(origin.arrivals),
            used_stations=len({(arrival.network, arrival.station) for arrival in used}),
            minimum_distance=min((a.distance for a in used if math.isfinite(a.distance)), default=None),
            azimuthal_gap=origin.azimuthal_gap,
            standard_error=origin.standard_error,
            updated=updated,
            aliases=event.aliases,
        )
