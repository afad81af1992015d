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
_REACHES = np.exp(np.linspace(-1.7, 2.3, 25) / _FADING)
_CERTAIN_P, _CERTAIN_S = 0.95, 0.9
_PATIENCE = 48
_SCATTER, _SPREAD = 0.35, 0.8
_P_SMALLER, _SHARED_WINDOW = 0.4, 10.0
_WORST_SIZE = -3.0


@compiled
def station_size(size: float, phase: int, distance: float, depth: float, lag: float) -> float:
    """Local magnitude of one amplitude: Hutton & Boore (1987), doi:10.1785/BSSA0770062074.

    A P amplitude holds S where this comes within ten seconds; else P is smaller.
    """
    kilometres = max(math.sqrt(distance * distance + depth * depth), 1000.0) / 1000.0
    found = size + 1.110 * math.log10(kilometres / 100.0) + 0.00189 * (kilometres - 100.0) + 3.0
    if phase == 0 and lag > _SHARED_WINDOW:
        found += _P_SMALLER
    return found


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

    Its picks go into `chosen` and what each adds into `gains`; `counts` becomes the number of these, of P, of stations
    and of stations with both. `work` has shape (2 · stations, 4).
    """
    order = volume.order[cell_of(volume, place[0], place[1])]
    used, idle = 0, 0
    earliest, latest = picks.span[0], picks.span[1]
    sizes, sized = np.empty(2 * len(order)), 0
    for m in range(len(order)):
        s = order[m]
        dx, dy = place[0] - travel.x[s], place[1] - travel.y[s]
        distance = math.sqrt(dx * dx + dy * dy)
        straight = max(math.sqrt(distance * distance + place[2] * place[2]), 1000.0) / 1000.0
        faint = math.exp((1.110 * math.log10(straight / 100.0) + 0.00189 * (straight - 100.0) + picks.deafness[s]) / _FADING)
        idle += 1
        p_time = 0.0
        p_hit = False
        for phase in range(2):
            time, _, _ = travel_time(travel, s, phase, distance, place[2])
            if phase == 0:
                p_time = time
            c = 2 * s + phase
            first, last = picks.first[c], picks.first[c + 1]
            delay, spread = term(terms, travel, s, phase, place[0], place[1], time)
            expected = place[3] + time + delay
            best, pick = -1e9, -1
            if first < last:
                limit = sigmas * math.sqrt(spread * spread + 0.09)
                for i in range(search(picks.time, first, last, expected - limit), last):
                    late = picks.time[i] - expected
                    if late > limit:
                        break
                    if not picks.free[i]:
                        continue
                    sigma = math.sqrt(spread * spread + picks.error[i] ** 2)
                    part = late / sigma
                    if abs(part) > sigmas:
                        continue
                    gain = -0.5 * part * part - math.log(sigma * 2.5066 * picks.rate[i]) + picks.belief[i]
                    if gain > best:
                        best, pick = gain, i
            if pick >= 0:
                p_hit = p_hit or phase == 0
                if not math.isnan(picks.size[pick]):
                    sizes[sized] = station_size(picks.size[pick], phase, distance, place[2], time - p_time)
                    work[used, 3] = sizes[sized]
                    sized += 1
                else:
                    work[used, 3] = np.nan
                work[used, 0], work[used, 1], work[used, 2] = best, faint, phase
                chosen[used] = pick
                used += 1
                idle = 0
            else:
                if expected < earliest or expected > latest or not picks.alive[c]:
                    continue
                own = 1 if phase == 1 and p_hit else 0
                if hiding(picks, s, expected) > own:
                    continue
                # How likely it is that no unrelated pick lies there either.
                work[used, 0] = math.exp(-rate_at(picks, c, expected, 0.0))
                work[used, 1], work[used, 2] = faint, phase
                chosen[used] = -1
                used += 1
        if idle > _PATIENCE:
            break
    if sized >= 3:
        middle = np.median(sizes[:sized])
        for k in range(used):
            if chosen[k] >= 0 and not math.isnan(work[k, 3]):
                off = (work[k, 3] - middle) ** 2
                extra = math.log(_SPREAD / _SCATTER) - 0.5 * off * (1 / _SCATTER**2 - 1 / _SPREAD**2)
                work[k, 0] += max(extra, _WORST_SIZE)
    evidence = 0.0
    reach = np.empty(2)
    for phase in range(2):
        best = -1e9
        for candidate in _REACHES:
            total, product, factors = 0.0, 1.0, 0
            for k in range(used):
                if work[k, 2] != phase:
                    continue
                seen = _seen(work[k, 1], phase, candidate)
                if chosen[k] >= 0:
                    # A pick that fits badly may as well be another's.
                    product *= max(math.exp(work[k, 0]) * seen, 1.0 - seen)
                else:
                    product *= 1.0 - seen * work[k, 0]
                factors += 1
                if factors == 16:
                    total, product, factors = total + math.log(product), 1.0, 0
            total += math.log(product)
            if total > best:
                best, reach[phase] = total, candidate
        evidence += best
    found = 0
    p = stations = both = 0
    previous = -1
    for k in range(used):
        if chosen[k] < 0:
            continue
        gain = work[k, 0] + math.log(_seen(work[k, 1], int(work[k, 2]), reach[int(work[k, 2])]))
        if gain <= 0.0:
            continue
        pick = chosen[k]
        chosen[found], gains[found] = pick, gain
        found += 1
        s = picks.station[pick]
        p += picks.phase[pick] == 0
        if s == previous:
            both += 1
        else:
            stations += 1
        previous = s
    counts[0], counts[1], counts[2], counts[3] = found, p, stations, both
    return evidence


@compiled
def _seen(faint: float, phase: int, reach: float) -> float:
    """The probability that an arrival is picked; `faint` and `reach` are powers of relative amplitude."""
    return (_CERTAIN_P if phase == 0 else _CERTAIN_S) / (1.0 + faint / reach)
