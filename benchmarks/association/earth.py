"""The earth that waves travel in, which is not the model that associators are given.

- P is faster or slower than the model by 1 to 3 % everywhere and by 1 % (standard deviation) more in each layer,
  boundaries lie up to 10 % elsewhere, Vp/Vs differs by up to 1.5 %; the topmost kilometre is 15 % slow.
- Slowness leans across the network by up to 1.5 % from the middle to the edge, and waves along the path by 0.8 %
  (three to six undulations across the network); S follows P with a part of its own.
- Each station has a delay, that of S 1.6 times that of P and a part of its own; one clock in 200 is off by up to 1 s.
- The regional earth is round, with a mantle that goes on below the model's.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.association.cases import Case
from benchmarks.association.scene import Floats, Sources, Stations
from wadati.model import Layer, VelocityModel
from wadati.traveltime.layered import first_arrival

Integers = npt.NDArray[np.int64]

_RADIUS = 6_371_000.0
_MANTLE = ((77_500.0, 8.045, 4.49), (120_000.0, 8.10, 4.50), (165_000.0, 8.18, 4.51), (210_000.0, 8.30, 4.52))
_UNDULATIONS = 8


@dataclass(frozen=True)
class Earth:
    """Layers, delays of stations (station, phase) and waves of slowness (wave, 5): P, S, kx, ky, phase."""

    layers: VelocityModel
    delay: Floats
    lean: Floats
    waves: Floats
    scale: float
    is_round: bool

    def times(self, sources: Sources, event: Integers, stations: Stations, station: Integers) -> tuple[Floats, Floats]:
        """Seconds of P and S, shape (2, pair), for pairs of an event and a station, and epicentral distances (m)."""
        x, y, depth = sources.x[event], sources.y[event], sources.depth[event]
        distance = np.hypot(x - stations.x[station], y - stations.y[station])
        middle = np.stack([x + stations.x[station], y + stations.y[station]], axis=-1) / 2
        angle = middle @ self.waves[:, 2:4].T + self.waves[:, 4]
        flat_depth = -_RADIUS * np.log1p(-depth / _RADIUS) if self.is_round else depth
        found = []
        for row, phase in enumerate(("P", "S")):
            slow = 1 + middle @ self.lean / self.scale + np.sin(angle) @ self.waves[:, row]
            time = first_arrival(self.layers, phase, distance, flat_depth, stations.elevation[station])
            found.append(time * slow + self.delay[station, row])
        return np.array(found), distance


def draw_earth(case: Case, rng: np.random.Generator) -> Earth:
    """One earth, with everything wrong that the head of this file lists."""
    off = rng.choice((-1.0, 1.0)) * rng.uniform(0.01, 0.03)
    ratio = 1 + rng.uniform(-0.015, 0.015)
    rows = [(layer.top, layer.p_velocity, layer.s_velocity) for layer in case.model.layers]
    if case.slab:
        rows += [(top, p * 1000, s * 1000) for top, p, s in _MANTLE]
    layers = []
    for top, p, s in rows:
        faster = 1 + off + rng.normal(0.0, 0.01)
        layers.append((top * (1 + rng.uniform(-0.1, 0.1)), p * faster, s * faster * ratio))
    first = layers[0]
    layers = [(first[0], first[1] * 0.85, first[2] * 0.82), (first[0] + 1000.0, *first[1:]), *layers[1:]]
    if case.slab:
        layers = _flattened(layers)
    term = rng.normal(0.0, case.station_term, case.stations)
    own = rng.normal(0.0, case.station_term, case.stations)
    clock = rng.uniform(-1.0, 1.0, case.stations) * (rng.random(case.stations) < 0.005)
    toward = rng.uniform(0.0, 2 * np.pi)
    scale = 0.5 * max(case.extent)
    waves = np.zeros((_UNDULATIONS, 5))
    waves[:, 0] = rng.normal(0.0, 0.008 * np.sqrt(2 / _UNDULATIONS), _UNDULATIONS)
    waves[:, 1] = waves[:, 0] + rng.normal(0.0, 0.004 * np.sqrt(2 / _UNDULATIONS), _UNDULATIONS)
    bearing = rng.uniform(0.0, np.pi, _UNDULATIONS)
    number = 2 * np.pi * rng.uniform(3.0, 6.0, _UNDULATIONS) / (2 * scale)
    waves[:, 2], waves[:, 3] = number * np.sin(bearing), number * np.cos(bearing)
    waves[:, 4] = rng.uniform(0.0, 2 * np.pi, _UNDULATIONS)
    return Earth(
        VelocityModel(f"{case.name} truth", tuple(Layer(*row) for row in layers)),
        np.stack([term + clock, 1.6 * term + own + clock], axis=-1),
        rng.uniform(0.0, 0.015) * np.array([np.sin(toward), np.cos(toward)]),
        waves,
        scale,
        case.slab,
    )


def _flattened(layers: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Layers of a sphere as layers of a plane: depth and velocity stretched, thick layers cut in slices."""
    bottoms = [layer[0] for layer in layers[1:]] + [400_000.0]
    flat = []
    for (top, p, s), bottom in zip(layers, bottoms, strict=True):
        edges = np.linspace(top, bottom, max(round((bottom - top) / 15_000.0), 1) + 1)
        for upper, lower in itertools.pairwise(edges):
            stretch = _RADIUS / (_RADIUS - (upper + lower) / 2)
            flat.append((float(-_RADIUS * np.log1p(-upper / _RADIUS)), p * stretch, s * stretch))
    return flat
