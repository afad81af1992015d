"""Computed seismograms as one page: the source, what each station would record of it, and how much."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wadati.model import MomentTensor, NodalPlane
from wadati.report.beachball import beachball
from wadati.report.chart import Scale, line, path, text, ticks
from wadati.report.markup import Markup, element, join, number
from wadati.report.page import facts, section, whole_page
from wadati.report.tables import table
from wadati.units import KILOMETRE

Floats = npt.NDArray[np.float64]

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 1180.0, 118.0, 10.0, 30.0, 46.0
_ROW, _GAP = 40.0, 22.0
_MOST = 80
_BALL = 84.0
_NAMES = {"Z": "up", "N": "north", "E": "east", "R": "radial", "T": "transverse"}
_PREFIXES = ((1.0, ""), (1e-2, "c"), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))


@dataclass(frozen=True, eq=False)
class ShownSeismogram:
    """What a station would record: `samples` (component, sample) on the page's times, distance in metres, azimuth in
    degrees from the source, and when the first P and S arrive (seconds after the origin), if that is known."""

    name: str
    distance: float
    azimuth: float
    samples: Floats
    arrivals: Sequence[float]


@dataclass(frozen=True, eq=False)
class ShownSource:
    """What the page tells. Samples begin `start_s` after the origin, `step_s` apart, in `unit` (m, m/s or m/s²)."""

    title: str
    told: str
    facts: Sequence[tuple[str, str]]
    tensor: MomentTensor
    planes: tuple[NodalPlane, NodalPlane]
    components: str
    unit: str
    start_s: float
    step_s: float
    stations: Sequence[ShownSeismogram]
    left_out: Mapping[str, str]


def seismogram_page(shown: ShownSource) -> str:
    """The page in HTML, with nothing to fetch. Equal input gives equal text."""
    body = join(
        element("header", element("h1", shown.title), element("p", shown.told)),
        element(
            "main",
            element("div", _ball(shown), facts(list(shown.facts)), class_="source"),
            section("Seismograms", record_section(shown)),
            section("Stations", _stations(shown)),
        ),
    )
    return whole_page(shown.title, body, description=f"{shown.title}: {shown.told}")


def record_section(shown: ShownSource) -> Markup:
    """All stations from near to far (of many some, evenly chosen), their components beside one another."""
    ordered = sorted(shown.stations, key=lambda one: (one.distance, one.name))
    if len(ordered) > _MOST:
        ordered = [ordered[round(k * (len(ordered) - 1) / (_MOST - 1))] for k in range(_MOST)]
    count = len(shown.components)
    each = (_WIDTH - _LEFT - _RIGHT - (count - 1) * _GAP) / count
    bottom = _TOP + _ROW * len(ordered)
    end_s = shown.start_s + shown.step_s * (ordered[0].samples.shape[1] - 1)
    drawn: list[Markup] = []
    for column, letter in enumerate(shown.components):
        left = _LEFT + column * (each + _GAP)
        x = Scale(shown.start_s, end_s, left, left + each)
        drawn += [text(left + each / 2, 14, f"{letter} · {_NAMES[letter]}", class_="head")]
        drawn += [line(x(value), _TOP, x(value), bottom, "grid") for value, _ in ticks(x.low, x.high, 5)]
        drawn += [text(x(value), bottom + 17, label) for value, label in ticks(x.low, x.high, 5)]
        drawn += [line(x(0.0), _TOP, x(0.0), bottom, "axis")] if x.low < 0 else []
        for row, station in enumerate(ordered):
            middle = _TOP + _ROW * (row + 0.5)
            drawn.append(_traced(station, column, letter, x, middle, shown))
    for row, station in enumerate(ordered):
        middle = _TOP + _ROW * (row + 0.5)
        largest = measure(float(np.abs(station.samples).max()), shown.unit)
        drawn.append(text(_LEFT - 12, middle - 1, station.name, "end", "name"))
        drawn.append(
            text(_LEFT - 12, middle + 12, f"{station.distance / KILOMETRE:.0f} km · {largest}", "end", "small")
        )
    drawn.append(text((_LEFT + _WIDTH) / 2, bottom + 38, "seconds after the origin"))
    height = bottom + _BOTTOM
    drawing = element(
        "svg",
        *drawn,
        viewBox=f"0 0 {number(_WIDTH)} {number(height)}",
        role="img",
        aria_label=f"Seismograms of {len(ordered)} stations, from near to far",
    )
    some = f" {len(ordered)} of {len(shown.stations)} stations are drawn." if len(ordered) < len(shown.stations) else ""
    known = any(len(station.arrivals) for station in ordered)
    told = "; blue ticks are the first P of the model, orange ones the first S" if known else ""
    caption = f"Each station to its own largest swing, which stands beside it{told}.{some}"
    return element(
        "figure",
        element("div", drawing, class_="wide", tabindex=0, role="region", aria_label="Seismograms"),
        element("figcaption", caption),
    )


def measure(value: float, unit: str) -> str:
    """A value in the unit with the prefix that leaves few digits.

    >>> measure(0.00123, "m/s"), measure(0.0, "m")
    ('1.2 mm/s', '0 m')
    """
    if value == 0:
        return f"0 {unit}"
    least, prefix = _prefix(value)
    digits = max(1 - math.floor(math.log10(value / least)), 0)
    return f"{number(value / least, digits)} {prefix}{unit}"


def _traced(station: ShownSeismogram, column: int, letter: str, x: Scale, middle: float, shown: ShownSource) -> Markup:
    tall = 0.44 * _ROW / max(float(np.abs(station.samples).max()), 1e-300)
    times = shown.start_s + shown.step_s * np.arange(station.samples.shape[1])
    points = [(x(float(t)), middle - tall * float(v)) for t, v in zip(times, station.samples[column], strict=True)]
    marks = [
        line(x(time), middle - 0.36 * _ROW, x(time), middle + 0.36 * _ROW, f"pick {kind}")
        for time, kind in zip(station.arrivals, ("p", "s"), strict=False)
        if x.low < time < x.high
    ]
    return join(*marks, path(points, f"trace of-{letter.lower()}"))


def _ball(shown: ShownSource) -> Markup:
    words = ", ".join(f"{plane.strike:.0f}/{plane.dip:.0f}/{plane.rake:.0f}" for plane in shown.planes)
    size = 2 * _BALL + 30
    return element(
        "svg",
        beachball(shown.tensor, shown.planes, size / 2, size / 2 + 6, _BALL),
        viewBox=f"0 0 {number(size)} {number(size)}",
        role="img",
        aria_label=f"Beach ball, planes {words}",
    )


def _stations(shown: ShownSource) -> Markup:
    ordered = sorted(shown.stations, key=lambda one: (one.distance, one.name))
    scale, prefix = _prefix(max(float(np.abs(one.samples).max()) for one in ordered))
    heads = [
        "station",
        "distance (km)",
        "azimuth (°)",
        *(f"largest {one} ({prefix}{shown.unit})" for one in shown.components),
    ]
    rows = [
        [
            station.name,
            f"{station.distance / KILOMETRE:.1f}",
            f"{station.azimuth:.0f}",
            *(f"{float(np.abs(row).max()) / scale:.3f}" for row in station.samples),
        ]
        for station in ordered
    ]
    if not shown.left_out:
        return table(heads, rows)
    empty = [""] * (len(heads) - 1)
    rows = [[*row, ""] for row in rows] + [[name, *empty, why] for name, why in sorted(shown.left_out.items())]
    return table([*heads, "left out because"], rows)


def _prefix(value: float) -> tuple[float, str]:
    """The power of ten, and its letter, that leave a value above 1."""
    return next((one for one in _PREFIXES if value >= one[0]), _PREFIXES[-1])
