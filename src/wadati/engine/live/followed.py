"""Events that are followed, and how a candidate is known to be one of them.

A candidate is the event with which it shares at least half of the observations of the one that has fewer (a pick of the
same phase at the same station within a second), or else the one nearest in time and place.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from wadati.bus.messages import EventState
from wadati.engine.live.observations import Observation, shared_observations
from wadati.engine.review_rules import Review
from wadati.model import Event, Origin
from wadati.protocols import Candidate
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import MINUTE, SECOND

_NEAR_TIME, _NEAR = 4 * SECOND, 30_000.0


class Open(msgspec.Struct):
    """An event that is followed, or was not long ago."""

    event: Event
    observations: tuple[Observation, ...]
    version: int = 0
    state: EventState = "created"
    misses: int = 0
    released: bool = False
    sized: int = 0
    final: bool = False
    began: int = 0
    came: dict[tuple[str, str], int] = msgspec.field(default_factory=dict)
    """When (ns) the records with its first P came in, and when it was first told."""

    def before(self, until: int | None) -> bool:
        """Whether it lies in the time before a moment (ns) from which on events are not final."""
        return until is not None and self.event.origin.time < until - 30 * SECOND


def match(
    events: Mapping[str, Open], candidate: Candidate, observations: Sequence[Observation], seen: Collection[str]
) -> str | None:
    """The event, other than those `seen`, that a candidate is, if there is one."""
    best: tuple[float, str] | None = None
    for name, one in events.items():
        apart = abs(one.event.origin.time - candidate.time)
        if name in seen or one.state == "retracted" or apart > MINUTE:
            continue
        shared = shared_observations(one.observations, observations)
        likeness = shared / max(min(len(one.observations), len(observations)), 1)
        if likeness < 0.5 and one.final:
            continue  # what is final is known again by its picks alone
        if likeness < 0.5 and apart <= _NEAR_TIME:
            metres = _apart(one, candidate)
            likeness = 0.5 - 0.4 * metres / _NEAR if metres < _NEAR else 0.0
        if likeness > 0 and (shared or apart <= _NEAR_TIME) and (best is None or (likeness, name) > best):
            best = likeness, name
    return best[1] if best and best[0] > 0.05 else None


def beside(events: Mapping[str, Open], candidate: Candidate, rules: Review) -> bool:
    """Whether a candidate lies where an event is that is still open."""
    return any(
        not one.final
        and abs(one.event.origin.time - candidate.time) <= 2 * rules.same_time_s * SECOND
        and _apart(one, candidate) <= 2000 * rules.same_distance_km
        for one in events.values()
    )


def is_near(one: Origin, other: Origin) -> bool:
    """Whether two origins, provisional ones maybe, are so near that they are one event for all that is known."""
    if abs(one.time - other.time) > _NEAR_TIME:
        return False
    metres, _ = distance_azimuth(one.latitude, one.longitude, other.latitude, other.longitude)
    return float(metres) < _NEAR


def _apart(one: Open, candidate: Candidate) -> float:
    origin = one.event.origin
    metres, _ = distance_azimuth(origin.latitude, origin.longitude, candidate.latitude, candidate.longitude)
    return float(metres)
