"""What an analyst said of an event: never an edit, each a word of its own that later ones may follow."""

from __future__ import annotations

from typing import Literal

import msgspec

from wadati.model.event import Event, Magnitude
from wadati.model.ids import content_id
from wadati.model.origin import Origin
from wadati.model.time import Nanoseconds

ReviewAction = Literal["confirm", "prefer", "relocate", "reject", "type"]


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """One word of an analyst on one event.

    `confirm`, `prefer` and `relocate` bring an `origin` that is manual, and the `magnitudes` that rest on it; `reject`
    says that there was no such event, which a later confirmation takes back; `type` says what it was (`event_type`,
    a word of QuakeML).
    """

    event_id: str
    time: Nanoseconds
    reviewer: str
    action: ReviewAction
    origin: Origin | None = None
    magnitudes: tuple[Magnitude, ...] = ()
    event_type: str | None = None
    comment: str = ""

    @property
    def review_id(self) -> str:
        """The identifier of its content."""
        origin = "" if self.origin is None else self.origin.origin_id
        return content_id("review", self.event_id, self.time, self.reviewer, self.action, origin, self.event_type or "")


def reviewed(event: Event, reviews: tuple[Review, ...]) -> Event | None:
    """An event as reviews leave it, in the order in which they were said; None for one that is rejected.

    The latest manual origin is preferred, beside whatever the computer found then or later.

    >>> event = Event("wd1", (Origin.of(0, 35.7, -117.5, 8000.0),))
    >>> moved = Origin.of(0, 35.8, -117.5, 7000.0, evaluation_mode="manual")
    >>> said = Review(event_id="wd1", time=1, reviewer="me", action="relocate", origin=moved)
    >>> [origin.latitude for origin in reviewed(event, (said,)).origins], reviewed(event, (said,)).origin.latitude
    ([35.7, 35.8], 35.8)
    """
    ordered = sorted(reviews, key=lambda one: (one.time, one.review_id))
    located = [one for one in ordered if one.origin is not None]
    rejected = [one.action == "reject" for one in ordered if one.action != "type"]
    types = [one.event_type for one in ordered if one.event_type is not None]
    if types:
        event = msgspec.structs.replace(event, event_type=types[-1])
    if located:
        event = _with_latest(event, located)
    return None if rejected and rejected[-1] else event


def _with_latest(event: Event, located: list[Review]) -> Event:
    last = located[-1]
    assert last.origin is not None
    manual = {one.origin.origin_id for one in located if one.origin is not None}
    origins = tuple(origin for origin in event.origins if origin.origin_id not in manual)
    magnitudes = tuple(one for one in event.magnitudes if one.origin_id not in manual)
    preferred = event.preferred_magnitude_id if event.magnitude in magnitudes else None
    sound = [one for one in last.magnitudes if not one.saturated]
    return msgspec.structs.replace(
        event,
        origins=(*origins, last.origin),
        magnitudes=(*magnitudes, *last.magnitudes),
        preferred_origin_id=last.origin.origin_id,
        preferred_magnitude_id=sound[0].magnitude_id if sound else preferred,
    )
