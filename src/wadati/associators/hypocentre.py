"""Hypocentres from free picks by Gauss–Newton iteration with a tolerance that narrows (graduated non-convexity).

Each expected arrival pulls with the free pick nearest to it, by Tukey's biweight of the residual, so that picks of
other events have no hold once the tolerance is narrow. Weights also say how surprising it is that a pick lies so
near: in a busy channel one nearly always does.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wadati.associators.compiled import compiled
from wadati.associators.picks_of_window import Picks, search
from wadati.associators.terms import Terms, term
from wadati.associators.travel import Floats, Travel, travel_time
from wadati.associators.volume import Volume, cell_of

WIDE = np.array([2.5, 2.0, 1.5, 1.25, 1.0, 1.0, 1.0])
"""Tolerances of the iterations that start from a node, relative to the final one."""
NARROW = np.array([1.25, 1.0, 1.0])
"""Tolerances of the iterations that start from a hypocentre."""
UNMOVED = np.zeros(0)
"""No iteration."""

_STATIONS = 60
_NEAREST = 100.0
_FARTHEST, _LATEST = 6000.0, 2.0


@compiled
def refine(
    place: Floats, picks: Picks, travel: Travel, volume: Volume, terms: Terms, sigmas: float, schedule: Floats
) -> Any:
    """Move `place` (x, y, depth, time) to where the free picks of the stations around it agree."""
    step_x, step_z, step_t = 5000.0, 4000.0, 30.0
    normal, right = np.empty((4, 4)), np.empty(4)
    row = np.empty(4)
    for scale in schedule:
        normal[:] = 0.0
        right[:] = 0.0
        for i in range(4):
            normal[i, i] = 1.0
        order = volume.order[cell_of(volume, place[0], place[1])]
        for m in range(min(_STATIONS, len(order))):
            s = order[m]
            dx, dy = place[0] - travel.x[s], place[1] - travel.y[s]
            distance = math.sqrt(dx * dx + dy * dy)
            away = max(distance, _NEAREST)
            for phase in range(2):
                c = 2 * s + phase
                if picks.first[c] == picks.first[c + 1]:
                    continue
                time, along, down = travel_time(travel, s, phase, distance, place[2])
                delay, spread = term(terms, travel, s, phase, place[0], place[1], time)
                expected = place[3] + time + delay
                limit = sigmas * scale * math.sqrt(spread * spread + 0.04)
                pick = _nearest_free(picks, c, expected, limit)
                if pick < 0:
                    continue
                sigma = math.sqrt(spread * spread + picks.error[pick] ** 2)
                late = picks.time[pick] - expected
                part = late / (sigmas * scale * sigma)
                if abs(part) >= 1.0:
                    continue
                surprise = -math.log(1.0 - math.exp(-2.0 * picks.rate[pick] * sigma))
                weight = surprise * (1.0 - part * part) ** 2 / (scale * sigma) ** 2
                row[0] = along * dx / away * step_x
                row[1] = along * dy / away * step_x
                row[2] = down * step_z
                row[3] = step_t
                for i in range(4):
                    right[i] += weight * row[i] * late
                    for j in range(4):
                        normal[i, j] += weight * row[i] * row[j]
        _solve(normal, right)
        right[0] *= step_x
        right[1] *= step_x
        right[2] *= step_z
        right[3] *= step_t
        _moved(place, right, volume)


@compiled
def _nearest_free(picks: Picks, channel: int, expected: float, limit: float) -> int:
    """The free pick of a channel that is nearest to a time, within a limit (s); −1 where there is none."""
    first, last = picks.first[channel], picks.first[channel + 1]
    nearest, pick = limit, -1
    for i in range(search(picks.time, first, last, expected - limit), last):
        late = picks.time[i] - expected
        if late > nearest:
            break
        if picks.free[i] and abs(late) < nearest:
            nearest, pick = abs(late), i
    return pick


@compiled
def _moved(place: Floats, step: Floats, volume: Volume) -> None:
    """Move a place by a step that is not too far, and not out of the volume."""
    for i in range(3):
        place[i] += min(max(step[i], -_FARTHEST), _FARTHEST)
        place[i] = min(max(place[i], volume.low[i]), volume.high[i])
    place[3] += min(max(step[3], -_LATEST), _LATEST)


@compiled
def _solve(a: Floats, b: Floats) -> Any:
    """Solve a · x = b in place for a symmetric positive definite a."""
    n = len(b)
    for i in range(n):
        for r in range(i + 1, n):
            factor = a[r, i] / a[i, i]
            for c in range(i, n):
                a[r, c] -= factor * a[i, c]
            b[r] -= factor * b[i]
    for i in range(n - 1, -1, -1):
        for c in range(i + 1, n):
            b[i] -= a[i, c] * b[c]
        b[i] /= a[i, i]
