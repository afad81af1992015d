"""What the Wood–Anderson records show after each S wave, and shortly before each P wave, at one station.

For every event the half peak-to-peak amplitude of the two horizontals (mean of their logarithms) is read over several
windows that begin together and end at different times, so that whoever knows which other events arrive may choose. The
bands of a station are tried in the order of `signal.bands` until one has samples all along and has not clipped.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.model import AmplitudeTrack, SourceId
from wadati.model.amplitude import BIN
from wadati.signal.bands import choose_band, orient
from wadati.units import SECOND

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]

LEAD = SECOND // 2
"""Windows begin this long before S, and what is read before P ends this long before it (ns)."""

BEFORE = 7
"""Bins that are read before P."""

SHORTEST = 1 * SECOND
"""A window that ends earlier after S than this (ns) is none."""

AFTER_S = ((5.0, 0.5), (3.0, 0.3))
"""Ends of the long and of the usual window: so many seconds after S and this part of S − P."""

LONG, USUAL, TO_NEXT_S, TO_NEXT_P = range(4)
"""The windows: the long one, the usual one, and that cut before the next event's S or P."""

_AT_ONCE = 2048


class Readings(msgspec.Struct, frozen=True):
    """What one station shows of each event; arrays of shape (event,) or (event, window).

    `p` and `s` are the onsets, `start` and `end` those of the windows (ns; `end` is −1 where a window is too short),
    `before_start` that of the stretch before P. `level` and `before` are logarithms (base 10) of the amplitude in m,
    NaN where there is none. `channel` is the place in `channels` of the one that stands for the band read, −1 for none.
    """

    p: Times
    s: Times
    start: Times
    end: Times
    before_start: Times
    level: Floats
    before: Floats
    channel: npt.NDArray[np.int64]
    channels: tuple[SourceId, ...]


def read_station(tracks: Sequence[AmplitudeTrack], onsets: Times) -> Readings:
    """The readings of one station from its tracks; `onsets` of P and S in ns, shape (event, 2), in any order.

    >>> at = 100 * SECOND
    >>> high = np.where(np.arange(400) >= 208, 2e-3, 1e-5)
    >>> north = AmplitudeTrack(SourceId.parse("FDSN:XX_ABC__H_H_N"), 0, -high, high, np.zeros(400, bool))
    >>> readings = read_station([north], np.array([[at, at + 4 * SECOND]]))
    >>> readings.level[0, USUAL].round(3), readings.before[0].round(3)
    (np.float64(-2.699), np.float64(-5.0))
    """
    p = onsets[:, 0]
    s = np.maximum(onsets[:, 1], p)
    long, usual = (s + np.rint(a * SECOND + b * (s - p)).astype(np.int64) for a, b in AFTER_S)
    end = np.stack([long, usual, np.minimum(usual, _next(s) - LEAD), np.minimum(usual, _next(p) - LEAD)], axis=1)
    end = np.where(end < s[:, None] + SHORTEST, -1, end)
    start = np.maximum(p, s - LEAD)
    before_start = ((p - LEAD) // BIN - BEFORE) * BIN
    level, before = np.full((len(p), 4), np.nan), np.full(len(p), np.nan)
    channel = np.full(len(p), -1)
    channels: list[SourceId] = []
    for instrument in choose_band({track.source_id for track in tracks}):
        letters = orient({track.source_id for track in tracks if track.source_id.instrument_key == instrument})
        own = [[track for track in tracks if track.source_id == sid] for sid in sorted(letters) if letters[sid] != "Z"]
        for first in range(0, len(p) if own else 0, _AT_ONCE):
            part = np.arange(first, min(first + _AT_ONCE, len(p)))
            part = part[channel[part] < 0]
            if len(part):
                new_level, new_before = _band(own, start[part], end[part], before_start[part])
                good = np.isfinite(new_level).any(1) & np.isfinite(new_before)
                level[part[good]], before[part[good]] = new_level[good], new_before[good]
                channel[part[good]] = len(channels)
        if own:
            channels.append(own[0][0].source_id)
    return Readings(p, s, start, end, before_start, level, before, channel, tuple(channels))


def _next(times: Times) -> Times:
    """For each time the least that is later; far ahead after the last."""
    later = np.sort(times)
    return np.append(later, np.iinfo(np.int64).max)[np.searchsorted(later, times, side="right")]


def _band(
    channels: Sequence[Sequence[AmplitudeTrack]], start: Times, end: Times, before_start: Times
) -> tuple[Floats, Floats]:
    """Levels (event, window) and those before P (event,), means over the horizontals that have samples all along."""
    levels, befores = [], []
    clipped = np.zeros(end.shape, bool)
    for tracks in channels:
        level, before = np.full(end.shape, np.nan), np.full(len(start), np.nan)
        for track in tracks:
            new, new_clipped, new_before = _track(track, start, end, before_start)
            level, before = np.where(np.isnan(level), new, level), np.where(np.isnan(before), new_before, before)
            clipped |= new_clipped
        levels.append(level)
        befores.append(before)
    with np.errstate(divide="ignore"):
        level, before = _mean(np.log10(np.stack(levels))), _mean(np.log10(np.stack(befores)))
    return np.where(clipped, np.nan, level), before


def _mean(values: Floats) -> Floats:
    """The mean over the first axis of what is finite (a dead component says nothing); NaN where nothing is."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def _track(
    track: AmplitudeTrack, start: Times, end: Times, before_start: Times
) -> tuple[Floats, npt.NDArray[np.bool_], Floats]:
    """Half peak-to-peak (m) and whether clipped for (event, window), and half peak-to-peak before P, (event,)."""
    first = start // BIN
    bins = -(-end // BIN) - first[:, None]
    low, high, clipped = _cut(track, first, max(int(bins.max()), 1))
    swing = (np.maximum.accumulate(high, axis=1) - np.minimum.accumulate(low, axis=1)) / 2
    any_clipped = np.logical_or.accumulate(clipped, axis=1)
    last = np.maximum(bins - 1, 0)
    rows = np.arange(len(start))[:, None]
    low, high, _ = _cut(track, before_start // BIN, BEFORE)
    valid = end > 0
    level = np.where(valid, swing[rows, last], np.nan)
    return level, valid & any_clipped[rows, last], np.asarray((high.max(axis=1) - low.min(axis=1)) / 2)


def _cut(track: AmplitudeTrack, first: Times, count: int) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Smallest, largest and whether clipped in `count` bins from each `first`, shape (event, bin); NaN outside."""
    at = first[:, None] - track.first_bin + np.arange(count)
    inside = (at >= 0) & (at < len(track))
    at = np.where(inside, at, 0)
    low = np.where(inside, track.minimum[at], np.nan).astype(np.float64)
    high = np.where(inside, track.maximum[at], np.nan).astype(np.float64)
    return low, high, np.asarray(inside & track.clipped[at])
