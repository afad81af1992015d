"""What may be published, by stated rules, and which of two origins of one earthquake stays.

An origin needs `MINIMUM_ARRIVALS` used arrivals and `MINIMUM_STATIONS` stations, a weighted RMS residual of at most
`MAXIMUM_STANDARD_ERROR` seconds, and an epicentre known to `MAXIMUM_HORIZONTAL` metres (95 %). Two origins within
`SAME_TIME` seconds and `SAME_DISTANCE` metres are one earthquake: the one with more arrivals stays.
"""

from __future__ import annotations

from collections.abc import Sequence

from wadati.model import Event, Origin
from wadati.protocols import Problem
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import SECOND

MINIMUM_ARRIVALS = 5
MINIMUM_STATIONS = 4
MAXIMUM_STANDARD_ERROR = 0.8
MAXIMUM_HORIZONTAL = 15_000.0
SAME_TIME = 1.0
SAME_DISTANCE = 10_000.0


def publishable(located: Sequence[tuple[Event, Origin]]) -> tuple[list[tuple[Event, Origin]], list[Problem]]:
    """The events that pass the rules, and a line for each that does not. Order in, order out."""
    kept: list[tuple[Event, Origin]] = []
    left_out = []
    for event, origin in sorted(located, key=lambda pair: (-_strength(pair[1]), pair[1].time, pair[0].event_id)):
        reason = _fault(origin) or _twin(origin, [other for _, other in kept])
        if reason:
            left_out.append(Problem(event.event_id, reason))
        else:
            kept.append((event, origin))
    kept.sort(key=lambda pair: (pair[1].time, pair[0].event_id))
    return kept, sorted(left_out, key=lambda problem: problem.subject)


def _strength(origin: Origin) -> float:
    return sum(arrival.weight for arrival in origin.arrivals)


def _fault(origin: Origin) -> str:
    used = [arrival for arrival in origin.arrivals if arrival.weight > 0.1]
    stations = {(arrival.network, arrival.station) for arrival in used}
    if len(used) < MINIMUM_ARRIVALS:
        return f"not published: {len(used)} arrivals fit it, {MINIMUM_ARRIVALS} are needed"
    if len(stations) < MINIMUM_STATIONS:
        return f"not published: {len(stations)} stations fit it, {MINIMUM_STATIONS} are needed"
    if origin.standard_error is not None and origin.standard_error > MAXIMUM_STANDARD_ERROR:
        return f"not published: its residuals are {origin.standard_error:.2f} s, more than {MAXIMUM_STANDARD_ERROR} s"
    if origin.uncertainty is not None and origin.uncertainty.semi_major > MAXIMUM_HORIZONTAL:
        return (
            f"not published: its epicentre is known to {origin.uncertainty.semi_major / 1000:.0f} km only, "
            f"not to {MAXIMUM_HORIZONTAL / 1000:.0f} km"
        )
    return ""


def _twin(origin: Origin, others: Sequence[Origin]) -> str:
    for other in others:
        if abs(other.time - origin.time) > SAME_TIME * SECOND:
            continue
        distance, _ = distance_azimuth(origin.latitude, origin.longitude, other.latitude, other.longitude)
        if distance <= SAME_DISTANCE:
            return "not published: the same earthquake as a better constrained origin"
    return ""
