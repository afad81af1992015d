"""What everybody may read, by its path: the front page, months, events, their files, and the feeds.

A service makes these pages when they are asked for (`pages`), a site of plain files has them written (`site`); both
give the same bytes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from wadati.api.current import Current
from wadati.api.feeds import Feeds
from wadati.api.holdings import Holdings
from wadati.api.pages import Made
from wadati.formats.quakeml_writing import Writer
from wadati.formats.tables import arrival_lines
from wadati.model import Event, EventSummary, Pick, format_time
from wadati.report.event_page import About, cancelled_page, event_page
from wadati.report.listing import Network, front_page, missing_page, month_page
from wadati.store.event_query import EventQuery
from wadati.units import DAY

LATEST = 300
"""Events on the front page."""
PREFIXES = ("/feeds/", "/events/", "/months/")
FRONT = ("/", "/index.html", "/404.html")

HTML = "text/html; charset=utf-8"
EVENT_NAME = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}"
"""What an event must be called to have a page."""

_EVENT = re.compile(rf"/events/({EVENT_NAME})/(|index\.html|event\.xml|arrivals\.csv)")
_MONTH = re.compile(r"/months/(\d{4}-\d{2})\.html")
_FEEDS = (
    ("feeds/all_day.geojson", "past day, GeoJSON"),
    ("feeds/all_week.atom", "past week, Atom"),
    ("feeds/all_month.csv", "past month, CSV"),
    ("feeds/all_month.xml", "past month, QuakeML"),
    ("feeds/all_week_link.kml", "past week, for globes (KML that renews itself)"),
)


class PublicPages:
    """Makes the public pages of a catalog and of what is going on."""

    def __init__(self, holdings: Holdings, current: Current) -> None:
        self._holdings, self._current = holdings, current
        self.feeds = Feeds(holdings, current)
        settings = holdings.settings
        self._network = Network(settings.title, settings.words(), holdings.region)

    def make(self, path: str, address: str) -> Made | None:
        """The page of a path (see `Pages`)."""
        if path.startswith("/feeds/"):
            return self.feeds.make(path, address)
        if (found := _EVENT.fullmatch(path)) is not None:
            return self._of_event(found[1], found[2])
        if (found := _MONTH.fullmatch(path)) is not None:
            listed = self._of_month(found[1])
            return _html(month_page(self._network, found[1], listed)) if listed else None
        if path == "/404.html":
            return _html(missing_page(self._network))
        return self._front() if path in FRONT else None

    def listed(self, query: EventQuery = EventQuery()) -> list[EventSummary]:  # noqa: B008 -- it is frozen
        """The events that fit, the latest first, those still open among them."""
        search = self._holdings.search
        found = self._current.together(search.summaries(search.find(query)), query)
        return sorted(found.values(), key=lambda one: (-one.time, one.event_id))

    def cancelled(self, event_id: str) -> Made:
        """The page of an event that was published and is not in the catalog any more."""
        return _html(cancelled_page(event_id, self._network.title, self._network.terms))

    def _front(self) -> Made:
        latest = self.listed(EventQuery(limit=LATEST))[:LATEST]
        events = [event for event, _ in self._events([one.event_id for one in latest], picks=False)]
        inventory = self._holdings.inventory
        return _html(front_page(self._network, events, latest, inventory, self._months(), _FEEDS))

    def _months(self) -> dict[str, int]:
        """How many events each month has, those still open among them."""
        search = self._holdings.search
        months = Counter(search.months())
        for one in self._current.summaries():
            months[month_of(one)] += search.number(one.event_id) is None
        return dict(sorted(months.items(), reverse=True))

    def _of_month(self, month: str) -> list[EventSummary]:
        try:
            start = np.datetime64(month, "M")
        except ValueError:
            return []
        first, last = (int(one.astype("datetime64[ns]").astype(np.int64)) for one in (start, start + 1))
        return self.listed(EventQuery(start=first, end=last - 1))

    def _of_event(self, event_id: str, name: str) -> Made | None:
        found = next(iter(self._events([event_id], picks=True)), None)
        if found is None:
            gone = name in ("", "index.html") and self._holdings.was_published(event_id)
            return self.cancelled(event_id) if gone else None
        event, picks = found
        if event.event_id != event_id:
            # An event that was found to be part of another one has its page still, which says so.
            now = f"../{event.event_id}/index.html", event.event_id
            own = name in ("", "index.html")
            return _html(cancelled_page(event_id, self._network.title, self._network.terms, now)) if own else None
        if name == "event.xml":
            return Made(self._quakeml(event, picks), "application/xml")
        if name == "arrivals.csv":
            return Made("".join(arrival_lines(event, picks)).encode(), "text/csv; charset=utf-8")
        return _html(self._event_page(event, picks))

    def _event_page(self, event: Event, picks: dict[str, Pick]) -> str:
        holdings = self._holdings
        region = holdings.region(event.origin.latitude, event.origin.longitude)
        downloads = [
            ("event.xml", "QuakeML, with arrivals, picks and amplitudes"),
            (f"../../feeds/detail/{event.event_id}.geojson", "GeoJSON"),
            ("arrivals.csv", "arrivals, CSV"),
        ]
        earlier = holdings.superseded(event.event_id)
        about = About(region, self._network.title, self._network.terms, downloads, earlier, self._updated(event))
        return event_page(event, picks, holdings.inventory, about, source=holdings.archive, earth=holdings.earth)

    def _updated(self, event: Event) -> int | None:
        if event.event_id in self._current.open:
            return self._current.open[event.event_id][1]
        number = self._holdings.search.number(event.event_id)
        summary = None if number is None else next(self._holdings.search.summaries([number]), None)
        return None if summary is None else summary.updated

    def _quakeml(self, event: Event, picks: dict[str, Pick]) -> bytes:
        writer = Writer(self._holdings.authority)
        stations = {pick_id: pick.source_id.station_key for pick_id, pick in picks.items()}
        place = self._holdings.region(event.origin.latitude, event.origin.longitude)
        whole = [
            writer.head(None, self._holdings.settings.words()),
            writer.event(event, picks, stations, described=place),
            writer.tail(),
        ]
        return "".join(whole).encode()

    def _events(self, names: Sequence[str], *, picks: bool) -> list[tuple[Event, dict[str, Pick]]]:
        """Events by name, those still open as they were last told."""
        search = self._holdings.search
        opened = {name: event for name, (event, _) in self._current.events().items()}
        numbers = {name: search.number(name) for name in names if name not in opened}
        known = [number for number in numbers.values() if number is not None]
        stored = {one[0].event_id: one for one in search.events(known, picks=picks)}
        found = []
        for name in names:
            if name in opened:
                found.append((opened[name], self._current.picks(_used(opened[name])) if picks else {}))
            elif name in stored:
                found.append(stored[name])
            else:
                found += [one for one in stored.values() if name in one[0].aliases]
        return found


def _used(event: Event) -> set[str]:
    return {arrival.pick_id for origin in event.origins for arrival in origin.arrivals}


def month_of(one: EventSummary) -> str:
    """The month of an event (`2019-07`)."""
    return format_time(one.time - one.time % DAY, 0)[:7]


def _html(text: str) -> Made:
    return Made(text.encode(), HTML)
