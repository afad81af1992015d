"""Names of events: given once, by what the first origin was, and kept through every later origin.

An event that comes in is one that the catalog has when both carry one identifier, when its preferred origin shares with
the origins of the other at least half of the used picks of the one that has fewer, or, where one of them has no picks,
when they lie within `SAME_TIME` and `SAME_DISTANCE`. Each event takes the name of the most similar; where it covers
several current events, they are merged under the oldest name and the others become aliases.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from wadati.model import Event, Origin, content_id
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import SECOND

SAME_TIME = 2 * SECOND
"""Nanoseconds between two origins without common picks that are still one event."""

SAME_DISTANCE = 10_000.0
"""Metres between their epicentres."""


class Known(msgspec.Struct, frozen=True):
    """What the store knows of an event: its preferred origin, and the picks that any of its origins uses.

    `number` counts in order of first publication. `vanishing` is True for an event whose evidence this publication
    replaces: nearness then suffices although both have picks.
    """

    event_id: str
    number: int
    current: bool
    time: int
    latitude: float
    longitude: float
    picks: frozenset[str]
    vanishing: bool = False


class Identity(msgspec.Struct, frozen=True):
    """The name that an incoming event is published under, and the names that it takes over."""

    event_id: str
    aliases: tuple[str, ...] = ()


def new_event_id(origin: Origin) -> str:
    """The name of an event whose first origin this is: `wd`, the year, ten characters of the origin's content hash.

    >>> new_event_id(Origin.of(1_562_261_629_000_000_000, 35.7, -117.5, 8000.0))
    'wd2019vqetaqcytw'
    """
    year = datetime.fromtimestamp(origin.time // SECOND, UTC).year
    return f"wd{year}{content_id('event', origin.origin_id).removeprefix('event-')[:10]}"


def used_picks(origin: Origin) -> frozenset[str]:
    """The picks that carry weight in an origin."""
    return frozenset(arrival.pick_id for arrival in origin.arrivals if arrival.weight > 0)


def identities(events: Sequence[Event], known: Iterable[Known]) -> tuple[Identity, ...]:
    """Under which name each event is published; the order of events and of what is known does not matter."""
    stored = {item.event_id: item for item in known}
    candidates = sorted(_candidates(events, stored))
    taken: dict[int, str] = {}
    spoken_for: set[str] = set()
    groups: dict[int, list[str]] = {index: [] for index in range(len(events))}
    for candidate in candidates:
        if candidate.which not in taken and candidate.name not in spoken_for:
            taken[candidate.which] = candidate.name
            spoken_for.add(candidate.name)
    for candidate in candidates:
        if candidate.kind == _SHARED and candidate.name not in spoken_for and stored[candidate.name].current:
            spoken_for.add(candidate.name)
            groups[candidate.which].append(candidate.name)
    found = []
    for index, event in enumerate(events):
        group = [taken[index], *groups[index]] if index in taken else []
        oldest = min(group, key=lambda name: stored[name].number, default=event.event_id)
        found.append(Identity(oldest, tuple(sorted(name for name in group if name != oldest))))
    return tuple(found)


_SAME_NAME, _SHARED, _NEAR = range(3)


class _Candidate(NamedTuple):
    """An incoming event (its place in `which`) and one it may be; in order, the best comes first."""

    kind: int
    distance: float
    retired: bool
    number: int
    time: int
    event_id: str
    which: int
    name: str


def _candidates(events: Sequence[Event], stored: Mapping[str, Known]) -> Iterator[_Candidate]:
    by_pick: dict[str, list[str]] = {}
    for item in stored.values():
        for pick_id in item.picks:
            by_pick.setdefault(pick_id, []).append(item.event_id)
    in_time = sorted(stored.values(), key=lambda item: item.time)
    times = [item.time for item in in_time]
    for which, event in enumerate(events):
        time = event.origin.time
        around = in_time[bisect.bisect_left(times, time - SAME_TIME) : bisect.bisect_right(times, time + SAME_TIME)]
        found = _near(event.origin, around) | _sharing(event.origin, by_pick, stored)
        if event.event_id in stored:
            found[event.event_id] = (_SAME_NAME, 0.0)
        for name, (kind, distance) in found.items():
            item = stored[name]
            yield _Candidate(kind, distance, not item.current, item.number, time, event.event_id, which, name)


def _sharing(
    origin: Origin, by_pick: Mapping[str, list[str]], stored: Mapping[str, Known]
) -> dict[str, tuple[int, float]]:
    """The events that share enough picks, and how far from sharing all."""
    picks = used_picks(origin)
    shared = Counter(name for pick_id in picks for name in by_pick.get(pick_id, ()))
    return {
        name: (_SHARED, 1 - count / len(picks | stored[name].picks))
        for name, count in shared.items()
        if 2 * count >= min(len(picks), len(stored[name].picks))
    }


def _near(origin: Origin, around: Iterable[Known]) -> dict[str, tuple[int, float]]:
    """The events that are near enough where picks cannot tell, and how near, 1 at the edge."""
    picks = used_picks(origin)
    found = {}
    for item in around:
        if not (picks and item.picks) or item.vanishing:
            metres, _ = distance_azimuth(origin.latitude, origin.longitude, item.latitude, item.longitude)
            apart = max(abs(origin.time - item.time) / SAME_TIME, float(metres) / SAME_DISTANCE)
            if apart <= 1:
                found[item.event_id] = (_NEAR, apart)
    return found
