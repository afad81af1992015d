"""Where stations stand and events happen, drawn anew for every seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.association.cases import Case
from wadati.model import Channel, Inventory, SourceId
from wadati.traveltime.geodesy import LocalFrame

Floats = npt.NDArray[np.float64]

DAY, HOUR = 86_400.0, 3_600.0
FRAME = LocalFrame(34.4, -117.2)

_BURST_FROM, _BURST_TO = 6 * HOUR, 16 * HOUR
_OMORI = 1800.0
_FAULT = (20_000.0, 40_000.0)
_DIP = np.tan(np.radians(30.0))


@dataclass(frozen=True)
class Stations:
    """Places (m east, north and up), the noise of each (log10 of Wood–Anderson mm), the rate of noise picks relative to
    the mean, whether amplitudes are known, and when it was out of order (s, from and to)."""

    x: Floats
    y: Floats
    elevation: Floats
    noise: Floats
    rate: Floats
    calibrated: npt.NDArray[np.bool_]
    outage: Floats

    def __len__(self) -> int:
        return len(self.x)

    def source_ids(self) -> list[SourceId]:
        return [SourceId.from_nslc("XX", f"S{i:03d}", "", "HHZ") for i in range(len(self))]

    def inventory(self) -> Inventory:
        latitude, longitude = FRAME.to_lat_lon(self.x, self.y)
        return Inventory.of(
            Channel(sid, round(float(lat), 5), round(float(lon), 5), round(float(up), 1))
            for sid, lat, lon, up in zip(self.source_ids(), latitude, longitude, self.elevation, strict=True)
        )


@dataclass(frozen=True)
class Sources:
    """Events in no order: places (m east, north, down), origin times (s of the day), magnitudes."""

    x: Floats
    y: Floats
    depth: Floats
    time: Floats
    magnitude: Floats

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, chosen: npt.NDArray[np.generic]) -> Sources:
        return Sources(self.x[chosen], self.y[chosen], self.depth[chosen], self.time[chosen], self.magnitude[chosen])


def draw_stations(case: Case, rng: np.random.Generator) -> Stations:
    """Six of ten stations crowd around a few towns, the others stand anywhere, none within a share of the spacing."""
    count, (east, north) = case.stations, case.extent
    apart = 0.3 * np.sqrt(east * north / count)
    towns = rng.uniform(-0.4, 0.4, (max(count // 50, 1), 2)) * (east, north)
    places = np.zeros((0, 2))
    while len(places) < count:
        if rng.random() < 0.6 and count > 50:
            place = towns[rng.integers(len(towns))] + rng.normal(0.0, 0.07 * np.sqrt(east * north), 2)
        else:
            place = rng.uniform(-0.5, 0.5, 2) * (east, north)
        inside = np.all(np.abs(place) < 0.5 * np.array((east, north)))
        if inside and (not len(places) or np.hypot(*(places - place).T).min() > apart):
            places = np.vstack([places, place])
    broken = rng.random(count) < 0.03
    begin = rng.uniform(0.0, DAY, count)
    outage = np.stack([begin, begin + rng.uniform(1.0, 8.0, count) * HOUR * broken], axis=-1)
    silent = rng.random(count) < 0.01
    outage[silent] = (0.0, 2 * DAY)
    rate = rng.lognormal(0.0, 0.7, count)
    return Stations(
        places[:, 0],
        places[:, 1],
        np.abs(rng.normal(0.0, 700.0, count)).round(),
        rng.normal(-2.3, 0.3, count),
        rate / rate.mean(),
        rng.random(count) > 0.15,
        outage,
    )


def draw_sources(case: Case, rng: np.random.Generator, count: int) -> Sources:
    """A day of events: eight of ten on a dozen faults, others anywhere up to a little beyond the network."""
    half = 0.5 * np.array(case.extent)
    faults = rng.uniform(-0.9, 0.9, (12, 2)) * half
    strike = rng.uniform(0.0, np.pi, 12)
    fault = rng.integers(12, size=count)
    along = rng.uniform(-0.25, 0.25, count) * half.min()
    across = rng.normal(0.0, 0.01, count) * half.min()
    x = faults[fault, 0] + along * np.sin(strike[fault]) + across * np.cos(strike[fault])
    y = faults[fault, 1] + along * np.cos(strike[fault]) - across * np.sin(strike[fault])
    anywhere = rng.random(count) < 0.2
    x = np.where(anywhere, rng.uniform(-1.05, 1.05, count) * half[0], x)
    y = np.where(anywhere, rng.uniform(-1.05, 1.05, count) * half[1], y)
    depth = rng.uniform(*case.depths, count)
    if case.slab:
        sunk = rng.random(count) < 0.6
        depth = np.where(sunk, rng.uniform(20_000.0, 200_000.0, count), depth)
        x = np.where(sunk, -0.6 * half[0] + depth / _DIP + rng.normal(0.0, 6_000.0, count), x)
        y = np.where(sunk, rng.uniform(-0.9, 0.9, count) * half[1], y)
    return Sources(x, y, depth, rng.uniform(0.0, DAY, count), _magnitudes(case, rng, count))


def draw_burst(case: Case, rng: np.random.Generator, stations: Stations, count: int) -> tuple[Sources, float]:
    """An hour on one fault, opened by the mainshock and decaying by a third, and when it begins (s of the day)."""
    start = rng.uniform(_BURST_FROM, _BURST_TO)
    well_inside = np.flatnonzero(np.hypot(stations.x, stations.y) < 0.35 * min(case.extent))
    near = rng.choice(well_inside)
    length, strike = rng.uniform(*_FAULT), rng.uniform(0.0, np.pi)
    along, across = rng.uniform(-0.5, 0.5, count) * length, rng.normal(0.0, 800.0, count)
    # Omori's law with a c of half an hour, inverted.
    after = _OMORI * ((1 + HOUR / _OMORI) ** rng.random(count) - 1)
    after[0] = 0.0
    magnitude = _magnitudes(case, rng, count)
    magnitude = np.minimum(magnitude, case.mainshock - 0.5)
    magnitude[0] = case.mainshock
    centre = rng.normal(0.0, 10_000.0, 2)
    sources = Sources(
        stations.x[near] + centre[0] + along * np.sin(strike) + across * np.cos(strike),
        stations.y[near] + centre[1] + along * np.cos(strike) - across * np.sin(strike),
        rng.uniform(3_000.0, 14_000.0, count),
        start + after,
        magnitude,
    )
    return sources, start


def _magnitudes(case: Case, rng: np.random.Generator, count: int) -> Floats:
    return case.smallest + np.minimum(rng.exponential(np.log10(np.e), count), 4.0)
