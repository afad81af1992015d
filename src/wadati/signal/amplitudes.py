"""Amplitude tracks: the extremes of the Wood–Anderson record in bins of half a second.

The filter restarts at multiples of `BLOCK` since the epoch, each time `WARM_UP` earlier, so a track does not depend on
how the record was cut into pieces, and cutting the record changes nothing farther away than `HALO`. After a gap
and after the start of a record the first `SETTLE` gives no amplitudes: until then the filter still answers to the
level it started at.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from wadati.model import AmplitudeTrack, Channel, Response, Trace
from wadati.model.amplitude import BIN
from wadati.signal.axis import Axis, Section, assemble
from wadati.signal.clipping import HALO_S, clipped_samples
from wadati.signal.response import is_complete
from wadati.signal.wood_anderson import LOWEST_RATE, WARM_UP_S, WoodAndersonFilter
from wadati.units import HOUR, MINUTE, SECOND

BLOCK = 5 * MINUTE
"""The filter restarts at multiples of this since the epoch (ns)."""

WARM_UP = round(WARM_UP_S) * SECOND
"""How long before each restart's first bin the filter starts (ns)."""

SETTLE = 30 * SECOND
"""How long after a gap there are no amplitudes (ns). In motion as strong as before the gap, what is left of the start
is then below 2 % of the peak, but up to 15 % for geophones, whose lowest frequencies are raised most."""

HALO = BLOCK + WARM_UP
"""Samples farther away than this before a bin, or 10 s after it, never change it (ns)."""

_LONGEST_GAP = HOUR
_BINS = BLOCK // BIN
_AT_ONCE = 4 * _BINS
"""Bins that are read and looked at together; how many changes nothing but the time it takes."""


def amplitude_tracks(traces: Iterable[Trace], channel: Channel) -> list[AmplitudeTrack]:
    """The amplitude tracks of one channel, in order of time, from its traces in any order, copies and pieces allowed.

    Bins without samples, and those in the `SETTLE` after a gap, are NaN; a gap of more than an hour starts another
    track. No tracks where the response does not give ground motion down to 0.1 Hz (see `response.is_complete`) or where
    the channel is sampled at less than 10 Hz. Traces of other channels are left out.

    >>> from wadati.model import Response, SourceId, sampling_rate
    >>> sid = SourceId.parse("FDSN:XX_ABC__H_H_E")
    >>> wave = 1000 * np.sin(np.arange(6000) * 2 * np.pi / 100)
    >>> channel = Channel(sid, 35.0, -117.5, 700.0, Response(1e6, "m/s"))
    >>> (track,) = amplitude_tracks([Trace(sid, 0, sampling_rate(100.0), wave)], channel)
    >>> len(track), int(np.isnan(track.maximum).sum()), round(track.half_peak_to_peak(40 * SECOND, 60 * SECOND), 4)
    (120, 60, 0.18)
    """
    if not is_complete(channel.source_id, channel.response) or channel.response is None:
        return []
    tracks: list[AmplitudeTrack] = []
    own = [trace for trace in traces if trace.source_id == channel.source_id and trace.sampling_rate >= LOWEST_RATE]
    for rate in sorted({trace.sampling_rate for trace in own}):
        seismograph = _seismograph(channel.response, float(rate))
        same = [trace for trace in own if trace.sampling_rate == rate]
        longest_gap = math.ceil(_LONGEST_GAP * rate / SECOND)
        sections = assemble(same, {channel.source_id: "Z"}, "Z", longest_gap=longest_gap)
        tracks.extend(_track(section, seismograph, channel) for section in sections)
    return sorted(tracks, key=lambda track: track.first_bin)


@lru_cache(maxsize=4096)
def _seismograph(response: Response, rate_hz: float) -> WoodAndersonFilter:
    """Made once for all blocks of a stream: it keeps nothing between calls."""
    return WoodAndersonFilter(response, rate_hz)


def _track(section: Section, seismograph: WoodAndersonFilter, channel: Channel) -> AmplitudeTrack:
    axis = section.axis
    first = axis.time_of(axis.first) // BIN
    end = axis.time_of(axis.end - 1) // BIN + 1
    low, high = np.full(end - first, np.nan, np.float32), np.full(end - first, np.nan, np.float32)
    clipped = np.zeros(end - first, bool)
    for a in range(first - first % _AT_ONCE, end, _AT_ONCE):
        edges = np.clip(_edges(axis, max(first, a), min(end, a + _AT_ONCE)), axis.first, axis.end)
        part = slice(max(first, a) - first, min(end, a + _AT_ONCE) - first)
        low[part], high[part], clipped[part] = _bins(section, seismograph, a, edges)
    return AmplitudeTrack(channel.source_id, first, low, high, clipped)


def _edges(axis: Axis, first: int, end: int) -> npt.NDArray[np.int64]:
    """The index of the first sample at or after the start of bins `first` to `end`, that included."""
    outer = axis.first_at_or_after([first * BIN, end * BIN])
    piece = axis.piece_of(outer[0])
    if not piece.first < outer[0] <= outer[1] < piece.first + piece.samples:
        return np.array(axis.first_at_or_after([k * BIN for k in range(first, end + 1)]), np.int64)
    before, rest = divmod(first * BIN * axis.unit - piece.start, axis.step)
    return piece.first + before - (-rest - np.arange(end - first + 1) * BIN * axis.unit) // axis.step


def _bins(
    section: Section, seismograph: WoodAndersonFilter, start: int, edges: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Smallest, largest and whether clipped for the bins between edges (sample indices), blocks from bin `start` on."""
    axis = section.axis
    restarts = range(start * BIN, (start + _AT_ONCE) * BIN, BLOCK)
    beginnings = axis.first_at_or_after([restart - WARM_UP for restart in restarts])
    first = max(beginnings[0], axis.first)
    end = min(int(edges[-1]) + math.ceil(HALO_S * axis.sampling_rate), axis.end)
    counts, missing = (array[0] for array in section.read(first, end))
    record = np.full(end - first, np.nan)
    clipped = np.zeros(end - first, bool)
    blocks = [*axis.first_at_or_after(restarts), int(edges[-1])]
    for a, b in _runs(~missing):
        clipped[a:b] = clipped_samples(counts[a:b], seismograph.sampling_rate_hz)
        settled = axis.first_at_or_after([axis.time_of(first + a) + SETTLE])[0]
        for beginning, (low, high) in zip(beginnings, pairwise(blocks), strict=True):
            since = max(beginning - first, a)
            low, high = max(low, settled) - first, min(high - first, b, int(edges[-1]) - first)
            if low < high:
                record[low:high] = seismograph.process(counts[since:high])[0][low - since :]
    at = edges - first
    smallest, largest = _reduce(np.fmin, record, at, np.nan), _reduce(np.fmax, record, at, np.nan)
    return smallest, largest, _reduce(np.logical_or, clipped, at, np.False_)


def _reduce(function: np.ufunc, values: npt.NDArray[Any], edges: npt.NDArray[np.int64], empty: Any) -> npt.NDArray[Any]:
    """A ufunc over the values between consecutive edges; `empty` where there are none."""
    filled = np.diff(edges) > 0
    found = np.full(len(filled), empty)
    if filled.any():
        found[filled] = function.reduceat(values[: edges[-1]], edges[:-1][filled])
    return found


def _runs(present: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    if present.all():
        yield 0, len(present)
        return
    edges = np.flatnonzero(np.diff(np.concatenate([[False], present, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
