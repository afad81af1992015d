"""Which events are one earthquake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wadati.engine.review_rules import Review
from wadati.model import Event, Origin
from wadati.store.identity import used_picks
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import SECOND


def same_earthquake(events: Sequence[Event], rules: Review) -> list[list[Event]]:
    """The events in groups of one earthquake each, groups and members in order of name.

    Two belong together where origins of theirs share at least half of the used picks of the one with fewer, or are
    near each other (see `engine.review`); whether two do may follow from a third.
    """
    ordered = sorted(events, key=lambda event: event.event_id)
    group = list(range(len(ordered)))

    def first_of(at: int) -> int:
        while group[at] != at:
            group[at] = group[group[at]]
            at = group[at]
        return at

    for one, other in (*_near(ordered, rules), *_sharing(ordered)):
        low, high = sorted((first_of(one), first_of(other)))
        group[high] = low
    found: dict[int, list[Event]] = {}
    for at, event in enumerate(ordered):
        found.setdefault(first_of(at), []).append(event)
    return list(found.values())


def _near(events: Sequence[Event], rules: Review) -> Iterator[tuple[int, int]]:
    """Pairs of events of which an origin of the one is near an origin of the other."""
    entries = sorted(
        ((origin.time, at, origin) for at, event in enumerate(events) for origin in event.origins),
        key=lambda entry: (entry[0], entry[1], entry[2].origin_id),
    )
    widest = round(2 * rules.same_time_s * SECOND)
    first = 0
    for last, (time, at, origin) in enumerate(entries):
        while time - entries[first][0] > widest:
            first += 1
        for _, other, earlier in entries[first:last]:
            if other != at and _is_near(origin, earlier, rules):
                yield at, other


def _is_near(one: Origin, other: Origin, rules: Review) -> bool:
    """Within the time and distance of the rules, each widened to the sum of the 95 % bounds, at most twofold."""
    bounds = [origin.uncertainty for origin in (one, other) if origin.uncertainty is not None]
    time = min(max(rules.same_time_s, sum(bound.time_95 for bound in bounds)), 2 * rules.same_time_s)
    if abs(one.time - other.time) > time * SECOND:
        return False
    least = 1000 * rules.same_distance_km
    reach = min(max(least, sum(bound.semi_major for bound in bounds)), 2 * least)
    metres, _ = distance_azimuth(one.latitude, one.longitude, other.latitude, other.longitude)
    return float(metres) <= reach


def _sharing(events: Sequence[Event]) -> Iterator[tuple[int, int]]:
    """Pairs of events of which origins share at least half of the used picks of the one that has fewer."""
    holders: dict[str, list[tuple[int, frozenset[str]]]] = {}
    for at, event in enumerate(events):
        for picks in map(used_picks, event.origins):
            for pick_id in picks:
                holders.setdefault(pick_id, []).append((at, picks))
    for held in holders.values():
        for place, (at, picks) in enumerate(held):
            for other, theirs in held[:place]:
                if other != at and 2 * len(picks & theirs) >= min(len(picks), len(theirs)):
                    yield at, other
