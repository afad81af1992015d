"""A moment tensor as one page: the ball, how well each record is explained, and how sure the depth is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wadati.model import MomentTensor, NodalPlane
from wadati.report.beachball import beachball
from wadati.report.chart import LEFT, RIGHT, TOP, WIDTH, Scale, axes, figure, padded, path, svg, text, ticks
from wadati.report.markup import Markup, element, join
from wadati.report.page import facts, figures, section, whole_page
from wadati.report.tables import table
from wadati.units import KILOMETRE

Floats = npt.NDArray[np.float64]

_ROW = 44.0
_GAP = 12.0


@dataclass(frozen=True, eq=False)
class ShownStation:
    """A station's records: `data` and `synthetics` (m) have shape (component, sample), components Z, R, T, from the
    origin time on; distance in metres, azimuth in degrees, `shift` in seconds (late positive). `left_out` says why it
    does not count, empty where it does."""

    name: str
    distance: float
    azimuth: float
    data: Floats
    synthetics: Floats
    explained: float
    weight: float
    shift: float
    left_out: str = ""


@dataclass(frozen=True, eq=False)
class ShownTensor:
    """What the page tells. `curve` are depths (m), shares of the variance and Mw; `facts` name and value in words."""

    title: str
    told: str
    tensor: MomentTensor
    planes: tuple[NodalPlane, NodalPlane]
    facts: Sequence[tuple[str, str]]
    stations: Sequence[ShownStation]
    sampling_rate_hz: float
    band: tuple[float, float]
    curve: Sequence[tuple[float, float, float]]
    depth: float
    left_out: Mapping[str, str]
    notes: Sequence[str] = ()


def tensor_page(shown: ShownTensor) -> str:
    """The page in HTML, with nothing to fetch. Equal input gives equal text."""
    body = join(
        element("header", element("h1", shown.title), element("p", shown.told)),
        element(
            "main",
            section("Solution", facts(list(shown.facts)), *(element("p", note) for note in shown.notes)),
            figures(ball_figure(shown), depth_figure(shown)),
            section("Records and synthetics", waveform_figure(shown)) if shown.stations else None,
            section("Stations", _stations(shown)),
        ),
    )
    return whole_page(shown.title, body, description=f"{shown.title}: {shown.told}")


def ball_drawing(tensor: MomentTensor, planes: Sequence[NodalPlane]) -> Markup:
    """The ball alone."""
    words = ", ".join(f"{plane.strike:.0f}/{plane.dip:.0f}/{plane.rake:.0f}" for plane in planes)
    return svg(300.0, f"Beach ball, planes {words}", beachball(tensor, planes, WIDTH / 2, 158.0, 130.0))


def ball_figure(shown: ShownTensor) -> Markup:
    """The ball with its planes in words."""
    first, second = (f"{one.strike:.0f}° / {one.dip:.0f}° / {one.rake:.0f}°" for one in shown.planes)
    caption = (
        f"Lower hemisphere, equal areas; dark where P first moves up. Strike / dip / rake: {first} or {second}. "
        "Lines are the nodal planes of the double couple; T and P are the axes of tension and pressure."
    )
    return figure(ball_drawing(shown.tensor, shown.planes), "Mechanism", caption)


def depth_figure(shown: ShownTensor) -> Markup | None:
    """How much each depth explains; None for a single one."""
    if len(shown.curve) < 2:
        return None
    shares = [100 * share for _, share, _ in shown.curve]
    x = Scale(*padded([depth / KILOMETRE for depth, _, _ in shown.curve], 0.05, 2.0), LEFT, WIDTH - RIGHT)
    y = Scale(*padded(shares, 0.1, 5.0), TOP + 240, TOP)
    chosen = min(shown.curve, key=lambda one: abs(one[0] - shown.depth))
    points = [(x(depth / KILOMETRE), y(100 * share)) for depth, share, _ in shown.curve]
    drawing = svg(
        TOP + 288,
        f"Variance reduction against depth; chosen {shown.depth / KILOMETRE:.0f} km",
        axes(x, y, ticks(x.low, x.high), ticks(y.low, y.high, 5), "centroid depth (km)", "variance reduction (%)"),
        path(points, "curve"),
        *(
            element("circle", element("title", f"Mw {size:.2f}"), cx=round(px, 1), cy=round(py, 1), r=3, class_="bin")
            for (px, py), (_, _, size) in zip(points, shown.curve, strict=True)
        ),
        text(x(chosen[0] / KILOMETRE), y(100 * chosen[1]) - 8, f"{chosen[0] / KILOMETRE:.0f} km, Mw {chosen[2]:.2f}"),
    )
    return figure(
        drawing,
        "Depth",
        "What a tensor at each depth explains. Where the curve is flat, the hypocentre's depth decides.",
    )


def waveform_figure(shown: ShownTensor) -> Markup:
    """Records and synthetics of all stations that have data, the nearest first."""
    ordered = sorted(shown.stations, key=lambda one: (bool(one.left_out), one.distance))
    width = (WIDTH - LEFT - RIGHT - 2 * _GAP) / 3
    drawn: list[Markup] = []
    for column, letter in enumerate(("up", "radial", "transverse")):
        drawn.append(text(LEFT + column * (width + _GAP) + width / 2, TOP, letter))
    for row, station in enumerate(ordered):
        top = TOP + 10 + row * _ROW
        drawn_with = [station.data] if station.left_out else [station.data, station.synthetics]
        largest = max(1e-300, *(float(np.abs(one).max()) for one in drawn_with))
        drawn.append(text(LEFT - 8, top + _ROW / 2, station.name.split(".")[-1], "end"))
        drawn.append(text(LEFT - 8, top + _ROW / 2 + 12, f"{station.distance / KILOMETRE:.0f} km", "end", "code"))
        for column in range(3):
            count = station.data.shape[1]
            x = Scale(0, max(count - 1, 1), LEFT + column * (width + _GAP), LEFT + column * (width + _GAP) + width)
            y = Scale(-largest, largest, top + _ROW - 4, top + 4)
            kind = "trace faded" if station.left_out else "trace"
            drawn.append(path(_points(station.data[column], x, y), kind))
            if not station.left_out:
                drawn.append(path(_points(station.synthetics[column], x, y), "synthetic"))
        fit = "left out" if station.left_out else f"{100 * station.explained:.0f} %"
        drawn.append(text(WIDTH - RIGHT, top + 12, fit, "end", "code"))
    duration = max((station.data.shape[1] for station in ordered), default=1) / shown.sampling_rate_hz
    caption = (
        f"Displacement between {1e3 * shown.band[0]:g} and {1e3 * shown.band[1]:g} mHz, {duration:.0f} s from the "
        "origin time on, each station to its own largest; dark the record, moved by the station's shift, orange the "
        "synthetic. The share of the variance that is explained stands at the right."
    )
    drawing = svg(TOP + 16 + len(ordered) * _ROW, f"Records and synthetics of {len(ordered)} stations", *drawn)
    return figure(drawing, "Fits", caption)


def _points(samples: Floats, x: Scale, y: Scale) -> list[tuple[float, float]]:
    return [(x(k), y(float(value))) for k, value in enumerate(samples)]


def _stations(shown: ShownTensor) -> Markup:
    header = ("station", "distance (km)", "azimuth (°)", "shift (s)", "explained (%)", "weight", "left out because")
    rows = [
        [
            station.name,
            f"{station.distance / KILOMETRE:.1f}",
            f"{station.azimuth:.0f}",
            f"{station.shift:+.1f}",
            f"{100 * station.explained:.0f}",
            f"{station.weight:.2f}",
            station.left_out,
        ]
        for station in sorted(shown.stations, key=lambda one: one.distance)
    ]
    known = {station.name for station in shown.stations}
    rows += [[name, "", "", "", "", "", why] for name, why in sorted(shown.left_out.items()) if name not in known]
    return table(header, rows)
