"""What one station writes: the ground motion of all events and its own noise, through its instruments and defects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.model import TimeSpan, Trace
from wadati.protocols import GreensFunctions
from wadati.synthetics.bursts import bursts
from wadati.synthetics.defects import digitise, gap, lost_components, traces_of
from wadati.synthetics.earth import TrueEarth
from wadati.synthetics.instruments import Instrument
from wadati.synthetics.long_period import LongPeriods, long_periods
from wadati.synthetics.network import SimulatedStation
from wadati.synthetics.noise import background, noise_level, root_mean_square
from wadati.synthetics.sequence import SimulatedEvent
from wadati.synthetics.snr import Listener, SimulatedPhase
from wadati.synthetics.streams import stream
from wadati.synthetics.wavefield import Geometry, Motion, geometry, motion
from wadati.synthetics.wood_anderson import displacement_per_velocity, local_magnitude

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Simulation:
    """All that is true of a scenario before anybody records it; with Green's functions, the long periods are theirs."""

    seed: int
    span: TimeSpan
    earth: TrueEarth
    stations: tuple[SimulatedStation, ...]
    events: tuple[SimulatedEvent, ...]
    greens: GreensFunctions | None = None

    def long_periods(self) -> dict[int, LongPeriods]:
        """What Green's functions say of the long periods of events, by their index."""
        found = ((event.index, long_periods(event, self.stations, self.greens)) for event in self.events)
        return {index: one for index, one in found if one is not None}

    def geometry(self, station: SimulatedStation) -> Geometry:
        """The rays from all events to a station."""
        return geometry(self.events, self.earth, station, *self.earth.delays(station.index))

    def axis_start(self, station: SimulatedStation) -> int:
        """The time (ns) of a station's first sample."""
        return self.span.start + station.sample_offset

    def motion(
        self, event: SimulatedEvent, station: SimulatedStation, rays: Geometry, rate: int, after_s: float | None = None
    ) -> Motion:
        """The ground velocity of one event at one station, to its end or to so many seconds after S."""
        return motion(event, station, rays, rate, self.axis_start(station), self.seed, after_s)


def station_magnitudes(simulation: Simulation, station: SimulatedStation) -> Floats:
    """Noise-free ML of each event at one station before calibration, shape (event,).

    The mean of both horizontals; NaN at a station without.
    """
    instrument = station.instruments[0]
    if len(instrument.components) < 3:
        return np.full(len(simulation.events), np.nan)
    rays = simulation.geometry(station)
    result = []
    for event in simulation.events:
        ground = simulation.motion(event, station, rays, instrument.rate, after_s=12.0)
        drawn = ground.through(displacement_per_velocity)[1:]
        amplitude = float(np.sqrt(np.prod(np.ptp(drawn, axis=1) / 2)))
        result.append(local_magnitude(amplitude, float(rays.path[event.index])))
    return np.array(result)


def record(
    simulation: Simulation,
    station: SimulatedStation,
    scales: Floats,
    slow: Mapping[int, LongPeriods],
    *,
    noise: bool,
    defects: bool,
) -> tuple[tuple[Trace, ...], tuple[SimulatedPhase, ...]]:
    """The traces of one station and how well it recorded the phases of each event.

    `scales`, shape (event,), are the factors that calibrate the events' magnitudes, `slow` the long periods of those
    events for which rays do not say them.
    """
    if not defects:
        station = msgspec.structs.replace(station, defect="")
    rng = stream(simulation.seed, "defects", station.index)
    rays = simulation.geometry(station)
    start = simulation.axis_start(station)
    lost = lost_components(rng, station)
    silence = gap(rng, station, simulation.span.seconds)
    traces: list[Trace] = []
    phases: tuple[SimulatedPhase, ...] = ()
    listener = Listener(station, station.instruments[0], start, lost, silence)
    for number, instrument in enumerate(station.instruments):
        count = int(simulation.span.seconds * instrument.rate)
        counts = station_noise(simulation, station, instrument, number, count) if noise else np.zeros((3, count))
        for event in simulation.events:
            ground = simulation.motion(event, station, rays, instrument.rate)
            long = slow.get(event.index)
            heard = long is not None and station.index in long.spectra
            fast = ground.above(long.corner) if long is not None and heard else ground
            own = scales[event.index] * _turn(fast.through(instrument.counts_per_velocity), station.first_azimuth)
            first = _add(counts, own, ground.first)
            if number == 0:
                listener.hear(event, rays, first, own[:, max(-ground.first, 0) : max(count - ground.first, 0)])
            if long is not None and heard:
                moved, at = long.through(station, instrument.rate, start, instrument.counts_per_velocity)
                _add(counts, _turn(moved, station.first_azimuth), at)
        if number == 0:
            phases = listener.phases(counts)
        offset = rng.normal(0.0, 1500.0, (3, 1)) if noise else 0.0
        full_scale = instrument.full_scale if defects else 2**31
        samples = digitise(counts + offset, full_scale)
        traces += traces_of(rng, station, instrument, start, samples, lost, silence)
    return tuple(traces), phases


def _add(counts: Floats, own: Floats, first: int) -> int:
    """Add samples from a place on, as far as they fit; the place where they begin."""
    begin = max(first, 0)
    inside = own[:, max(-first, 0) : max(counts.shape[1] - first, 0)]
    counts[:, begin : begin + inside.shape[1]] += inside
    return begin


def _turn(samples: Floats, azimuth: float) -> Floats:
    """Vertical, north, east to vertical, first (at an azimuth in degrees), second (90° clockwise of it)."""
    if azimuth == 0.0:
        return samples
    c, s = np.cos(np.radians(azimuth)), np.sin(np.radians(azimuth))
    return np.stack([samples[0], c * samples[1] + s * samples[2], c * samples[2] - s * samples[1]])


def station_noise(
    simulation: Simulation, station: SimulatedStation, instrument: Instrument, number: int, count: int
) -> Floats:
    """Counts without earthquakes, shape (component, sample)."""
    rng = stream(simulation.seed, "noise", station.index, number)
    site = stream(simulation.seed, "noise level", station.index)
    sea = stream(simulation.seed, "microseism").uniform(0.25, 0.45)
    microseism, culture = sea + site.normal(0.0, 0.03), site.uniform(0.18, 0.4)
    frequency = np.asarray(np.fft.rfftfreq(count, 1 / instrument.rate), np.float64)
    level = np.stack([noise_level(frequency, microseism, culture + more) for more in (0.0, 0.03, 0.03)])
    response = instrument.counts_per_velocity(frequency)
    counts = background(rng, (3, count), instrument.rate, response, level, instrument.self_noise)
    near = bursts(
        stream(simulation.seed, "bursts", station.index),
        count,
        instrument.rate,
        per_minute=site.uniform(0.05, 0.5),
        loudness=root_mean_square(level[0], frequency),
    )
    return np.asarray(counts + np.fft.irfft(np.fft.rfft(near) * response, count))
