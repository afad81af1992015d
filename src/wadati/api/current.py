"""What is going on now: open events of a live run that are not in the catalog yet, and what was told, in order.

A live run and its services share a database; this looks there every half second, so they may be started and stopped
alone.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec
from starlette.concurrency import run_in_threadpool

from wadati.bus.messages import EventMessage, PickMessage, PickState, cloud_event
from wadati.model import Event, EventSummary, Pick
from wadati.model.codec import decode_json
from wadati.store.event_query import EventQuery, fitting
from wadati.store.live_log import LiveLog
from wadati.units import DAY, MINUTE

LOG = logging.getLogger("wadati.api")
KEPT = 10_000
"""How many of the last messages a listener that was away can still have."""

_EVERY_S = 0.5
_OPEN = 2 * DAY


class Told(NamedTuple):
    """A message as listeners get it: its place in the order, its kind (`event` or `pick`), a CloudEvent in JSON."""

    place: str
    kind: str
    content: bytes


class Current:
    """Follows a database; `follow` has to run in the event loop."""

    def __init__(self, store: str | Path, authority: str) -> None:
        self._log = LiveLog(store)
        self._source = f"/wadati/{authority}"
        self._told: deque[Told] = deque(maxlen=KEPT)
        self._seen: set[str] = set()
        self._since = time.time_ns() - 10 * MINUTE
        self._news = asyncio.Event()
        self._ending = self._looked = False
        self.open: dict[str, tuple[EventMessage, int]] = {}
        self.changes = 0

    def close(self) -> None:
        """Give the connections back."""
        self._log.close()

    def end(self) -> None:
        """Let all who listen go."""
        self._ending = True
        self._news.set()

    async def follow(self) -> None:
        """Look again and again, until cancelled."""
        working = True
        while True:
            news: list[Told] = []
            try:
                news = await run_in_threadpool(self._look)
                working = True
            except Exception:
                if working:
                    LOG.exception("the live log cannot be read; tried again")
                working = False
            if news:
                self._keep(news)
                self._news.set()
                self._news = asyncio.Event()
            await asyncio.sleep(_EVERY_S)

    def look(self) -> None:
        """Look once, for who has no event loop."""
        self._keep(self._look())

    def events(self) -> dict[str, tuple[Event, int]]:
        """Released events that are still open, each with when it was last told (ns), by name."""
        return {name: (message.event, stored) for name, (message, stored) in list(self.open.items())}

    def summaries(self) -> list[EventSummary]:
        """The same in a line each."""
        return [EventSummary.of(event, stored) for event, stored in self.events().values()]

    def together(self, stored: Iterable[EventSummary], query: EventQuery) -> dict[str, EventSummary]:
        """Events of the catalog that fit and open ones that do, by name; of one that is both, the open one counts."""
        opened = {one.event_id: one for one in self.summaries()}
        found = {one.event_id: one for one in stored if one.event_id not in opened}
        return found | {one.event_id: one for one in fitting(query, list(opened.values()))}

    def picks(self, names: Iterable[str]) -> dict[str, Pick]:
        """The picks of these names, final or early."""
        return self._log.picks(names)

    async def listen(self, after: str | None, kinds: frozenset[str]) -> AsyncIterator[Told | None]:
        """What was told after a place, and what comes; None again and again while nothing does."""
        last = after if after is not None else (self._told[-1].place if self._told else "")
        while not self._ending:
            news = self._news
            for one in [one for one in self._told if _order(one.place) > _order(last)]:
                last = one.place
                if one.kind in kinds:
                    yield one
            try:
                await asyncio.wait_for(news.wait(), 15.0)
            except TimeoutError:
                yield None

    def _keep(self, news: list[Told]) -> None:
        self._told.extend(news)
        self._seen = {one.place for one in self._told}
        self.changes += bool(news)

    def _look(self) -> list[Told]:
        since = self._since - MINUTE
        found: list[tuple[int, str, Told]] = []
        versions = self._log.latest(time.time_ns() - _OPEN) if not self._looked else self._log.versions(since)
        for version in versions:
            place = f"{version.stored}.{version.event_id}.{version.version}"
            message = decode_json(version.message.encode(), EventMessage)
            self._take(message, version.stored)
            if version.stored >= since and message.released and place not in self._seen:
                found.append((version.stored, place, self._event(place, message, version.stored)))
        picks: list[tuple[int, str, PickState, Pick]] = []
        picks += [
            (one.stored, f"{one.stored}.{one.pick.pick_id}.1", "early", one.pick) for one in self._log.early(since)
        ]
        picks += [(stored, f"{stored}.{pick.pick_id}.2", "final", pick) for stored, pick in self._log.put_down(since)]
        for stored, place, state, pick in picks:
            if place not in self._seen:
                told = PickMessage(pick=pick, state=state, received=stored)
                content = msgspec.json.encode(cloud_event(told, source=self._source, time=stored))
                found.append((stored, place, Told(place, "pick", content)))
        self._looked = True
        self._since = max([self._since, *(stored for stored, _, _ in found)])
        return [told for _, _, told in sorted(found, key=lambda one: one[:2])]

    def _take(self, message: EventMessage, stored: int) -> None:
        if message.state in ("final", "retracted") or not message.released:
            self.open.pop(message.event_id, None)
        else:
            self.open[message.event_id] = message, stored

    def _event(self, place: str, message: EventMessage, stored: int) -> Told:
        return Told(place, "event", msgspec.json.encode(cloud_event(message, source=self._source, time=stored)))


def _order(place: str) -> tuple[int, str]:
    stored, _, rest = place.partition(".")
    return (int(stored) if stored.isdigit() else 0), rest
