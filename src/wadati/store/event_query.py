"""What events have to be to fit a query, decided on columns of many events at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from wadati.model import EventSummary

Order = Literal["time", "time-asc", "magnitude", "magnitude-asc"]

_MORE = 1e-6
COLUMNS: Mapping[str, type[np.generic]] = {
    "current": np.bool_,
    "time": np.int64,
    "updated": np.int64,
    "latitude": np.float64,
    "longitude": np.float64,
    "depth": np.float64,
    "magnitude": np.float64,
    "magnitude_type": np.int16,
    "event_type": np.int16,
}
WORDS = ("magnitude_type", "event_type")
_NEVER = -(2**63)


class EventQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What events have to be; what is None does not matter. Limits are inclusive.

    Times in ns, degrees, depths in metres below sea level. A west side east of the east side means a box across the
    date line. `latitude`, `longitude` and the radii (degrees of arc on a sphere) make a ring. `event_types` and
    `magnitude_type` are compared without regard to case. The order is by time or magnitude, the greatest first unless
    it ends in `-asc`; events without a magnitude come last.
    """

    start: int | None = None
    end: int | None = None
    updated_after: int | None = None
    min_latitude: float | None = None
    max_latitude: float | None = None
    min_longitude: float | None = None
    max_longitude: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    min_radius: float | None = None
    max_radius: float | None = None
    min_depth: float | None = None
    max_depth: float | None = None
    min_magnitude: float | None = None
    max_magnitude: float | None = None
    magnitude_type: str | None = None
    event_types: tuple[str, ...] | None = None
    order: Order = "time"
    limit: int | None = None
    offset: int = 0


def fitting(query: EventQuery, summaries: Sequence[EventSummary]) -> list[EventSummary]:
    """Those of some events that fit, in their order; order, limit and offset of the query do not count.

    >>> from wadati.model import Event, Origin
    >>> one = EventSummary.of(Event("wd1", (Origin.of(0, 35.7, -117.5, 8000.0),)))
    >>> len(fitting(EventQuery(max_depth=8000.0), [one])), len(fitting(EventQuery(min_magnitude=1.0), [one]))
    (1, 0)
    """
    words: dict[str, dict[str, int]] = {name: {} for name in WORDS}
    columns: dict[str, NDArray[Any]] = {"current": np.ones(len(summaries), np.bool_)}
    for name, kind in COLUMNS.items():
        if name != "current":
            columns[name] = column_of(name, kind, [getattr(one, name) for one in summaries], words)
    return [one for one, good in zip(summaries, fits(query, columns, words), strict=True) if good]


def column_of(
    name: str, kind: type[np.generic], values: Sequence[Any], words: dict[str, dict[str, int]]
) -> NDArray[Any]:
    """The column of some values; text is coded by `words`, which learn what is new."""
    if name in WORDS:
        known = words[name]
        return np.array([-1 if one is None else known.setdefault(one.lower(), len(known)) for one in values], kind)
    if name == "updated":
        return np.array([_NEVER if one is None else one for one in values], kind)
    return np.array(values, kind)


def fits(
    query: EventQuery, columns: Mapping[str, NDArray[Any]], words: Mapping[str, Mapping[str, int]]
) -> NDArray[np.bool_]:
    """Of each row of columns whether its event fits; `words` are the codes of text in them."""
    found: NDArray[np.bool_] = columns["current"].copy()
    limits = (
        ("time", query.start, query.end),
        ("latitude", query.min_latitude, query.max_latitude),
        ("depth", query.min_depth, query.max_depth),
        ("magnitude", query.min_magnitude, query.max_magnitude),
    )
    for name, low, high in limits:
        _within(columns[name], low, high, found)
    if query.updated_after is not None:
        found &= columns["updated"] > query.updated_after
    west, east = query.min_longitude, query.max_longitude
    if west is not None and east is not None and west > east:
        found &= (columns["longitude"] >= west) | (columns["longitude"] <= east)
    else:
        _within(columns["longitude"], west, east, found)
    if query.magnitude_type is not None:
        found &= columns["magnitude_type"] == words["magnitude_type"].get(query.magnitude_type.lower(), -2)
    if query.event_types is not None:
        wanted = [words["event_type"].get(word.lower(), -2) for word in query.event_types]
        found &= np.isin(columns["event_type"], wanted)
    if query.latitude is not None and query.longitude is not None:
        _in_ring(query, query.latitude, query.longitude, columns["latitude"], columns["longitude"], found)
    return found


def _within(column: NDArray[Any], low: float | None, high: float | None, fits: NDArray[np.bool_]) -> None:
    """Take out of `fits` what is not within limits."""
    if low is not None:
        fits &= column >= low
    if high is not None:
        fits &= column <= high


def _in_ring(
    query: EventQuery,
    latitude: float,
    longitude: float,
    latitudes: NDArray[np.float64],
    longitudes: NDArray[np.float64],
    fits: NDArray[np.bool_],
) -> None:
    """Take out of `fits` what is not in the ring; the arc, the dearest question, is asked only of what may be in it."""
    radius = query.max_radius
    if radius is not None:
        _within(latitudes, latitude - radius - _MORE, latitude + radius + _MORE, fits)
    left = np.flatnonzero(fits)
    if radius is not None and abs(latitude) + radius < 90 - _MORE:
        # The ring's easternmost point is where its circle touches a meridian.
        half = np.degrees(np.arcsin(np.sin(np.radians(radius)) / np.cos(np.radians(latitude)))) + _MORE
        apart = np.abs(longitudes[left] - longitude)
        near = left[(apart <= half) | (apart >= 360 - half)]
    else:
        near = left
    arc = _arc(latitude, longitude, latitudes[near], longitudes[near])
    inside = arc >= (query.min_radius or 0.0)
    if radius is not None:
        inside &= arc <= radius
    fits[left] = False
    fits[near[inside]] = True


def _arc(
    latitude: float, longitude: float, latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Degrees of arc on a sphere from a point to others (haversine)."""
    to, along = np.radians(latitudes), np.radians(longitudes - longitude)
    here = np.radians(latitude)
    half = np.sin((to - here) / 2) ** 2 + np.cos(here) * np.cos(to) * np.sin(along / 2) ** 2
    found: NDArray[np.float64] = np.degrees(2 * np.arcsin(np.sqrt(np.minimum(half, 1.0))))
    return found
