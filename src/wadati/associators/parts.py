"""Events made of what a larger one left over: late or misnamed picks, and arrivals that the velocity model has not.

What tells them from a second event is that they use picks of channels where the larger event has none: two events, a
second apart, both have picks at the stations that heard both.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wadati.associators.compiled import compiled
from wadati.associators.picks_of_window import Flags, Picks
from wadati.associators.travel import Floats, Integers, Travel, model_error, travel_time

_LATE, _SIGMAS = 2.0, 4.0


def share_left_over(place: Floats, picks_of_larger: Integers, pick: Integers, picks: Picks, travel: Travel) -> Any:
    """The share of picks that lie near the arrivals of an event (x, y, depth, time) in channels where it has none."""
    channel = 2 * picks.station + picks.phase
    used: Flags = np.isin(channel[pick], channel[picks_of_larger])
    return _left_over(place, used, pick, picks, travel) / len(pick)


@compiled
def _left_over(place: Floats, used: Flags, pick: Integers, picks: Picks, travel: Travel) -> int:
    found = 0
    for k in range(len(pick)):
        if used[k]:
            continue
        s = picks.station[pick[k]]
        distance = math.sqrt((place[0] - travel.x[s]) ** 2 + (place[1] - travel.y[s]) ** 2)
        for phase in range(2):
            time = travel_time(travel, s, phase, distance, place[2])[0]
            if abs(picks.time[pick[k]] - place[3] - time) < _LATE + _SIGMAS * model_error(travel, phase, time):
                found += 1
                break
    return found
