"""What goes wrong between the ground and the archive: full scale, gaps, dead components, spikes, a wrong clock."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from wadati.model import Trace
from wadati.synthetics.instruments import Instrument
from wadati.synthetics.network import SimulatedStation
from wadati.units import SECOND

GAP_SECONDS = 90.0
CLOCK_ERROR = 1.0
"""Seconds by which the time stamps of the station with the clock error are late."""


def digitise(counts: npt.NDArray[np.float64], full_scale: int) -> npt.NDArray[np.int32]:
    """Whole counts, no larger than full scale."""
    return np.clip(np.rint(counts), -full_scale, full_scale - 1).astype(np.int32)


def lost_components(rng: np.random.Generator, station: SimulatedStation) -> tuple[int, ...]:
    """Which components of the main instrument (0 is vertical) record nothing of use."""
    if station.defect not in ("dead component", "missing component"):
        return ()
    return (int(rng.integers(0, 3)),)


def gap(rng: np.random.Generator, station: SimulatedStation, seconds: float) -> tuple[float, float] | None:
    """When (s after the start) a station records nothing."""
    if station.defect != "gap":
        return None
    length = min(GAP_SECONDS, seconds / 4)
    start = float(rng.uniform(0.3, 0.9) * (seconds - length))
    return start, start + length


def traces_of(
    rng: np.random.Generator,
    station: SimulatedStation,
    instrument: Instrument,
    start: int,
    samples: npt.NDArray[np.int32],
    lost: tuple[int, ...],
    silence: tuple[float, float] | None,
) -> tuple[Trace, ...]:
    """The traces as archived; `samples` has shape (component, sample), the first at `start` (ns)."""
    rate = Fraction(instrument.rate)
    late = round(CLOCK_ERROR * SECOND) if station.defect == "clock error" else 0
    traces = []
    for row, component in enumerate(instrument.components):
        data = samples[row]
        if row in lost and station.defect == "missing component":
            continue
        if row in lost:
            data = np.full_like(data, -3)
        if station.defect == "spikes":
            data = data.copy()
            data[rng.integers(0, len(data), 4)] = rng.choice([-1, 1], 4) * 400_000
        trace = Trace(station.source_id(instrument, component), start + late, rate, data)
        if silence is None:
            traces.append(trace)
        else:
            before, after = (round(edge * instrument.rate) for edge in silence)
            traces.append(Trace(trace.source_id, trace.start, rate, data[:before]))
            traces.append(Trace(trace.source_id, trace.time_of(after), rate, data[after:]))
    return tuple(traces)
