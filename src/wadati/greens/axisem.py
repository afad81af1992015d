"""Databases of AxiSEM as Instaseis asks them: Green's functions of a sphere whose layers are spheres.

A reciprocal database (van Driel et al. 2015, doi:10.5194/se-6-701-2015) holds displacement at the nodes of a
spectral-element mesh of a half plane for a vertical (PZ) and a horizontal (PX) force at a receiver on its axis; strain
is taken in the element and becomes the ten functions of a store of layers. Read are `displ_only` databases with both
forces, as AxiSEM orders them (`ordered_output.nc4` under PX and PZ) or merged (`merged_output.nc4`), whose force is a
Gaussian pulse (`gauss_0`). The files are HDF5 (extra `wadati[greens]`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from wadati.errors import InputError, MissingExtraError
from wadati.greens.layout import STOP
from wadati.greens.reduced_time import check_pulse, in_reduced_time, lasting
from wadati.greens.spectral_element import within
from wadati.model import VelocityModel
from wadati.protocols import ReducedTime

Floats = npt.NDArray[np.float64]

_NAMES = ("ordered_output.nc4", "axisem_output.nc4")
_MERGED = "merged_output.nc4"
_MERGED_ROWS = 5
_DUMP = "dump type (displ_only, displ_velo, fullfields)"
_NEAREST = 10
_MARGIN = 1.1
"""Times the last frequency of a store up to which it asks its generator."""


class Displacement(NamedTuple):
    """Of an element's nodes, shape (eta, xi, time): s, around and z of the horizontal force, s and z of the other.

    The horizontal force's motion along s and z goes as the cosine of the azimuth from it, that around as −sine.
    """

    x_s: Floats
    x_p: Floats
    x_z: Floats
    z_s: Floats
    z_z: Floats


class AxisemDatabase:
    """A `GreensGenerator` whose work was done before, by AxiSEM.

    Raises `InputError` for a folder without a database that can be read.
    """

    name = "axisem"

    def __init__(self, folder: Path) -> None:
        try:
            import h5py
        except ImportError:
            raise MissingExtraError("reading a database of AxiSEM", "greens") from None
        self._folder = folder
        merged = sorted(folder.rglob(_MERGED))
        ordered = {
            part: [file for file in _files(folder) if part in file.relative_to(folder).parts] for part in ("PX", "PZ")
        }
        if merged:
            self._files: tuple[Any, ...] = (h5py.File(merged[0]),)
        elif all(len(found) == 1 for found in ordered.values()):
            self._files = (h5py.File(ordered["PX"][0]), h5py.File(ordered["PZ"][0]))
        else:
            wrong = f"holds neither {_MERGED} nor {_NAMES[0]} under both PX and PZ"
            raise InputError(str(folder), wrong, "name the folder of a reciprocal database with both forces")
        self._check()
        first = self._files[0]
        self.period = float(_attribute(first, "dominant source period"))
        self.radius = 1e3 * float(_attribute(first, "planet radius"))
        self.sampling_rate_hz = 1 / float(_attribute(first, "strain dump sampling rate in sec"))
        self._size = float(_attribute(first, "scalar source magnitude"))
        self._samples = int(_attribute(first, "number of strain dumps"))
        mesh = first["Mesh"]
        self._places = np.stack([mesh["mesh_S"][:], mesh["mesh_Z"][:]], axis=-1).astype(np.float64)
        self._nodes = mesh["sem_mesh"][:]
        self._axial = mesh["axis"][:].astype(bool)
        self._legendre, self._jacobi = mesh["gll"][:].astype(np.float64), mesh["glj"][:].astype(np.float64)
        from scipy.spatial import cKDTree

        self._tree = cKDTree(np.stack([mesh["mp_mesh_S"][:], mesh["mp_mesh_Z"][:]], axis=-1))
        self._displacement = lru_cache(maxsize=512)(self._read)

    @property
    def version(self) -> str:
        """The commit of AxiSEM that made it."""
        return _words(self._files[0], "git commit hash")

    @property
    def pulse(self) -> Floats:
        """How the force grew, its sum over the sampling rate 1."""
        for group in ("Snapshots", "/", "Surface"):
            if group in self._files[0] and "stf_dump" in self._files[0][group]:
                return np.asarray(self._files[0][group]["stf_dump"][:], np.float64) / self._size
        raise InputError(str(self._folder), "does not say how its force grew", "make it again with AxiSEM 1.2 or newer")

    def elementary(
        self,
        model: VelocityModel,  # noqa: ARG002 - that of the database was chosen long ago
        depth: float,
        distances: Sequence[float],
        timing: ReducedTime,
        highest_hz: float,
    ) -> Floats:
        """See `GreensGenerator.elementary`; a distance is an angle times the radius of the planet.

        Raises `InputError` for a band, times or places beyond those of the database.
        """
        pulse, rate, name = self.pulse, self.sampling_rate_hz, str(self._folder)
        stop = min(highest_hz, timing.sampling_rate_hz / 2.0)
        if stop > 1.001 * _MARGIN * STOP / self.period:
            wrong = f"is right up to {1 / self.period:g} Hz, one over its dominant period"
            raise InputError(name, wrong, "end the band there")
        check_pulse(name, pulse, rate, self._samples, stop / _MARGIN)
        delays = np.hypot(distances, depth) / timing.velocity
        needed = timing.start_s + timing.samples / timing.sampling_rate_hz + float(delays.max())
        lasts = lasting(pulse, rate, self._samples)
        if lasts < needed:
            raise InputError(name, f"lasts {lasts:g} s, {needed:g} s are needed", "end the distances nearer")
        found = np.stack([self.functions(depth, distance) for distance in distances])
        return in_reduced_time(found, pulse, rate, delays, timing, stop / _MARGIN)

    def functions(self, depth: float, distance: float) -> Floats:
        """The ten functions as they are stored, for the database's own pulse: shape (function, time).

        Depth and distance in metres. Raises `InputError` for a place outside of the mesh.
        """
        angle = distance / self.radius
        s, z = (self.radius - depth) * np.array([np.sin(angle), np.cos(angle)])
        value, by_s, by_z, element = self._find(s, z, depth, distance)
        moved = self._displacement(element)

        def of(weights: Floats, what: Floats) -> Floats:
            return np.asarray(np.einsum("ij,ijt->t", weights, what) / self._size)

        # Strains of the axes s, around, z. Of the horizontal force first in its own direction, then a quarter turn on.
        up = _turned(
            angle,
            of(by_s, moved.z_s),
            of(value, moved.z_s) / s,
            of(by_z, moved.z_z),
            (of(by_z, moved.z_s) + of(by_s, moved.z_z)) / 2,
        )
        opening = (of(value, moved.x_s) - of(value, moved.x_p)) / s
        along = _turned(
            angle,
            of(by_s, moved.x_s),
            opening,
            of(by_z, moved.x_z),
            (of(by_z, moved.x_s) + of(by_s, moved.x_z)) / 2,
        )
        around_s = (opening + of(by_s, moved.x_p)) / 2
        around_z = (of(value, moved.x_z) / s + of(by_z, moved.x_p)) / 2
        cos, sin = np.cos(angle), np.sin(angle)
        # The force is along the source's direction, and R at the station away from it.
        return np.stack(
            [
                *_sources(*up),
                *(-row for row in _sources(*along)),
                2 * (cos * around_s - sin * around_z),
                2 * (sin * around_s + cos * around_z),
            ]
        )

    def _find(self, s: float, z: float, depth: float, distance: float) -> tuple[Floats, Floats, Floats, int]:
        _, near = self._tree.query([s, z], k=min(_NEAREST, len(self._nodes)))
        for tolerance in (1e-3, 5e-2):
            for element in np.atleast_1d(near):
                xi = self._jacobi if self._axial[element] else self._legendre
                at = within(np.array([s, z]), self._places[self._nodes[element]], xi, self._legendre, tolerance)
                if at is not None:
                    return *at, int(element)
        where = f"{depth / 1000:g} km deep, {distance / 1000:g} km away"
        raise InputError(str(self._folder), f"has no element {where}", "ask for depths and distances that it holds")

    def _read(self, element: int) -> Displacement:
        if "MergedSnapshots" in self._files[0]:
            rows = self._files[0]["MergedSnapshots"][element].astype(np.float64)
            return Displacement(*np.swapaxes(rows, 1, 2))
        nodes = self._nodes[element]
        x, z = self._files
        pairs = ((x, "disp_s"), (x, "disp_p"), (x, "disp_z"), (z, "disp_s"), (z, "disp_z"))
        return Displacement(*(self._snapshots(file, name, nodes) for file, name in pairs))

    def _snapshots(self, file: Any, name: str, nodes: npt.NDArray[np.int64]) -> Floats:
        """Values at nodes, shape (eta, xi, time), whichever of time and node comes first in the file."""
        kept = file["Snapshots"][name]
        each, back = np.unique(nodes.ravel(), return_inverse=True)
        rows = kept[:, each].T if kept.shape[0] == self._samples else kept[each, :]
        return np.asarray(rows[back].reshape(*nodes.shape, -1), np.float64)

    def _check(self) -> None:
        for file in self._files:
            for name, wanted in ((_DUMP, "displ_only"), ("source time function", "gauss_0")):
                found = _words(file, name)
                if found != wanted:
                    wrong = f"is of the kind {found!r}; only {wanted!r} is read"
                    raise InputError(str(self._folder), wrong, f"make it again as {wanted}")
        merged = "MergedSnapshots" in self._files[0]
        if merged and self._files[0]["MergedSnapshots"].shape[1] != _MERGED_ROWS:
            raise InputError(str(self._folder), "holds one force only, or is no reciprocal one", "merge PX and PZ")


def _files(folder: Path) -> list[Path]:
    return sorted(file for name in _NAMES for file in folder.rglob(name))


def _attribute(file: Any, name: str) -> Any:
    return np.atleast_1d(file.attrs[name])[0]


def _words(file: Any, name: str) -> str:
    value = _attribute(file, name)
    return value.decode() if isinstance(value, bytes) else str(value)


def _turned(angle: float, ss: Floats, pp: Floats, zz: Floats, sz: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Strains nn, ee, dd, nd at a source whose north is towards the pole, from those of the axes s, around, z."""
    cos, sin = np.cos(angle), np.sin(angle)
    horizontal = cos**2 * ss - 2 * cos * sin * sz + sin**2 * zz
    vertical = sin**2 * ss + 2 * cos * sin * sz + cos**2 * zz
    return horizontal, pp, vertical, cos * sin * (ss - zz) + (cos**2 - sin**2) * sz


def _sources(nn: Floats, ee: Floats, dd: Floats, nd: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """What SS, DS, DD and EX move, by the strains of a force in the direction of the motion."""
    return nn - ee, 2 * nd, 2 * dd - nn - ee, nn + ee + dd
