"""Picks of simulated events without waveforms: many events in a moment, to test what locators say of their errors."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.errors import UsageError
from wadati.model import Catalog, Inventory, Pick, TimeSpan, VelocityModel
from wadati.synthetics.earth import draw_earth
from wadati.synthetics.network import CENTRE, SimulatedStation, draw_network, inventory_of
from wadati.synthetics.sequence import SimulatedEvent, draw_sequence
from wadati.synthetics.streams import stream
from wadati.synthetics.truth import START, truth_of
from wadati.synthetics.wavefield import geometry
from wadati.traveltime.geodesy import distance_azimuth
from wadati.traveltime.layered import first_arrival
from wadati.units import KILOMETRE, MINUTE, SECOND

Floats = npt.NDArray[np.float64]

PICK_ERROR = {"P": 0.05, "S": 0.1}
"""One standard deviation (s) of a good pick; picks state it as their uncertainty."""

WILD_SHARE, WILD_ERROR = 0.04, 0.6
"""How many picks are wild, and the mean absolute error (s, Laplace) of those."""

_INTERVAL = 60.0


@dataclass(frozen=True)
class SimulatedPicks:
    """The picks of each true event, shape (event,), the truth in the same order, and the stations."""

    picks: tuple[tuple[Pick, ...], ...]
    truth: Catalog
    inventory: Inventory


def simulate_picks(
    seed: int,
    n_events: int,
    *,
    stations: int = 30,
    spacing_km: float = 5.0,
    model: VelocityModel | None = None,
) -> SimulatedPicks:
    """Picks of events all over the network, one a minute, with errors and with some missing.

    Good picks err by 0.05 s (P) or 0.1 s (S), 4 % are wild. Far stations miss an event more often than near ones and S
    more often than P; each event has at least four P and one S. The waves go through the earth of `simulate` with the
    same seed, or through the exact layers of a `model`. Raises `UsageError` for fewer than 4 stations or no events.

    >>> simulated = simulate_picks(1, 2)
    >>> len(simulated.picks), len(simulated.truth), len(simulated.picks[0]) > 4
    (2, 2, True)
    """
    if stations < 4 or n_events < 1:
        raise UsageError(f"picks of {n_events} events at {stations} stations: give at least 1 and 4")
    network = draw_network(seed, stations, spacing_km * KILOMETRE)
    events = _scattered(seed, n_events, network)
    times = {phase: np.empty((len(network), n_events)) for phase in ("P", "S")}
    distance = np.empty((len(network), n_events))
    earth = draw_earth(seed)
    latitude, longitude, depth = (np.array([getattr(e, n) for e in events]) for n in ("latitude", "longitude", "depth"))
    for row, station in enumerate(network):
        distance[row] = distance_azimuth(latitude, longitude, station.latitude, station.longitude)[0]
        if model is None:
            rays = geometry(events, earth, station, *earth.delays(station.index))
            times["P"][row], times["S"][row] = rays.p.time, rays.s.time
        else:
            for phase, row_times in times.items():
                row_times[row] = first_arrival(model, phase, distance[row], depth, station.elevation)
    picks = tuple(
        _picks(stream(seed, "picks", k), event, network, distance[:, k], {p: t[:, k] for p, t in times.items()})
        for k, event in enumerate(events)
    )
    return SimulatedPicks(picks, truth_of(events), inventory_of(network))


def _scattered(seed: int, count: int, network: tuple[SimulatedStation, ...]) -> tuple[SimulatedEvent, ...]:
    """Events anywhere below the network and a little beyond, 2.5 to 15 km deep."""
    half_width = max(max(abs(station.x), abs(station.y)) for station in network)
    pattern = draw_sequence(seed, TimeSpan(START, START + 4 * MINUTE), half_width)[0]
    events = []
    for k in range(count):
        rng = stream(seed, "scattered", k)
        x, y = (float(v) for v in rng.uniform(-1.1, 1.1, 2) * half_width)
        latitude, longitude = (float(v) for v in CENTRE.to_lat_lon(x, y))
        depth, late = float(rng.uniform(2500.0, 15000.0)), int(rng.uniform(0.0, 1e6)) * 1000
        events.append(
            msgspec.structs.replace(
                pattern,
                index=k,
                event_id=f"truth-{seed}-{k + 1:03d}",
                time=START + k * round(_INTERVAL * SECOND) + late,
                x=x,
                y=y,
                latitude=latitude,
                longitude=longitude,
                depth=depth,
            )
        )
    return tuple(events)


def _picks(
    rng: np.random.Generator,
    event: SimulatedEvent,
    network: tuple[SimulatedStation, ...],
    distance: Floats,
    times: dict[str, Floats],
) -> tuple[Pick, ...]:
    """What is picked of one event, in order of time."""
    reach = rng.uniform(8e3, 35e3)
    picks = []
    for rank, at in enumerate(np.argsort(distance)):
        station = network[at]
        seen = 0.95 / (1 + np.exp((distance[at] - reach) / 4000.0))
        for phase, share, certain in (("P", 1.0, 4), ("S", 0.75, 1)):
            # Drawn whether or not needed, so that one station's luck is not another's.
            present, is_wild = rng.random() < share * seen, rng.random() < WILD_SHARE
            error = rng.laplace(0.0, WILD_ERROR) if is_wild else rng.normal(0.0, PICK_ERROR[phase])
            if present or rank < certain:
                instrument = station.instruments[0]
                picks.append(
                    Pick.of(
                        station.source_id(instrument, "Z"),
                        phase,
                        event.time + round((float(times[phase][at]) + error) * SECOND),
                        time_uncertainty=PICK_ERROR[phase],
                        probability=round(float(rng.uniform(0.5, 1.0)), 3),
                        method="simulation",
                    )
                )
    return tuple(sorted(picks, key=lambda pick: (pick.time, pick.pick_id)))
