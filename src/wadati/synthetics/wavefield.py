"""The motion of the ground that one earthquake makes at one station.

Far-field P and S of a double couple with a Brune spectrum, spread over the path, lost along it (Q and κ), bent up
under the station, converted there, followed by coda, and amplified by the site.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import scipy.fft

from wadati.synthetics.attenuation import constant_q
from wadati.synthetics.brune import P_CORNER_RATIO, corner_frequency, moment_rate
from wadati.synthetics.earth import Ray, TrueEarth
from wadati.synthetics.long_period import above
from wadati.synthetics.network import SimulatedStation
from wadati.synthetics.radiation import double_couple
from wadati.synthetics.scattering import coda_envelope
from wadati.synthetics.sequence import SimulatedEvent
from wadati.synthetics.site import Site
from wadati.synthetics.streams import stream
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import SECOND

Floats = npt.NDArray[np.float64]
Spectra = npt.NDArray[np.complex128]

LEAD = 2.0
"""Seconds before the first P with which the record of an event begins."""

_DENSITY = 2700.0
_QUALITY = {"P": 700.0, "S": 550.0}
_FREE_SURFACE = 2.0
_CORNER_RATIO = {"P": P_CORNER_RATIO, "S": 1.0}
_KAPPA_RATIO = {"P": 0.7, "S": 1.0}
_SCATTERING_RATE = {"P": 0.35, "S": 0.22}
_CODA_DECAY = 0.065
_SPREAD = {"P": 0.3, "S": 0.4}
_CODA_COMPONENTS = {"P": (1.0, 0.7, 0.7), "S": (0.65, 1.0, 1.0)}
_MEAN_RADIATION = {"P": 0.52, "S": 0.63}
_LENGTHS = ((0.8, 20.0), (1.4, 30.0), (2.2, 60.0), (3.2, 120.0), (4.0, 180.0), (99.0, 320.0))
_LENGTH_STEP = 8.0
"""Lengths of records are multiples of this (s), so that few spectra of sites and paths serve all events."""


@dataclass(frozen=True)
class Geometry:
    """The rays from all sources to one station; arrays of shape (source,), metres and degrees."""

    p: Ray
    s: Ray
    path: Floats
    azimuth: Floats


def geometry(
    events: tuple[SimulatedEvent, ...], earth: TrueEarth, station: SimulatedStation, p_delay: float, s_delay: float
) -> Geometry:
    """How waves go from each event to a station with given delays (s)."""
    latitude, longitude = (np.array([getattr(e, name) for e in events]) for name in ("latitude", "longitude"))
    depth = np.array([event.depth for event in events])
    distance, azimuth = distance_azimuth(latitude, longitude, station.latitude, station.longitude)
    middle = np.array([[(e.x + station.x) / 2 for e in events], [(e.y + station.y) / 2 for e in events]])
    return Geometry(
        earth.ray("P", distance, depth, station.elevation, p_delay, middle),
        earth.ray("S", distance, depth, station.elevation, s_delay, middle),
        np.hypot(distance, depth + station.elevation),
        azimuth,
    )


def _seconds_after_s(event: SimulatedEvent) -> float:
    """How long an event stays above any noise (s)."""
    return next(length for largest, length in _LENGTHS if event.magnitude < largest)


@dataclass(frozen=True)
class Motion:
    """Ground velocity of one event at one station.

    `spectra` (m/s · s, shape (component, frequency), components vertical, north, east) of `count` samples at `rate`,
    the first of which is sample `first` of the station's own axis.
    """

    spectra: Spectra
    first: int
    count: int
    rate: int

    def above(self, corner: float) -> Motion:
        """What is left of it above a frequency (Hz)."""
        return replace(self, spectra=self.spectra * above(_frequency(self.count, self.rate), corner))

    def through(self, response: Callable[[Floats], Spectra]) -> Floats:
        """Samples behind a response (of frequencies in Hz), shape (component, sample)."""
        spectra = self.spectra * _behind(response, self.count, self.rate)
        return np.asarray(scipy.fft.irfft(spectra, self.count, axis=-1, overwrite_x=True))


def motion(
    event: SimulatedEvent,
    station: SimulatedStation,
    rays: Geometry,
    rate: int,
    axis_start: int,
    seed: int,
    after_s: float | None = None,
) -> Motion:
    """The ground velocity of one event at one station, to its end or to so many seconds after S.

    The station's sample 0 is at `axis_start` (ns). The coda depends on nothing but seed, station and event.
    """
    k = event.index
    origin = (event.time - axis_start) / SECOND
    first = int(np.floor((origin + rays.p.time[k] - LEAD) * rate))
    length = LEAD + rays.s.time[k] - rays.p.time[k] + (_seconds_after_s(event) if after_s is None else after_s)
    count = scipy.fft.next_fast_len(int(np.ceil(length / _LENGTH_STEP) * _LENGTH_STEP * rate), real=True)
    lapse = (first + np.arange(count)) / rate - origin
    frequency = _frequency(count, rate)
    rng, coda_rng = stream(seed, "blur", station.index, k), stream(seed, "coda", station.index, k)
    noise = np.ascontiguousarray(coda_rng.standard_normal((count, 6), dtype=np.float32).T)
    total = np.zeros((3, len(frequency)), np.complex128)
    for phase, ray, scatterers in (("P", rays.p, noise[:3]), ("S", rays.s, noise[3:])):
        scatterers *= _coda(phase, ray.time[k], lapse, rate).astype(np.float32)
        green = scipy.fft.rfft(scatterers, axis=-1, overwrite_x=True).astype(np.complex128)
        green *= _MEAN_RADIATION[phase] * np.array(_CODA_COMPONENTS[phase])[:, None]
        for vector, time in _pulses(event, station, rays, phase, rng):
            impulse = _impulse((time - lapse[0]) * rate, count)
            for row in np.flatnonzero(vector):
                green[row] += vector[row] * impulse
        total += green * _pulse_spectrum(event, station, ray, k, phase, count, rate, rays.path[k])
    return Motion(total * _site_response(station.site, count, rate), first, count, rate)


def _impulse(position: float, count: int) -> Spectra:
    """The spectrum of a unit impulse at a position (in samples, not whole) within `count` samples.

    Each of the many exponentials is the product of one for its coarse and one for its fine part.
    """
    step, size = -2j * np.pi * position / count, count // 2 + 1
    fine = math.isqrt(size) + 1
    return np.outer(np.exp(step * fine * np.arange(fine)), np.exp(step * np.arange(fine))).ravel()[:size]


@lru_cache(maxsize=64)
def _frequency(count: int, rate: int) -> Floats:
    return np.asarray(np.fft.rfftfreq(count, 1 / rate), np.float64)


@lru_cache(maxsize=64)
def _constant_q(count: int, rate: int) -> Spectra:
    return constant_q(_frequency(count, rate))


@lru_cache(maxsize=64)
def _site_response(site: Site, count: int, rate: int) -> Spectra:
    return site.response(_frequency(count, rate))


@lru_cache(maxsize=64)
def _behind(response: Callable[[Floats], Spectra], count: int, rate: int) -> Spectra:
    return np.asarray(response(_frequency(count, rate)) * rate)


def _pulse_spectrum(
    event: SimulatedEvent,
    station: SimulatedStation,
    ray: Ray,
    k: int,
    phase: str,
    count: int,
    rate: int,
    path: float,
) -> Spectra:
    """Velocity spectrum (m/s · s) at the station for a radiation factor of 1."""
    frequency = _frequency(count, rate)
    corner = _CORNER_RATIO[phase] * corner_frequency(event.seismic_moment, event.stress_drop, 3500.0)
    t_star = ray.time[k] / _QUALITY[phase] + _KAPPA_RATIO[phase] * station.site.kappa
    scale = _FREE_SURFACE / (4 * np.pi * _DENSITY * ray.velocity[k] ** 3 * path)
    source = moment_rate(frequency, event.seismic_moment, corner)
    return np.asarray(scale * 2j * np.pi * frequency * source * np.exp(t_star * _constant_q(count, rate)))


def _coda(phase: str, arrival: float, lapse: Floats, rate: int) -> Floats:
    """Root mean square of the scattered impulses, shape (sample,); they fade out at the end of the record."""
    envelope = coda_envelope(lapse, arrival, _SCATTERING_RATE[phase], _CODA_DECAY, _SPREAD[phase])
    fade = np.clip((lapse[-1] - lapse) / (0.2 * (lapse[-1] - lapse[0])), 0.0, 1.0)
    return np.asarray(envelope * fade / np.sqrt(rate))


def _pulses(
    event: SimulatedEvent, station: SimulatedStation, rays: Geometry, phase: str, rng: np.random.Generator
) -> list[tuple[Floats, float]]:
    """Direct, head and converted waves: vectors (vertical, north, east) in radiation factors, and lapse times (s)."""
    k = event.index
    ray = rays.p if phase == "P" else rays.s
    radiated = double_couple(event.strike, event.dip, event.rake, rays.azimuth[k], ray.takeoff[k])
    blur = rng.normal(0.0, 0.1, 3)
    p, sv, sh = (float(factor) + float(error) for factor, error in zip(radiated, blur, strict=True))
    azimuth, incidence = np.radians(rays.azimuth[k]), np.radians(ray.incidence[k])
    up, away, across = (
        np.array([1.0, 0.0, 0.0]),
        np.array([0.0, np.cos(azimuth), np.sin(azimuth)]),
        np.array([0.0, -np.sin(azimuth), np.cos(azimuth)]),
    )
    if phase == "P":
        vector = p * (np.cos(incidence) * up + np.sin(incidence) * away)
        converted, offset = 0.25 * p * away, station.site.conversion
    else:
        vector = sv * (np.cos(incidence) * away - np.sin(incidence) * up) + sh * across
        converted, offset = 0.15 * sv * up, -station.site.conversion
    late = float(ray.late[k])
    pulses = [(vector, float(ray.time[k]) + late), (converted, float(ray.time[k]) + late + offset)]
    if late > 0:
        pulses.append((0.3 * vector, float(ray.time[k])))
    return pulses
