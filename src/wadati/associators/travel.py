"""Travel times from any hypocentre to the stations, with their slopes and their expected errors, for compiled loops.

Tables hold time over straight distance, which bends nowhere near the source. The error of a travel time grows with
its square root, as that of a wave through many independent irregularities does, from a part that belongs to the
station (Chernov 1960, Wave Propagation in a Random Medium, ch. 2).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from wadati.associators.compiled import compiled
from wadati.model import VelocityModel
from wadati.traveltime.layered import first_arrival

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

PHASES = ("P", "S")
"""The order of the phase axis."""

_ELEVATION_STEP = 500.0
_STEP, _DEEP_STEP, _DEEP = 1000.0, 5000.0, 40_000.0


class Travel(NamedTuple):
    """Stations (x, y in m; the number of their elevation) and tables of slowness (s/m) to straight distance.

    `slowness` has shape (phase, elevation, depth, distance), `elevation` (m) one value an elevation; depths start at
    `top` (m below sea level), with steps of 1 km down to 40 km and of 5 km from there on. `error` has shape (phase, 2):
    one standard deviation of a travel time is error[0] + error[1]·√time.
    """

    x: Floats
    y: Floats
    level: Integers
    slowness: npt.NDArray[np.float32]
    elevation: Floats
    top: float
    error: Floats


def travel_of(
    x: Floats,
    y: Floats,
    elevation: Floats,
    model: VelocityModel,
    depth_range: tuple[float, float],
    diameter: float,
    error: tuple[tuple[float, float], tuple[float, float]],
) -> Travel:
    """The tables of stations at x, y and elevation (m) for hypocentres within a depth range and a diameter (m)."""
    levels, level = np.unique(np.rint(elevation / _ELEVATION_STEP).astype(np.int64), return_inverse=True)
    top = math.floor(depth_range[0] / _STEP) * _STEP
    shallow = np.arange(top, _DEEP + _STEP / 2, _STEP)
    deep = np.arange(_DEEP + _DEEP_STEP, max(depth_range[1], _DEEP) + 2 * _DEEP_STEP, _DEEP_STEP)
    depth = np.concatenate([shallow, deep])
    distance = np.arange(0.0, diameter + 2 * _STEP, _STEP)
    height = levels * _ELEVATION_STEP
    slowness = np.empty((2, len(levels), len(depth), len(distance)), np.float32)
    for p, phase in enumerate(PHASES):
        for e, up in enumerate(height):
            straight = np.hypot(distance, depth[:, None] + up)
            near = straight < 1.0
            time = first_arrival(model, phase, np.where(near, 1.0, distance), depth[:, None], up)
            slowness[p, e] = time / np.where(near, np.hypot(1.0, depth[:, None] + up), straight)
    return Travel(x, y, level.astype(np.int64), slowness, height.astype(np.float64), float(top), np.array(error))


@compiled
def travel_time(travel: Travel, station: int, phase: int, distance: float, depth: float) -> Any:
    """Time (s) and its slopes (s/m) to distance and depth."""
    level = travel.level[station]
    shallow = int((_DEEP - travel.top) / _STEP)
    if depth < _DEEP:
        row = (depth - travel.top) / _STEP
        height = _STEP
    else:
        row = shallow + (depth - _DEEP) / _DEEP_STEP
        height = _DEEP_STEP
    j = min(max(int(row), 0), travel.slowness.shape[2] - 2)
    down = min(max(row - j, 0.0), 1.0)
    column = distance / _STEP
    i = min(int(column), travel.slowness.shape[3] - 2)
    right = column - i
    near_up, far_up = travel.slowness[phase, level, j, i], travel.slowness[phase, level, j, i + 1]
    near_down, far_down = travel.slowness[phase, level, j + 1, i], travel.slowness[phase, level, j + 1, i + 1]
    up = near_up + right * (far_up - near_up)
    below = near_down + right * (far_down - near_down)
    mean = up + down * (below - up)
    vertical = depth + travel.elevation[level]
    straight = max(math.sqrt(distance * distance + vertical * vertical), 1.0)
    along = (far_up - near_up) + down * ((far_down - near_down) - (far_up - near_up))
    return (
        mean * straight,
        along / _STEP * straight + mean * distance / straight,
        (below - up) / height * straight + mean * vertical / straight,
    )


@compiled
def model_error(travel: Travel, phase: int, time: float) -> float:
    """One standard deviation (s) of a travel time (s)."""
    return float(travel.error[phase, 0] + travel.error[phase, 1] * math.sqrt(max(time, 0.0)))


@compiled
def residuals(
    travel: Travel, place: Floats, event: Integers, station: Integers, phase: Integers, time: Floats
) -> Floats:
    """Seconds by which picks of events (event, 4: x, y, depth, time) are later than travel times say."""
    found = np.empty(len(event))
    for k in range(len(event)):
        s = station[k]
        distance = math.sqrt((place[event[k], 0] - travel.x[s]) ** 2 + (place[event[k], 1] - travel.y[s]) ** 2)
        found[k] = time[k] - place[event[k], 3] - travel_time(travel, s, phase[k], distance, place[event[k], 2])[0]
    return found
