"""Picks as sorted arrays that answer: which free pick is nearest to an expected arrival, and how busy is a station."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from wadati.associators.network import PHASES, Floats, Integers
from wadati.model import Pick
from wadati.units import DAY, MICROSECOND, SECOND

Flags = npt.NDArray[np.bool_]

_PER_SECOND = SECOND // MICROSECOND
_APART = 10**14
"""Microseconds by which the picks of two channels lie apart on their common axis: three years."""


class PickSet:
    """Picks in order of channel (station and phase), time and identifier, as arrays of shape (pick,).

    `station[i]` is the number of the station of pick `i`. Times are seconds since the epoch. `free` picks belong to no
    event yet. A rate is that of all picks of a channel within `rate_window` seconds on either side, at least
    `rate_floor` a second.
    """

    def __init__(self, picks: Sequence[Pick], station: Sequence[int], rate_window: float, rate_floor: float) -> None:
        order = sorted(
            range(len(picks)), key=lambda i: (station[i], picks[i].phase_hint, picks[i].time, picks[i].pick_id)
        )
        self.picks = tuple(picks[i] for i in order)
        self.station = np.array([station[i] for i in order], np.int64)
        self.phase = np.array([PHASES.index(pick.phase_hint) for pick in self.picks], np.int64)
        self.time = np.array([pick.time / SECOND for pick in self.picks])
        self.uncertainty = np.array([pick.time_uncertainty for pick in self.picks])
        self._start = float(min(pick.time for pick in self.picks) // DAY * (DAY // SECOND))
        self._keys = self._key(2 * self.station + self.phase, self.time)
        self._station_keys = np.sort(self._key(self.station, self.time))
        self._rate_window, self._rate_floor = rate_window, rate_floor
        self.rate = self.rates(self.station, self.phase, self.time)
        self.set_free(np.ones(len(self.picks), bool))

    def __len__(self) -> int:
        return len(self.picks)

    def set_free(self, free: Flags) -> None:
        """Say which picks are free, shape (pick,)."""
        self.free = free
        self._free_index = np.flatnonzero(free)
        self._free_keys = self._keys[self._free_index]

    def within(self, start: float, end: float) -> Integers:
        """The free picks with start <= time < end."""
        time = self.time[self._free_index]
        return self._free_index[(time >= start) & (time < end)]

    def nearest(self, station: Integers, phase: Integers, time: Floats) -> tuple[Integers, Floats]:
        """The free pick nearest to each expected arrival and its residual (s), observed − expected.

        Where the channel has no free pick, some other pick and a residual of years.
        """
        if len(self._free_keys) == 0:
            shape = np.broadcast_shapes(station.shape, phase.shape, time.shape)
            return np.zeros(shape, np.int64), np.full(shape, float(_APART))
        key = self._key(2 * station + phase, time)
        after = np.searchsorted(self._free_keys, key)
        before = np.maximum(after - 1, 0)
        after = np.minimum(after, len(self._free_keys) - 1)
        early, late = self._free_keys[before] - key, self._free_keys[after] - key
        first = np.abs(early) < np.abs(late)
        return self._free_index[np.where(first, before, after)], np.where(first, early, late) / _PER_SECOND

    def rates(self, station: Integers, phase: Integers, time: Floats) -> Floats:
        """Picks a second of each channel around a time."""
        count = self._count(self._keys, 2 * station + phase, time, self._rate_window, self._rate_window)
        return np.maximum(count / (2 * self._rate_window), self._rate_floor)

    def channel_is_alive(self, station: Integers, phase: Integers, time: Floats, window: float) -> Flags:
        """Whether a channel gave any pick within `window` seconds of a time."""
        return self._count(self._keys, 2 * station + phase, time, window, window) > 0

    def station_count(self, station: Integers, time: Floats, before: float, after: float) -> Integers:
        """How many picks of either phase a station gave from `before` seconds before a time to `after` after it."""
        return self._count(self._station_keys, station, time, before, after)

    def _count(self, keys: Integers, channel: Integers, time: Floats, before: float, after: float) -> Integers:
        key = self._key(channel, time)
        last = np.searchsorted(keys, key + round(after * _PER_SECOND), side="right")
        return np.asarray(last - np.searchsorted(keys, key - round(before * _PER_SECOND)))

    def _key(self, channel: Integers, time: Floats) -> Integers:
        return channel * _APART + np.rint((time - self._start) * _PER_SECOND).astype(np.int64)
