"""Where an event may be whose P wave a station near it picked: each such pick searches the nodes around its station.

At every node the pick gives an origin time; then all stations near the node are asked whether they have picks when
waves from there would arrive. A pick counts by how surprising its presence is. (Zhang, Ellsworth & Beroza 2019,
doi:10.1785/0220190052, start from P picks in the same way.)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wadati.associators.compiled import compiled
from wadati.associators.picks_of_window import Picks, search
from wadati.associators.travel import Floats, Integers
from wadati.associators.volume import Volume

_NEEDS = np.array([4, 2, 1])
_LEAST = 18.0


def propose(anchors: Integers, picks: Picks, volume: Volume) -> Floats:
    """For the anchors, free P picks, that have one: the best node's x, y, depth and time, shape (proposal, 4)."""
    place, score = np.empty((len(anchors), 4)), np.empty(len(anchors))
    _propose(anchors, picks, volume, _NEEDS, place, score)
    return place[score > _LEAST]


@compiled
def _propose(
    anchors: Integers, picks: Picks, volume: Volume, needs: Integers, out: Floats, score: Floats
) -> Any:
    """What the best node scores; 0 where fewer than `needs` stations, stations with P, and with both, could agree."""
    channels = len(picks.first) - 1
    low, high = np.empty(channels, np.int64), np.empty(channels, np.int64)
    surprise = np.empty(len(picks.time))
    for i in range(len(picks.time)):
        surprise[i] = -math.log(1.0 - math.exp(-2.0 * picks.rate[i]))
    for a in range(len(anchors)):
        score[a] = 0.0
        pick = anchors[a]
        s = picks.station[pick]
        when = picks.time[pick]
        able = able_p = able_both = 0
        for m in range(volume.neighbour.shape[1]):
            q = volume.neighbour[s, m]
            if q < 0:
                break
            has = 0
            for phase in range(2):
                c = 2 * q + phase
                begin, end = when + volume.lag[s, m, phase, 0], when + volume.lag[s, m, phase, 1]
                low[c] = search(picks.time, picks.first[c], picks.first[c + 1], begin)
                high[c] = search(picks.time, low[c], picks.first[c + 1], end)
                while low[c] < high[c] and not picks.free[low[c]]:
                    low[c] += 1
                if low[c] < high[c]:
                    has += 1 + phase
            able += has > 0
            able_p += has != 0 and has != 2
            able_both += has == 3
        if able < needs[0] or able_p < needs[1] or able_both < needs[2]:
            continue
        best = 0.0
        for k in range(volume.anchor_start[s], volume.anchor_start[s + 1]):
            n, rank = volume.anchor_node[k], volume.anchor_rank[k]
            origin = when - volume.time[n, rank, 0]
            total, stations = 0.0, 0
            for m in range(volume.near.shape[1]):
                q = volume.near[n, m]
                seen = False
                for phase in range(2):
                    c = 2 * q + phase
                    if low[c] == high[c]:
                        continue
                    expected, blur = origin + volume.time[n, m, phase], volume.blur[n, m, phase]
                    for i in range(low[c], high[c]):
                        late = picks.time[i] - expected
                        if late > blur:
                            break
                        if late >= -blur and picks.free[i]:
                            total += surprise[i]
                            seen = True
                            break
                stations += seen
            if stations >= needs[0] and total > best:
                best = total
                out[a, 0], out[a, 1], out[a, 2] = volume.node[n]
                out[a, 3] = origin
        score[a] = best
