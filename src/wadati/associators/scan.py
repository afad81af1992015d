"""When something happened at known places: how surprising it is, at each moment, that picks lie where they do.

Where earthquakes follow one another within seconds, the place of most is known before their picks are sorted: it is
that of the others. (Stacking pick likelihoods over a grid: Woollam et al. 2022, doi:10.1785/0220210279, and others.)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wadati.associators.compiled import compiled
from wadati.associators.picks_of_window import Picks, search
from wadati.associators.terms import Terms, term
from wadati.associators.travel import Floats, Travel, travel_time
from wadati.associators.volume import Volume, cell_of

BIN = 0.25
_STATIONS = 40
_NEAR, _NEAR_BINS, _LEAST = 3000.0, 3, 12.0


@compiled
def scan(places: Floats, picks: Picks, travel: Travel, volume: Volume, terms: Terms, begin: float, end: float) -> Any:
    """Scores of shape (place, bin): what free picks at the nearest stations say of each place and quarter second."""
    bins = math.ceil((end - begin) / BIN)
    score = np.zeros((len(places), bins), np.float32)
    for k in range(len(places)):
        x, y, z = places[k, 0], places[k, 1], places[k, 2]
        order = volume.order[cell_of(volume, x, y)]
        for m in range(min(_STATIONS, len(order))):
            s = order[m]
            distance = math.sqrt((x - travel.x[s]) ** 2 + (y - travel.y[s]) ** 2)
            for phase in range(2):
                c = 2 * s + phase
                first, last = picks.first[c], picks.first[c + 1]
                if first == last:
                    continue
                time, _, _ = travel_time(travel, s, phase, distance, z)
                delay, spread = term(terms, travel, s, phase, x, y, time)
                late = time + delay
                i = search(picks.time, first, last, begin + late - 3.0)
                while i < last:
                    origin = picks.time[i] - late
                    if origin > end + 3.0:
                        break
                    if picks.free[i]:
                        sigma = math.sqrt(spread * spread + picks.error[i] ** 2 + 0.01)
                        peak = -math.log(sigma * 2.5066 * picks.rate[i]) + picks.belief[i]
                        if peak > 0.0:
                            width = sigma * math.sqrt(2.0 * peak)
                            low = max(math.ceil((origin - width - begin) / BIN - 0.5), 0)
                            high = min(math.floor((origin + width - begin) / BIN - 0.5), bins - 1)
                            for b in range(low, high + 1):
                                off = (begin + (b + 0.5) * BIN - origin) / sigma
                                score[k, b] += peak - 0.5 * off * off
                    i += 1
    return score


def seeds(score: Any, places: Floats, begin: float) -> Floats:
    """Where and when scores are greatest for some distance and time around: x, y, depth, time, shape (seed, 4)."""
    place, moment = _peaks(score, places, _NEAR, _NEAR_BINS, _LEAST)
    return np.column_stack([places[place], begin + (moment + 0.5) * BIN])


@compiled
def _peaks(score: Any, places: Floats, near: float, around: int, least: float) -> Any:
    found_place, found_bin = [], []
    for k in range(len(places)):
        for b in range(score.shape[1]):
            if score[k, b] >= least and _is_peak(k, b, score, places, near, around):
                found_place.append(k)
                found_bin.append(b)
    return np.array(found_place, np.int64), np.array(found_bin, np.int64)


@compiled
def _is_peak(k: int, b: int, score: Any, places: Floats, near: float, around: int) -> bool:
    value = score[k, b]
    low, high = max(b - around, 0), min(b + around, score.shape[1] - 1)
    for c in range(low, high + 1):
        if score[k, c] > value:
            return False
    for j in range(len(places)):
        if j == k or abs(places[j, 0] - places[k, 0]) > near or abs(places[j, 1] - places[k, 1]) > near:
            continue
        for c in range(low, high + 1):
            if score[j, c] > value or (score[j, c] == value and j < k):
                return False
    return True
