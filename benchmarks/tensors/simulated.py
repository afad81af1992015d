"""Earthquakes with known tensors, recorded through instruments by 12 stations of which one to three are bad."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from wadati.model import (
    Channel,
    Inventory,
    MomentTensor,
    Origin,
    Response,
    SourceId,
    Station,
    Trace,
    parse_time,
    scalar_moment,
)
from wadati.protocols import GreensFunctions
from wadati.signal.response import evaluate
from wadati.testing.full_space import FullSpace
from wadati.traveltime.geodesy import destination

STATIONS = 12
RATE = 5
BEFORE, AFTER = 200.0, 400.0
FAULTS = ("gain", "flipped component", "flipped station", "clipped", "gap", "dead")
BROADBAND = Response(1.0e9, "m/s", 1.0, ((-0.037, 0.037), (-0.037, -0.037), (-500.0, 0.0)), ((0.0, 0.0), (0.0, 0.0)))
NOISE = 5e-8
"""Root mean square of ground displacement (m) between 20 and 50 mHz; a full space has no surface waves to stand above
more."""


@dataclass(frozen=True, eq=False)
class Simulated:
    """An event: what is true, what is known of it, and what stations recorded."""

    tensor: MomentTensor
    depth: float
    origin: Origin
    inventory: Inventory
    stations: tuple[Station, ...]
    traces: dict[tuple[str, str], list[Trace]]
    bad: dict[str, str]


def simulate(
    seed: int, truth: GreensFunctions | None = None, *, bad: int | None = None, isotropic: float = 0.0
) -> Simulated:
    """An earthquake of Mw 3.9 to 4.9 at 4 to 20 km, 12 stations 20 to 120 km away.

    `isotropic` is the share of the moment that is an explosion.

    The earth that makes the records has other velocities (± 4 %) than the one that a solution is sought with, each
    path is fast or slow by 2 % (one standard deviation) on top and stronger or weaker by 20 %; the catalog's hypocentre
    is off by 3 km and 2 s.
    """
    random = np.random.default_rng(seed)
    default = FullSpace()
    truth = truth or FullSpace(
        default.p_velocity * random.uniform(0.96, 1.04), default.s_velocity * random.uniform(0.96, 1.04)
    )
    latitude, longitude, depth = 38.0, 20.0, float(random.uniform(4e3, 20e3))
    shear = _tensor(random)
    bang = isotropic * shear.moment * np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    tensor = MomentTensor(*((1 - isotropic) * np.array(shear.components) + bang).tolist())
    time = parse_time("2024-05-01T12:00:00")
    azimuths = (np.arange(STATIONS) + random.uniform(-0.4, 0.4, STATIONS)) * 360 / STATIONS
    stations, channels = [], []
    for k, (azimuth, distance) in enumerate(zip(azimuths, random.uniform(20e3, 120e3, STATIONS), strict=True)):
        there = [float(x) for x in destination(latitude, longitude, distance, azimuth)]
        stations.append(Station("XX", f"S{k:02d}", *there, 0.0))
        for letter, turn, dip in (("Z", 0.0, -90.0), ("N", 0.0, 0.0), ("E", 90.0, 0.0)):
            sid = SourceId("XX", f"S{k:02d}", "", "B", "H", letter)
            channels.append(Channel(sid, *there, 0.0, BROADBAND, turn, dip, float(RATE)))
    samples = round((BEFORE + AFTER) * RATE)
    answer = truth.tensor_responses(
        latitude, longitude, depth, stations, sampling_rate_hz=RATE, start_s=-BEFORE, samples=samples
    )
    ground = np.einsum("scit,i->sct", answer, np.array(tensor.components))
    records: dict[tuple[str, str], list[Trace]] = {}
    faulty = random.choice(STATIONS, int(random.integers(1, 4)) if bad is None else bad, replace=False)
    told = {}
    for k, station in enumerate(stations):
        late = 0.02 * random.standard_normal() * np.hypot(ground_distance(latitude, longitude, station), depth) / 3500.0
        strength = 1.2 ** random.standard_normal()
        counts = np.array([_counts(strength * ground[k, c], late, random) for c in range(3)])
        fault = str(random.choice(FAULTS)) if k in faulty else ""
        traces = [
            Trace(SourceId("XX", station.code, "", "B", "H", letter), time - round(BEFORE * 1e9), Fraction(RATE), one)
            for letter, one in zip("ZNE", counts, strict=True)
        ]
        if fault:
            traces, told[f"XX.{station.code}"] = spoilt(traces, fault, random)
        records["XX", station.code] = traces
    east, north = random.normal(0, 3e3, 2)
    near = [
        float(x)
        for x in destination(latitude, longitude, math.hypot(east, north), math.degrees(math.atan2(east, north)))
    ]
    known = Origin.of(
        time + round(1e9 * float(np.clip(random.normal(0, 2), -4, 4))),
        *near,
        float(np.clip(depth + random.normal(0, 4e3), 1e3, 30e3)),
    )
    return Simulated(tensor, depth, known, Inventory.of(channels), tuple(stations), records, told)


def ground_distance(latitude: float, longitude: float, station: Station) -> float:
    from wadati.traveltime.geodesy import distance_azimuth

    return float(distance_azimuth(latitude, longitude, station.latitude, station.longitude)[0])


def _tensor(random: np.random.Generator) -> MomentTensor:
    """A double couple of any orientation with up to 20 % CLVD."""
    moment = scalar_moment(random.uniform(3.9, 4.9))
    pure = MomentTensor.of_fault(
        random.uniform(0, 360), math.degrees(math.acos(random.uniform(0, 1))), random.uniform(-180, 180), moment
    )
    from wadati.model.mechanism import eigen_system

    values, vectors = eigen_system(pure)
    share = random.uniform(-0.1, 0.1)
    values = np.array([1 - share * (share > 0), -abs(share) if share < 0 else share, -1.0]) * moment
    values -= values.mean()
    m = (vectors.T * values) @ vectors
    return MomentTensor(m[0, 0], m[1, 1], m[2, 2], m[0, 1], m[0, 2], m[1, 2])


def _counts(ground: np.ndarray, late: float, random: np.random.Generator) -> np.ndarray:
    """Displacement, late by some seconds, with noise, through the instrument."""
    count = len(ground)
    length = 2 * count
    f = np.fft.rfftfreq(length, 1 / RATE)
    s = 2j * np.pi * f
    # The static offset is turned back beyond the record, so that the transform has no step.
    folded = np.concatenate([ground, ground[-1] * (0.5 + 0.5 * np.cos(np.pi * np.arange(count) / count))])
    spectrum = np.fft.rfft(folded) * np.exp(-s * late)
    noise = np.fft.rfft(random.standard_normal(length))
    noise[1:] *= (0.03 / f[1:]) ** 1.0
    noise[0] = 0
    in_band = np.fft.irfft(np.where((f >= 0.02) & (f <= 0.05), noise, 0), length)
    spectrum += noise * NOISE * random.uniform(0.3, 1.0) / in_band.std()
    return np.round(np.fft.irfft(spectrum * evaluate(BROADBAND, f) * s, length)[:count]).astype(np.int32)


def spoilt(traces: list[Trace], fault: str, random: np.random.Generator) -> tuple[list[Trace], str]:
    """A station's records with a fault, and what it is in words."""
    component = int(random.integers(0, 3))
    loudest = max(range(3), key=lambda c: np.ptp(traces[c].data))
    data = [np.array(trace.data, np.float64) for trace in traces]
    words = fault
    match fault:
        case "gain":
            factor = float(random.choice([0.1, 0.2, 5.0, 10.0, 100.0]))
            data = [factor * one for one in data]
            words = f"gain × {factor:g}"
        case "flipped component":
            data[loudest] = -data[loudest]
        case "flipped station":
            data = [-one for one in data]
        case "clipped":
            limit = 0.4 * np.abs(data[loudest]).max()
            data = [np.clip(one, -limit, limit) for one in data]
        case "dead":
            data[component] = np.zeros_like(data[component])
    spoilt = [
        Trace(trace.source_id, trace.start, trace.sampling_rate, np.round(one).astype(np.int32))
        for trace, one in zip(traces, data, strict=True)
    ]
    if fault == "gap":
        one = spoilt[component]
        cut = round((BEFORE + random.uniform(5, 40)) * RATE)
        longer = cut + round(random.uniform(10, 40) * RATE)
        after = Trace(one.source_id, one.time_of(longer), one.sampling_rate, one.data[longer:])
        spoilt[component : component + 1] = [
            Trace(one.source_id, one.start, one.sampling_rate, one.data[:cut]),
            after,
        ]
    return spoilt, words
