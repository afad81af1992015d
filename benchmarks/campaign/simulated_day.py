"""A day of a simulated network in the layout of the NCEDC, with its truth: station after station, so that no more of it
than one station's day is ever in memory.

The network, the earth and the sequence are those of the demo, drawn for a whole day; of its thousands of events, which
would make every minute one of an aftershock sequence, a hundred or so are kept. Noise is of each station's own, and
the stations have the demo's instruments and defects, but that broadbands after the first 60 record at 50 Hz, which
halves the time that simulating takes.
"""

from __future__ import annotations

import itertools
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import msgspec
import numpy as np

from wadati.formats.csv_rows import write_rows
from wadati.formats.miniseed import write_miniseed
from wadati.formats.stationxml import write_stationxml
from wadati.formats.tables import write_events_csv
from wadati.model import Catalog, TimeSpan, parse_time
from wadati.sources.archives.layouts import LAYOUTS
from wadati.synthetics.earth import draw_earth
from wadati.synthetics.instruments import BROADBAND, BROADBAND_50
from wadati.synthetics.network import SimulatedStation, draw_network, inventory_of
from wadati.synthetics.recording import Simulation, record, station_magnitudes
from wadati.synthetics.sequence import draw_sequence
from wadati.synthetics.streams import stream
from wadati.synthetics.truth import truth_of
from wadati.units import DAY, KILOMETRE

DATE, NEXT = "2026-03-01", "2026-03-02"
SPACING_KM = 10.0
_AT_100_HZ = 60
_SMALLEST = 1.0
_RECORDED = 6
"""An event that so many stations recorded the P of is one that should be found."""


def write_day(folder: Path, *, seed: int, stations: int, events: int, workers: int) -> None:
    """Write `archive/`, `stations.xml`, `truth.csv` (all events) and `recorded.csv` (those that enough stations saw).

    A station that is there is not simulated again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    simulation = _simulation(seed, stations, events)
    write_stationxml(inventory_of(tuple(map(_recording, simulation.stations))), folder / "stations.xml")
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        jobs = [(seed, stations, events, number) for number in range(stations)]
        measured = np.stack(list(pool.map(_magnitudes, jobs, chunksize=8)))
        stated = np.array([event.magnitude for event in simulation.events])
        scales = 10 ** (stated - np.nanmedian(measured, axis=0))
        recorded = sum(pool.map(_write_station, jobs, itertools.repeat(scales), itertools.repeat(folder)))
    truth = truth_of(simulation.events)
    write_events_csv(truth, folder / "truth.csv")
    kept = tuple(event for event, count in zip(truth.events, recorded, strict=True) if count >= _RECORDED)
    write_events_csv(Catalog(kept), folder / "recorded.csv")


@cache
def _simulation(seed: int, stations: int, events: int) -> Simulation:
    start = parse_time(DATE)
    span = TimeSpan(start, start + DAY)
    network = draw_network(seed, stations, SPACING_KM * KILOMETRE)
    half_width = max(max(abs(station.x), abs(station.y)) for station in network)
    drawn = [event for event in draw_sequence(seed, span, half_width) if event.magnitude >= _SMALLEST]
    chosen = sorted(stream(seed, "kept events").choice(len(drawn), min(events, len(drawn)), replace=False))
    kept = tuple(msgspec.structs.replace(drawn[k], index=index) for index, k in enumerate(chosen))
    return Simulation(seed, span, draw_earth(seed), network, kept)


def _recording(station: SimulatedStation) -> SimulatedStation:
    """The station as it records."""
    if station.index < _AT_100_HZ or station.instruments != (BROADBAND,):
        return station
    return msgspec.structs.replace(station, instruments=(BROADBAND_50,))


def _magnitudes(job: tuple[int, int, int, int]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    simulation = _simulation(*job[:3])
    return station_magnitudes(simulation, simulation.stations[job[3]])


def _write_station(
    job: tuple[int, int, int, int], scales: np.ndarray[tuple[int], np.dtype[np.float64]], folder: Path
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Write a station's day; for each event whether its P was recorded there."""
    simulation = _simulation(*job[:3])
    station = _recording(simulation.stations[job[3]])
    told = folder / "recorded" / f"{station.code}.csv"
    if not told.exists():
        traces, phases = record(simulation, station, scales, {}, noise=True, defects=True)
        pieces = sorted(traces, key=lambda trace: (trace.source_id, trace.start))
        for source_id, group in itertools.groupby(pieces, key=lambda trace: trace.source_id):
            (name,) = LAYOUTS["ncedc"].paths([source_id], simulation.span.start // DAY)
            path = folder / "archive" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            own = [part for trace in group if len(part := trace.cut(simulation.span))]
            path.write_bytes(write_miniseed(own, version=2))
        told.parent.mkdir(exist_ok=True)
        heard = {phase.event_id for phase in phases if phase.phase == "P" and phase.is_recorded}
        write_rows(told, ("event_id",), ((event.event_id,) for event in simulation.events if event.event_id in heard))
    names = set(told.read_text().split()[1:])
    return np.array([event.event_id in names for event in simulation.events], np.int64)
