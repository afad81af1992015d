"""fdsnws-event 1.2: events by time, place and size, as QuakeML, text, GeoJSON or CSV.

Beyond the standard: `format=geojson` (fields of the USGS feeds) and `format=csv` (columns of ComCat),
`includestationmagnitudes`.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from wadati.api.current import Current
from wadati.api.fdsn.area import AREA, check_area
from wadati.api.fdsn.service import Answer, Selecting, Service
from wadati.api.holdings import Holdings
from wadati.api.parameters import Parameter, in_order
from wadati.formats.comcat import comcat_lines
from wadati.formats.event_text import event_text
from wadati.formats.geojson import collection_chunks, feature
from wadati.formats.quakeml_writing import Writer
from wadati.model import Event, EventSummary, Pick
from wadati.store.event_query import EventQuery, fitting
from wadati.units import KILOMETRE

T = TypeVar("T")

VERSION = "1.2.4"
FORMATS = ("xml", "text", "geojson", "csv")

PARAMETERS = (
    Parameter(name="starttime", short="start", kind="time", words="origins at or after it", example="2019-07-04"),
    Parameter(name="endtime", short="end", kind="time", words="origins at or before it", example="2019-07-05"),
    *AREA,
    Parameter(name="mindepth", kind="number", words="km below sea level"),
    Parameter(name="maxdepth", kind="number", words="km below sea level"),
    Parameter(name="minmagnitude", short="minmag", kind="number", words="of the preferred magnitude", example="3"),
    Parameter(name="maxmagnitude", short="maxmag", kind="number", words="of the preferred magnitude"),
    Parameter(name="magnitudetype", short="magtype", words="of the preferred magnitude, such as ML"),
    Parameter(name="eventtype", words="types of QuakeML, with commas between them", example="earthquake"),
    Parameter(name="includeallorigins", kind="boolean", usual=False, words="also origins that are not preferred"),
    Parameter(name="includeallmagnitudes", kind="boolean", usual=False, words="also other magnitudes"),
    Parameter(name="includearrivals", kind="boolean", usual=False, words="also arrivals, picks and their amplitudes"),
    Parameter(name="includestationmagnitudes", kind="boolean", usual=False, words="also those and their amplitudes"),
    Parameter(name="eventid", words="the event of this name, or several with commas between them"),
    Parameter(name="limit", kind="integer", low=1, words="at most so many events", example="10"),
    Parameter(name="offset", kind="integer", low=1, usual=1, words="the first to be given, counted from 1"),
    Parameter(
        name="orderby",
        choices=("time", "time-asc", "magnitude", "magnitude-asc"),
        usual="time",
        words="the latest or the largest first, or last",
    ),
    Parameter(name="catalog", words="the catalog: the authority of this service"),
    Parameter(name="contributor", words="the contributor: the authority of this service"),
    Parameter(name="updatedafter", kind="time", words="changed after it"),
    Parameter(name="format", choices=FORMATS, usual="xml", words="of the answer"),
)


class Found(NamedTuple):
    """Events that fit: numbers of the catalog, and open ones, both in order.

    Where there are open ones, limit and offset of the query are still to be applied to both together.
    """

    numbers: Sequence[int] | NDArray[np.int32]
    opened: list[tuple[EventSummary, Event]]
    query: EventQuery

    def cut(self, whole: Iterator[T]) -> Iterator[T]:
        """What limit and offset leave."""
        if not self.opened:
            return whole
        last = None if self.query.limit is None else self.query.offset + self.query.limit
        return islice(whole, self.query.offset, last)


class EventService:
    """What answers for one network's catalog, and for the events of its live run that are still open."""

    def __init__(self, holdings: Holdings, current: Current) -> None:
        self._holdings, self._current = holdings, current
        self.service = Service("event", VERSION, PARAMETERS, self.ask, lists=False)

    def ask(
        self, values: dict[str, Any], _: list[Selecting] | None = None, __: frozenset[str] = frozenset()
    ) -> Answer | None:
        """The events that fit; None where there are none. Raises `Refused`."""
        if any(values[name] not in (None, self._holdings.authority) for name in ("catalog", "contributor")):
            return None
        query = query_of(values)
        found = self._named(values["eventid"]) if values["eventid"] is not None else self._fitting(query)
        if not len(found.numbers) and not found.opened:
            return None
        if values["format"] == "xml":
            return Answer(self._xml(found, values), "application/xml", "events.xml")
        summaries = self._summaries(found)
        match values["format"]:
            case "text":
                return Answer(self._text(summaries), "text/plain; charset=utf-8", "events.txt")
            case "csv":
                return Answer(self._csv(summaries), "text/csv; charset=utf-8", "events.csv")
        return Answer(self._geojson(summaries), "application/geo+json", "events.geojson")

    def _named(self, names: str) -> Found:
        """The events of some names, in the order in which they were asked for."""
        wanted = dict.fromkeys(name.strip() for name in names.split(","))
        known = self._current.events()
        opened = [(EventSummary.of(event, told), event) for name, (event, told) in known.items() if name in wanted]
        numbers = [self._holdings.search.number(name) for name in wanted if name not in known]
        return Found([number for number in dict.fromkeys(numbers) if number is not None], opened, EventQuery())

    def _fitting(self, query: EventQuery) -> Found:
        """The events that fit. Of those that are open, what was told last counts, not what the catalog had before."""
        search = self._holdings.search
        opened = {name: (EventSummary.of(event, told), event) for name, (event, told) in self._current.events().items()}
        if not opened:
            return Found(search.find(query), [], query)
        before = {search.number(name) for name in opened}
        more = None if query.limit is None else query.offset + query.limit + len(before)
        numbers = search.find(msgspec.structs.replace(query, limit=more, offset=0))
        kept = [int(number) for number in numbers if int(number) not in before]
        fit = sorted(fitting(query, [summary for summary, _ in opened.values()]), key=_key(query))
        if not fit:
            last = None if query.limit is None else query.offset + query.limit
            return Found(kept[query.offset : last], [], query)
        return Found(kept, [opened[one.event_id] for one in fit], query)

    def _summaries(self, found: Found) -> Iterator[EventSummary]:
        stored = self._holdings.search.summaries(found.numbers)
        opened = (summary for summary, _ in found.opened)
        return found.cut(heapq.merge(stored, opened, key=_key(found.query)) if found.opened else stored)

    def _events(self, found: Found, *, picks: bool) -> Iterator[tuple[Event, dict[str, Pick]]]:
        stored = self._holdings.search.events(found.numbers, picks=picks)
        if not found.opened:
            yield from stored
            return
        used = {a.pick_id for _, event in found.opened for origin in event.origins for a in origin.arrivals}
        own = self._current.picks(used) if picks else {}
        key = _key(found.query)
        opened = ((event, own) for _, event in found.opened)
        yield from found.cut(heapq.merge(stored, opened, key=lambda one: key(EventSummary.of(one[0]))))

    def _xml(self, found: Found, values: dict[str, Any]) -> Iterator[bytes]:
        writer = Writer(self._holdings.authority)
        yield writer.head(time.time_ns(), self._holdings.settings.words()).encode()
        for event, picks in self._events(found, picks=values["includearrivals"]):
            yield self._event(writer, event, picks, values).encode()
        yield writer.tail().encode()

    def _event(self, writer: Writer, event: Event, picks: dict[str, Pick], values: dict[str, Any]) -> str:
        origin, magnitude = event.origin, event.magnitude
        origins, magnitudes = event.origins, event.magnitudes
        if values["includeallorigins"]:
            origins += self._holdings.superseded(event.event_id)
        else:
            # Mechanisms are whole only with the origins and magnitudes that they name.
            named = {name for one in event.mechanisms for name in (one.origin_id, one.derived_origin_id)}
            origins = (origin, *(one for one in origins if one.origin_id in named and one is not origin))
        if not values["includeallmagnitudes"]:
            named = {one.magnitude_id for one in event.mechanisms}
            magnitudes = tuple(one for one in magnitudes if one is magnitude or one.magnitude_id in named)
        if not values["includestationmagnitudes"]:
            magnitudes = tuple(msgspec.structs.replace(one, station_magnitudes=()) for one in magnitudes)
        shown = msgspec.structs.replace(
            event, origins=origins, magnitudes=magnitudes, preferred_origin_id=origin.origin_id
        )
        stations = {pick_id: pick.source_id.station_key for pick_id, pick in picks.items()}
        place = self._holdings.region(origin.latitude, origin.longitude)
        return writer.event(shown, picks, stations, arrivals=values["includearrivals"], described=place)

    def _text(self, summaries: Iterator[EventSummary]) -> Iterator[bytes]:
        authority, region = self._holdings.authority, self._holdings.region
        yield event_text(None)
        for one in summaries:
            yield event_text(one, authority, region(one.latitude, one.longitude))

    def _csv(self, summaries: Iterator[EventSummary]) -> Iterator[bytes]:
        return comcat_lines(summaries, self._holdings.authority, self._holdings.region)

    def _geojson(self, summaries: Iterator[EventSummary]) -> Iterator[bytes]:
        region = self._holdings.region
        features = (
            feature(one, authority=self._holdings.authority, place=region(one.latitude, one.longitude))
            for one in summaries
        )
        settings = self._holdings.settings
        return collection_chunks(features, title=settings.title, generated=time.time_ns(), more=settings.terms())


def _key(query: EventQuery) -> Callable[[EventSummary], float]:
    """By what events are ordered, the first the smallest."""
    sign = 1 if query.order.endswith("-asc") else -1
    if query.order.startswith("time"):
        return lambda one: sign * one.time
    return lambda one: math.inf if one.magnitude is None else sign * one.magnitude


def query_of(values: dict[str, Any]) -> EventQuery:
    """What a request asks the store. Raises `Refused` for what contradicts itself."""
    in_order(values, "starttime", "endtime")
    in_order(values, "mindepth", "maxdepth")
    in_order(values, "minmagnitude", "maxmagnitude")
    check_area(values)
    types = values["eventtype"]
    return EventQuery(
        start=values["starttime"],
        end=values["endtime"],
        updated_after=values["updatedafter"],
        min_latitude=values["minlatitude"],
        max_latitude=values["maxlatitude"],
        min_longitude=values["minlongitude"],
        max_longitude=values["maxlongitude"],
        latitude=values["latitude"],
        longitude=values["longitude"],
        min_radius=values["minradius"],
        max_radius=values["maxradius"],
        min_depth=_metres(values["mindepth"]),
        max_depth=_metres(values["maxdepth"]),
        min_magnitude=values["minmagnitude"],
        max_magnitude=values["maxmagnitude"],
        magnitude_type=values["magnitudetype"],
        event_types=None if types is None else tuple(one.strip() for one in types.split(",")),
        order=values["orderby"],
        limit=values["limit"],
        offset=values["offset"] - 1,
    )


def _metres(kilometres: float | None) -> float | None:
    return None if kilometres is None else kilometres * KILOMETRE
