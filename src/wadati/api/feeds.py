"""Feeds by size and time, under the names that readers of the USGS feeds know.

`/feeds/{significant,4.5,2.5,1.0,all}_{hour,day,week,month}.{geojson,csv,atom,kml,xml}`, `…_link.kml` for globes, and
`/feeds/detail/EVENT.geojson`. Events of a live run are there from their first released version on.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

import msgspec

from wadati.api.current import Current
from wadati.api.holdings import Holdings
from wadati.api.pages import Made
from wadati.formats.atom import atom_chunks
from wadati.formats.comcat import comcat_lines
from wadati.formats.geojson import Feature, collection_chunks, feature, significance
from wadati.formats.geojson_detail import with_products
from wadati.formats.kml import kml_chunks, network_link
from wadati.formats.quakeml_writing import Writer
from wadati.model import Event, EventSummary
from wadati.store.event_query import EventQuery
from wadati.units import DAY, HOUR

SPANS = {"hour": HOUR, "day": DAY, "week": 7 * DAY, "month": 30 * DAY}
LEVELS = {"significant": None, "4.5": 4.5, "2.5": 2.5, "1.0": 1.0, "all": None}
SIGNIFICANT = 600
"""From this significance on (0 to 1000) an event counts as significant, as in the USGS feeds."""

_FEED = re.compile(
    r"/feeds/(significant|4\.5|2\.5|1\.0|all)_(hour|day|week|month)(\.geojson|\.csv|\.atom|\.kml|\.xml|_link\.kml)"
)
_DETAIL = re.compile(r"/feeds/detail/([A-Za-z0-9._:-]{1,100})\.geojson")
_TYPES = {
    ".geojson": "application/geo+json",
    ".csv": "text/csv; charset=utf-8",
    ".atom": "application/atom+xml",
    ".kml": "application/vnd.google-earth.kml+xml",
    ".xml": "application/xml",
}


class Feeds:
    """Makes the feeds of a catalog and of what is going on."""

    def __init__(self, holdings: Holdings, current: Current) -> None:
        self._holdings, self._current = holdings, current

    def make(self, path: str, address: str) -> Made | None:
        """The page of a path (see `Pages`)."""
        if (found := _FEED.fullmatch(path)) is not None:
            return self._feed(found[1], found[2], found[3], address)
        if (found := _DETAIL.fullmatch(path)) is not None:
            return self._detail(found[1], address)
        return None

    def _feed(self, level: str, span: str, kind: str, address: str) -> Made:
        now = time.time_ns()
        title = f"{self._holdings.settings.title}, {_named(level)}, past {span}"
        if kind == "_link.kml":
            return Made(network_link(title, f"{address}/feeds/{level}_{span}.kml"), _TYPES[".kml"])
        events = self.events(level, now - SPANS[span])
        authority = self._holdings.authority
        features = [self.feature(one, address) for one in events]
        if kind == ".geojson":
            chunks = collection_chunks(features, title=title, generated=now, more=self._holdings.settings.terms())
        elif kind == ".csv":
            chunks = comcat_lines(events, authority, self._holdings.region)
        elif kind == ".atom":
            there = f"{address}/feeds/{level}_{span}.atom"
            rights = self._holdings.settings.words()
            chunks = atom_chunks(features, authority=authority, title=title, address=there, updated=now, rights=rights)
        elif kind == ".kml":
            chunks = kml_chunks(features, title=title, now=now, rights=self._holdings.settings.words())
        else:
            return Made(self._quakeml(events, now), _TYPES[kind])
        return Made(b"".join(chunks), _TYPES[kind])

    def events(self, level: str, since: int) -> list[EventSummary]:
        """The events of a level since a time, the latest first."""
        query, search = EventQuery(start=since, min_magnitude=LEVELS[level]), self._holdings.search
        found = self._current.together(search.summaries(search.find(query)), query)
        if level == "significant":
            found = {name: one for name, one in found.items() if (significance(one.magnitude) or 0) >= SIGNIFICANT}
        return sorted(found.values(), key=lambda one: (-one.time, one.event_id))

    def feature(self, one: EventSummary, address: str) -> Feature:
        """An event as the feeds tell it."""
        made = feature(
            one, authority=self._holdings.authority, place=self._holdings.region(one.latitude, one.longitude)
        )
        made["properties"]["detail"] = f"{address}/feeds/detail/{one.event_id}.geojson"
        return made

    def _quakeml(self, events: Sequence[EventSummary], now: int) -> bytes:
        writer = Writer(self._holdings.authority)
        whole = {event_id: event for event_id, (event, _) in self._current.events().items()}
        search = self._holdings.search
        numbers = [number for one in events if (number := search.number(one.event_id)) is not None]
        whole |= {event.event_id: event for event, _ in search.events(numbers)}
        parts = [writer.head(now, self._holdings.settings.words())]
        for one in events:
            if one.event_id in whole:
                place = self._holdings.region(one.latitude, one.longitude)
                parts.append(writer.event(whole[one.event_id], {}, {}, arrivals=False, described=place))
        return "".join([*parts, writer.tail()]).encode()

    def _detail(self, event_id: str, address: str) -> Made | None:
        found = self._event(event_id)
        if found is None:
            return None
        return Made(self.detail(*found, address=address), _TYPES[".geojson"])

    def detail(self, event: Event, updated: int, address: str) -> bytes:
        """An event with its products, as GeoJSON."""
        summary = EventSummary.of(event, updated)
        quakeml = f"{address}/events/{event.event_id}/event.xml"
        authority = self._holdings.authority
        made = self.feature(summary, address)
        whole = with_products(made, event, authority=authority, updated=updated, quakeml=quakeml)
        return msgspec.json.encode(whole) + b"\n"

    def _event(self, event_id: str) -> tuple[Event, int] | None:
        if event_id in self._current.open:
            message, stored = self._current.open[event_id]
            return message.event, stored
        number = self._holdings.search.number(event_id)
        if number is None:
            return None
        summary = next(self._holdings.search.summaries([number]), None)
        found = next(self._holdings.search.events([number]), None)
        if summary is None or found is None:
            return None
        return found[0], summary.updated or 0


def _named(level: str) -> str:
    if level in ("all", "significant"):
        return f"{level} earthquakes"
    return f"magnitude {level} and larger"
