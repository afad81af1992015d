"""Land, coasts and borders of the world, cut to a box. Made with Natural Earth, public domain; see `topojson`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from wadati.report.topojson import STEP, unrolled

Floats = npt.NDArray[np.float64]

CREDIT = "Coasts and borders: Natural Earth, public domain"


@dataclass(frozen=True)
class Box:
    """West, south, east and north in degrees; the east may exceed 180 so that it is always east of the west.

    >>> Box(-118.0, 35.0, -117.0, 36.0).holds(-117.5, 35.5)
    True
    """

    west: float
    south: float
    east: float
    north: float

    def holds(self, longitude: float, latitude: float) -> bool:
        """Whether a place lies within."""
        return self.west <= longitude <= self.east and self.south <= latitude <= self.north


@dataclass(frozen=True)
class Basemap:
    """Outlines of land (polygons) and coasts and borders (lines), arrays of shape (point, longitude and latitude)."""

    land: tuple[Floats, ...]
    coasts: tuple[Floats, ...]
    borders: tuple[Floats, ...]


def cut(box: Box) -> Basemap:
    """What the world shows in a box; longitudes run on past 180 with the box.

    >>> len(cut(Box(-118.0, 35.0, -117.0, 36.0)).coasts), len(cut(Box(-118.0, 35.0, -117.0, 36.0)).land)
    (0, 1)
    """
    world = _world()
    land: list[Floats] = []
    coasts: list[Floats] = []
    borders: list[Floats] = []
    for turn in (-360.0, 0.0, 360.0):
        shift = np.array([turn, 0.0])
        for index in _near(world.arc_bounds, box, turn):
            lines = borders if world.is_border[index] else coasts
            lines.extend(_line(world.arcs[index] + shift, box))
        for index in _near(world.ring_bounds, box, turn):
            inside = _polygon(world.rings[index] + shift, box)
            if len(inside) >= 3:
                land.append(inside)
    return Basemap(tuple(land), tuple(coasts), tuple(borders))


@dataclass(frozen=True)
class _World:
    """Lines, whether each is a border, the outlines of land, and (lowest, highest) corners of both."""

    arcs: list[Floats]
    is_border: list[bool]
    rings: list[Floats]
    arc_bounds: Floats
    ring_bounds: Floats


@cache
def _world() -> _World:
    with (files("wadati.report") / "data" / "basemap.npz").open("rb") as file, np.load(file) as arrays:
        x, y, first, length, border, ring, ring_length = (
            arrays[name] for name in ("x", "y", "first", "length", "border", "ring", "ring_length")
        )
    ends = np.cumsum(length)
    total = np.cumsum(np.stack([x, y], axis=1).astype(np.int64), axis=0)
    arcs = [
        (total[end - n : end] - total[end - n] + start) * STEP
        for end, n, start in zip(ends, length, first, strict=True)
    ]
    rings = []
    for end, n in zip(np.cumsum(ring_length), ring_length, strict=True):
        parts = [arcs[index] if index >= 0 else arcs[~index][::-1] for index in ring[end - n : end]]
        rings.append(_closed(unrolled(np.concatenate(parts))))
    return _World(arcs, border.tolist(), rings, _bounds(arcs), _bounds(rings))


def _closed(ring: Floats) -> Floats:
    """An outline; that of Antarctica, which runs once around the world, by way of the pole."""
    if abs(ring[-1, 0] - ring[0, 0]) < 180.0:
        return ring
    return np.concatenate([ring, [(ring[-1, 0], -90.0), (ring[0, 0], -90.0)]])


def _bounds(lines: list[Floats]) -> Floats:
    """Lowest and highest longitude and latitude of lines, shape (line, lowest or highest, axis)."""
    return np.array([(line.min(axis=0), line.max(axis=0)) for line in lines])


def _near(bounds: Floats, box: Box, turn: float) -> npt.NDArray[np.int64]:
    """The lines, turned by `turn` degrees, whose bounds meet a box."""
    low, high = bounds[:, 0] + (turn, 0.0), bounds[:, 1] + (turn, 0.0)
    meets_x = (low[:, 0] <= box.east) & (high[:, 0] >= box.west)
    return np.flatnonzero(meets_x & (low[:, 1] <= box.north) & (high[:, 1] >= box.south))


def _line(points: Floats, box: Box) -> list[Floats]:
    """The parts of a line near a box: runs of segments whose own boxes meet it, without the seam at 180 degrees."""
    low, high = np.minimum(points[:-1], points[1:]), np.maximum(points[:-1], points[1:])
    meets = (low[:, 0] <= box.east) & (high[:, 0] >= box.west) & (low[:, 1] <= box.north) & (high[:, 1] >= box.south)
    seam = (low[:, 0] == high[:, 0]) & (np.abs(low[:, 0] % 360.0 - 180.0) < STEP / 2)
    kept = np.flatnonzero(meets & ~seam)
    runs = np.split(kept, np.flatnonzero(np.diff(kept) > 1) + 1)
    return [points[run[0] : run[-1] + 2] for run in runs if len(run)]


def _polygon(points: Floats, box: Box) -> Floats:
    """A polygon within a box (Sutherland & Hodgman 1974, doi:10.1145/360767.360802); its sides may remain."""
    for axis, bound, sign in ((0, box.west, 1.0), (0, box.east, -1.0), (1, box.south, 1.0), (1, box.north, -1.0)):
        if not len(points):
            break
        offset = (points[:, axis] - bound) * sign
        following, after = np.roll(points, -1, axis=0), np.roll(offset, -1)
        crosses = (offset >= 0) != (after >= 0)
        share = np.where(crosses, offset / np.where(crosses, offset - after, 1.0), 0.0)
        crossing = points + (following - points) * share[:, None]
        both = np.stack([points, crossing], axis=1).reshape(-1, 2)
        points = both[np.stack([offset >= 0, crosses], axis=1).ravel()]
    return points
