"""How `data/basemap.npz` was made: a world in TopoJSON to coastlines and borders as small arrays.

The input was `countries-10m.json` of the package world-atlas 2.0.2: Natural Earth 4.1.0, 1:10,000,000, public domain
(https://www.naturalearthdata.com). Arcs shared by two countries are borders, the others coasts.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

STEP = 0.005
"""Degrees to which positions are rounded: half a kilometre, less than what the scale 1:10,000,000 resolves."""


def convert(world: Path, basemap: Path) -> None:
    """Write the arrays of `basemap.load` from a TopoJSON file with objects `countries` and `land`.

    `x` and `y` are steps from point to point (in units of `STEP`; the first point of each arc in `first`), `length` the
    points of each arc, `border` whether it divides countries. `ring` holds the arcs of all outlines of land one
    after the other, ~i for arc i backwards; `ring_length` how many each outline has.
    """
    topology = json.loads(world.read_text(encoding="utf-8"))
    scale, translate = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = [_rounded(np.cumsum(np.array(arc), axis=0) * scale + translate) for arc in topology["arcs"]]
    rings = list(_rings(topology["objects"]["land"]))
    countries = _rings(topology["objects"]["countries"])
    uses = Counter(arc if arc >= 0 else ~arc for ring in countries for arc in ring)
    steps = np.concatenate([np.diff(arc, axis=0, prepend=arc[:1]) for arc in arcs]).astype(np.int16)
    np.savez_compressed(
        basemap,
        x=steps[:, 0],
        y=steps[:, 1],
        first=np.array([arc[0] for arc in arcs], np.int32),
        length=np.array([len(arc) for arc in arcs], np.int32),
        border=np.array([uses[index] > 1 for index in range(len(arcs))]),
        ring=np.array([arc for ring in rings for arc in ring], np.int32),
        ring_length=np.array([len(ring) for ring in rings], np.int32),
    )


def _rounded(degrees: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Whole steps without repeated points; steps too long for 16 bits are cut into pieces."""
    points = np.rint(unrolled(degrees) / STEP).astype(np.int64)
    moved = np.any(np.diff(points, axis=0) != 0, axis=1)
    points = points[np.concatenate([[True], moved])]
    pieces = [points[:1]]
    for start, end in itertools.pairwise(points):
        count = int(np.abs(end - start).max() // 30000) + 1
        pieces.append(start + (end - start) * np.arange(1, count + 1)[:, None] // count)
    return np.concatenate(pieces)


def unrolled(degrees: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Points (longitude, latitude) whose longitudes run on past 180 degrees instead of jumping.

    >>> unrolled(np.array([[179.0, 0.0], [-179.0, 0.0]]))[:, 0].tolist()
    [179.0, 181.0]
    """
    turns = np.rint(np.diff(degrees[:, 0]) / 360.0)
    return degrees - np.stack([360.0 * np.concatenate([[0.0], np.cumsum(turns)]), np.zeros(len(degrees))], axis=1)


def _rings(geometry: dict[str, Any]) -> list[list[int]]:
    """The outlines of a geometry, holes included."""
    if geometry["type"] == "GeometryCollection":
        return [ring for part in geometry["geometries"] for ring in _rings(part)]
    polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
    return [ring for polygon in polygons for ring in polygon]
