"""Samples that an instrument could not follow, found from the record itself.

Two signs, each looked for only within `HALO_S` seconds, so the verdict on a sample never depends on where a record
was cut farther away:

- *Flat tops.* At least five samples in a row that hardly differ, at the upper or lower edge of the local range, with
  steep sides: within half a plateau's length beside it the record leaves it by more than five times what it varied
  within (the crest of a smooth wave leaves by four times) and by 3 % of the range. To differ hardly is from one
  sample to the next by 0.02 % of the range, or by 0.4 % where that is at least 2²² counts: sensors and preamplifiers
  that limit below the digitizer's full scale give tops that are not perfectly flat.
- *Full scale.* Samples at or above 95 % of the full scale of 24, 26 or 32 bits, as long as nothing near exceeds it by
  more than the overshoot of the digitizer's decimation filter (70 %): a clipped plateau rings, and its samples then
  differ. A record that goes farther comes from a digitizer with more bits.

Where a record does not move (a dead channel), moves by less than 1000 counts within five seconds on either side (where
equal samples are common) or stands still for longer, it is not clipped. Steps and square calibration pulses
have flat tops, and are taken for clipped.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

HALO_S = 10.0
"""The verdict on a sample depends on nothing farther away than this (s)."""

_REACH_S = 5.0
_LEAST_RANGE = 1000.0
_LEAST_LENGTH = 5
_EQUAL = 0.0002
_FLAT = 0.004
_LARGE_RANGE = 2.0**22
_EDGE = 0.2
_CREST = 5.0
_SIDE = 0.03
_FULL_SCALES = tuple(2.0 ** (bits - 1) for bits in (24, 26, 32))
_BACK_OFF = 0.95
_OVERSHOOT = 1.7

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


def clipped_samples(counts: npt.ArrayLike, sampling_rate_hz: float) -> Mask:
    """Which samples of a gapless record in counts, shape (sample,), are clipped.

    >>> wave = 1e6 * np.sin(2 * np.pi * np.arange(1000) / 100)
    >>> bool(clipped_samples(wave, 100.0).any()), int(clipped_samples(np.clip(wave, -7e5, 7e5), 100.0).sum())
    (False, 500)
    """
    data = np.asarray(counts, np.float64)
    clipped = np.zeros(len(data), bool)
    reach = round(_REACH_S * sampling_rate_hz)
    for first, end in _suspicious(data, reach):
        low, high = max(first - 2 * reach, 0), min(end + 2 * reach, len(data))
        clipped[first:end] = _judged(data[low:high], reach)[first - low : end - low]
    return clipped


def _suspicious(data: Floats, reach: int) -> list[list[int]]:
    """First and end sample of stretches outside of which no sample can be clipped.

    The range of a stretch of `reach` samples and its neighbours is at least the local range of any sample within it.
    """
    if len(data) < _LEAST_LENGTH:
        return []
    starts = np.arange(0, len(data), reach)
    high, low = (_near(extreme, extreme.reduceat(data, starts)) for extreme in (np.maximum, np.minimum))
    moving = high - low >= _LEAST_RANGE
    found = moving & (np.maximum(high, -low) >= _BACK_OFF * _FULL_SCALES[0])
    flatness = np.where(_near(np.logical_or, moving), _flatness(high - low), -1.0)
    still = np.abs(np.diff(data)) <= np.repeat(flatness, reach)[: len(data) - 1]
    runs = np.flatnonzero(still[:-3] & still[1:-2] & still[2:-1] & still[3:])
    found[runs // reach] = found[(runs + _LEAST_LENGTH - 1) // reach] = True
    edges = np.flatnonzero(np.diff(np.concatenate([[False], found, [False]]).astype(np.int8))) * reach
    return np.minimum(edges, len(data)).reshape(-1, 2).tolist()


def _near(extreme: np.ufunc, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The extreme of each value and its two neighbours."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    return np.asarray(extreme(extreme(padded[:-2], padded[2:]), values))


def _judged(data: Floats, reach: int) -> Mask:
    """Which samples are clipped, from all samples and their local ranges."""
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    high = maximum_filter1d(data, 2 * reach + 1, mode="nearest")
    low = minimum_filter1d(data, 2 * reach + 1, mode="nearest")
    clipped = _full_scale(data, high, low)
    for first, end in _flat_tops(data, high, low, reach):
        clipped[first:end] = True
    return clipped


def _full_scale(data: Floats, high: Floats, low: Floats) -> Mask:
    found = np.zeros(len(data), bool)
    size = np.abs(data)
    largest = np.maximum(high, -low)
    for scale in _FULL_SCALES:
        found |= (size >= _BACK_OFF * scale) & (largest <= _OVERSHOOT * scale)
    return found & (high - low >= _LEAST_RANGE)


def _flatness(extent: npt.ArrayLike) -> Floats:
    """The largest step (counts) within a plateau of a record that ranges over `extent` counts."""
    over = np.asarray(extent, np.float64)
    return np.asarray(over * np.where(over >= _LARGE_RANGE, _FLAT, _EQUAL))


def _plateaus(still: Mask) -> npt.NDArray[np.int64]:
    """First and end sample of each run of at least five samples with no step that is not small, shape (run, 2)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], still, [False]]).astype(np.int8)))
    runs = edges.reshape(-1, 2) + np.array([0, 1])
    return np.asarray(runs[runs[:, 1] - runs[:, 0] >= _LEAST_LENGTH], np.int64)


def _flat_tops(data: Floats, high: Floats, low: Floats, reach: int) -> npt.NDArray[np.int64]:
    """First and end sample of each flat top, shape (top, 2)."""
    runs = _plateaus(np.abs(np.diff(data)) <= _flatness((high - low)[:-1]))
    first, end = runs.T
    extent = high[first] - low[first]
    kept = (end - first <= reach) & (extent >= _LEAST_RANGE) & (first > 0) & (end < len(data))
    runs, extent = runs[kept], extent[kept]
    if not len(runs):
        return np.asarray(runs, np.int64)
    first, end = runs.T
    aside = np.maximum((end - first) // 2, 2)
    sides = ((np.maximum(first - aside, 0), first), (end, np.minimum(end + aside, len(data) - 1)))
    top, bottom = _over(np.maximum, data, first, end), _over(np.minimum, data, first, end)
    lowest_beside = np.maximum(*(_over(np.minimum, data, *side) for side in sides))
    highest_beside = np.minimum(*(_over(np.maximum, data, *side) for side in sides))
    needed = np.maximum(_CREST * (top - bottom), _SIDE * extent)
    upper = (bottom >= high[first] - _EDGE * extent) & (bottom - lowest_beside >= needed)
    lower = (top <= low[first] + _EDGE * extent) & (highest_beside - top >= needed)
    return np.asarray(runs[upper | lower], np.int64)


def _over(extreme: np.ufunc, data: Floats, first: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> Floats:
    """An extreme over each [first, end)."""
    return np.asarray(extreme.reduceat(data, np.stack([first, end], axis=1).ravel())[::2])
