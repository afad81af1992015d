"""The compiled inner loop of `layered_times`. The one file that loads numba."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np


def _first_arrivals(
    x: Any,
    y: Any,
    z: Any,
    depths: Any,
    receivers: Any,
    phase: Any,
    slab: Any,
    up: Any,
    slowness: Any,
    steps: Any,
    head_velocity: Any,
    source_offset: Any,
    source_delay: Any,
    receiver_offset: Any,
    receiver_delay: Any,
) -> tuple[Any, Any, Any]:
    """Times (s) and their slopes (s/m), shape (source, arrival); see `layered_times` for the arrays."""
    times, along_x, along_y = (
        np.empty((len(x), len(phase))),
        np.empty((len(x), len(phase))),
        np.empty((len(x), len(phase))),
    )
    first_step, bend = steps
    last = slowness.shape[1] - 2
    for i in range(len(x)):
        j = min(max(np.searchsorted(depths, z[i], side="right") - 1, 0), len(depths) - 2)
        lower = min(max((z[i] - depths[j]) / (depths[j + 1] - depths[j]), 0.0), 1.0)
        upper = 1.0 - lower
        for n in range(len(phase)):
            dx, dy, height = x[i] - receivers[n, 0], y[i] - receivers[n, 1], z[i] + receivers[n, 2]
            distance = math.sqrt(dx * dx + dy * dy)
            straight = math.sqrt(distance * distance + height * height)
            position = (math.sqrt(first_step * first_step + 4.0 * bend * distance) - first_step) / (2.0 * bend)
            k = min(int(position), last)
            right = position - k
            p, e = phase[n], slab[n]
            above, below = 1.0 - up[n], up[n]
            here = above * (upper * slowness[p, k, j, e] + lower * slowness[p, k, j + 1, e]) + below * (
                upper * slowness[p, k, j, e + 1] + lower * slowness[p, k, j + 1, e + 1]
            )
            there = above * (upper * slowness[p, k + 1, j, e] + lower * slowness[p, k + 1, j + 1, e]) + below * (
                upper * slowness[p, k + 1, j, e + 1] + lower * slowness[p, k + 1, j + 1, e + 1]
            )
            mean = here + right * (there - here)
            time = mean * straight
            # Node k lies at first_step · k + bend · k².
            width = first_step + bend * (2 * k + 1)
            slope = (there - here) / width * straight + mean * distance / max(straight, 1e-3)
            for h in range(head_velocity.shape[1]):
                if distance < receiver_offset[n, h]:
                    continue
                reach = upper * source_offset[p, h, j] + lower * source_offset[p, h, j + 1] + receiver_offset[n, h]
                if distance >= reach:
                    late = upper * source_delay[p, h, j] + lower * source_delay[p, h, j + 1] + receiver_delay[n, h]
                    arrival = distance / head_velocity[p, h] + late
                    if arrival < time:
                        time, slope = arrival, 1.0 / head_velocity[p, h]
            times[i, n] = time
            slope /= max(distance, 1.0)
            along_x[i, n] = slope * dx
            along_y[i, n] = slope * dy
    return times, along_x, along_y


first_arrivals: Any = numba.njit(cache=True, nogil=True)(_first_arrivals)
