"""What a picker makes of the waves of events: what it sees, what others hide, and how far it is off.

- The Wood–Anderson amplitude follows from magnitude and distance (Hutton & Boore), with 0.2 (log10) of scatter at a
  station; P is 0.4 smaller than S. A phase is seen where it stands out of the level there: the noise of the station,
  or what is left of the waves of earlier events. At best 97 % of P and 90 % of S are seen.
- Errors grow as signal falls; half of them are Gaussian and half Laplacian; 4 % of picks are outliers (Laplacian, 1 s),
  3 % bear the other phase's name. Strong events leave picks in their coda that are no arrivals.
- Probabilities rise with signal over noise, with wide overlap with those of noise picks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.association.cases import Case
from benchmarks.association.earth import Earth, Integers
from benchmarks.association.scene import Floats, Sources, Stations
from wadati.magnitudes.attenuation import HuttonBoore1987

Flags = npt.NDArray[np.bool_]

NO_EVENT = -1
P_SMALLER = 0.4
_P_NEEDS, _S_NEEDS, _SOFT = 0.4, 0.75, 0.12
_P_AT_BEST, _S_AT_BEST = 0.97, 0.90
_HELD_FOR, _STANDS_OUT = 120.0, 0.6
_CODA_POWER, _CODA_START, _CODA_DECADE = 1.6, 1.0, 30.0
_OUTLIERS, _OUTLIER_SIZE, _WRONG_PHASE = 0.04, 1.0, 0.03


@dataclass(frozen=True)
class Table:
    """Picks as columns: station, phase (0 P, 1 S), time (s of the day), log10 amplitude (mm), probability, the event
    it belongs to (or `NO_EVENT`), and whether time and phase are right (no outlier, no other phase's name)."""

    station: Integers
    phase: Integers
    time: Floats
    amplitude: Floats
    probability: Floats
    event: Integers
    sound: Flags

    def __len__(self) -> int:
        return len(self.time)

    def __getitem__(self, chosen: npt.NDArray[np.generic]) -> Table:
        return Table(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    @staticmethod
    def joined(tables: list[Table]) -> Table:
        return Table(
            *(np.concatenate([getattr(table, name) for table in tables]) for name in Table.__dataclass_fields__)
        )


def probabilities(rng: np.random.Generator, mean: Floats) -> Floats:
    """A picker's probabilities above its threshold of 0.3, around a mean between 0 (threshold) and 1."""
    return np.asarray(0.3 + 0.7 * rng.beta(4 * mean, 4 * (1 - mean)))


@dataclass(frozen=True)
class Pairs:
    """Events and the stations they may be seen at: indices, arrival times (phase, pair), log10 amplitude of S (mm),
    epicentral distance (m)."""

    event: Integers
    station: Integers
    time: Floats
    amplitude: Floats
    distance: Floats


def pairs_of(case: Case, sources: Sources, stations: Stations, earth: Earth, rng: np.random.Generator) -> Pairs:
    """All pairs whose waves rise above half the noise."""
    size = rng.normal(0.0, 0.2, (len(sources), len(stations)))
    apart = np.hypot(sources.x[:, None] - stations.x, sources.y[:, None] - stations.y)
    hypocentral = np.maximum(np.hypot(apart, sources.depth[:, None]), 1000.0)
    amplitude = sources.magnitude[:, None] - HuttonBoore1987().correction(hypocentral) + size
    event, station = np.nonzero((amplitude > stations.noise - 0.3) & (apart < 1.6 * case.fade))
    travel, distance = earth.times(sources, event, stations, station)
    return Pairs(event, station, sources.time[event] + travel, amplitude[event, station], distance)


def expected_picks(case: Case, pairs: Pairs, stations: Stations, count: int) -> Floats:
    """How many picks each event would have if it were alone."""
    above = pairs.amplitude - stations.noise[pairs.station]
    seen = sum(_chances(case, pairs, above - P_SMALLER, above))
    return np.bincount(pairs.event, weights=seen, minlength=count)


def pick_events(case: Case, pairs: Pairs, stations: Stations, rng: np.random.Generator) -> Table:
    """The picks of all events and of their codas; `event` numbers events as `pairs` does."""
    level = _levels(pairs, stations)
    above = np.array([pairs.amplitude - P_SMALLER, pairs.amplitude]) - level
    above += rng.normal(0.0, 0.15, above.shape)
    seen = rng.random(above.shape) < np.array(_chances(case, pairs, *above))
    phase, pair = np.nonzero(seen)
    signal = above[phase, pair]
    sigma = np.array(case.pick_error)[phase] * (1 + np.exp(-np.maximum(signal - 0.5, -0.3) / 0.4))
    count = len(pair)
    error = np.where(rng.random(count) < 0.5, rng.normal(0.0, sigma), rng.laplace(0.0, sigma / np.sqrt(2)))
    is_outlier, is_renamed = rng.random(count) < _OUTLIERS, rng.random(count) < _WRONG_PHASE
    error = np.where(is_outlier, rng.laplace(0.0, _OUTLIER_SIZE, count), error)
    wave = pairs.time[1, pair] - pairs.time[0, pair]
    # A P amplitude is read over 10 s: it is that of S where this comes sooner and is not picked.
    own = pairs.amplitude[pair] - P_SMALLER * ((phase == 0) & (seen[1, pair] | (wave > 10.0)))
    amplitude = np.logaddexp(own / 0.4343, level[phase, pair] / 0.4343) * 0.4343 + rng.normal(0.0, 0.2, count)
    mean = 0.25 + 0.6 / (1 + np.exp(-(signal - 0.8) / 0.4))
    events = Table(
        pairs.station[pair],
        np.where(is_renamed, 1 - phase, phase),
        pairs.time[phase, pair] + error,
        amplitude,
        probabilities(rng, np.where(is_renamed | is_outlier, 0.3, mean)),
        pairs.event[pair],
        ~(is_outlier | is_renamed),
    )
    return Table.joined([events, _coda(pairs, above[1], rng)])


def _chances(case: Case, pairs: Pairs, p: Floats, s: Floats) -> tuple[Floats, Floats]:
    """The probabilities to see P and S that stand out by so much (log10)."""
    near = 1 / (1 + np.exp((pairs.distance - case.fade) / (0.15 * case.fade)))
    return (
        _P_AT_BEST * near / (1 + np.exp(-np.clip((p - _P_NEEDS) / _SOFT, -30, 30))),
        _S_AT_BEST * near / (1 + np.exp(-np.clip((s - _S_NEEDS) / _SOFT, -30, 30))),
    )


def _levels(pairs: Pairs, stations: Stations) -> Floats:
    """log10 of what shakes a station when P and S arrive (phase, pair): noise, or the waves of earlier events."""
    level = np.tile(stations.noise[pairs.station], (2, 1))
    order = np.lexsort((pairs.time[0], pairs.station))
    station, time, amplitude = pairs.station[order], pairs.time[:, order], pairs.amplitude[order]
    sorted_level = level[:, order]
    for lag in range(1, len(order)):
        before, after = slice(None, -lag), slice(lag, None)
        near = (station[before] == station[after]) & (time[0, after] - time[0, before] < _HELD_FOR)
        if not near.any():
            break
        one, other = np.flatnonzero(near), np.flatnonzero(near) + lag
        for phase in (0, 1):
            left = _left(amplitude[one], time[phase, other] - time[1, one])
            sorted_level[phase, other] = np.maximum(sorted_level[phase, other], left)
    # Waves of an event whose P came later may still be ahead when S of an earlier one arrives.
    for lag in range(1, len(order)):
        before, after = slice(None, -lag), slice(lag, None)
        near = (station[before] == station[after]) & (time[0, after] < time[1, before])
        if not near.any():
            break
        one, other = np.flatnonzero(near), np.flatnonzero(near) + lag
        left = _left(amplitude[other], time[1, one] - time[1, other])
        sorted_level[1, one] = np.maximum(sorted_level[1, one], left)
    level[:, order] = sorted_level
    return level


def _left(amplitude: Floats, since: Floats) -> Floats:
    """log10 of what a new onset has to rise over, so long (s) since an S wave of an amplitude: P before, coda after."""
    late = np.maximum(since, 0.0)
    coda = _CODA_POWER * np.log10(1 + late / _CODA_START) + late / _CODA_DECADE
    return amplitude - _STANDS_OUT - np.where(since < 0, P_SMALLER, coda)


def _coda(pairs: Pairs, above: Floats, rng: np.random.Generator) -> Table:
    """Picks between P and S and after S of waves that stand far out."""
    often = np.clip(0.15 * (above - 1.2), 0.0, 0.5)
    pair = np.flatnonzero(rng.random(len(above)) < often)
    gap = pairs.time[1, pair] - pairs.time[0, pair]
    between = (rng.random(len(pair)) < 0.4) & (gap > 3.0)
    share = rng.uniform(0.1, 0.9, len(pair))
    late = 1.0 + rng.exponential(10.0, len(pair))
    time = np.where(between, pairs.time[0, pair] + share * gap, pairs.time[1, pair] + late)
    is_s = rng.random(len(pair)) < np.where(between, 0.7, 0.5)
    return Table(
        pairs.station[pair],
        is_s.astype(np.int64),
        time,
        pairs.amplitude[pair] - np.where(between, P_SMALLER, 0.4) + rng.normal(0.0, 0.2, len(pair)),
        probabilities(rng, np.full(len(pair), 0.3)),
        np.full(len(pair), NO_EVENT),
        np.zeros(len(pair), bool),
    )
