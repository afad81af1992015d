"""Pick tables of one day with known truth, as hard as real ones: `load(case, seed)`.

`cases` has the five networks, `scene` where stations and events are, `earth` how wrong the velocity model is,
`arrivals` and `noise` what a picker makes of it. Two picks of one phase within half a second at one station are one.
Stated time uncertainties are a picker's usual ones (0.05 s and 0.1 s), less than the truth. One station in a hundred
has no picks, three fail for some hours, 15 have no amplitudes.

An event is *required* where its picks suffice: at least 8 that are sound (neither outliers nor under the other phase's
name) at 5 stations or more, 3 of them P, both P and S at 2 stations. Smaller events are there as well: to find one of
them is right, to miss it is not wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.association.arrivals import (
    NO_EVENT,
    Flags,
    Table,
    expected_picks,
    pairs_of,
    pick_events,
)
from benchmarks.association.cases import CASES
from benchmarks.association.earth import draw_earth
from benchmarks.association.noise import noise_picks, teleseisms
from benchmarks.association.scene import DAY, FRAME, Sources, Stations, draw_burst, draw_sources, draw_stations
from wadati.model import Inventory, Pick, TimeSpan, VelocityModel, parse_time, seconds

START = parse_time("2021-03-04")
STATED_UNCERTAINTY = (0.05, 0.1)
LEAST_PICKS, LEAST_STATIONS, LEAST_P, LEAST_BOTH = 8, 5, 3, 2

_WELL_RECORDED = 10.0
_ONE_PICK = 0.5
_DRAWN_AT_ONCE = 6


@dataclass(frozen=True)
class TrueEvent:
    """What happened: hypocentre (degrees, m below sea level, ns), and the picks that are its own, sound or not."""

    event_id: str
    time: int
    latitude: float
    longitude: float
    depth: float
    magnitude: float
    pick_ids: tuple[str, ...]
    sound: int
    stations: int
    both: int
    required: bool
    in_burst: bool


@dataclass(frozen=True)
class PickSet:
    """A day of picks in order of time, what an associator is given with them, and the truth.

    `truth` are the events with at least one pick, in order of time. `burst` is the hour of the burst, if any.
    """

    case: str
    seed: int
    picks: tuple[Pick, ...]
    inventory: Inventory
    model: VelocityModel
    truth: tuple[TrueEvent, ...]
    burst: TimeSpan | None

    @property
    def required(self) -> tuple[TrueEvent, ...]:
        """The events that must be found: the most that any associator can be asked for."""
        return tuple(event for event in self.truth if event.required)


def load(case: str, seed: int) -> PickSet:
    """The pick table of a case and a seed; the same every time.

    >>> load("local", 1).picks == load("local", 1).picks
    True
    """
    kind = CASES[case]
    rng = np.random.default_rng([list(CASES).index(case), seed])
    stations = draw_stations(kind, rng)
    earth = draw_earth(kind, rng)
    background = draw_sources(kind, rng, _DRAWN_AT_ONCE * kind.events)
    parts = [(background, kind.events)]
    start = None
    if kind.burst:
        burst, start = draw_burst(kind, rng, stations, _DRAWN_AT_ONCE * kind.burst)
        parts.append((burst, kind.burst))
    chosen = []
    for sources, count in parts:
        alone = expected_picks(kind, pairs_of(kind, sources, stations, earth, rng), stations, len(sources))
        enough = np.flatnonzero(alone >= _WELL_RECORDED)
        chosen.append(sources[np.arange(enough[count - 1] + 1 if len(enough) >= count else len(sources))])
    sources = _together(chosen)
    pairs = pairs_of(kind, sources, stations, earth, rng)
    table = Table.joined(
        [
            pick_events(kind, pairs, stations, rng),
            noise_picks(kind, stations, rng),
            teleseisms(kind, stations, rng),
        ]
    )
    table = table[(table.time >= 0) & (table.time < DAY) & _works(stations, table)]
    table = _merged(table)
    table = table[np.argsort(table.time, kind="stable")]
    picks = _picks(stations, table, rng)
    return PickSet(
        case,
        seed,
        picks,
        stations.inventory(),
        kind.model,
        _truth(seed, sources, len(chosen[0]), table, picks),
        None if start is None else TimeSpan(START + seconds(start), START + seconds(start + 3600.0)),
    )


def _together(parts: list[Sources]) -> Sources:
    return Sources(*(np.concatenate([getattr(part, name) for part in parts]) for name in Sources.__dataclass_fields__))


def _works(stations: Stations, table: Table) -> Flags:
    begin, end = stations.outage[table.station].T
    return (table.time < begin) | (table.time >= end)


def _merged(table: Table) -> Table:
    """Of picks of one phase at one station within half a second of each other, the one of largest amplitude."""
    order = np.lexsort((table.time, table.phase, table.station))
    table = table[order]
    channel = table.station * 2 + table.phase
    starts = (np.diff(channel, prepend=-1) != 0) | (np.diff(table.time, prepend=-np.inf) >= _ONE_PICK)
    group = np.cumsum(starts)
    best = np.lexsort((-table.amplitude, group))
    return table[np.sort(best[np.diff(group[best], prepend=0) > 0])]


def _picks(stations: Stations, table: Table, rng: np.random.Generator) -> tuple[Pick, ...]:
    ids = stations.source_ids()
    known = stations.calibrated[table.station] & (rng.random(len(table)) > 0.03)
    metres = 10.0**table.amplitude / 1000.0
    return tuple(
        Pick.of(
            ids[station],
            "PS"[phase],
            START + seconds(time),
            time_uncertainty=STATED_UNCERTAINTY[phase],
            probability=round(probability, 3),
            amplitude=float(f"{amplitude:.4g}") if has_amplitude else None,
            method="simulation",
        )
        for station, phase, time, probability, amplitude, has_amplitude in zip(
            table.station.tolist(),
            table.phase.tolist(),
            table.time.tolist(),
            table.probability.tolist(),
            metres.tolist(),
            known.tolist(),
            strict=True,
        )
    )


def _truth(
    seed: int, sources: Sources, background: int, table: Table, picks: tuple[Pick, ...]
) -> tuple[TrueEvent, ...]:
    latitude, longitude = FRAME.to_lat_lon(sources.x, sources.y)
    own = np.flatnonzero(table.event != NO_EVENT)
    own = own[np.argsort(table.event[own], kind="stable")]
    numbers, first = np.unique(table.event[own], return_index=True)
    found = []
    for number, members in zip(numbers.tolist(), np.split(own, first[1:]), strict=True):
        sound = members[table.sound[members]]
        at = [set(table.station[sound[table.phase[sound] == phase]].tolist()) for phase in (0, 1)]
        stations, both = len(at[0] | at[1]), len(at[0] & at[1])
        required = (
            len(sound) >= LEAST_PICKS and stations >= LEAST_STATIONS and len(at[0]) >= LEAST_P and both >= LEAST_BOTH
        )
        found.append(
            TrueEvent(
                f"truth-{seed}-{number:04d}",
                START + seconds(float(sources.time[number])),
                float(latitude[number]),
                float(longitude[number]),
                float(sources.depth[number]),
                round(float(sources.magnitude[number]), 2),
                tuple(picks[i].pick_id for i in members),
                len(sound),
                stations,
                both,
                required,
                number >= background,
            )
        )
    return tuple(sorted(found, key=lambda event: event.time))
