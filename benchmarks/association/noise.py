"""Picks of no event: background, busy minutes, false P–S pairs, and teleseisms.

Rates differ from station to station (lognormal, 0.7) and are half as high at night. Half of the noise picks stand
alone, a third come in bursts of a busy road or a quarry, the rest as a P and an S some seconds apart.
A teleseism crosses the network as a plane wave, seen by a quarter of the stations.
"""

from __future__ import annotations

import numpy as np

from benchmarks.association.arrivals import NO_EVENT, Table, probabilities
from benchmarks.association.cases import Case
from benchmarks.association.earth import Integers
from benchmarks.association.scene import DAY, Floats, Stations

_ALONE, _IN_BURSTS = 0.5, 0.33
_BURST_SIZE, _BURST_LENGTH = 8.0, 120.0


def noise_picks(case: Case, stations: Stations, rng: np.random.Generator) -> Table:
    """A day of noise picks."""
    expected = case.noise * stations.rate
    alone_station = np.repeat(np.arange(len(stations)), rng.poisson(_ALONE * expected))
    alone_time = _by_day(rng, len(alone_station))
    bursts = np.repeat(np.arange(len(stations)), rng.poisson(_IN_BURSTS * expected / _BURST_SIZE))
    begin = _by_day(rng, len(bursts))
    size = rng.poisson(_BURST_SIZE, len(bursts))
    burst_station = np.repeat(bursts, size)
    burst_time = np.repeat(begin, size) + rng.exponential(_BURST_LENGTH, size.sum())
    pairs = np.repeat(np.arange(len(stations)), rng.poisson((1 - _ALONE - _IN_BURSTS) * expected / 2))
    first = _by_day(rng, len(pairs))
    second = first + rng.uniform(1.0, 8.0, len(pairs))
    single = len(alone_station) + len(burst_station)
    phase = np.concatenate([rng.random(single) < 0.45, np.zeros(len(pairs)), np.ones(len(pairs))]).astype(np.int64)
    station = np.concatenate([alone_station, burst_station, pairs, pairs])
    return _table(
        rng,
        station,
        phase,
        np.concatenate([alone_time, burst_time, first, second]),
        stations.noise[station] + 0.3 + rng.exponential(0.2, len(station)),
        0.25,
    )


def teleseisms(case: Case, stations: Stations, rng: np.random.Generator) -> Table:
    """Plane waves at 12 to 25 km/s, P and seldom a later phase."""
    found = []
    for _ in range(case.teleseisms):
        slowness, toward = rng.uniform(0.04, 0.08) / 1000.0, rng.uniform(0.0, 2 * np.pi)
        time = rng.uniform(0.0, DAY) + slowness * (stations.x * np.sin(toward) + stations.y * np.cos(toward))
        for share, late in ((0.25, 0.0), (0.08, rng.uniform(20.0, 90.0))):
            station = np.flatnonzero(rng.random(len(stations)) < share)
            phase = (rng.random(len(station)) < 0.15).astype(np.int64)
            when = time[station] + late + rng.normal(0.0, 0.3, len(station))
            amplitude = stations.noise[station] + 0.2 + rng.normal(0.0, 0.2, len(station))
            found.append(_table(rng, station, phase, when, amplitude, 0.35))
    return Table.joined(found)


def _by_day(rng: np.random.Generator, count: int) -> Floats:
    """Times of a day, twice as often around noon as at midnight."""
    time = rng.uniform(0.0, DAY, count)
    keep = rng.random(count) < 0.75 - 0.25 * np.cos(2 * np.pi * time / DAY)
    # A time that is turned down moves to the opposite hour, which leaves the number as it was.
    return np.where(keep, time, (time + DAY / 2) % DAY)


def _table(
    rng: np.random.Generator,
    station: Integers,
    phase: Integers,
    time: Floats,
    amplitude: Floats,
    mean: float,
) -> Table:
    count = len(station)
    return Table(
        station,
        phase,
        time,
        amplitude,
        probabilities(rng, np.full(count, mean)),
        np.full(count, NO_EVENT),
        np.zeros(count, bool),
    )
