"""fdsnws-event 1.2: events by time, place and size, as QuakeML, text, GeoJSON or CSV.

Beyond the standard: `format=geojson` (fields of the USGS feeds) and `format=csv` (columns of ComCat),
`includestationmagnitudes`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from wadati.api.fdsn.area import AREA, check_area
from wadati.api.fdsn.service import Answer, Selecting, Service
from wadati.api.holdings import Holdings
from wadati.api.parameters import Parameter, in_order
from wadati.formats.comcat import comcat_lines
from wadati.formats.event_text import event_text
from wadati.formats.geojson import collection_chunks, feature
from wadati.formats.quakeml_writing import Writer
from wadati.model import Event, EventSummary, Pick
from wadati.store.event_search import EventQuery
from wadati.units import KILOMETRE

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


class EventService:
    """What answers for one network's catalog."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings
        self.service = Service("event", VERSION, PARAMETERS, self.ask, lists=False)

    def ask(
        self, values: dict[str, Any], _: list[Selecting] | None = None, __: frozenset[str] = frozenset()
    ) -> Answer | None:
        """The events that fit; None where there are none. Raises `Refused`."""
        search = self._holdings.search
        if any(values[name] not in (None, self._holdings.authority) for name in ("catalog", "contributor")):
            return None
        numbers: Sequence[int]
        if values["eventid"] is not None:
            found = dict.fromkeys(search.number(name.strip()) for name in values["eventid"].split(","))
            numbers = [number for number in found if number is not None]
        else:
            numbers = search.find(query_of(values))  # type: ignore[assignment]
        if not len(numbers):
            return None
        if values["format"] == "xml":
            chunks = self._xml(numbers, values)
            return Answer(chunks, "application/xml", "events.xml")
        summaries = search.summaries(numbers)
        match values["format"]:
            case "text":
                return Answer(self._text(summaries), "text/plain; charset=utf-8", "events.txt")
            case "csv":
                return Answer(self._csv(summaries), "text/csv; charset=utf-8", "events.csv")
        return Answer(self._geojson(summaries), "application/geo+json", "events.geojson")

    def _xml(self, numbers: Sequence[int], values: dict[str, Any]) -> Iterator[bytes]:
        writer = Writer(self._holdings.authority)
        yield writer.head(time.time_ns(), self._holdings.settings.words()).encode()
        arrivals = values["includearrivals"]
        for event, picks in self._holdings.search.events(numbers, picks=arrivals):
            yield self._event(writer, event, picks, values).encode()
        yield writer.tail().encode()

    def _event(self, writer: Writer, event: Event, picks: dict[str, Pick], values: dict[str, Any]) -> str:
        origin, magnitude = event.origin, event.magnitude
        origins, magnitudes = event.origins, event.magnitudes
        if values["includeallorigins"]:
            origins += self._holdings.superseded(event.event_id)
        else:
            origins = (origin,)
        if not values["includeallmagnitudes"]:
            magnitudes = () if magnitude is None else (magnitude,)
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
