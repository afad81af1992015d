"""Strain in flat layers by PyGRT, as a solver of one's own would give it for a store of receiver Green tensors.

Forces stand on the free surface, and PyGRT differentiates what they move at the points: no moment tensor is involved,
so such a store and one of layers agree only by reciprocity.
"""

from __future__ import annotations

import subprocess
import tempfile
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wadati.errors import InputError
from wadati.greens.layout import layers_digest
from wadati.greens.medium import completed
from wadati.greens.pygrt import WAVENUMBERS, PyGrt, as_if_at, layers_table
from wadati.model import Station, VelocityModel
from wadati.protocols import Strains

Floats = npt.NDArray[np.float64]

_STRAIN = 1e-15
"""Strain per N of 1e-20 per dyn."""
_MOTION = 1e-12
"""Metres per N of 1e-15 cm per dyn."""
_HEADER = 632
_BEFORE = 10
_NAMES = ("VFZ", "VFR", "HFZ", "HFR", "HFT")


class LayeredStrains:
    """A `StrainGenerator` of flat layers."""

    name = "pygrt-strains"

    def __init__(self, model: VelocityModel) -> None:
        self._earth = completed(model)
        self._grt = PyGrt()
        self.model, self.model_digest = model.name, layers_digest(model)
        layers = self._earth.layers
        slow = min(layer.s_velocity for layer in layers)
        self.velocities = (
            max(layer.p_velocity for layer in layers),
            max(layer.s_velocity for layer in layers),
            0.85 * slow,
        )
        self._of_depth = lru_cache(maxsize=64)(self._run)

    @cached_property
    def version(self) -> str:
        return self._grt.version

    def strains(
        self,
        receiver: Station,
        place: tuple[float, float],
        component: str,
        points: Floats,
        until_s: float,
        highest_hz: float,
    ) -> Strains:
        rate = 2 * highest_hz
        # The program ends at a frequency, and rings there before the waves too.
        before = int(np.ceil(_BEFORE * rate / highest_hz))
        samples = before + int(np.ceil(until_s * rate)) + 1
        away = points[:, :2] - place
        far, azimuth = np.hypot(*away.T), np.arctan2(away[:, 1], away[:, 0])
        found = np.empty((len(points), 6, samples), np.float32)
        for depth in np.unique(points[:, 2]):
            here = np.flatnonzero(points[:, 2] == depth)
            distances, which = np.unique(far[here].round(3), return_inverse=True)
            if distances[0] <= 0:
                raise InputError(".".join(receiver.key), "stands above a point", "move the points by half a step")
            parts = self._of_depth(
                float(depth), tuple(distances.tolist()), samples, rate, before / rate, max(-receiver.elevation, 0.0)
            )
            for row, distance in zip(here, which, strict=True):
                found[row] = cylindrical(parts, distance, distances[distance], azimuth[row], component)
        pulse = np.zeros(samples)
        pulse[before] = rate
        return Strains(found, rate, pulse)

    def _run(
        self, depth: float, distances: tuple[float, ...], samples: int, rate: float, before_s: float, buried: float
    ) -> dict[str, Floats]:
        """Motion and its slopes by their names, shape (distance, sample), in m and 1 per N."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            step = rate / (2 * samples)
            top = step * min(int(0.44 * rate / step), samples)
            (folder / "earth").write_text(layers_table(as_if_at(self._earth, top)))
            (folder / "distances").write_text("".join(f"{far / 1000:.12g}\n" for far in distances))
            command = [
                self._grt.program,
                "greenfn",
                "-Mearth",
                f"-D{buried / 1000:.12g}/{depth / 1000:.12g}",
                f"-N{2 * samples}/{1 / rate!r}+a",
                "-Rdistances",
                f"-E{-before_s!r}/0",
                f"-H-1/{top + step / 2!r}",
                f"-K{WAVENUMBERS}",
                "-Gvh",
                "-e",
                "-Onodes",
                "-P1",
                "-s",
            ]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            nodes = sorted((folder / "nodes").glob("earth_*_*_*"), key=lambda node: float(node.name.split("_")[-1]))
            return {
                prefix + one: np.stack([_trace(node / f"{prefix}{one}.sac", samples) for node in nodes]) * unit
                for one in _NAMES
                for prefix, unit in (("", _MOTION), ("r", _STRAIN), ("z", _STRAIN))
            }


def _trace(path: Path, samples: int) -> Floats:
    return np.frombuffer(path.read_bytes(), "<f4", offset=_HEADER)[:samples].astype(np.float64)


def cylindrical(parts: dict[str, Floats], distance: int, far: float, azimuth: float, component: str) -> Floats:
    """Strains of the axes north, east, down from motion and slopes along r, clockwise t and upward z.

    A part of a motion goes around the force as a factor of its own, whose slope by azimuth is the last number.
    """
    if component == "Z":
        # The program's vertical force is down.
        parts_of = {"z": ("VFZ", -1.0, 0.0), "r": ("VFR", -1.0, 0.0), "t": ("HFT", 0.0, 0.0)}
    else:
        turned = azimuth - (np.pi / 2 if component == "E" else 0.0)
        cos, sin = float(np.cos(turned)), float(np.sin(turned))
        parts_of = {"z": ("HFZ", cos, -sin), "r": ("HFR", cos, -sin), "t": ("HFT", -sin, -cos)}

    def slope(part: str, by: str) -> Floats:
        name, factor, turning = parts_of[part]
        if by == "t":
            return turning * parts[name][distance] / far
        return factor * parts[by + name][distance]

    def motion(part: str) -> Floats:
        name, factor, _ = parts_of[part]
        return factor * parts[name][distance]

    rr, zz = slope("r", "r"), slope("z", "z")
    tt = motion("r") / far + slope("t", "t")
    rt = (slope("r", "t") + slope("t", "r") - motion("t") / far) / 2
    rz = (slope("r", "z") + slope("z", "r")) / 2
    tz = (slope("t", "z") + slope("z", "t")) / 2
    c, s = float(np.cos(azimuth)), float(np.sin(azimuth))
    return np.stack(
        [
            rr * c * c + tt * s * s - 2 * rt * c * s,
            rr * s * s + tt * c * c + 2 * rt * c * s,
            zz,
            (rr - tt) * c * s + rt * (c * c - s * s),
            -(rz * c - tz * s),
            -(rz * s + tz * c),
        ]
    )
