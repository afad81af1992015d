"""The true earth of a simulation: layers, a smooth lateral change, and delays at stations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wadati.model import Layer, VelocityModel
from wadati.synthetics.streams import stream
from wadati.traveltime.layered import direct_wave, first_arrival

Floats = npt.NDArray[np.float64]

_SURFACE_P, _SURFACE_S = 2600.0, 1300.0
"""Velocities (m/s) under the stations, which make waves come up steeply; too thin to change travel times."""

_STEP = 20.0


@dataclass(frozen=True)
class Ray:
    """The first wave of one phase from each source to one station; all arrays have shape (source,).

    `time` in seconds after the origin; `late` is by how much the direct wave follows where the first is a head wave.
    `takeoff` from straight down and `incidence` from straight up, in degrees; `velocity` (m/s) at the source.
    """

    time: Floats
    late: Floats
    takeoff: Floats
    incidence: Floats
    velocity: Floats


@dataclass(frozen=True)
class TrueEarth:
    """Layers, relative change of slowness as a sum of plane waves (east, north, phase), and a seed for delays."""

    layers: VelocityModel
    waves: tuple[tuple[float, float, float], ...]
    heterogeneity: float
    seed: int

    def ray(self, phase: str, distance: Floats, depth: Floats, elevation: float, delay: float, middle: Floats) -> Ray:
        """First waves over epicentral distances (m) from depths (m) to a station with a delay (s).

        `middle`, shape (2, source), is where the paths are half way, east and north of the centre (m).
        """

        def time(x: Floats, z: Floats) -> Floats:
            return first_arrival(self.layers, phase, x, z, elevation)

        first, direct = time(distance, depth), direct_wave(self.layers, phase, distance, depth, elevation)
        slowness = (time(distance + _STEP, depth) - time(np.abs(distance - _STEP), depth)) / (2 * _STEP)
        upgoing = time(distance, depth + _STEP) > time(distance, depth - _STEP)
        velocity = np.array([self.layers.velocity(phase, z) for z in depth])
        angle = np.degrees(np.arcsin(np.clip(slowness * velocity, 0.0, 1.0)))
        surface = _SURFACE_P if phase == "P" else _SURFACE_S
        perturbed = first * (1 + self._change(middle)) + delay
        return Ray(
            perturbed,
            direct - first,
            np.where(upgoing, 180.0 - angle, angle),
            np.degrees(np.arcsin(np.clip(slowness * surface, 0.0, 1.0))),
            velocity,
        )

    def delays(self, station: int) -> tuple[float, float]:
        """P and S delay (s) of a station."""
        rng = stream(self.seed, "delay", station)
        p = rng.normal(0.0, 0.05)
        return float(p), float(1.7 * p + rng.normal(0.0, 0.02))

    def _change(self, place: Floats) -> Floats:
        """Relative change of slowness at places east and north of the centre, shape (2, place)."""
        total = np.zeros(place.shape[1])
        for east, north, phase in self.waves:
            total += np.cos(east * place[0] + north * place[1] + phase)
        return np.asarray(self.heterogeneity * np.sqrt(2 / len(self.waves)) * total)


def draw_earth(seed: int) -> TrueEarth:
    """An earth that is 3 to 5 % faster or slower, layer by layer, than the crust of southern California.

    Its boundaries lie elsewhere, and Vp/Vs is between 1.70 and 1.77. Paths differ by 1 % (one standard deviation)
    over some 20 km, stations by 0.05 s for P and 1.7 times that for S.
    """
    rng = stream(seed, "earth")
    ratio = rng.uniform(1.705, 1.765)
    tops = (0.0, rng.uniform(4000.0, 7000.0), rng.uniform(13000.0, 19000.0), rng.uniform(29000.0, 35000.0))
    layers: list[Layer] = []
    for top, usual in zip(tops, (5500.0, 6300.0, 6700.0, 7800.0), strict=True):
        p = usual * (1 + rng.choice([-1.0, 1.0]) * rng.uniform(0.03, 0.05))
        p = float(max(p, layers[-1].p_velocity + 100.0) if layers else p)
        layers.append(Layer(float(top), p, float(p / (ratio + rng.uniform(-0.005, 0.005)))))
    waves = []
    for _ in range(8):
        direction, length = rng.uniform(0, 2 * np.pi), rng.uniform(20e3, 50e3)
        number = 2 * np.pi / length
        waves.append((number * np.cos(direction), number * np.sin(direction), rng.uniform(0, 2 * np.pi)))
    return TrueEarth(VelocityModel(f"truth of seed {seed}", tuple(layers), "drawn at random"), tuple(waves), 0.01, seed)
