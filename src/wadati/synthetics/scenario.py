"""A simulated network with known truth: the sequence, what the stations wrote, and which phases they recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from wadati.errors import UsageError
from wadati.formats.csv_rows import write_rows
from wadati.formats.tables import write_events_csv
from wadati.model import (
    Catalog,
    Inventory,
    SourceId,
    TimeSpan,
    Trace,
    VelocityModel,
    format_time,
)
from wadati.protocols import GreensFunctions, Problem
from wadati.synthetics.earth import draw_earth
from wadati.synthetics.network import draw_network, inventory_of
from wadati.synthetics.recording import Simulation, record, station_magnitudes
from wadati.synthetics.sequence import draw_sequence
from wadati.synthetics.snr import SimulatedPhase
from wadati.synthetics.truth import START, truth_of
from wadati.units import KILOMETRE, MINUTE


class SnrDistribution(msgspec.Struct, frozen=True):
    """Signal-to-noise ratios of one phase over all events and stations: count, recorded, and the deciles 10 to 90 %."""

    phase: str
    count: int
    recorded: int
    deciles: tuple[float, ...]


@dataclass(frozen=True)
class Scenario:
    """What a simulation gives; itself a `protocols.Source`.

    `truth` holds the true hypocentres with their ML, `phases` what each station recorded of them, `earth` the true
    layers (what lies beside them, lateral change and station delays, is told nowhere). `traces` are in counts.
    """

    seed: int
    inventory: Inventory
    truth: Catalog
    phases: tuple[SimulatedPhase, ...]
    traces: tuple[Trace, ...]
    earth: VelocityModel

    def source_ids(self) -> Sequence[SourceId]:
        """The channels there are traces of, in order."""
        return sorted({trace.source_id for trace in self.traces})

    def span(self) -> TimeSpan | None:
        """The time from the first sample to the last."""
        if not self.traces:
            return None
        return TimeSpan(min(trace.start for trace in self.traces), max(trace.end for trace in self.traces))

    def read(self, network: str, station: str, span: TimeSpan | None = None) -> Iterator[Trace]:
        """The traces of one station, cut to the span."""
        for trace in self.traces:
            if trace.source_id.station_key == (network, station):
                part = trace if span is None else trace.cut(span)
                if len(part):
                    yield part

    def problems(self) -> Sequence[Problem]:
        """None: a simulation leaves nothing out."""
        return ()

    def recorded(self, phase: str = "P") -> dict[str, int]:
        """At how many stations each event's phase was recorded, by event id."""
        counts = {event.event_id: 0 for event in self.truth}
        for item in self.phases:
            counts[item.event_id] += item.phase == phase and item.is_recorded
        return counts

    def well_recorded(self, at_least: int = 6) -> Catalog:
        """The true events whose P was recorded at so many stations."""
        counts = self.recorded("P")
        return Catalog(tuple(event for event in self.truth if counts[event.event_id] >= at_least))

    def snr_distribution(self) -> tuple[SnrDistribution, ...]:
        """The signal-to-noise ratios of P and of S."""
        result = []
        for phase in ("P", "S"):
            values = np.array([item.snr for item in self.phases if item.phase == phase])
            deciles = tuple(float(v) for v in np.percentile(values, range(10, 100, 10))) if len(values) else ()
            recorded = sum(item.is_recorded for item in self.phases if item.phase == phase)
            result.append(SnrDistribution(phase, len(values), recorded, deciles))
        return tuple(result)

    def write(self, directory: Path) -> None:
        """Write `waveforms/NET.STA.mseed`, `stations.xml`, `truth.csv` (an events CSV) and `truth_phases.csv`.

        The waveforms are miniSEED 2, which every program reads; all traces start on a whole microsecond, as it asks.
        """
        from wadati.formats.miniseed import write_miniseed
        from wadati.formats.stationxml import write_stationxml

        waveforms = directory / "waveforms"
        waveforms.mkdir(parents=True, exist_ok=True)
        for station in self.inventory.stations():
            traces = list(self.read(*station.key))
            write_miniseed(traces, waveforms / f"{station.network}.{station.code}.mseed", version=2)
        write_stationxml(self.inventory, directory / "stations.xml")
        write_events_csv(self.truth, directory / "truth.csv")
        write_rows(
            directory / "truth_phases.csv",
            ("event_id", "network", "station", "phase", "time", "snr"),
            ((p.event_id, p.network, p.station, p.phase, format_time(p.time), f"{p.snr:.3f}") for p in self.phases),
        )


def simulate(
    seed: int,
    *,
    stations: int = 30,
    minutes: float = 20.0,
    spacing_km: float = 5.0,
    noise: bool = True,
    defects: bool = True,
    greens: GreensFunctions | None = None,
) -> Scenario:
    """A network, a mainshock with its aftershocks, and what was recorded; the same for the same arguments.

    Magnitudes are true by definition: each event is scaled so that the median ML over all stations with horizontals,
    measured without noise or defects (Hutton & Boore 1987, mean of both horizontals), equals the stated one.
    Without `noise` there is only ground motion; without `defects` there is no full scale, no gap, no wrong clock.
    With `greens` the long periods of events from magnitude 3 on are theirs (see `long_period`), and the truth holds
    the moment tensor of each event.
    Raises `UsageError` for fewer than 3 stations or 4 minutes.

    >>> scenario = simulate(1, stations=4, minutes=4)
    >>> len(scenario.inventory.stations()), max(event.magnitude.value for event in scenario.truth) > 4
    (4, True)
    """
    simulation = prepare(seed, stations=stations, minutes=minutes, spacing_km=spacing_km, greens=greens)
    slow = simulation.long_periods()
    scales = calibrate(simulation)
    traces: list[Trace] = []
    phases: list[SimulatedPhase] = []
    for station in simulation.stations:
        new_traces, new_phases = record(simulation, station, scales, slow, noise=noise, defects=defects)
        traces += new_traces
        phases += new_phases
    return Scenario(
        seed,
        inventory_of(simulation.stations),
        truth_of(simulation.events, tensors=greens is not None),
        tuple(sorted(phases, key=lambda phase: (phase.time, phase.station, phase.phase))),
        tuple(sorted(traces, key=lambda trace: (trace.source_id, trace.start))),
        simulation.earth.layers,
    )


def prepare(
    seed: int, *, stations: int, minutes: float, spacing_km: float, greens: GreensFunctions | None = None
) -> Simulation:
    """Network, earth and events, not yet calibrated or recorded."""
    if stations < 3 or minutes < 4:
        raise UsageError(f"a simulation of {stations} stations and {minutes} minutes: give at least 3 and 4")
    span = TimeSpan(START, START + round(minutes * MINUTE))
    network = draw_network(seed, stations, spacing_km * KILOMETRE)
    half_width = max(max(abs(station.x), abs(station.y)) for station in network)
    return Simulation(seed, span, draw_earth(seed), network, draw_sequence(seed, span, half_width), greens)


def calibrate(simulation: Simulation) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """By how much to scale each event so that its noise-free network ML is the stated one, shape (event,)."""
    measured = np.stack([station_magnitudes(simulation, station) for station in simulation.stations])
    stated = np.array([event.magnitude for event in simulation.events])
    return np.asarray(10 ** (stated - np.nanmedian(measured, axis=0)))
