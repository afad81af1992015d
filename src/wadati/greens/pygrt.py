"""Green's functions by PyGRT (extra `wadati[greens]`), run as a program of its own and never imported.

PyGRT sums generalised reflection and transmission matrices over wavenumbers: https://github.com/Dengda98/PyGRT.
Settings that would silently be wrong are fixed here: all frequencies are kept however low, and the window is twice what
is asked for, so that what wraps around is damped. A sum over wavenumbers repeats the source on rings (Bouchon 1981,
doi:10.1785/BSSA0710040959): with the program's own step they are as far away as P comes within the window, and what is
heard of them wraps around with 0.2 to 1 % of the norm; half as far again, and it is 0.03 %, for a third more work. The
sum ends where waves of that wavenumber have lost exp(6π) on the way up: the program's own search for an end stops too
soon, by 0.1 % of the norm and otherwise for forces than for moments, and its own fixed end is ten times the work. The
program answers a moment that is an impulse, in 1e-20 cm per dyn cm, which is the velocity that a step gives. It also
rounds the beginning of a trace to whole samples since the origin, which is undone: traces that are to be interpolated
would otherwise jump against each other. At the lowest frequency it is wrong for shallow sources in a long window, which
is mended by what must be silent. And it takes a model's velocities as those at the highest frequency that it
happens to compute; they are given to it so that they are those at 1 Hz, as in other codes.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.errors import InputError, MissingExtraError
from wadati.greens.elementary import FUNCTIONS
from wadati.greens.spectra import shifted
from wadati.model import Layer, VelocityModel
from wadati.protocols import ReducedTime

_UNIT = 1e-15
"""Metres per N m of 1e-20 cm per dyn cm."""

_TURNED = ("ZDS", "RDS", "TSS")
"""Functions whose sign PyGRT has the other way round."""

WAVENUMBERS = "+f+k6"
"""Where its sum over wavenumbers ends; by it, motion and strain are reciprocal to 1e-7."""

_RINGS = 1.5
"""How far away the first repetition of the source is, in units of what P travels within the window."""

_DAMPING = 0.8
"""What the program damps by over its window, in units of π."""

_HEADER = 632
_BEGIN = 20
"""Where in a SAC file the time of the first sample stands."""


class PyGrt:
    """The generator `pygrt`; its program comes with the package pygrt-kit, or is `grt` on the path."""

    name = "pygrt"

    @cached_property
    def program(self) -> str:
        """Where it is. Raises `MissingExtraError` where it is not installed."""
        spec = find_spec("pygrt")
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            bundled = Path(folder) / "C_extension" / "bin" / "grt"
            if bundled.is_file():
                return str(bundled)
        found = shutil.which("grt")
        if found is None:
            raise MissingExtraError("making Green's functions", "greens")
        return found

    @cached_property
    def version(self) -> str:
        """Of the program, as it tells itself, and the settings that its numbers depend on: a store that was begun with
        others is not gone on with. Raises `MissingExtraError` where it is not installed."""
        told = _run([self.program, "greenfn", "-h"], Path())
        number = re.search(r"\bv(\d[\w.]*)", told.stdout + told.stderr)
        return f"{number[1] if number else 'unknown'} (K{WAVENUMBERS}, rings {_RINGS:g}, damping {_DAMPING:g})"

    def elementary(
        self,
        model: VelocityModel,
        depth: float,
        distances: Sequence[float],
        timing: ReducedTime,
        highest_hz: float,
    ) -> npt.NDArray[np.float64]:
        """See `GreensGenerator.elementary`; distances in increasing order."""
        with tempfile.TemporaryDirectory(prefix="wadati-greens-") as name:
            folder = Path(name)
            step = timing.sampling_rate_hz / (2 * timing.samples)
            top = step * min(math.floor(highest_hz / step), timing.samples)
            (folder / "earth").write_text(layers_table(as_if_at(model, top)), encoding="ascii")
            (folder / "distances").write_text("\n".join(_km(value) for value in distances) + "\n", encoding="ascii")
            command = [
                self.program,
                "greenfn",
                "-Mearth",
                f"-D{_km(depth)}/0",
                f"-N{2 * timing.samples}/{1 / timing.sampling_rate_hz!r}+w{_DAMPING}+a",
                "-Rdistances",
                f"-E{timing.start_s!r}/{timing.velocity / 1000!r}",
                f"-H-1/{top + step / 2!r}",
                f"-K{WAVENUMBERS}",
                f"-L{_rings(model, distances[-1], 2 * timing.samples / timing.sampling_rate_hz)!r}",
                "-Onodes",
                "-Ges",
                "-P1",
                "-s",
            ]
            done = _run(command, folder)
            nodes = sorted((folder / "nodes").glob("earth_*_*_*"), key=_distance)
            if done.returncode != 0 or len(nodes) != len(distances):
                words = " ".join(re.sub(r"\x1b\[[\d;]*m", "", done.stderr or done.stdout).split())
                raise InputError(f"model {model.name}", f"PyGRT cannot use it: {words}", "mend its layers")
            starts = timing.start_s + np.hypot(distances, depth) / timing.velocity
            return np.stack([_read_node(*pair, timing) for pair in zip(nodes, starts, strict=True)])


def as_if_at(model: VelocityModel, frequency_hz: float) -> VelocityModel:
    """The model with the velocities that waves of a frequency have where its own are those at 1 Hz.

    Velocities grow with the logarithm of frequency, by 1/(πQ): Aki & Richards (2002), Quantitative Seismology, 5.5.1.

    >>> layer = Layer(0.0, 6000.0, 3500.0, 2700.0, 200.0, 100.0)
    >>> round(as_if_at(VelocityModel("half-space", (layer,)), 10.0).layers[0].s_velocity, 1)
    3525.7
    """
    dispersion = math.log(frequency_hz) / math.pi
    layers = tuple(
        msgspec.structs.replace(
            layer,
            p_velocity=layer.p_velocity * (1 + dispersion / (layer.p_quality or math.inf)),
            s_velocity=layer.s_velocity * (1 + dispersion / (layer.s_quality or math.inf)),
        )
        for layer in model.layers
    )
    return msgspec.structs.replace(model, layers=layers)


def _rings(model: VelocityModel, farthest: float, length_s: float) -> float:
    """The distance between repetitions of the source, in units of the farthest station's (m)."""
    fastest = max(layer.p_velocity for layer in model.layers)
    return _RINGS * (1.0 + fastest * length_s / farthest)


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    # A program found by us, given numbers only.
    return subprocess.run(  # noqa: S603
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def layers_table(model: VelocityModel) -> str:
    """A model as the program reads it: thickness (km), velocities (km/s), density (g/cm³), Qp, Qs.

    Its top is sea level, where the free surface is.
    """
    bottoms = [layer.top for layer in model.layers[1:]] + [None]
    rows = []
    top = 0.0
    for layer, bottom in zip(model.layers, bottoms, strict=True):
        if bottom is not None and bottom <= 0.0:
            continue
        rows.append(_row(layer, 0.0 if bottom is None else bottom - top))
        top = bottom or top
    if len(rows) == 1:
        rows.insert(0, _row(model.layers[-1], 1000.0))
    return "\n".join(rows) + "\n"


def _row(layer: Layer, thickness: float) -> str:
    stated = (layer.density or 0.0) / 1000, layer.p_quality or 0.0, layer.s_quality or 0.0
    values = (thickness / 1000, layer.p_velocity / 1000, layer.s_velocity / 1000, *stated)
    return " ".join(f"{value:.12g}" for value in values)


def _km(metres: float) -> str:
    return f"{metres / 1000:.12g}"


def _distance(node: Path) -> float:
    return float(node.name.rpartition("_")[2])


def _read_node(node: Path, start: float, timing: ReducedTime) -> npt.NDArray[np.float64]:
    """The ten functions of a distance from `start` (s after the origin) on, shape (function, sample)."""
    traces = []
    begin = start
    for function in FUNCTIONS:
        content = (node / f"{function[1:]}{function[0]}.sac").read_bytes()
        begin = float(np.frombuffer(content, "<f4", count=1, offset=_BEGIN)[0])
        trace = np.frombuffer(content, "<f4", offset=_HEADER).astype(np.float64)
        traces.append((-_UNIT if function in _TURNED else _UNIT) * trace)
    return shifted(still_at_last(np.stack(traces)), timing.sampling_rate_hz, start - begin)


def still_at_last(traces: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Velocities (..., sample) of which nothing is left in the second half, with another lowest frequency.

    At the lowest frequency the program takes small differences of large numbers, which leaves nothing right of it for
    shallow sources in a long window. As it damps traces, what is wrong there grows as an exponential until the end.

    >>> wrong = np.exp(_DAMPING * np.pi * np.arange(8) / 8)
    >>> still_at_last(np.array([0.0, 1.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0]) + wrong).round(9).tolist()
    [0.0, 1.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    samples = traces.shape[-1]
    growth = np.exp(_DAMPING * np.pi * np.arange(samples) / samples)
    # The program's sharp end of frequencies rings there; a smooth window does not hear that.
    window = np.hanning(samples - samples // 2)
    wrong = (traces / growth)[..., samples // 2 :] @ window / window.sum()
    return np.asarray(traces - wrong[..., None] * growth)
