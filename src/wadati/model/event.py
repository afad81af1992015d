"""Events, their magnitudes, and catalogs of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from wadati.model.mechanism import FocalMechanism
from wadati.model.origin import Origin
from wadati.model.pick import Pick
from wadati.model.source_id import SourceId
from wadati.units import KILOMETRE

if TYPE_CHECKING:
    import pandas


EVENT_COLUMNS = (
    "event_id",
    "time",
    "latitude",
    "longitude",
    "depth_km",
    "magnitude",
    "magnitude_type",
    "arrivals",
    "azimuthal_gap",
    "standard_error_s",
    "horizontal_uncertainty_km",
    "depth_uncertainty_km",
)
"""The columns of `events.csv` and of `Catalog.to_dataframe`."""


class StationMagnitude(msgspec.Struct, frozen=True):
    """The magnitude one station gives; `amplitude` in metres of Wood–Anderson displacement.

    `weight` is 0 for one rejected as an outlier.
    """

    source_id: SourceId
    magnitude_type: str
    value: float
    amplitude: float
    weight: float = 1.0


class Magnitude(msgspec.Struct, frozen=True):
    """A size of an origin; the type is always given.

    `uncertainty` is one standard error of `value`. `saturated` is True where the scale no longer grows with the
    earthquake; such a magnitude is never preferred.
    """

    magnitude_id: str
    origin_id: str
    magnitude_type: str
    value: float
    uncertainty: float | None = None
    station_magnitudes: tuple[StationMagnitude, ...] = ()
    saturated: bool = False
    method: str = ""

    @property
    def station_count(self) -> int:
        """Stations whose magnitude was used."""
        return len({m.source_id.station_key for m in self.station_magnitudes if m.weight > 0})


class Event(msgspec.Struct, frozen=True):
    """An earthquake: owns origins and magnitudes and points at the preferred ones.

    `event_id` is fixed when the event is first published; merged events keep the oldest and record the others as
    `aliases`. `preferred_magnitude_id` is None where no magnitude may be preferred; so with mechanisms.
    """

    event_id: str
    origins: tuple[Origin, ...]
    magnitudes: tuple[Magnitude, ...] = ()
    preferred_origin_id: str | None = None
    preferred_magnitude_id: str | None = None
    event_type: str = "earthquake"
    aliases: tuple[str, ...] = ()
    mechanisms: tuple[FocalMechanism, ...] = ()
    preferred_mechanism_id: str | None = None

    @property
    def origin(self) -> Origin:
        """The preferred origin, else the first."""
        for origin in self.origins:
            if origin.origin_id == self.preferred_origin_id:
                return origin
        return self.origins[0]

    @property
    def magnitude(self) -> Magnitude | None:
        """The preferred magnitude, if there is one."""
        for magnitude in self.magnitudes:
            if magnitude.magnitude_id == self.preferred_magnitude_id:
                return magnitude
        return None

    @property
    def mechanism(self) -> FocalMechanism | None:
        """The preferred focal mechanism, if there is one."""
        for mechanism in self.mechanisms:
            if mechanism.mechanism_id == self.preferred_mechanism_id:
                return mechanism
        return None


class Catalog(msgspec.Struct, frozen=True):
    """Events in order of their preferred origin's time, and the picks they and others rest on, in order of time."""

    events: tuple[Event, ...] = ()
    picks: tuple[Pick, ...] = ()

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def to_dataframe(self) -> pandas.DataFrame:
        """One row an event, columns as in `events.csv` (km, UTC times as pandas time stamps).

        >>> event = Event("wd1", (Origin.of(0, 35.7, -117.5, 8000.0),))
        >>> Catalog((event,)).to_dataframe()["depth_km"].tolist()
        [8.0]
        """
        import pandas

        rows = []
        for event in self.events:
            origin, magnitude, spread = event.origin, event.magnitude, event.origin.uncertainty
            rows.append(
                {
                    "event_id": event.event_id,
                    "time": pandas.Timestamp(origin.time, unit="ns", tz="UTC"),
                    "latitude": origin.latitude,
                    "longitude": origin.longitude,
                    "depth_km": origin.depth / KILOMETRE,
                    "magnitude": magnitude.value if magnitude else None,
                    "magnitude_type": magnitude.magnitude_type if magnitude else None,
                    "arrivals": sum(arrival.weight > 0 for arrival in origin.arrivals),
                    "azimuthal_gap": origin.azimuthal_gap,
                    "standard_error_s": origin.standard_error,
                    "horizontal_uncertainty_km": spread.horizontal / KILOMETRE if spread else None,
                    "depth_uncertainty_km": spread.depth / KILOMETRE if spread else None,
                }
            )
        return pandas.DataFrame(rows, columns=list(EVENT_COLUMNS))
