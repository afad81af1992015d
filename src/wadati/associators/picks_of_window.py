"""The picks of some minutes as sorted arrays, and how busy a channel is when."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wadati.associators.compiled import compiled
from wadati.associators.travel import Floats, Integers

Flags = npt.NDArray[np.bool_]

_AROUND = 30.0
_FEW, _MOST = 8, 1.0
_FEW_S = 0.1
_HIDDEN_FOR, _HIDDEN_AHEAD = 10.0, 1.0


class Picks(NamedTuple):
    """Picks in order of channel (station and phase) and time; arrays of shape (pick,) unless said.

    `time` (s) counts from a moment near by. `error` (s) is the picker's. `belief` is what the picker's probability adds
    to the logarithm of the likelihood ratio, `size` log10 of the Wood–Anderson amplitude in mm (NaN where unknown).
    `rate` is how many unrelated picks a second the channel has around. Channel c has picks [first[c], first[c + 1]).
    `unrelated` (pick + 1) counts the unrelated picks before each; `alive` (channel) says whether a channel has had
    picks of late; `deafness` (station) how much larger (log10) than at the median station an amplitude must be to be
    picked; `floor` is the least rate (1/s), `span` the time (s) that the picks are of, `until` (station) the time (s)
    from which no picks are known yet; `s_is_rare` says whether next to no picks are S, as from pickers that know none.
    """

    time: Floats
    station: Integers
    phase: Integers
    error: Floats
    belief: Floats
    size: Floats
    rate: Floats
    free: Flags
    first: Integers
    unrelated: Integers
    alive: Flags
    deafness: Floats
    floor: float
    span: tuple[float, float]
    until: Floats
    s_is_rare: bool


def window_of(
    time: Floats,
    station: Integers,
    phase: Integers,
    error: Floats,
    belief: Floats,
    size: Floats,
    alive: Flags,
    deafness: Floats,
    floor: float,
    span: tuple[float, float],
    until: Floats,
) -> Picks:
    """The arrays of picks that are in order of channel and time; until events are known all are unrelated."""
    first = np.searchsorted(2 * station + phase, np.arange(len(alive) + 1)).astype(np.int64)
    free = np.ones(len(time), bool)
    unrelated, rate = np.arange(len(time) + 1), np.empty(len(time))
    rare = bool(phase.sum() <= _FEW_S * len(phase))
    return busy_with_free(
        Picks(
            time,
            station,
            phase,
            error,
            belief,
            size,
            rate,
            free,
            first,
            unrelated,
            alive,
            deafness,
            floor,
            span,
            until,
            rare,
        )
    )


def busy_with_free(picks: Picks) -> Picks:
    """The same picks where those that are free make channels busy."""
    unrelated = np.concatenate([[0], np.cumsum(picks.free)])
    rate = np.empty(len(picks.time))
    picks = picks._replace(unrelated=unrelated, rate=rate)
    _rates(picks, rate)
    return picks


@compiled
def _rates(picks: Picks, rate: Floats) -> None:
    for i in range(len(rate)):
        own = 1.0 if picks.unrelated[i + 1] > picks.unrelated[i] else 0.0
        channel = 2 * picks.station[i] + picks.phase[i]
        rate[i] = rate_at(picks, channel, picks.time[i], own)


@compiled
def rate_at(picks: Picks, channel: int, time: float, own: float) -> float:
    """Unrelated picks a second around a moment, less some."""
    first, last = picks.first[channel], picks.first[channel + 1]
    low = search(picks.time, first, last, time - _AROUND)
    high = search(picks.time, low, last, time + _AROUND)
    return float(max((picks.unrelated[high] - picks.unrelated[low] - own) / (2.0 * _AROUND), picks.floor))


@compiled
def hiding(picks: Picks, station: int, time: float) -> int:
    """How many picks of a station are so near before an arrival that they may hide it."""
    found = 0
    for channel in (2 * station, 2 * station + 1):
        first, last = picks.first[channel], picks.first[channel + 1]
        low = search(picks.time, first, last, time - _HIDDEN_FOR)
        found += search(picks.time, low, last, time + _HIDDEN_AHEAD) - low
    return found


@compiled
def search(time: Floats, low: int, high: int, value: float) -> int:
    """The first of the sorted times [low, high) that is not below a value."""
    while low < high:
        middle = (low + high) >> 1
        if time[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


def deafness_of(station: Integers, size: Floats, stations: int) -> Floats:
    """By how much (log10) the small amplitudes picked at each station exceed those at the median station.

    The tenth percentile stands for what is just seen; it counts as little where it is of few picks.
    """
    known = np.flatnonzero(~np.isnan(size))
    known = known[np.lexsort((size[known], station[known]))]
    start = np.searchsorted(station[known], np.arange(stations + 1))
    count = np.diff(start)
    found = np.zeros(stations)
    if not count.any():
        return found
    has = count > 0
    least = size[known[start[:-1][has] + count[has] // 10]]
    found[has] = (least - np.median(least)) * count[has] / (count[has] + _FEW)
    return np.clip(found, -_MOST, _MOST)
