"""A moment tensor seen from above: the lower half of the focal sphere, dark where the first motion is up.

Lambert's azimuthal projection, which keeps areas: a ray with take-off angle i (from straight down) stands at
√2 sin(i/2) of the radius, at its azimuth. Aki & Richards (2002), section 4.5.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from wadati.model import MomentTensor, NodalPlane
from wadati.model.mechanism import matrix, principal_axes
from wadati.report.chart import line, path, text
from wadati.report.markup import Markup, element, number

Floats = npt.NDArray[np.float64]

_ROWS = 160


def beachball(tensor: MomentTensor, planes: Sequence[NodalPlane], x: float, y: float, radius: float) -> Markup:
    """The ball around a place of a drawing, with nodal lines of planes, and the letters T and P.

    >>> ball = beachball(MomentTensor.of_fault(0.0, 45.0, 90.0, 1.0), (), 60.0, 60.0, 50.0)
    >>> ball.startswith("<g"), ">T<" in ball
    (True, True)
    """
    t, _, p = principal_axes(tensor)
    letters = [
        text(*_place(axis.azimuth, 90.0 - axis.plunge, x, y, 0.94 * radius, drop=4.0), letter, class_="axis-letter")
        for letter, axis in (("T", t), ("P", p))
    ]
    curves = [path(_great_circle(plane, x, y, radius), "nodal") for plane in planes]
    return element(
        "g",
        element("circle", cx=x, cy=y, r=radius, class_="ball"),
        element("path", d=_dark(tensor, x, y, radius), class_="compression"),
        *curves,
        element("circle", cx=x, cy=y, r=radius, class_="frame"),
        *letters,
        line(x, y - radius, x, y - radius - 5, "axis"),
        text(x, y - radius - 8, "N"),
    )


def _place(
    azimuth: float, takeoff: float, x: float, y: float, radius: float, *, drop: float = 0.0
) -> tuple[float, float]:
    away = radius * math.sqrt(2) * math.sin(math.radians(takeoff) / 2)
    turn = math.radians(azimuth)
    return x + away * math.sin(turn), y - away * math.cos(turn) + drop


def _great_circle(plane: NodalPlane, x: float, y: float, radius: float) -> list[tuple[float, float]]:
    """Where a plane meets the lower half of the sphere."""
    strike, dip = math.radians(plane.strike), math.radians(plane.dip)
    points = []
    for angle in np.radians(np.arange(0.0, 181.0, 3.0)):
        along, down = math.cos(angle), math.sin(angle)
        north = along * math.cos(strike) - down * math.cos(dip) * math.sin(strike)
        east = along * math.sin(strike) + down * math.cos(dip) * math.cos(strike)
        deep = down * math.sin(dip)
        takeoff = math.degrees(math.acos(min(max(deep, -1.0), 1.0)))
        points.append(_place(math.degrees(math.atan2(east, north)), takeoff, x, y, radius))
    return points


def _dark(tensor: MomentTensor, x: float, y: float, radius: float) -> str:
    """Strips, one below the other, where P waves leave upwards."""
    step = 2.0 / _ROWS
    columns = np.linspace(-1.0, 1.0, 4 * _ROWS + 1)
    strips = []
    for row in range(_ROWS):
        down_page = -1.0 + (row + 0.5) * step
        motion = _radiation(tensor, columns, np.full(columns.shape, down_page))
        edges = np.flatnonzero(np.diff((motion > 0).astype(np.int8)))
        ends = [_crossing(columns, motion, int(at)) for at in edges]
        if motion[0] > 0:
            ends.insert(0, -1.0)
        if motion[-1] > 0:
            ends.append(1.0)
        half = math.sqrt(max(1.0 - down_page**2, 0.0))
        for low, high in zip(ends[::2], ends[1::2], strict=True):
            first, last = max(low, -half), min(high, half)
            if last > first:
                left, top = number(x + radius * first), number(y + radius * (down_page - step / 2))
                width, height = number(radius * (last - first)), number(1.06 * radius * step)
                strips.append(f"M{left} {top}h{width}v{height}h-{width}z")
    return "".join(strips)


def _crossing(columns: Floats, motion: Floats, at: int) -> float:
    """Where the motion changes its sign after a column."""
    before, after = motion[at], motion[at + 1]
    if not (np.isfinite(before) and np.isfinite(after)):
        return float(columns[at])
    return float(columns[at] + (columns[at + 1] - columns[at]) * before / (before - after))


def _radiation(tensor: MomentTensor, right: Floats, down_page: Floats) -> Floats:
    """The P wave's first motion at places of the unit disk; outside it goes on as at the rim."""
    away = np.minimum(np.hypot(right, down_page), 1.0)
    scale = away / np.maximum(np.hypot(right, down_page), 1e-12)
    takeoff = 2 * np.arcsin(away / math.sqrt(2))
    level = np.sin(takeoff) / np.maximum(away, 1e-12)
    ray = np.stack([-down_page * scale * level, right * scale * level, np.cos(takeoff)])
    return np.asarray(np.einsum("ik,ij,jk->k", ray, matrix(tensor), ray))
