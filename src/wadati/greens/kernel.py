"""The compiled inner loops of this room: traces between nodes, and other times between samples. Loads numba."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

_FAST: Any = {"cache": True, "nogil": True, "fastmath": {"contract", "reassoc"}, "error_model": "numpy"}
_SAME = 1e-9


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def _between(four: Any, weights: Any, result: Any) -> None:
    """Add to `result` (sample) what four traces (counts) are times their weights."""
    ta, tb, tc, td = four
    a, b, c, d = weights
    for i in range(len(result)):
        result[i] += a * np.float32(ta[i]) + b * np.float32(tb[i]) + c * np.float32(tc[i]) + d * np.float32(td[i])


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def turned(radial: Any, transverse: Any, cos: Any, sin: Any) -> None:
    """R and T become N and E."""
    for i in range(len(radial)):
        r, t = radial[i], transverse[i]
        radial[i] = r * cos - t * sin
        transverse[i] = r * sin + t * cos


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def operated(padded: Any, weights: Any, result: Any) -> None:
    """The sum of the weights times `padded`, which has one sample less than weights more than `result`."""
    count, samples = len(weights), len(result)
    result[:] = 0.0
    for k in range(count):
        weight = weights[k]
        moved = padded[count - 1 - k : count - 1 - k + samples]
        for i in range(samples):
            result[i] += weight * moved[i]


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def seismograms(
    traces: Any,
    scale: Any,
    depth: Any,
    down: Any,
    distance: Any,
    out: Any,
    shares: Any,
    turn: Any,
    act: Any,
    found: Any,
) -> None:
    """Ground motion of pairs of source and station, into `found` (pair, component, sample); see `StoredGreens`.

    `depth` and `distance` are the nodes below and `down` and `out` how far to the next. `shares` (pair, 6) as
    `radiation` gives, `turn` (pair, 2) the cosine and sine from R and T to N and E, (1, 0) to stay. `act` is the
    weights of an operator and its first place.
    """
    weights, first = act
    samples = traces.shape[3]
    count = len(weights)
    # An operator may begin as late as at sample 0; it looks `before` samples back and the rest ahead.
    before = first + count - 1
    motion = np.zeros((3, samples + count - 1), np.float32)
    for p in range(found.shape[0]):
        z0, x0 = depth[p], distance[p]
        z1, x1 = min(z0 + 1, traces.shape[0] - 1), min(x0 + 1, traces.shape[1] - 1)
        z, x = down[p], out[p]
        motion[:, before:] = 0.0
        for f in range(10):
            here = motion[f // 4, before : before + samples]
            share = shares[p, f % 4 if f < 8 else f - 4]
            four = traces[z0, x0, f], traces[z0, x1, f], traces[z1, x0, f], traces[z1, x1, f]
            amounts = (
                np.float32(share * (1 - z) * (1 - x) * scale[z0, x0, f]),
                np.float32(share * (1 - z) * x * scale[z0, x1, f]),
                np.float32(share * z * (1 - x) * scale[z1, x0, f]),
                np.float32(share * z * x * scale[z1, x1, f]),
            )
            _between(four, amounts, here)
        cos, sin = np.float32(turn[p, 0]), np.float32(turn[p, 1])
        if sin != 0.0 or cos != 1.0:
            turned(motion[1, before : before + samples], motion[2, before : before + samples], cos, sin)
        for c in range(3):
            motion[c, before + samples :] = motion[c, before + samples - 1]
            operated(motion[c], weights, found[p, c])


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def at_times(traces: Any, start: Any, rate: float, times: Any, cutoff: float, half: int, out: Any) -> None:
    """Values of traces (pair, row, sample) between their samples, into `out` (pair, row, time).

    The first sample of a pair's rows is at `start` (pair). Band-limited by a sinc of `cutoff` times the Nyquist
    frequency under a Hann window of `half` of its zero crossings; before its first sample a trace is 0, after the last
    it stays.
    """
    rows, samples = traces.shape[1], traces.shape[2]
    reach = half / cutoff
    weights = np.empty(2 * int(reach) + 2)
    for pair in range(traces.shape[0]):
        before, counted, whole = 0.0, 0, 1.0
        for j in range(len(times)):
            place = (times[j] - start[pair]) * rate
            if place < -reach:
                out[pair, :, j] = 0.0
                continue
            if place > samples - 1 + reach:
                out[pair, :, j] = traces[pair, :, samples - 1]
                continue
            first = int(np.ceil(place - reach))
            count = int(np.floor(place + reach)) - first + 1
            # Even times at the rate of the trace all lie as far from its samples, and have the same weights.
            if count != counted or abs(place - first - before) > _SAME:
                before, counted = place - first, count
                for k in range(count):
                    u = (before - k) * cutoff
                    weights[k] = 0.5 + 0.5 * np.cos(np.pi * u / half)
                    if abs(u) > 1e-9:
                        weights[k] *= np.sin(np.pi * u) / (np.pi * u)
                whole = weights[:count].sum()
            for row in range(rows):
                total = 0.0
                for k in range(max(-first, 0), count):
                    total += weights[k] * traces[pair, row, min(first + k, samples - 1)]
                out[pair, row, j] = total / whole
