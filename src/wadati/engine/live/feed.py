"""The feed of a live run: released events of the last seven days as GeoJSON, written anew with each version."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from wadati.bus.messages import EventMessage
from wadati.formats.geojson import Feature, feature, write_features
from wadati.model import EventSummary
from wadati.model.codec import decode_json
from wadati.store.live_log import EventVersion
from wadati.units import DAY

SPAN = 7 * DAY
"""How long (ns) an event stays in the feed, before the time of the latest."""


class Feed:
    """`versions` are the latest of the events that were there before."""

    def __init__(self, path: Path, authority: str, versions: Iterable[EventVersion]) -> None:
        self._path, self._authority = path, authority
        self._events: dict[str, tuple[int, Feature]] = {}
        for version in versions:
            self.take(decode_json(version.message.encode(), EventMessage), version.stored)

    def take(self, message: EventMessage, updated: int) -> None:
        """The next version of an event, told at a time (ns)."""
        if message.state == "retracted":
            self._events.pop(message.event_id, None)
        elif message.released:
            event = message.event
            made = feature(EventSummary.of(event, updated), authority=self._authority)
            self._events[event.event_id] = event.origin.time, made

    def write(self) -> None:
        """Put the feed down. Raises `OSError`."""
        latest = max((moment for moment, _ in self._events.values()), default=0)
        self._events = {name: one for name, one in self._events.items() if one[0] > latest - SPAN}
        ordered = [one for _, one in sorted(self._events.values(), key=lambda one: (one[0], one[1]["id"]))]
        write_features(ordered, self._path, title="Wadati live", generated=time.time_ns())
