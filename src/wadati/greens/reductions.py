"""The compiled inner loops that make few numbers of many seismograms: sums on common times, largest motion.

Loads numba.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

_FAST: Any = {"cache": True, "nogil": True, "fastmath": {"contract", "reassoc"}, "error_model": "numpy"}

_REACH = 16
"""Zero crossings of the sinc on either side, under a Hann window."""


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def _sinc(share: float, weights: Any) -> None:
    """Weights of samples for the value `share` of a sample before the middle one."""
    for k in range(2 * _REACH + 1):
        u = share + k - _REACH
        weights[k] = 0.0
        if abs(u) <= _REACH:
            weights[k] = 0.5 + 0.5 * np.cos(np.pi * u / _REACH)
            if abs(u) > 1e-9:
                weights[k] *= np.sin(np.pi * u) / (np.pi * u)
    weights /= weights.sum()


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def _convolved(weights: Any, padded: Any, result: Any) -> None:
    count = len(result)
    result[:] = 0.0
    for k in range(len(weights)):
        weight = weights[k]
        moved = padded[k : k + count]
        for i in range(count):
            result[i] += weight * moved[i]


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def added(traces: Any, offset: Any, total: Any) -> None:
    """Add traces (pair, row, sample) to `total` (row, sample), whose samples are as far apart.

    A trace begins `offset` (pair) samples after the total, at least 0 and not always a whole number of them; between
    its samples it is band-limited. Before its first sample it is 0, after the last it stays.
    """
    samples, length = traces.shape[2], total.shape[1]
    weights = np.empty(2 * _REACH + 1, np.float32)
    padded = np.zeros(samples + 4 * _REACH, np.float32)
    moved = np.empty(samples + 2 * _REACH, np.float32)
    for pair in range(traces.shape[0]):
        whole = int(np.floor(offset[pair]))
        _sinc(offset[pair] - whole, weights)
        # Only what falls into the total is made: from its sample `begin` on.
        begin = max(whole - _REACH, 0)
        first = begin - (whole - _REACH)
        count = min(samples + 2 * _REACH - first, length - begin)
        for row in range(traces.shape[1]):
            trace, into = traces[pair, row], moved[:count]
            padded[2 * _REACH : 2 * _REACH + samples] = trace
            padded[2 * _REACH + samples :] = trace[samples - 1]
            _convolved(weights, padded[first:], into)
            for i in range(count):
                total[row, begin + i] += into[i]
            for i in range(begin + count, length):
                total[row, i] += trace[samples - 1]


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def largest(samples: Any, found: Any) -> None:
    """The largest amount of motion of seismograms (pair, component, sample), into `found` (pair, component)."""
    for pair in range(samples.shape[0]):
        for component in range(samples.shape[1]):
            trace = samples[pair, component]
            most = np.float32(0.0)
            for i in range(len(trace)):
                most = max(most, abs(trace[i]))
            found[pair, component] = most
