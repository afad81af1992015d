"""Final events whose picks changed: records that came late gave some, and took some away."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from wadati.associators.joint import JointAssociator
from wadati.model import Origin, Pick, Station, VelocityModel, seconds
from wadati.traveltime.geodesy import distance_azimuth
from wadati.traveltime.layered import first_arrival
from wadati.units import MINUTE, SECOND

_LONGEST = 2 * MINUTE


def misfit(origin: Origin, pick: Pick, station: Station, model: VelocityModel, rules: JointAssociator) -> float:
    """How far a pick is from the arrival of an origin there, relative to the most that the associator would allow.

    Infinite before the origin and more than two minutes after it.
    """
    after = pick.time - origin.time
    if not 0 < after < _LONGEST:
        return math.inf
    metres, _ = distance_azimuth(origin.latitude, origin.longitude, station.latitude, station.longitude)
    travel = float(first_arrival(model, pick.phase_hint, metres, origin.depth, station.elevation))
    least, growth = rules.error["PS".index(pick.phase_hint)]
    spread = math.hypot(least + growth * math.sqrt(travel), pick.time_uncertainty)
    return abs(after - seconds(travel)) / SECOND / (rules.sigmas * spread)


def changed(
    final: Mapping[str, Origin],
    late: Iterable[Pick],
    lost: Collection[str],
    known: Mapping[str, Pick],
    stations: Mapping[tuple[str, str], Station],
    model: VelocityModel,
    rules: JointAssociator,
) -> dict[str, list[Pick]]:
    """The picks in order of time that final events have now, of those that `late` picks join or that had `lost` ones.

    A late pick joins the event that it fits best, where that has none of its phase at its station.
    """
    joining: dict[str, list[Pick]] = defaultdict(list)
    for pick in late:
        station = stations.get(pick.source_id.station_key)
        if station is not None:
            fits = [(misfit(origin, pick, station, model, rules), name) for name, origin in final.items()]
            if fits and min(fits)[0] < 1:
                joining[min(fits)[1]].append(pick)
    found = {}
    for name, origin in final.items():
        had = {arrival.pick_id for arrival in origin.arrivals}
        if name not in joining and not had & set(lost):
            continue
        held = [known[pick_id] for pick_id in had if pick_id in known]
        seen = {(pick.source_id.station_key, pick.phase_hint) for pick in held}
        more = [pick for pick in joining[name] if (pick.source_id.station_key, pick.phase_hint) not in seen]
        if more or len(held) < len(had):
            found[name] = sorted((*held, *more), key=lambda pick: pick.time)
    return found
