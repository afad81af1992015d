"""Picks without their names: by what an event is known again while its picks go from early to final."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from wadati.model import Pick
from wadati.units import SECOND

_SAME = SECOND


class Observation(NamedTuple):
    """A pick without its name: early and final picks of one arrival are one observation."""

    network: str
    station: str
    phase: str
    time: int


def observation(pick: Pick) -> Observation:
    """What a pick saw."""
    return Observation(*pick.source_id.station_key, pick.phase_hint, pick.time)


def shared_observations(ours: Sequence[Observation], theirs: Sequence[Observation]) -> int:
    """Observations of the one that are within a second of one of the other."""
    held: dict[tuple[str, str, str], list[int]] = {}
    for one in ours:
        held.setdefault(one[:3], []).append(one.time)
    return sum(any(abs(time - one.time) <= _SAME for time in held.get(one[:3], ())) for one in theirs)


def same_observations(ours: Sequence[Observation], theirs: Sequence[Observation]) -> bool:
    """Whether two events rest on the same, in order."""
    return tuple(ours) == tuple(theirs)
