"""How much better picks are explained by an event than by chance: the logarithm of a likelihood ratio.

Each expected arrival adds a term. Found: the density of its residual times the probability of detection, over the rate
of unrelated picks, with what the picker's probability and the amplitude say. Not found: the probability of a miss,
unless the channel seems dead or other picks of the station shortly before may hide the arrival, as in a burst of
aftershocks. Detection fades with distance beyond a reach that is fitted to each event, so that a small event is not
blamed for what far stations could not see.

The idea of weighing misses is that of NET-VISA: Arora, Russell & Sudderth (2013), doi:10.1785/0120120107.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wadati.associators.compiled import compiled
from wadati.associators.picks_of_window import Picks, hiding, rate_at, search
from wadati.associators.terms import Terms, term
from wadati.associators.travel import Floats, Integers, Travel, travel_time
from wadati.associators.volume import Volume, cell_of

_FADING = 0.2
_LEAST_REACH, _STEP, _ALIKE = -1.7, 1 / 6, 0.5
_REACHES = np.exp((_LEAST_REACH + _STEP * np.arange(25)) / _FADING)
_CERTAIN_P, _CERTAIN_S = 0.95, 0.9
_PATIENCE = 48
_SCATTER, _SPREAD = 0.35, 0.8
_P_SMALLER, _SHARED_WINDOW = 0.4, 10.0
_WORST_SIZE = -3.0
_MOST_ERROR, _ROOT = 0.3, math.sqrt(2.0 * math.pi)
_AT_ONCE = 16


@compiled
def weigh(
    place: Floats,
    picks: Picks,
    travel: Travel,
    volume: Volume,
    terms: Terms,
    sigmas: float,
    chosen: Integers,
    gains: Floats,
    work: Floats,
    counts: Integers,
) -> float:
    """The logarithm of the likelihood ratio of a hypothesis (x, y, depth, time).

    Its picks go into `chosen` and what each adds into `gains`; `counts` becomes the number of these, of P, of stations,
    of stations with both, and of stations with P whose S is still to come. `work` has shape (2 · stations, 5).
    """
    used = _gather(place, picks, travel, volume, terms, sigmas, chosen, work)
    _agree(chosen, work, used)
    evidence, reach = _fitted(chosen, work, used)
    counts[:] = 0
    previous = -1
    for k in range(used):
        if chosen[k] < 0:
            continue
        phase = int(work[k, 2])
        gain = work[k, 0] + math.log(_seen(work[k, 1], phase, reach[phase]))
        if gain <= 0.0:
            continue
        pick = chosen[k]
        chosen[counts[0]], gains[counts[0]] = pick, gain
        station = picks.station[pick]
        counts[0] += 1
        counts[1] += phase == 0
        counts[2] += station != previous
        counts[3] += station == previous
        counts[4] += phase == 0 and work[k, 4] > 0
        previous = station
    return float(evidence)


@compiled
def _gather(
    place: Floats,
    picks: Picks,
    travel: Travel,
    volume: Volume,
    terms: Terms,
    sigmas: float,
    chosen: Integers,
    work: Floats,
) -> int:
    """Expected arrivals from near to far, and how many.

    `chosen` becomes the pick of each, or −1; `work` what the pick adds where it is certain to be seen (or the
    probability that no unrelated pick lies there), how faint it is, its phase, the magnitude it stands for, and whether
    the S of its station is still to come.
    """
    order = volume.order[cell_of(volume, place[0], place[1])]
    used = idle = 0
    for m in range(len(order)):
        s = order[m]
        distance = math.sqrt((place[0] - travel.x[s]) ** 2 + (place[1] - travel.y[s]) ** 2)
        faint = math.exp((_attenuation(distance, place[2]) + picks.deafness[s]) / _FADING)
        idle += 1
        own = 0
        lag = travel_time(travel, s, 1, distance, place[2])[0] - travel_time(travel, s, 0, distance, place[2])[0]
        for phase in range(2):
            c = 2 * s + phase
            time, _, _ = travel_time(travel, s, phase, distance, place[2])
            delay, spread = term(terms, travel, s, phase, place[0], place[1], time)
            expected = place[3] + time + delay
            pick, gain = -1, 0.0
            if picks.first[c] < picks.first[c + 1]:
                pick, gain = _best(picks, c, expected, spread, sigmas)
            work[used, 1], work[used, 2] = faint, phase
            work[used, 4] = expected + lag > picks.until[s]
            if pick >= 0:
                own, idle = 1, 0
                work[used, 0] = gain
                work[used, 3] = picks.size[pick] + _attenuation(distance, place[2])
                if phase == 0 and lag > _SHARED_WINDOW:
                    work[used, 3] += _P_SMALLER
                chosen[used] = pick
                used += 1
            elif (
                picks.span[0] < expected < min(picks.span[1], picks.until[s])
                and picks.alive[c]
                and hiding(picks, s, expected) <= own
            ):
                work[used, 0] = math.exp(-rate_at(picks, c, expected, 0.0))
                chosen[used] = -1
                used += 1
        if idle > _PATIENCE:
            break
    return used


@compiled
def _attenuation(distance: float, depth: float) -> float:
    """−log10 of relative amplitude, zero at 100 km: Hutton & Boore (1987), doi:10.1785/BSSA0770062074."""
    kilometres = max(math.sqrt(distance * distance + depth * depth), 1000.0) / 1000.0
    return 1.110 * math.log10(kilometres / 100.0) + 0.00189 * (kilometres - 100.0)


@compiled
def _best(picks: Picks, channel: int, expected: float, spread: float, sigmas: float) -> Any:
    """The free pick of a channel that is explained best by an arrival, and what it adds; −1 where there is none."""
    first, last = picks.first[channel], picks.first[channel + 1]
    best, pick = -1e9, -1
    limit = sigmas * math.sqrt(spread * spread + _MOST_ERROR * _MOST_ERROR)
    for i in range(search(picks.time, first, last, expected - limit), last):
        late = picks.time[i] - expected
        if late > limit:
            break
        sigma = math.sqrt(spread * spread + picks.error[i] ** 2)
        if picks.free[i] and abs(late) <= sigmas * sigma:
            gain = -0.5 * (late / sigma) ** 2 - math.log(sigma * _ROOT * picks.rate[i]) + picks.belief[i]
            if gain > best:
                best, pick = gain, i
    return pick, best


@compiled
def _agree(chosen: Integers, work: Floats, used: int) -> None:
    """Let picks whose amplitudes tell of one magnitude add more, others less."""
    sizes, sized = np.empty(used), 0
    for k in range(used):
        if chosen[k] >= 0 and not math.isnan(work[k, 3]):
            sizes[sized] = work[k, 3]
            sized += 1
    if sized < 3:
        return
    middle = np.median(sizes[:sized])
    for k in range(used):
        if chosen[k] >= 0 and not math.isnan(work[k, 3]):
            off = (work[k, 3] - middle) ** 2
            extra = math.log(_SPREAD / _SCATTER) - 0.5 * off * (1 / _SCATTER**2 - 1 / _SPREAD**2)
            work[k, 0] += max(extra, _WORST_SIZE)


@compiled
def _fitted(chosen: Integers, work: Floats, used: int) -> Any:
    """The greatest evidence over all reaches of P and of S, which are not far from each other, and these two."""
    totals = np.empty((2, len(_REACHES)))
    for phase in range(2):
        for i in range(len(_REACHES)):
            totals[phase, i] = _of_reach(phase, _REACHES[i], chosen, work, used)
    best, reach = -1e9, np.empty(2)
    for i in range(len(_REACHES)):
        for j in range(len(_REACHES)):
            total = totals[0, i] + totals[1, j] - 0.5 * ((i - j) * _STEP / _ALIKE) ** 2
            if total > best:
                best, reach[0], reach[1] = total, _REACHES[i], _REACHES[j]
    return best, reach


@compiled
def _of_reach(phase: int, reach: float, chosen: Integers, work: Floats, used: int) -> float:
    """The evidence of one phase that is seen to a reach."""
    total, product, factors = 0.0, 1.0, 0
    for k in range(used):
        if work[k, 2] != phase:
            continue
        seen = _seen(work[k, 1], phase, reach)
        if chosen[k] >= 0:
            # A pick that fits badly may as well be another's.
            product *= max(math.exp(work[k, 0]) * seen, 1.0 - seen)
        else:
            product *= 1.0 - seen * work[k, 0]
        factors += 1
        if factors == _AT_ONCE:
            total, product, factors = total + math.log(product), 1.0, 0
    return total + math.log(product)


@compiled
def _seen(faint: float, phase: int, reach: float) -> float:
    """The probability that an arrival is picked; `faint` and `reach` are powers of relative amplitude."""
    return (_CERTAIN_P if phase == 0 else _CERTAIN_S) / (1.0 + faint / reach)
