"""The picks of some minutes as sorted arrays, with how busy every channel is."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from wadati.associators.compiled import compiled
from wadati.associators.travel import Floats, Integers

Flags = npt.NDArray[np.bool_]

BIN = 1.0
_RATE_BEFORE, _RATE_AFTER = 30.0, 30.0
_HIDDEN_FOR, _HIDDEN_AHEAD = 10, 1


class Picks(NamedTuple):
    """Picks in order of channel (station and phase) and time; arrays of shape (pick,) unless said.

    `time` (s) counts from a moment near by. `error` (s) is the picker's. `belief` is what the picker's probability adds
    to the logarithm of the likelihood ratio, `size` log10 of the Wood–Anderson amplitude in mm (NaN where unknown).
    `rate` is how many other picks a second the channel has around. Channel c has picks [first[c], first[c + 1]).
    `rates` (channel, bin) and `busy` (station, bin: picks that may hide an arrival) cover the window in bins of a
    second from `start` on; `alive` (channel) says whether a channel has had picks of late.
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
    rates: npt.NDArray[np.float32]
    busy: npt.NDArray[np.int16]
    alive: Flags
    start: float


def window_of(
    time: Floats,
    station: Integers,
    phase: Integers,
    error: Floats,
    belief: Floats,
    size: Floats,
    alive: Flags,
    floor: float,
) -> Picks:
    """The arrays of picks that are in order of channel and time; `floor` is the least rate (1/s)."""
    channels = len(alive)
    channel = 2 * station + phase
    first = np.searchsorted(channel, np.arange(channels + 1))
    start = float(np.floor(time.min())) - 1.0
    bins = int(np.ceil(time.max() - start)) + 2
    column = ((time - start) / BIN).astype(np.int64)
    count = np.bincount(channel * bins + column, minlength=channels * bins).reshape(channels, bins)
    before, after = int(_RATE_BEFORE / BIN), int(_RATE_AFTER / BIN)
    rates = _moving(count, before, after) / (_RATE_BEFORE + _RATE_AFTER + BIN)
    busy = _moving(count[0::2] + count[1::2], _HIDDEN_FOR, _HIDDEN_AHEAD)
    own = 1.0 / (_RATE_BEFORE + _RATE_AFTER + BIN)
    rate = np.maximum(rates[channel, column] - own, floor)
    return Picks(
        time,
        station,
        phase,
        error,
        belief,
        size,
        rate,
        np.ones(len(time), bool),
        first.astype(np.int64),
        np.maximum(rates, floor).astype(np.float32),
        busy.astype(np.int16),
        alive,
        start,
    )


def with_rates_of_free(picks: Picks, floor: float) -> Picks:
    """The same picks with channels as busy as those are that no event has."""
    channels, bins = picks.rates.shape
    channel = 2 * picks.station + picks.phase
    column = ((picks.time - picks.start) / BIN).astype(np.int64)
    flat = (channel * bins + column)[picks.free]
    count = np.bincount(flat, minlength=channels * bins).reshape(channels, bins)
    length = _RATE_BEFORE + _RATE_AFTER + BIN
    rates = _moving(count, int(_RATE_BEFORE / BIN), int(_RATE_AFTER / BIN)) / length
    rate = np.maximum(rates[channel, column] - picks.free / length, floor)
    return picks._replace(rate=rate, rates=np.maximum(rates, floor).astype(np.float32))


def _moving(count: Integers, before: int, after: int) -> Any:
    """Sums over bins from `before` earlier to `after` later."""
    total = np.pad(np.cumsum(count, axis=1), ((0, 0), (before + 1, after)), mode="edge")
    total[:, : before + 1] = 0
    return total[:, before + after + 1 :] - total[:, : count.shape[1]]


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
