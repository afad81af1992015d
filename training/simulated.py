"""Records of simulated earthquakes without noise, and simulated noise without earthquakes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from training.pool import RATE, Record, first_motion, gaussian
from wadati.synthetics.recording import station_noise
from wadati.synthetics.scenario import prepare
from wadati.units import SECOND

FIRST_SEED = 5000
EARLY = -2.0
"""Samples between the onset of theory and where analysts set it: PhaseNet, which has no delay against analysts on real
records, picks simulated P 21 ms and S 18 ms ahead of theory, at any noise, with quartiles one sample apart."""

BEFORE, AFTER = 4 * RATE, 40 * RATE
"""Samples kept before P and after S."""


def signals(count: int, per_network: int = 60) -> Iterator[Record]:
    """Counts of single earthquakes at single stations with the onsets that theory gives, without noise.

    Seeds from 5000 on make the networks and their earthquakes, apart from those of the demo and its tests.
    """
    made = 0
    seed = FIRST_SEED
    while made < count:
        rng = np.random.default_rng([seed, 1])
        spacing = float(rng.choice([3.0, 5.0, 10.0, 20.0]))
        simulation = prepare(seed, stations=20, minutes=20, spacing_km=spacing)
        pairs = rng.permutation(len(simulation.stations) * len(simulation.events))[:per_network]
        rays = {}
        for pair in pairs:
            station = simulation.stations[pair % len(simulation.stations)]
            event = simulation.events[pair // len(simulation.stations)]
            if station.index not in rays:
                rays[station.index] = simulation.geometry(station)
            ray = rays[station.index]
            ground = simulation.motion(event, station, ray, RATE)
            data = ground.through(station.instruments[0].counts_per_velocity)
            origin = (event.time - simulation.axis_start(station)) / SECOND * RATE - ground.first
            p, s = (origin + EARLY + float(r.time[event.index]) * RATE for r in (ray.p, ray.s))
            lead = max(BEFORE - int(p), 0)
            data = np.pad(data, ((0, 0), (lead, 0)))[:, : int(s) + lead + AFTER].astype(np.float32)
            labels = [(0, p + lead), (1, s + lead)]
            sign = first_motion(data[0], p + lead, noiseless=True)
            motion = {round(p + lead): sign} if sign else {}
            target = gaussian(labels, data.shape[1])
            yield Record(
                f"simulated/{seed}/{station.code}/{event.index}",
                "simulated",
                data,
                target,
                labels=labels,
                first_motion=motion,
            )
            made += 1
            if made == count:
                return
        seed += 1


def noises(count: int, seconds: int = 60) -> Iterator[Record]:
    """Simulated ambient noise with cultural bursts, in counts."""
    made = 0
    seed = FIRST_SEED
    while made < count:
        simulation = prepare(seed, stations=10, minutes=4, spacing_km=5.0)
        for station in simulation.stations:
            instrument = station.instruments[0]
            if instrument.rate != RATE:
                continue
            counts = station_noise(simulation, station, instrument, 0, seconds * RATE)
            data = counts.astype(np.float32)
            yield Record(f"noise/{seed}/{station.code}", "noise", data, np.zeros((2, data.shape[1]), np.float32))
            made += 1
            if made == count:
                return
        seed += 1
