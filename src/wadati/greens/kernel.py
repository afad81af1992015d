"""The compiled inner loops of this room: traces between nodes, and other times between samples. Loads numba."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


def _seismograms(
    traces: Any, scale: Any, depth: Any, down: Any, distance: Any, out_of: Any, shares: Any, turn: Any, op: Any, out: Any
) -> None:
    """Ground motion of pairs of source and station, into `out` (pair, component, sample); see `StoredGreens`.

    `depth` and `distance` are the nodes below and `down` and `out_of` how far to the next. `shares` (pair, 6) as
    `radiation` gives, `turn` (pair, 2) the cosine and sine from R and T to N and E, (1, 0) to stay. `op` is the
    weights of an operator and its first place.
    """
    weights, first = op
    samples = traces.shape[3]
    count = len(weights)
    before, after = max(first + count - 1, 0), max(-first, 0)
    motion = np.zeros((3, before + samples + after), np.float32)
    for p in range(out.shape[0]):
        z0, x0 = depth[p], distance[p]
        z1, x1 = min(z0 + 1, traces.shape[0] - 1), min(x0 + 1, traces.shape[1] - 1)
        z, x = down[p], out_of[p]
        w00, w01, w10, w11 = (1 - z) * (1 - x), (1 - z) * x, z * (1 - x), z * x
        for c in range(3):
            here = motion[c, before : before + samples]
            here[:] = 0.0
            for k in range(4 if c < 2 else 2):
                f = 4 * c + k
                share = shares[p, k if c < 2 else 4 + k]
                a = np.float32(share * w00 * scale[z0, x0, f])
                b = np.float32(share * w01 * scale[z0, x1, f])
                d = np.float32(share * w10 * scale[z1, x0, f])
                e = np.float32(share * w11 * scale[z1, x1, f])
                ta, tb, td, te = traces[z0, x0, f], traces[z0, x1, f], traces[z1, x0, f], traces[z1, x1, f]
                for i in range(samples):
                    here[i] += (
                        a * np.float32(ta[i]) + b * np.float32(tb[i]) + d * np.float32(td[i]) + e * np.float32(te[i])
                    )
            motion[c, before + samples :] = motion[c, before + samples - 1]
        cos, sin = np.float32(turn[p, 0]), np.float32(turn[p, 1])
        if sin != 0.0 or cos != 1.0:
            for i in range(before, motion.shape[1]):
                r, t = motion[1, i], motion[2, i]
                motion[1, i] = r * cos - t * sin
                motion[2, i] = r * sin + t * cos
        for c in range(3):
            result = out[p, c]
            if count == 1:
                result[:] = motion[c, before : before + samples]
                continue
            result[:] = 0.0
            for k in range(count):
                weight = weights[k]
                shifted = motion[c, before - first - k : before - first - k + samples]
                for i in range(samples):
                    result[i] += weight * shifted[i]


def _at_times(traces: Any, start: Any, rate: float, times: Any, cutoff: float, half: int, out: Any) -> None:
    """Values of traces (row, sample), the first sample at `start` (row), between their samples, added to `out`.

    Band-limited by a sinc of `cutoff` times their Nyquist frequency under a Hann window of `half` of its zero
    crossings; before its first sample a trace is 0, after the last it stays.
    """
    samples = traces.shape[1]
    reach = half / cutoff
    for row in range(traces.shape[0]):
        last = traces[row, samples - 1]
        for j in range(len(times)):
            place = (times[j] - start[row]) * rate
            if place < -reach:
                continue
            if place > samples - 1 + reach:
                out[row, j] += last
                continue
            total, weights = 0.0, 0.0
            for i in range(int(np.ceil(place - reach)), int(np.floor(place + reach)) + 1):
                u = (place - i) * cutoff
                weight = 0.5 + 0.5 * np.cos(np.pi * u / half)
                if abs(u) > 1e-9:
                    weight *= np.sin(np.pi * u) / (np.pi * u)
                weights += weight
                if i >= 0:
                    total += weight * traces[row, min(i, samples - 1)]
            out[row, j] += total / weights


seismograms: Any = numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"}, error_model="numpy")(_seismograms)
at_times: Any = numba.njit(cache=True, nogil=True, error_model="numpy")(_at_times)
