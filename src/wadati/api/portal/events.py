"""Events for the portal: many as columns, one as a whole with its picks; picks of a time.

`/portal/data/events` (`start`, `end`, `min_magnitude`, `limit`), `/portal/data/event/ID`, `/portal/data/picks`
(`start`, `end`, `station`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wadati.api.current import Current
from wadati.api.errors import Refused
from wadati.api.holdings import Holdings
from wadati.api.parameters import Parameter, in_order, read
from wadati.api.portal.answers import HEADERS, json_answer
from wadati.model import Event, EventSummary, Pick
from wadati.model.codec import encode_json
from wadati.store.event_query import EventQuery
from wadati.store.live_log import LiveLog
from wadati.units import DAY, KILOMETRE, MILLISECOND

MOST = 100_000
"""Events in one answer."""

_WITHIN = (
    Parameter(name="start", kind="time", words="from this time on"),
    Parameter(name="end", kind="time", words="until this time"),
)
_EVENTS = (
    *_WITHIN,
    Parameter(name="min_magnitude", kind="number", words="of this magnitude and larger"),
    Parameter(name="limit", kind="integer", low=1, high=MOST, usual=20_000, words="the latest so many"),
)
_PICKS = (*_WITHIN, Parameter(name="station", words="NET.STA"))
_MOST_PICKS = 20_000


class PortalEvents:
    """Answers from a catalog and from what is going on."""

    def __init__(self, holdings: Holdings, current: Current) -> None:
        self._holdings, self._current = holdings, current
        self._log = LiveLog(holdings.store)

    def close(self) -> None:
        """Give the connections back."""
        self._log.close()

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/portal/data/events", self.events, methods=["GET"]),
            Route("/portal/data/event/{event_id}", self.event, methods=["GET"]),
            Route("/portal/data/picks", self.picks, methods=["GET"]),
        ]

    def events(self, request: Request) -> Response:
        """Events by columns, the latest first. Raises `Refused`."""
        values = read(_EVENTS, request.query_params.multi_items())
        in_order(values, "start", "end")
        search = self._holdings.search
        etag = f'"{search.revision()}-{self._current.changes}"'
        if request.headers.get("if-none-match") == etag:
            return Response(None, 304, HEADERS | {"ETag": etag})
        query = EventQuery(
            start=values["start"], end=values["end"], min_magnitude=values["min_magnitude"], limit=values["limit"]
        )
        found = self._current.together(search.summaries(search.find(query)), query)
        listed = sorted(found.values(), key=lambda one: (-one.time, one.event_id))
        more = len(listed) >= values["limit"]
        told = self._columns(listed[: values["limit"]]) | {"more": more}
        return json_answer(request, msgspec.json.encode(told), {"ETag": etag, "Cache-Control": "no-cache"})

    def _columns(self, listed: Iterable[EventSummary]) -> dict[str, Any]:
        rows = [
            (
                one.event_id,
                one.time // MILLISECOND,
                round(one.latitude, 5),
                round(one.longitude, 5),
                round(one.depth / KILOMETRE, 2),
                None if one.magnitude is None else round(one.magnitude, 3),
                one.magnitude_type,
                one.event_type,
                one.evaluation_mode,
                one.evaluation_status,
                one.arrivals,
                self._holdings.region(one.latitude, one.longitude),
            )
            for one in listed
        ]
        names = (
            *("id", "time_ms", "latitude", "longitude", "depth_km", "magnitude", "magnitude_type"),
            *("event_type", "mode", "status", "arrivals", "place"),
        )
        columns = zip(*rows, strict=True) if rows else [()] * len(names)
        return dict(zip(names, columns, strict=True))

    def event(self, request: Request) -> Response:
        """An event with its picks and the origins that it once had. Raises `Refused`."""
        event_id = request.path_params["event_id"]
        found = self._found(event_id)
        if found is None:
            gone = self._holdings.was_published(event_id)
            words = "this event was published and is none any more" if gone else "there is no such event"
            raise Refused(404, words)
        event, picks = found
        whole = b'{"event":%s,"picks":[%s],"superseded":[%s],"place":%s}' % (
            encode_json(event),
            b",".join(map(encode_json, picks)),
            b",".join(map(encode_json, self._holdings.superseded(event.event_id))),
            msgspec.json.encode(self._holdings.region(event.origin.latitude, event.origin.longitude)),
        )
        return json_answer(request, whole, {"Cache-Control": "no-cache"})

    def _found(self, event_id: str) -> tuple[Event, list[Pick]] | None:
        if (opened := self._current.events().get(event_id)) is not None:
            used = {arrival.pick_id for origin in opened[0].origins for arrival in origin.arrivals}
            return opened[0], list(self._current.picks(used).values())
        number = self._holdings.search.number(event_id)
        found = None if number is None else next(self._holdings.search.events([number], picks=True), None)
        return None if found is None else (found[0], list(found[1].values()))

    def picks(self, request: Request) -> Response:
        """Picks of a time, final ones and those that are early yet. Raises `Refused`."""
        values = read(_PICKS, request.query_params.multi_items())
        in_order(values, "start", "end")
        if values["start"] is None or values["end"] is None:
            raise Refused(400, "start and end are needed")
        if values["end"] - values["start"] > DAY:
            raise Refused(400, "start and end are more than a day apart")
        span = values["start"], values["end"]
        early = [one.pick for one in self._log.early() if one.outcome is None and span[0] <= one.pick.time < span[1]]
        found = [*self._log.between(*span), *early]
        if values["station"]:
            found = [one for one in found if ".".join(one.source_id.station_key) == values["station"]]
        rows = [
            {
                "id": one.pick_id,
                "station": ".".join(one.source_id.station_key),
                "phase": one.phase_hint,
                "time_ms": one.time / MILLISECOND,
                "probability": round(one.probability, 3),
                "mode": one.evaluation_mode,
            }
            for one in sorted(found, key=lambda one: (one.time, one.pick_id))[-_MOST_PICKS:]
        ]
        return json_answer(request, msgspec.json.encode({"picks": rows}), {"Cache-Control": "no-store"})
