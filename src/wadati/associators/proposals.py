"""Where an event may be whose P wave a station near it picked: each such pick searches the nodes around its station.

At every node the pick gives an origin time; then all stations near the node are asked whether they have picks when
waves from there would arrive. A pick counts by how surprising its presence is. (Zhang, Ellsworth & Beroza 2019,
doi:10.1785/0220190052, start from P picks in the same way.)
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from wadati.associators.compiled import compiled
from wadati.associators.picks_of_window import Flags, Picks, search
from wadati.associators.travel import Floats, Integers
from wadati.associators.volume import Volume

_NEEDS, _NEEDS_WITHOUT_S, _NEEDS_SO_FAR = np.array([4, 2, 1]), np.array([4, 2, 0]), np.array([4, 4, 0])
_MANY, _MANY_P = 7, 4
"""So many stations, with P so many, may agree without one that has both."""
_LEAST, _LEAST_SO_FAR = 18.0, 13.0
_AROUND = 2.0
_FRESH = 20.0


def propose(picks: Picks, volume: Volume, begin: float, end: float) -> tuple[Floats, Integers]:
    """The best node of each free P pick that has one between two times (s): x, y, depth, time, shape (proposal, 4); and
    the numbers of these picks. Where picks may still come, the best proposals are first."""
    late = end + volume.latest_anchor
    anchors = np.flatnonzero((picks.phase == 0) & picks.free & (picks.time >= begin) & (picks.time < late))
    fresh = picks.time[anchors] > picks.until.max() - _FRESH
    settled = _NEEDS_WITHOUT_S if picks.s_is_rare else _NEEDS
    needs = np.where(fresh[:, None], _NEEDS_SO_FAR, settled)
    place, score = np.empty((len(anchors), 4)), np.empty(len(anchors))
    _propose(anchors, picks, volume, needs, begin - _AROUND, end + _AROUND, place, score)
    good = np.flatnonzero(score > np.where(fresh, _LEAST_SO_FAR, _LEAST))
    if picks.until.min() < np.inf:
        good = good[np.argsort(-score[good], kind="stable")]
    return place[good], anchors[good]


@compiled
def _propose(
    anchors: Integers,
    picks: Picks,
    volume: Volume,
    needs: Integers,
    begin: float,
    end: float,
    out: Floats,
    score: Floats,
) -> None:
    """What the best node scores; 0 where fewer than `needs` stations, stations with P, and with both, could agree."""
    channels, near = len(picks.first) - 1, volume.neighbour.shape[1]
    low, high = np.empty(channels, np.int64), np.empty(channels, np.int64)
    hears = np.zeros(near, np.bool_)
    surprise = np.empty(len(picks.time))
    for i in range(len(picks.time)):
        surprise[i] = -math.log(1.0 - math.exp(-2.0 * picks.rate[i]))
    most = np.max(volume.anchor_start[1:] - volume.anchor_start[:-1])
    total, stations = np.empty(most), np.empty(most, np.int64)
    for a in range(len(anchors)):
        pick, score[a] = anchors[a], 0.0
        station, time = picks.station[pick], picks.time[pick]
        if not _could_agree(station, time, picks, volume, needs[a], low, high, hears):
            continue
        first = volume.anchor_start[station]
        nodes = volume.anchor_start[station + 1] - first
        total[:nodes], stations[:nodes] = 0.0, 0
        for m in range(near):
            q, pair = volume.neighbour[station, m], station * near + m
            if q < 0:
                break
            if hears[m]:
                entries = slice(volume.pair_start[pair], volume.pair_start[pair + 1])
                node, lag = volume.pair_node[entries], volume.pair_lag[entries]
                ranges = low[2 * q : 2 * q + 2], high[2 * q : 2 * q + 2]
                _agree(node, lag, volume.lag_step, time, *ranges, picks.time, picks.free, surprise, total, stations)
        for k in range(nodes):
            if stations[k] >= needs[a, 0] and total[k] > score[a]:
                at = volume.anchor_node[first + k]
                origin = time - volume.time[at, volume.anchor_rank[first + k], 0]
                if begin <= origin <= end:
                    score[a] = total[k]
                    out[a, 0], out[a, 1], out[a, 2] = volume.node[at]
                    out[a, 3] = origin


@compiled
def _agree(
    node: npt.NDArray[np.int32],
    lag: npt.NDArray[np.int16],
    step: float,
    time: float,
    low: Integers,
    high: Integers,
    pick_time: Floats,
    free: Flags,
    surprise: Floats,
    total: Floats,
    stations: Integers,
) -> None:
    """Add how surprising the picks of one station are that lie where events of the nodes have their arrivals there.

    The wider a node looks, the less surprising it is to find something.
    """
    for entry in range(len(node)):
        seen = False
        for phase in range(2):
            expected, blur = time + step * lag[entry, phase, 0], step * lag[entry, phase, 1]
            for i in range(low[phase], high[phase]):
                late = pick_time[i] - expected
                if late > blur:
                    break
                if late >= -blur and free[i]:
                    total[node[entry]] += max(surprise[i] - max(math.log(blur), 0.0), 0.0)
                    seen = True
                    break
        stations[node[entry]] += seen


@compiled
def _could_agree(
    station: int,
    time: float,
    picks: Picks,
    volume: Volume,
    needs: Integers,
    low: Integers,
    high: Integers,
    hears: Flags,
) -> bool:
    """Whether enough stations have picks near enough, which `hears` (neighbour) says of each; `low` and `high`
    (channel) become the ranges of these."""
    able = able_p = able_both = 0
    for m in range(volume.neighbour.shape[1]):
        q = volume.neighbour[station, m]
        if q < 0:
            break
        has = 0
        for phase in range(2):
            c = 2 * q + phase
            begin, end = time + volume.lag[station, m, phase, 0], time + volume.lag[station, m, phase, 1]
            low[c] = search(picks.time, picks.first[c], picks.first[c + 1], begin)
            high[c] = search(picks.time, low[c], picks.first[c + 1], end)
            while low[c] < high[c] and not picks.free[low[c]]:
                low[c] += 1
            has += (1 + phase) * (low[c] < high[c])
        hears[m] = has > 0
        able += has > 0
        able_p += has % 2
        able_both += has == 3
    without_pair = able >= _MANY and able_p >= _MANY_P
    return bool(able >= needs[0] and able_p >= needs[1] and (able_both >= needs[2] or without_pair))
