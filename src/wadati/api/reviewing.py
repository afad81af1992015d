"""`POST /events/EVENT/review`: an analyst's word on an event; `GET /events/EVENT/reviews`: what was said so far."""

from __future__ import annotations

import time

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wadati.api.access import caller_of, require
from wadati.api.current import Current
from wadati.api.errors import Refused
from wadati.api.feeds import Feeds
from wadati.api.holdings import Holdings
from wadati.engine.analyst import Analyst, ReviewRequest
from wadati.errors import InputError, UsageError
from wadati.model import Event, Pick, Review, encode_json
from wadati.store.catalog import CatalogStore
from wadati.store.live_log import LiveLog

_LARGEST = 1 << 20
_REQUESTS = msgspec.json.Decoder(ReviewRequest)
"""Made with the module: two threads that first decode one type at once crash in msgspec."""


class Reviews(msgspec.Struct, frozen=True):
    """What analysts said of an event, the first first."""

    reviews: tuple[Review, ...]


class ReviewService:
    """What analysts ask of one catalog. Close it."""

    def __init__(self, holdings: Holdings, current: Current) -> None:
        self._holdings, self._current = holdings, current
        self._feeds = Feeds(holdings, current)
        self._store, self._log = CatalogStore(holdings.store), LiveLog(holdings.store)
        self._analyst = Analyst(
            self._store,
            self._log,
            holdings.inventory,
            holdings.earth,
            holdings.flow,
            holdings.station_terms,
            self._opened,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._store.close()
        self._log.close()

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/events/{event_id}/review", self.review, methods=["POST"]),
            Route("/events/{event_id}/reviews", self.reviews, methods=["GET"]),
        ]

    async def review(self, request: Request) -> Response:
        """Take an analyst's word; the event as it is then. Raises `Refused`."""
        require(request.scope, "review")
        held = bytearray()
        async for chunk in request.stream():
            held += chunk
            if len(held) > _LARGEST:
                raise Refused(413, f"the body is larger than {_LARGEST >> 20} MiB")
        try:
            asked = _REQUESTS.decode(bytes(held))
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise Refused(400, str(error)) from None
        address = self._holdings.settings.url.rstrip("/") or str(request.base_url).rstrip("/")
        content = await run_in_threadpool(
            self._review, request.path_params["event_id"], asked, caller_of(request.scope).name, address
        )
        return Response(content, media_type="application/geo+json")

    async def reviews(self, request: Request) -> Response:
        """All that analysts said of an event, the first first."""
        require(request.scope, "review")
        found = await run_in_threadpool(self._store.reviews, request.path_params["event_id"])
        return Response(encode_json(Reviews(found)), media_type="application/json")

    def _review(self, event_id: str, asked: ReviewRequest, reviewer: str, address: str) -> bytes:
        try:
            found = self._analyst.review(event_id, asked, self._picks(event_id), reviewer)
        except (UsageError, InputError) as error:
            known = self._store.latest(event_id) is not None or self._store.event(event_id) is not None
            raise Refused(400 if known else 404, str(error)) from None
        if found is None:
            return msgspec.json.encode({"type": "Feature", "id": event_id, "properties": {"status": "deleted"}})
        return self._feeds.detail(found, time.time_ns(), address)

    def _picks(self, event_id: str) -> dict[str, Pick]:
        """The picks of an event's origins."""
        number = self._holdings.search.number(event_id)
        found = None if number is None else next(self._holdings.search.events([number], picks=True), None)
        if found is not None:
            return found[1]
        event = self._store.latest(event_id) or self._opened(event_id)
        used = {arrival.pick_id for origin in event.origins for arrival in origin.arrivals} if event else set()
        return self._current.picks(used)

    def _opened(self, event_id: str) -> Event | None:
        """An event of the live run that is not in the catalog yet."""
        found = self._current.open.get(event_id)
        return None if found is None else found[0].event
