"""Events beside what others saw: any stream of CloudEvents, joined in time and space, with the rate of chance.

An external CloudEvent tells its time by its `time` attribute or `data.time`, and its place by `data.latitude` and
`data.longitude` (without a place it is near everything). It coincides with an event where the two are at most `seconds`
and `metres` apart, less the time that a wave of `speed` (m/s) takes where one is given (infrasound: 300 to 340).

Were the two streams independent, an event of ours would meet one of theirs by chance at a rate of
λ₁ λ₂ · 2 `seconds` · min(1, π `metres`² / area), with λ₁ and λ₂ the rates of both so far and the area their extent.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from wadati.model import Event, parse_time
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import SECOND

YEAR = 365.25 * 86400


class Other(NamedTuple):
    """What an external CloudEvent tells: its id, who and what, when (ns) and where, None for nowhere."""

    other_id: str
    source: str
    kind: str
    time: int
    latitude: float | None
    longitude: float | None


class Match(NamedTuple):
    """An event of ours and one of theirs."""

    event_id: str
    other: Other
    seconds: float
    metres: float
    chance_rate_per_year: float


def read_cloud_event(message: Mapping[str, Any]) -> Other:
    """An external CloudEvent as it is joined. Raises `ValueError` naming what it lacks.

    >>> read_cloud_event({"id": "1", "source": "/gauge", "type": "tide", "time": "2019-07-04T17:33:50Z"}).latitude
    """
    for name in ("id", "source", "type"):
        if not isinstance(message.get(name), str):
            raise ValueError(f"is no CloudEvent: it has no {name}")  # noqa: TRY004 - it is about what was sent
    data = message.get("data")
    data = data if isinstance(data, Mapping) else {}
    when = data.get("time") or message.get("time")
    if not isinstance(when, str):
        raise ValueError("tells no time")  # noqa: TRY004
    place = [data.get("latitude"), data.get("longitude")]
    there = all(isinstance(value, (int, float)) for value in place)
    latitude, longitude = (float(place[0]), float(place[1])) if there else (None, None)  # type: ignore[arg-type]
    return Other(
        str(message["id"]), str(message["source"]), str(message["type"]), parse_time(when), latitude, longitude
    )


@dataclass
class Coincidence:
    """Joins two streams; each may be fed in any order within `memory_s`. A pair is told once.

    >>> from wadati.model import Origin
    >>> join = Coincidence(seconds=60.0, metres=100_000.0)
    >>> join.event(Event("wd1", (Origin.of(0, 35.7, -117.5, 8000.0),)))
    []
    >>> [match.event_id for match in join.other(Other("a", "/x", "felt", 20 * SECOND, 35.6, -117.6))]
    ['wd1']
    """

    seconds: float
    metres: float
    speed: float | None = None
    memory_s: float = 86400.0
    _events: dict[str, tuple[int, float, float]] = field(default_factory=dict)
    _others: deque[Other] = field(default_factory=deque)
    _told: dict[tuple[str, str], int] = field(default_factory=dict)
    _first: int | None = None
    _last: int | None = None
    _counts: list[int] = field(default_factory=lambda: [0, 0])
    _extent: list[float] = field(default_factory=lambda: [90.0, -90.0, 180.0, -180.0])

    def event(self, event: Event) -> list[Match]:
        """A version of an event of ours came; what it coincides with that was not told before."""
        origin = event.origin
        self._counts[0] += event.event_id not in self._events
        self._events[event.event_id] = origin.time, origin.latitude, origin.longitude
        self._seen(origin.time, origin.latitude, origin.longitude)
        return [m for other in self._others if (m := self._match(event.event_id, other)) is not None]

    def retract(self, event_id: str) -> None:
        """An event of ours was taken back."""
        if self._events.pop(event_id, None):
            self._counts[0] -= 1

    def other(self, other: Other) -> list[Match]:
        """One of theirs came; the events of ours that it coincides with."""
        self._others.append(other)
        self._counts[1] += 1
        self._seen(other.time, other.latitude, other.longitude)
        return [m for event_id in list(self._events) if (m := self._match(event_id, other)) is not None]

    def chance_rate(self) -> float:
        """Coincidences a year were the streams independent."""
        if self._first is None or self._last is None:
            return 0.0
        lasted = max((self._last - self._first) / SECOND, 3600.0)
        south, north, west, east = self._extent
        height = max(north - south, 0.0) * 111_195.0
        width = max(east - west, 0.0) * 111_195.0 * math.cos(math.radians((north + south) / 2))
        disc = math.pi * self.metres**2
        ours, theirs = (count / lasted for count in self._counts)
        return ours * theirs * 2 * self.seconds * min(1.0, disc / max(height * width, disc)) * YEAR

    def _seen(self, time: int, latitude: float | None, longitude: float | None) -> None:
        self._first = time if self._first is None else min(self._first, time)
        self._last = time if self._last is None else max(self._last, time)
        if latitude is not None and longitude is not None:
            south, north, west, east = self._extent
            self._extent = [min(south, latitude), max(north, latitude), min(west, longitude), max(east, longitude)]
        horizon = self._last - round(self.memory_s * SECOND)
        while self._others and self._others[0].time < horizon:
            self._others.popleft()
        self._events = {name: one for name, one in self._events.items() if one[0] >= horizon}
        self._told = {pair: when for pair, when in self._told.items() if when >= horizon}

    def _match(self, event_id: str, other: Other) -> Match | None:
        time, latitude, longitude = self._events[event_id]
        metres = 0.0
        if other.latitude is not None and other.longitude is not None:
            metres = float(distance_azimuth(latitude, longitude, other.latitude, other.longitude)[0])
        late = (other.time - time) / SECOND - (metres / self.speed if self.speed else 0.0)
        pair = (event_id, other.other_id)
        if metres > self.metres or abs(late) > self.seconds or pair in self._told:
            return None
        self._told[pair] = other.time
        return Match(event_id, other, late, metres, self.chance_rate())
