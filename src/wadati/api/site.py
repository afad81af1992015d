"""The public pages as plain files in a folder or a bucket: whatever happens to the services, they are there.

A crowd that comes after an earthquake then asks a cache, not the network's computers. Only what changed is written:
what each page was made of stands in `site.json` beside them, which is written last.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable

import msgspec

import wadati
from wadati.api.current import Current
from wadati.api.feeds import LEVELS, SPANS
from wadati.api.holdings import Holdings
from wadati.api.pages import Made
from wadati.api.public import EVENT_NAME, PublicPages, month_of
from wadati.model import EventSummary
from wadati.store.objects import Place, headers_file

RECORD = "site.json"
_LOOK_S = 0.5
_RENEW_S = 60.0
"""Feeds of an hour and a day change as time goes on, without an event."""
_KINDS = (".geojson", ".csv", ".atom", ".kml", ".xml", "_link.kml")
_AGES = {"/feeds/*": 30, "/index.html": 30, "/": 30, "/events/*": 60, "/months/*": 300}
_NOTED = 200
"""After as many events what was done is written down, so that an interrupted run goes on."""
_LAYOUT = 1
"""Of the pages; another one has all of them written anew."""


class Record(msgspec.Struct, kw_only=True):
    """What has been written: of each event when it had changed, of each other page a digest of what it shows."""

    form: str = ""
    events: dict[str, str] = {}
    cancelled: list[str] = []
    pages: dict[str, str] = {}


class Site:
    """Writes the public pages of a catalog to a place; `address` is where the public will find them."""

    def __init__(self, holdings: Holdings, current: Current, place: Place, address: str) -> None:
        self._holdings, self._current, self._place, self._address = holdings, current, place, address.rstrip("/")
        self._pages = PublicPages(holdings, current)
        settings = msgspec.json.encode(holdings.settings)
        self._form = _digest(wadati.__version__, _LAYOUT, settings, self._address, holdings.authority)
        found = place.get(RECORD)
        try:
            record = msgspec.json.decode(found, type=Record) if found else Record()
        except msgspec.DecodeError:
            # A record that cannot be read costs only that everything is written once more.
            record = Record()
        self._record = record if record.form == self._form else Record(form=self._form, cancelled=record.cancelled)
        self._published = set(record.events)
        self.problems: list[str] = []

    def write(self, told: Callable[[int, int], None] = lambda *_: None) -> int:
        """Bring the place up to date; the number of files that were written.

        `told` hears how many of how many events are done. A page that cannot be made keeps what it was before, is
        named in `problems`, and is tried again the next time.
        """
        self.problems = []
        record = self._record
        listed = self._pages.listed()
        wanted = {one.event_id: _state(one) for one in listed}
        new = [name for name, state in wanted.items() if record.events.get(name) != state]
        written = 0
        for done, name in enumerate(new, start=1):
            if (count := self._event(name)) is not None:
                written += count
                record.events[name] = wanted[name]
                self._published.add(name)
            told(done, len(new))
            if done % _NOTED == 0:
                self._note()
        written += self._cancel(wanted)
        written += self._others(listed)
        if written:
            self._note()
        return written

    def _note(self) -> None:
        self._place.put(RECORD, msgspec.json.encode(self._record), "application/json", 0)

    def follow(self, stop: threading.Event, say: Callable[[str], None]) -> None:
        """Write again whenever something changes, until told to stop; what cannot be written now is tried again."""
        before: tuple[int, int] | None = None
        renewed, failing = -_RENEW_S, False
        while not stop.is_set():
            try:
                self._current.look()
                now = self._holdings.search.revision(), self._current.changes
                if now != before or failing or time.monotonic() - renewed > _RENEW_S:
                    started = time.monotonic()
                    written = self.write()
                    before, renewed, failing = now, time.monotonic(), bool(self.problems)
                    for problem in self.problems:
                        say(problem)
                    if written:
                        say(f"{written} files in {renewed - started:.1f} s")
            except Exception as error:  # whatever is away, or cannot be made: the pages stay as they were
                if not failing:
                    say(f"{error}; tried again")
                failing = True
            stop.wait(_LOOK_S if not failing else 2.0)

    def _event(self, event_id: str) -> int | None:
        """Write the files of an event, its page last; None where they cannot be made."""
        names = (
            f"/feeds/detail/{event_id}.geojson",
            f"/events/{event_id}/event.xml",
            f"/events/{event_id}/arrivals.csv",
            f"/events/{event_id}/index.html",
        )
        try:
            made = [(name, self._pages.make(name, self._address)) for name in names]
        except Exception as error:
            self.problems.append(f"the page of event {event_id} cannot be made ({error}); the one of before stays")
            return None
        return sum(self._put(name, page, 60) for name, page in made if page is not None)

    def _cancel(self, wanted: dict[str, str]) -> int:
        """Say of events that were published and are none any more that they are not."""
        record = self._record
        known = re.compile(EVENT_NAME)
        gone = sorted(((self._published | set(self._holdings.retired())) - set(wanted)) - set(record.cancelled))
        gone = [name for name in gone if known.fullmatch(name)]
        written = 0
        for name in gone:
            page = self._pages.make(f"/events/{name}/index.html", self._address) or self._pages.cancelled(name)
            written += self._put(f"/events/{name}/index.html", page, 60)
            for file in (f"events/{name}/event.xml", f"events/{name}/arrivals.csv", f"feeds/detail/{name}.geojson"):
                self._place.remove(file)
            record.events.pop(name, None)
        record.cancelled = sorted({*record.cancelled, *gone} - set(wanted))
        self._published -= set(gone)
        return written

    def _others(self, listed: list[EventSummary]) -> int:
        """Months, feeds, the front page: each where the events that it shows have changed."""
        written = 0
        months: dict[str, list[EventSummary]] = defaultdict(list)
        for one in listed:
            months[month_of(one)].append(one)
        stations = msgspec.json.encode(self._holdings.inventory.stations())
        for month, own in months.items():
            written += self._if_new(f"/months/{month}.html", _states(own), 300)
        for path in [path for path in self._record.pages if path.startswith("/months/")]:
            if path.removeprefix("/months/").removesuffix(".html") not in months:
                self._place.remove(path.removeprefix("/"))
                del self._record.pages[path]
                written += 1
        now = time.time_ns()
        for level in LEVELS:
            for span, length in SPANS.items():
                shown = _states(self._pages.feeds.events(level, now - length))
                for kind in _KINDS:
                    state = "" if kind == "_link.kml" else shown
                    written += self._if_new(f"/feeds/{level}_{span}{kind}", state, 30)
        written += self._if_new("/404.html", "", 300)
        written += self._if_new("/index.html", _digest(_states(listed), stations), 30)
        headers = headers_file(_AGES)
        if self._record.pages.get("/_headers") != (state := _digest(headers)):
            written += self._put("/_headers", Made(headers, "text/plain; charset=utf-8"), 300)
            self._record.pages["/_headers"] = state
        return written

    def _if_new(self, name: str, state: str, age: int) -> int:
        if self._record.pages.get(name) == state:
            return 0
        try:
            made = self._pages.make(name, self._address)
        except Exception as error:
            self.problems.append(f"{name} cannot be made ({error}); that of before stays")
            return 0
        if made is None:
            return 0
        self._put(name, made, age)
        self._record.pages[name] = state
        return 1

    def _put(self, name: str, made: Made, age: int) -> int:
        self._place.put(name.removeprefix("/"), made.content, made.media_type, age)
        return 1


def _state(one: EventSummary) -> str:
    return _digest(msgspec.json.encode(one))


def _states(shown: Iterable[EventSummary]) -> str:
    return _digest(*map(_state, shown))


def _digest(*parts: object) -> str:
    text = hashlib.sha256()
    for part in parts:
        content = part if isinstance(part, bytes) else str(part).encode()
        text.update(b"%d:" % len(content) + content)
    return text.hexdigest()[:16]
