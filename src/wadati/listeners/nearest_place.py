"""Where people would say it was: the nearest of some places, and the larger one they know."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from wadati.errors import InputError
from wadati.model import Event
from wadati.traveltime.geodesy import distance_azimuth

_WINDS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")


class Place(msgspec.Struct, frozen=True):
    """A place with a name; degrees, inhabitants 0 where unknown."""

    name: str
    latitude: float
    longitude: float
    population: int = 0


class NearestPlace:
    """A decorator that names the nearest place, with how far and in which direction the epicentre lies from it.

    >>> from wadati.model import Origin
    >>> event = Event("wd1", (Origin.of(0, 35.7, -117.5, 8000.0),))
    >>> NearestPlace([Place("Ridgecrest", 35.6225, -117.6709)]).decorate(event)["words"]
    '18 km ENE of Ridgecrest'
    """

    name = "nearest_place"

    def __init__(self, places: list[Place]) -> None:
        self._places = places

    @classmethod
    def read(cls, path: Path) -> NearestPlace:
        """From a CSV with `name,latitude,longitude` and, where known, `population`. Raises `InputError`."""
        try:
            with path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            places = [
                Place(row["name"], float(row["latitude"]), float(row["longitude"]), int(row.get("population") or 0))
                for row in rows
            ]
        except OSError as error:
            raise InputError(path, f"cannot be read ({error.strerror})", "name an existing CSV of places") from None
        except (KeyError, ValueError) as error:
            wrong = f"is no table of places ({error})"
            raise InputError(path, wrong, "give the columns name,latitude,longitude[,population]") from None
        return cls(places)

    def decorate(self, event: Event) -> dict[str, Any]:
        """The nearest place; nothing where there are no places."""
        if not self._places:
            return {}
        latitude, longitude = (np.array([getattr(p, what) for p in self._places]) for what in ("latitude", "longitude"))
        origin = event.origin
        metres, azimuth = distance_azimuth(latitude, longitude, origin.latitude, origin.longitude)
        at = int(np.argmin(metres))
        wind = _WINDS[round(float(azimuth[at]) / 22.5) % 16]
        place = self._places[at]
        return {
            "place": place.name,
            "distance_km": round(float(metres[at]) / 1000, 1),
            "direction": wind,
            "population": place.population,
            "words": f"{float(metres[at]) / 1000:.0f} km {wind} of {place.name}",
        }
