"""How late waves from one place come to each station, learned from the events found there before.

Delays of one place and station are much alike (Richards-Dinger & Shearer 2000, doi:10.1029/2000JB900016). Every mean is
that of a normal prior, zero with the spread of the velocity model's error, and of the residuals seen; what is left
of the error shrinks towards that of single events as residuals add up.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from wadati.associators.compiled import compiled
from wadati.associators.travel import Floats, Integers, Travel, model_error

_OF_EVENT = 0.45
"""How much of a model error differs from one event of a place to the next."""
_AT_ONCE = 8


class Terms(NamedTuple):
    """Sums of residuals (s) and their number, shape (place, station, phase); `place` is the number of each square of
    `size` (m), counted from `west`, `south`, or −1 where nothing is known; `places` how many there are."""

    place: npt.NDArray[np.int32]
    total: npt.NDArray[np.float32]
    number: npt.NDArray[np.float32]
    west: float
    south: float
    size: float
    places: int


def no_terms(low: Floats, high: Floats, stations: int, size: float) -> Terms:
    """Terms of which nothing is known yet, for a volume between two corners."""
    shape = np.ceil((high - low)[:2] / size).astype(int) + 1
    empty = np.zeros((0, stations, 2), np.float32)
    return Terms(np.full(shape, -1, np.int32), empty, empty.copy(), float(low[0]), float(low[1]), size, 0)


def learned(
    terms: Terms, x: Floats, y: Floats, event: Integers, station: Integers, phase: Integers, residual: Floats
) -> Terms:
    """Terms that also know residuals (s, observed less model) of picks of events at x, y."""
    column = ((x - terms.west) / terms.size).astype(np.int64)
    row = ((y - terms.south) / terms.size).astype(np.int64)
    place, places = terms.place.copy(), terms.places
    for i, j in zip(column.tolist(), row.tolist(), strict=True):
        if place[i, j] < 0:
            place[i, j] = places
            places += 1
    room = max(len(terms.total), -(-places // _AT_ONCE) * _AT_ONCE)
    more = ((0, room - len(terms.total)), (0, 0), (0, 0))
    total, count = np.pad(terms.total, more), np.pad(terms.number, more)
    where = place[column, row][event], station, phase
    np.add.at(total, where, residual)
    np.add.at(count, where, 1.0)
    return terms._replace(place=place, total=total, number=count, places=places)


@compiled
def term(terms: Terms, travel: Travel, station: int, phase: int, x: float, y: float, time: float) -> Any:
    """The delay (s) of a place and a station, and one standard deviation of the travel time less it."""
    spread = model_error(travel, phase, time)
    place = terms.place[int((x - terms.west) / terms.size), int((y - terms.south) / terms.size)]
    if place < 0:
        return 0.0, spread
    count = terms.number[place, station, phase]
    if count == 0.0:
        return 0.0, spread
    share = count / (count + _OF_EVENT * _OF_EVENT / (1.0 - _OF_EVENT * _OF_EVENT))
    left = 1.0 - (1.0 - _OF_EVENT * _OF_EVENT) * share
    return share * terms.total[place, station, phase] / count, spread * math.sqrt(left)
