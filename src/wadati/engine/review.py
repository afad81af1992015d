"""What is made of several opinions on one earthquake, by stated rules, each change with its reason.

In this order:
1. *Duplicates* become one event: two that share at least half of the used picks of the one with fewer, or lie within
   `same_time` and `same_distance`, each widened by what their 95 % bounds allow, at most twofold. Any origin of the one
   may be near any of the other. The older name stays (`ages`, else the first in order), the others are aliases.
2. *Preferred origin*: one not rejected; manual before automatic; that of the authority where it lies; the better
   evaluated; the more supported; the better constrained.
3. *Preferred magnitude*: of those that are neither saturated nor of a tensor of quality D, by type in the order of
   `magnitude_types`; of the preferred origin before others; the more stations; the smaller uncertainty.
4. *Event type*: an automatic origin at daytime in a listed quarry, shallow or of unresolved depth, is called a quarry
   blast. Where no quarries are listed nothing is.
5. *Publication*: what the gates hold back is told, and left out.

Reviewing what has been reviewed changes nothing, the order of events does not matter, and it does not matter which
duplicates are merged first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from wadati.engine.duplicates import same_earthquake
from wadati.engine.review_rules import Authority, Publication, Quarry, Review
from wadati.model import Event, Magnitude, Origin
from wadati.protocols import Problem
from wadati.units import SECOND

USED = 0.1
"""An arrival of more weight than this counts for publication."""

_DEFAULTS = Review()
_STATUS = ("rejected", "preliminary", "confirmed", "reviewed", "final")
_NOTHING = "none"


class Decision(msgspec.Struct, frozen=True):
    """A change: of which event, what, by which rule, from → to, and by which values."""

    event_id: str
    what: str
    rule: str
    before: str
    after: str
    because: str


class Reviewed(msgspec.Struct, frozen=True):
    """Events fit for publication in order of time, all that was decided, and a line for each that is held back."""

    events: tuple[Event, ...]
    decisions: tuple[Decision, ...]
    held_back: tuple[Problem, ...]


def review(events: Iterable[Event], rules: Review = _DEFAULTS, *, ages: Mapping[str, int] | None = None) -> Reviewed:
    """Apply the rules to events; `ages` has for names that are published already when they were, in any count.

    >>> event = Event("wd1", (Origin.of(0, 35.7, -117.5, 8000.0),))
    >>> found = review([event])
    >>> found.events, found.held_back[0].wrong
    ((), 'not published: 0 arrivals fit it, 5 are needed')
    """
    decisions: list[Decision] = []
    kept: list[Event] = []
    held_back: list[Problem] = []
    for group in same_earthquake(tuple(set(events)), rules):
        event = _merged(group, ages or {}, decisions)
        event = _with_origin(event, rules.authorities, decisions)
        event = _with_magnitude(event, rules.magnitude_types, decisions)
        event = _with_type(event, rules.quarries, decisions)
        fault = _fault(event.origin, rules.publication)
        if fault:
            held_back.append(Problem(event.event_id, f"not published: {fault}"))
            decisions.append(Decision(event.event_id, "publication", "gates", "candidate", "held back", fault))
        else:
            kept.append(event)
    kept.sort(key=lambda event: (event.origin.time, event.event_id))
    decisions.sort(key=lambda one: (one.event_id, one.what, one.before))
    return Reviewed(tuple(kept), tuple(decisions), tuple(sorted(held_back, key=lambda one: one.subject)))


def _merged(group: Sequence[Event], ages: Mapping[str, int], decisions: list[Decision]) -> Event:
    """One event of a group: all origins, magnitudes and names."""
    oldest = min(group, key=lambda event: (ages.get(event.event_id, math.inf), event.event_id))
    others = [event for event in group if event is not oldest]
    if not others:
        return oldest
    for event in others:
        apart = abs(event.origin.time - oldest.origin.time) / SECOND
        because = f"the same earthquake as {oldest.event_id}, {apart:.2f} s apart"
        decisions.append(
            Decision(oldest.event_id, "duplicate", "same earthquake", event.event_id, oldest.event_id, because)
        )
    origins = {origin.origin_id: origin for event in group for origin in event.origins}
    magnitudes = {one.magnitude_id: one for event in group for one in event.magnitudes}
    mechanisms = {one.mechanism_id: one for event in group for one in event.mechanisms}
    chosen = [event.preferred_mechanism_id for event in (oldest, *others) if event.preferred_mechanism_id]
    names = {name for event in group for name in (event.event_id, *event.aliases)} - {oldest.event_id}
    types = sorted({event.event_type for event in group} - {"earthquake"})
    return msgspec.structs.replace(
        oldest,
        origins=tuple(sorted(origins.values(), key=lambda origin: (origin.time, origin.origin_id))),
        magnitudes=tuple(sorted(magnitudes.values(), key=lambda one: one.magnitude_id)),
        event_type=types[0] if types else "earthquake",
        aliases=tuple(sorted(names)),
        mechanisms=tuple(sorted(mechanisms.values(), key=lambda one: one.mechanism_id)),
        preferred_mechanism_id=next(iter(chosen), None),
    )


def _with_origin(event: Event, authorities: Sequence[Authority], decisions: list[Decision]) -> Event:
    ranked = sorted(event.origins, key=lambda origin: (_merits(origin, authorities), origin.origin_id))
    best = ranked[0]
    if best.origin_id == event.preferred_origin_id:
        return event
    present = {origin.origin_id: origin for origin in event.origins}.get(event.preferred_origin_id or "")
    rule, because = "only origin", ""
    if len(ranked) > 1:
        rival = present or ranked[1]
        pairs = zip(_MERITS, _merits(best, authorities), _merits(rival, authorities), strict=True)
        rule, ours, theirs = next(((name, a, b) for name, a, b in pairs if a != b), ("identifier", 0.0, 0.0))
        because = f"{abs(ours):g} against {abs(theirs):g}"
    decisions.append(
        Decision(
            event.event_id, "preferred origin", rule, event.preferred_origin_id or _NOTHING, best.origin_id, because
        )
    )
    return msgspec.structs.replace(event, preferred_origin_id=best.origin_id)


_MERITS = ("rejected", "automatic", "authority", "evaluation status", "support", "ellipse (m)", "residuals (s)")


def _merits(origin: Origin, authorities: Sequence[Authority]) -> tuple[float, ...]:
    """By which origins are ranked, one a name in `_MERITS`, the smaller the better."""
    rank = next(
        (
            place
            for place, one in enumerate(authorities)
            if one.region.holds(origin.latitude, origin.longitude) and origin.method in one.methods
        ),
        len(authorities),
    )
    bound = origin.uncertainty
    status = _STATUS.index(origin.evaluation_status) if origin.evaluation_status in _STATUS else 1
    return (
        float(origin.evaluation_status == "rejected"),
        float(origin.evaluation_mode != "manual"),
        float(rank),
        -float(status),
        -round(sum(arrival.weight for arrival in origin.arrivals), 6),
        math.inf if bound is None else bound.semi_major,
        math.inf if origin.standard_error is None else origin.standard_error,
    )


def _with_magnitude(event: Event, types: Sequence[str], decisions: list[Decision]) -> Event:
    doubtful = {one.magnitude_id for one in event.mechanisms if one.quality == "D"}

    def rank(magnitude: Magnitude) -> tuple[float, bool, int, float, str]:
        kind = magnitude.magnitude_type.lower()
        place = next((at for at, name in enumerate(types) if kind.startswith(name.lower())), len(types))
        error = math.inf if magnitude.uncertainty is None else magnitude.uncertainty
        elsewhere = magnitude.origin_id != event.origin.origin_id
        return place, elsewhere, -magnitude.station_count, error, magnitude.magnitude_id

    sound = [one for one in event.magnitudes if not one.saturated and one.magnitude_id not in doubtful]
    best = min(sound, key=rank, default=None)
    chosen = best.magnitude_id if best else None
    if chosen == event.preferred_magnitude_id:
        return event
    because = f"{best.magnitude_type} {best.value:.2f}, {best.station_count} stations" if best else "all are saturated"
    before = event.preferred_magnitude_id or _NOTHING
    rule = "type, origin, stations, uncertainty"
    decisions.append(Decision(event.event_id, "preferred magnitude", rule, before, chosen or _NOTHING, because))
    return msgspec.structs.replace(event, preferred_magnitude_id=chosen)


def _with_type(event: Event, quarries: Sequence[Quarry], decisions: list[Decision]) -> Event:
    origin = event.origin
    if event.event_type != "earthquake" or origin.evaluation_mode == "manual":
        return event
    for quarry in quarries:
        if not quarry.region.holds(origin.latitude, origin.longitude):
            continue
        free = origin.uncertainty is not None and not origin.uncertainty.depth_resolved
        local = datetime.fromtimestamp(origin.time // SECOND, UTC) + timedelta(hours=origin.longitude / 15)
        hour = local.hour + local.minute / 60
        if (free or origin.depth <= 1000 * quarry.deepest_km) and quarry.first_hour <= hour < quarry.last_hour:
            depth = "unresolved" if free else f"{origin.depth / 1000:.1f} km"
            because = f"in {quarry.region.name} at {hour:.1f} h solar time, depth {depth}"
            after = "quarry blast"
            decisions.append(Decision(event.event_id, "event type", "quarry", event.event_type, after, because))
            return msgspec.structs.replace(event, event_type=after)
    return event


def _fault(origin: Origin, gates: Publication) -> str:
    """Why an origin may not be published; empty where it may. Manual origins may, unless rejected."""
    if origin.evaluation_status == "rejected":
        return "it is rejected"
    if origin.evaluation_mode == "manual":
        return ""
    used = [arrival for arrival in origin.arrivals if arrival.weight > USED]
    stations = {(arrival.network, arrival.station) for arrival in used}
    if len(used) < gates.arrivals:
        return f"{len(used)} arrivals fit it, {gates.arrivals} are needed"
    if len(stations) < gates.stations:
        return f"{len(stations)} stations fit it, {gates.stations} are needed"
    if origin.standard_error is not None and origin.standard_error > gates.residuals_s:
        return f"its residuals are {origin.standard_error:.2f} s, more than {gates.residuals_s:g} s"
    if origin.uncertainty is not None and origin.uncertainty.semi_major > 1000 * gates.ellipse_km:
        known = origin.uncertainty.semi_major / 1000
        return f"its epicentre is known to {known:.0f} km only, not to {gates.ellipse_km:g} km"
    if origin.azimuthal_gap is not None and origin.azimuthal_gap > gates.gap:
        return f"its azimuthal gap is {origin.azimuthal_gap:.0f}°, more than {gates.gap:g}°"
    return ""
