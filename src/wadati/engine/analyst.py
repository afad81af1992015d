"""Review by analysts: an event confirmed, rejected, named or located anew from picks that they moved.

Each answer is a new origin that is manual, kept beside those that the computer found; nothing is edited, and later runs
keep what was said (see `model.review`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from wadati.bus.messages import EventMessage
from wadati.engine.flow import Flow
from wadati.errors import InputError, UsageError
from wadati.formats.quakeml_writing import EVENT_TYPES
from wadati.locators.edt import EdtLocator
from wadati.locators.station_terms import StationTerms
from wadati.magnitudes.other_origin import at_origin
from wadati.model import (
    Event,
    Inventory,
    Magnitude,
    Origin,
    Pick,
    Review,
    ReviewAction,
    SourceId,
    VelocityModel,
    encode_json,
    parse_time,
)
from wadati.protocols import AttenuationRelation, Locator
from wadati.store.catalog import CatalogStore
from wadati.store.live_log import EventVersion, LiveLog

MANUAL_UNCERTAINTY_S = 0.05
"""One standard deviation of a pick that an analyst set (s)."""

_METHOD = "analyst"


class PickChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to become of a pick: moved to a `time` (ISO 8601), left out (`used` false), or new on a channel."""

    pick_id: str | None = None
    source_id: str | None = None
    phase: str | None = None
    time: str | None = None
    used: bool = True


class ReviewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an analyst asks: `confirm` (the preferred origin), `prefer` (that of `origin_id`), `reject`, `type`.

    `relocate` locates anew from the arrivals of the preferred origin with the changes of `picks`. `event_type` is a
    word of QuakeML, such as `quarry blast`.
    """

    action: ReviewAction
    origin_id: str | None = None
    event_type: str | None = None
    picks: tuple[PickChange, ...] = ()
    comment: str = ""


class Analyst:
    """Takes reviews into a catalog; `earth`, `terms` and `flow` are those that its events were located with.

    `known` gives an event, with its picks, that is not in the catalog yet; None where there is none of that name.
    """

    def __init__(
        self,
        store: CatalogStore,
        log: LiveLog,
        inventory: Inventory,
        earth: VelocityModel | None,
        flow: Flow,
        terms: StationTerms | None = None,
        known: Callable[[str], Event | None] = lambda _: None,
    ) -> None:
        self._store, self._log, self._inventory, self._known = store, log, inventory, known
        self._earth = earth or flow.earth()
        locator: Locator = flow.part("locators")
        self._locator = locator.with_terms(terms) if terms is not None and isinstance(locator, EdtLocator) else locator
        self._relation: AttenuationRelation = flow.part("attenuation")

    def review(self, event_id: str, asked: ReviewRequest, picks: Mapping[str, Pick], reviewer: str) -> Event | None:
        """Do what is asked; the event as it is then, None where it is rejected.

        `picks` are those of the event's origins. Raises `UsageError` for what cannot be meant or an event that there is
        none of, `InputError` where the picks cannot be located.
        """
        if (asked.action == "type") != (asked.event_type is not None):
            raise UsageError("event_type goes with the action type, and with no other")
        if asked.event_type is not None and asked.event_type not in EVENT_TYPES:
            raise UsageError(f"{asked.event_type!r} is no type of event; there are {', '.join(sorted(EVENT_TYPES))}")
        event = self._event(event_id)
        origin, used = self._origin(event, asked, picks)
        magnitudes = () if origin is None else self._magnitudes(event, origin)
        said = Review(
            event_id=event.event_id,
            time=time.time_ns(),
            reviewer=reviewer,
            action=asked.action,
            origin=origin,
            magnitudes=magnitudes,
            event_type=asked.event_type,
            comment=asked.comment,
        )
        found = self._store.review(said, used)
        self._tell(found or event, rejected=found is None)
        return found

    def _event(self, event_id: str) -> Event:
        """The event of a name or an alias, rejected ones too; one that is still open comes into the catalog."""
        event = self._store.event(event_id) or self._store.latest(event_id)
        if event is None and (opened := self._known(event_id)) is not None:
            (event,) = self._store.publish([opened])
        if event is None:
            raise UsageError(f"there is no event {event_id}")
        return event

    def _origin(
        self, event: Event, asked: ReviewRequest, picks: Mapping[str, Pick]
    ) -> tuple[Origin | None, Sequence[Pick]]:
        """The manual origin of a request, and the picks that it brings."""
        if asked.action in ("reject", "type"):
            return None, ()
        if asked.action == "relocate":
            changed = changed_picks(event.origin, picks, asked.picks)
            located = self._locator.locate(changed, self._inventory, self._earth)
            return _manual(located, "reviewed"), changed
        chosen = event.origin
        if asked.action == "prefer":
            found = {origin.origin_id: origin for origin in (*event.origins, *self._store.superseded(event.event_id))}
            if asked.origin_id not in found:
                raise UsageError(f"event {event.event_id} has no origin {asked.origin_id}")
            chosen = found[asked.origin_id]
        return _manual(chosen, "confirmed"), ()

    def _magnitudes(self, event: Event, origin: Origin) -> tuple[Magnitude, ...]:
        """The preferred magnitude, as it is at another origin."""
        size = event.magnitude
        if size is None:
            return ()
        before = next((one for one in event.origins if one.origin_id == size.origin_id), event.origin)
        return (at_origin(size, before, origin, self._inventory.stations(), self._relation),)

    def _tell(self, event: Event, *, rejected: bool) -> None:
        """Say it to who listens, as the next version of the event."""
        last = self._log.last(event.event_id)
        version = 1 if last is None else last.version + 1
        state = "retracted" if rejected else "final"
        message = EventMessage(event_id=event.event_id, version=version, state=state, event=event, released=True)  # type: ignore[arg-type]
        told = EventVersion(event.event_id, version, state, time.time_ns(), encode_json(message).decode())
        self._log.write(versions=[told])


def changed_picks(origin: Origin, picks: Mapping[str, Pick], changes: Sequence[PickChange]) -> list[Pick]:
    """The picks of an origin's arrivals with an analyst's changes, in order of time.

    Raises `UsageError` for a change that names nothing that is there.
    """
    lost = [arrival for arrival in origin.arrivals if arrival.pick_id not in picks]
    if lost:
        told = ", ".join(sorted({f"{arrival.network}.{arrival.station}" for arrival in lost}))
        raise UsageError(f"the picks of {told} are no longer kept, so that nothing can be located from them")
    own = {arrival.pick_id: picks[arrival.pick_id] for arrival in origin.arrivals}
    for change in changes:
        if change.pick_id is None:
            pick = _new(change)
            own[pick.pick_id] = pick
            continue
        if (before := own.pop(change.pick_id, None)) is None:
            raise UsageError(f"the event has no pick {change.pick_id}")
        if change.used:
            moved = before if change.time is None else _moved(before, change.time)
            own[moved.pick_id] = moved
    return sorted(own.values(), key=lambda pick: (pick.time, pick.pick_id))


def _moved(pick: Pick, moment: str) -> Pick:
    return Pick.of(
        pick.source_id,
        pick.phase_hint,
        parse_time(moment),
        time_uncertainty=MANUAL_UNCERTAINTY_S,
        probability=1.0,
        polarity=pick.polarity,
        amplitude=pick.amplitude,
        method=_METHOD,
        evaluation_mode="manual",
    )


def _new(change: PickChange) -> Pick:
    if change.source_id is None or change.phase not in ("P", "S") or change.time is None:
        raise UsageError("a new pick needs source_id, phase (P or S) and time")
    try:
        source_id = SourceId.parse(change.source_id)
    except InputError as error:
        raise UsageError(str(error)) from None
    return Pick.of(
        source_id,
        change.phase,
        parse_time(change.time),
        time_uncertainty=MANUAL_UNCERTAINTY_S,
        probability=1.0,
        method=_METHOD,
        evaluation_mode="manual",
    )


def _manual(origin: Origin, status: str) -> Origin:
    return Origin.of(
        origin.time,
        origin.latitude,
        origin.longitude,
        origin.depth,
        arrivals=origin.arrivals,
        uncertainty=origin.uncertainty,
        azimuthal_gap=origin.azimuthal_gap,
        standard_error=origin.standard_error,
        earth_model=origin.earth_model,
        method=origin.method,
        evaluation_mode="manual",
        evaluation_status=status,
    )
