"""A mainshock and its aftershocks on a fault, and what goes on around it.

Rates after Omori and Utsu (see Utsu, Ogata & Matsu'ura 1995, doi:10.4294/jpe1952.43.1), sizes after Gutenberg &
Richter (1944), the size of the fault after Brune (1970).
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.model import TimeSpan
from wadati.synthetics.brune import moment, radius
from wadati.synthetics.network import CENTRE
from wadati.synthetics.streams import stream
from wadati.units import SECOND

Floats = npt.NDArray[np.float64]

SMALLEST = 0.5
"""The smallest magnitude that is simulated."""

_OMORI_C, _OMORI_P = 180.0, 1.1
_B_VALUE = 0.85
_MEDIAN_STRESS_DROP = 2.5e6


class SimulatedEvent(msgspec.Struct, frozen=True):
    """One true earthquake: `x` east and `y` north of the centre (m), depth (m), origin time (ns), ML.

    `stress_drop` in Pa; strike, dip and rake in degrees.
    """

    index: int
    event_id: str
    time: int
    x: float
    y: float
    latitude: float
    longitude: float
    depth: float
    magnitude: float
    stress_drop: float
    strike: float
    dip: float
    rake: float

    @property
    def seismic_moment(self) -> float:
        """Moment (N m) that goes with the magnitude."""
        return moment(moment_magnitude(self.magnitude))


def moment_magnitude(local: float) -> float:
    """About what Mw goes with an ML: two thirds of a unit a unit for small events, one for one from 3 on."""
    return 2 / 3 * local + 0.75 if local < 3.0 else local - 0.25


def draw_sequence(seed: int, span: TimeSpan, half_width: float) -> tuple[SimulatedEvent, ...]:
    """The events of a span in order of time; `half_width` (m) is that of the network.

    The mainshock comes a fifth to two fifths into the span. Some aftershocks follow others within 3 to 10 s.
    """
    rng = stream(seed, "sequence")
    length = span.seconds
    main_time, main_size = length * rng.uniform(0.2, 0.4), rng.uniform(4.4, 5.0)
    background = np.sort(rng.uniform(5.0, length - 15.0, rng.poisson(length / 50.0)))
    count = round(length / 18.0 * rng.uniform(0.9, 1.1))
    aftershocks = main_time + 6.0 + _omori(rng, count, length - 25.0 - main_time)
    twins = rng.choice(aftershocks, max(count // 15, 1), replace=False) + rng.uniform(3.0, 10.0, max(count // 15, 1))
    fault = _Fault(rng, main_size, half_width)
    events = [fault.event(rng, main_time, main_size, kind="mainshock")]
    largest = main_size - 1.4
    events += [fault.event(rng, t, _size(rng, largest), kind="aftershock") for t in (*aftershocks, *twins)]
    events += [fault.event(rng, t, _size(rng, 2.5), kind="background") for t in background]
    events.sort(key=lambda event: event.time)
    return tuple(
        msgspec.structs.replace(
            event, index=index, event_id=f"truth-{seed}-{index + 1:03d}", time=span.start + event.time
        )
        for index, event in enumerate(events)
    )


class _Fault:
    """Where events happen and how they slip: a disc, what lies around it, and the region."""

    def __init__(self, rng: np.random.Generator, magnitude: float, half_width: float) -> None:
        self.centre = rng.uniform(-0.35, 0.35, 2) * half_width
        self.depth = rng.uniform(6500.0, 10500.0)
        self.strike, self.dip = rng.uniform(0.0, 360.0), rng.uniform(60.0, 90.0)
        self.rake = rng.choice([0.0, 180.0, -90.0, 90.0], p=[0.35, 0.35, 0.15, 0.15]) + rng.normal(0.0, 15.0)
        self.radius = radius(moment(moment_magnitude(magnitude)), _MEDIAN_STRESS_DROP)
        self.half_width = half_width
        strike, dip = math.radians(self.strike), math.radians(self.dip)
        self.axes = np.array(
            [
                (math.sin(strike), math.cos(strike), 0.0),
                (math.cos(strike) * math.cos(dip), -math.sin(strike) * math.cos(dip), math.sin(dip)),
                (math.cos(strike) * math.sin(dip), -math.sin(strike) * math.sin(dip), -math.cos(dip)),
            ]
        )

    def event(self, rng: np.random.Generator, time: float, magnitude: float, kind: str) -> SimulatedEvent:
        place = np.array([*self.centre, self.depth])
        if kind == "aftershock" and rng.random() < 0.85:
            reach, angle = 1.3 * self.radius * math.sqrt(rng.random()), rng.uniform(0, 2 * math.pi)
            place += np.array([reach * math.cos(angle), reach * math.sin(angle), rng.normal(0.0, 200.0)]) @ self.axes
        elif kind == "aftershock":
            place += rng.normal(0.0, 3500.0, 3) * (1.0, 1.0, 0.5)
        elif kind == "background":
            place = np.array([*rng.uniform(-1.1, 1.1, 2) * self.half_width, rng.uniform(3000.0, 15000.0)])
        scatter = 0.0 if kind == "mainshock" else 20.0
        random = kind == "background"
        x, y = float(place[0]), float(place[1])
        latitude, longitude = (float(v) for v in CENTRE.to_lat_lon(x, y))
        return SimulatedEvent(
            index=0,
            event_id="",
            time=round(time * 1e6) * (SECOND // 1_000_000),
            x=x,
            y=y,
            latitude=latitude,
            longitude=longitude,
            depth=float(np.clip(place[2], 2500.0, 15500.0)),
            magnitude=round(magnitude, 2),
            stress_drop=_MEDIAN_STRESS_DROP * 10 ** float(rng.normal(0.0, 0.25)),
            strike=rng.uniform(0, 360) if random else self.strike + rng.normal(0.0, scatter),
            dip=rng.uniform(30, 90) if random else self.dip + rng.normal(0.0, scatter / 2),
            rake=rng.uniform(-180, 180) if random else self.rake + rng.normal(0.0, scatter),
        )


def _omori(rng: np.random.Generator, count: int, length: float) -> Floats:
    """Times (s) after a mainshock at a rate (t + c)^−p, in order."""
    power = 1 - _OMORI_P
    low, high = _OMORI_C**power, (length + _OMORI_C) ** power
    return np.sort((low + rng.random(count) * (high - low)) ** (1 / power) - _OMORI_C)


def _size(rng: np.random.Generator, largest: float) -> float:
    """A magnitude between the smallest and the largest, seven times fewer a unit (b = 0.85)."""
    return float(SMALLEST - math.log10(1 - rng.random() * (1 - 10 ** (_B_VALUE * (SMALLEST - largest)))) / _B_VALUE)
