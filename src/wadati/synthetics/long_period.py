"""Long periods of a simulated earthquake from Green's functions: near field, static displacement and surface waves.

Rays have none of these, so below a crossover the ground moves as Green's functions say, and above it as rays and
scattering do, as in Graves & Pitarka (2010), doi:10.1785/0120100057. The crossover lies at four fifths of the highest
frequency in which the Green's functions are right, and at 0.8 Hz at most: beyond, flat layers scatter too little.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wadati.errors import InputError
from wadati.model import MomentTensor, Station
from wadati.protocols import GreensFunctions
from wadati.synthetics.brune import corner_frequency, moment_rate
from wadati.synthetics.network import NETWORK, SimulatedStation
from wadati.synthetics.sequence import SimulatedEvent
from wadati.units import SECOND

Floats = npt.NDArray[np.float64]
Spectra = npt.NDArray[np.complex128]

SMALLEST = 3.0
"""Long periods of smaller events lie far below the noise, and are those of rays."""

_SHARE, _HIGHEST = 0.8, 1.0
_ORDER = 4
_RATE = 10
_BEFORE, _AFTER = 60.0, 340.0


def crossover(greens: GreensFunctions) -> float:
    """The frequency (Hz) at which both parts meet."""
    return _SHARE * min(greens.band[1], _HIGHEST)


def above(frequency: Floats, corner: float) -> Spectra:
    """A causal Butterworth high-pass of four poles, for what rays say: nothing comes before the first of them."""
    s = 1j * np.asarray(frequency) / corner
    passed = s**_ORDER
    for k in range(_ORDER):
        angle = math.pi * (2 * k + _ORDER + 1) / (2 * _ORDER)
        passed = passed / (s - complex(math.cos(angle), math.sin(angle)))
    return np.asarray(passed)


def below(frequency: Floats, corner: float) -> Floats:
    """A low-pass without phase, for what Green's functions say: it delays nothing."""
    return np.asarray(1 / (1 + (np.asarray(frequency) / corner) ** (2 * _ORDER)))


@dataclass(frozen=True)
class LongPeriods:
    """Ground velocity of one event at stations below the crossover: spectra by station index, (component, frequency).

    Components are vertical, north, east. The first of the samples behind the spectra is 60 s before the origin.
    """

    corner: float
    origin: int
    spectra: dict[int, Spectra]

    def through(
        self, station: SimulatedStation, rate: int, axis_start: int, response: Callable[[Floats], Spectra]
    ) -> tuple[Floats, int]:
        """Samples behind a response, shape (component, sample), and which sample of the station's axis is the first."""
        count = round((_BEFORE + _AFTER) * _RATE)
        frequency = np.asarray(np.fft.rfftfreq(count, 1 / _RATE), np.float64)
        place = ((self.origin - axis_start) / SECOND - _BEFORE) * rate
        first = math.ceil(place)
        moved = np.exp(2j * np.pi * frequency * (first - place) / rate)
        spectra = self.spectra[station.index] * moved * response(frequency)
        more = rate // _RATE
        return np.asarray(np.fft.irfft(spectra, count * more, axis=-1) * more), first


def long_periods(
    event: SimulatedEvent, stations: Sequence[SimulatedStation], greens: GreensFunctions | None
) -> LongPeriods | None:
    """The long periods of an event where the Green's functions know an answer; None where they do at no station."""
    if greens is None or event.magnitude < SMALLEST:
        return None
    near = [station for station in stations if _known(event, station, greens)]
    if not near:
        return None
    corner = crossover(greens)
    count = round((_BEFORE + _AFTER) * _RATE)
    answers = greens.tensor_responses(
        event.latitude,
        event.longitude,
        event.depth,
        [_place(station) for station in near],
        sampling_rate_hz=_RATE,
        start_s=-_BEFORE,
        samples=count,
    )
    tensor = MomentTensor.of_fault(event.strike, event.dip, event.rake, event.seismic_moment)
    ground = np.einsum("sckt,k->sct", answers, np.array(tensor.components))
    velocity = np.fft.rfft(np.gradient(ground, 1 / _RATE, axis=-1), axis=-1)
    frequency = np.asarray(np.fft.rfftfreq(count, 1 / _RATE), np.float64)
    # What differences of samples take from a derivative is given back; beyond a few corners nothing is left anyway.
    slope = 1 / np.sinc(np.minimum(2 * frequency / _RATE, 0.8))
    source = moment_rate(frequency, 1.0, corner_frequency(event.seismic_moment, event.stress_drop, 3500.0))
    spectra = velocity * (slope * source * below(frequency, corner))
    return LongPeriods(corner, event.time, {one.index: own for one, own in zip(near, spectra, strict=True)})


def _known(event: SimulatedEvent, station: SimulatedStation, greens: GreensFunctions) -> bool:
    try:
        greens.tensor_responses(
            event.latitude,
            event.longitude,
            event.depth,
            [_place(station)],
            sampling_rate_hz=_RATE,
            start_s=0.0,
            samples=2,
        )
    except InputError:
        return False
    return True


def _place(station: SimulatedStation) -> Station:
    return Station(NETWORK, station.code, station.latitude, station.longitude, station.elevation)
