"""Picks that come after their time was final, and the final event that each belongs to."""

from __future__ import annotations

import math

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
