"""Files as AxiSEM writes them, small: the wave of a force in a full space, on some elements below a pole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.polynomial import Legendre
from scipy.special import erf

Floats = npt.NDArray[np.float64]

P, S, DENSITY = 6200.0, 3580.0, 2700.0
PERIOD, RATE, SAMPLES, SHIFT, SIZE = 20.0, 0.2, 64, 40.0, 1e20
_N = 4
_WIDTH = PERIOD / 3.5


def legendre_nodes() -> Floats:
    return np.concatenate([[-1.0], np.sort(Legendre.basis(_N).deriv().roots().real), [1.0]])


def jacobi_nodes() -> Floats:
    """Nodes of the elements at the axis: extremes of (P4 + P5) / (1 + x)."""
    quotient = (Legendre.basis(_N) + Legendre.basis(_N + 1)).convert(kind=np.polynomial.Polynomial)
    inner, _ = divmod(quotient, np.polynomial.Polynomial([1.0, 1.0]))
    return np.concatenate([[-1.0], np.sort(inner.deriv().roots().real), [1.0]])


def slopes(nodes: Floats) -> Floats:
    """The slope of each Lagrange polynomial (first axis) at each node."""
    found = np.zeros((len(nodes), len(nodes)))
    for k in range(len(nodes)):
        values = np.zeros(len(nodes))
        values[k] = 1.0
        polynomial = np.polynomial.Polynomial.fit(nodes, values, len(nodes) - 1)
        found[k] = polynomial.deriv()(nodes)
    return found


def pulse(times: Floats) -> Floats:
    return np.asarray(np.exp(-((times / _WIDTH) ** 2)) / (_WIDTH * np.sqrt(np.pi)))


def _between(times: Floats, first: Floats, last: Floats) -> Floats:
    """∫ τ g(t − τ) dτ from `first` to `last`."""

    def part(u: Floats) -> Floats:
        # Of (t − u) g(u) by u.
        return times * erf(u / _WIDTH) / 2 + _WIDTH**2 / 2 * pulse(u)

    return part(times - first) - part(times - last)


def force_motion(way: Floats, direction: int, times: Floats) -> Floats:
    """Motion (place, axis, time) at places `way` from a force of 1 N: Aki & Richards (2002), equation 4.23."""
    r = np.linalg.norm(way, axis=-1)
    near = r < 3e3
    r = np.where(near, np.inf, r)
    cosines = way / np.where(near, 1.0, r)[:, None]
    both = cosines * cosines[:, [direction]]
    own = np.eye(3)[direction]
    a = _between(times, (np.where(near, 0, r) / P)[:, None], (np.where(near, 0, r) / S)[:, None])
    p, s = (pulse(times - (np.where(near, 0, r) / v)[:, None]) for v in (P, S))
    one = (3 * both - own)[..., None] * a[:, None] / r[:, None, None] ** 3
    two = both[..., None] * p[:, None] / (P**2 * r[:, None, None])
    three = (both - own)[..., None] * s[:, None] / (S**2 * r[:, None, None])
    return np.asarray((one + two - three) / (4 * np.pi * DENSITY))


def write(folder: Path, radius: float, *, merged: bool, time_first: bool = False, **more: Any) -> None:
    """A database of elements 40 km deep and 12 of them, 240 km, wide; `more` are attributes that differ."""
    import h5py

    gll, glj = legendre_nodes(), jacobi_nodes()
    width, height = 20e3, 20e3
    elements = [(i, j) for j in range(2) for i in range(12)]
    places = []
    for i, j in elements:
        xi = glj if i == 0 else gll
        angle = (i + (xi + 1) / 2) * width / radius
        level = radius - 40e3 + (j + (gll + 1) / 2) * height
        places.append(np.stack([np.outer(level, np.sin(angle)), np.outer(level, np.cos(angle))], axis=-1))
    nodes = np.stack(places)
    count = nodes[..., 0].size
    ids = np.arange(count).reshape(len(elements), _N + 1, _N + 1)
    s, z = nodes.reshape(-1, 2).T
    times = np.arange(SAMPLES) / RATE - SHIFT
    # Places at the azimuth of the force, and a quarter turn on; the force stands at the pole, x is where it points.
    ahead = np.stack([s, np.zeros(count), z - radius], axis=-1)
    aside = np.stack([np.zeros(count), s, z - radius], axis=-1)
    x_ahead, x_aside, up = force_motion(ahead, 0, times), force_motion(aside, 0, times), force_motion(ahead, 2, times)
    fields = {
        "PX": {"disp_s": x_ahead[:, 0], "disp_p": x_aside[:, 0], "disp_z": x_ahead[:, 2]},
        "PZ": {"disp_s": up[:, 0], "disp_z": up[:, 2]},
    }
    corners = np.stack([ids[:, 0, 0], ids[:, 0, -1], ids[:, -1, -1], ids[:, -1, 0]], axis=-1)
    mesh = {
        "mesh_S": s,
        "mesh_Z": z,
        "mesh_mu": np.full(count, DENSITY * S**2),
        "sem_mesh": ids,
        "fem_mesh": np.concatenate([corners, corners], axis=-1),
        "eltype": np.zeros(len(elements), np.int32),
        "axis": np.array([i == 0 for i, _ in elements], np.int32),
        "mp_mesh_S": nodes[:, 2, 2, 0],
        "mp_mesh_Z": nodes[:, 2, 2, 1],
        "gll": gll,
        "glj": glj,
        "G0": np.zeros(_N + 1),
        # The first axis in the file is the node.
        "G1": slopes(glj).T,
        "G2": slopes(gll).T,
    }
    files = ("",) if merged else ("PX", "PZ")
    for part in files:
        inside = folder / part / "Data" if part else folder
        inside.mkdir(parents=True, exist_ok=True)
        with h5py.File(inside / ("merged_output.nc4" if merged else "ordered_output.nc4"), "w") as file:
            for name, value in mesh.items():
                file.create_dataset(f"Mesh/{name}", data=value)
            for name, value in (attributes(radius, part, count) | more).items():
                file.attrs[name] = np.array([value.encode() if isinstance(value, str) else value])
            group = "/" if merged else "/Snapshots"
            for name in ("stf_dump", "stf_d_dump"):
                file.require_group(group).create_dataset(name, data=SIZE * pulse(times))
            if merged:
                rows = [*fields["PX"].values(), *fields["PZ"].values()]
                cube = np.stack(rows).reshape(5, len(elements), _N + 1, _N + 1, SAMPLES) * SIZE
                file.create_dataset("MergedSnapshots", data=np.transpose(cube, (1, 0, 3, 2, 4)))
            else:
                for name, value in fields[part].items():
                    kept = value.T if time_first else value
                    file.create_dataset(f"Snapshots/{name}", data=SIZE * kept)


def attributes(radius: float, part: str, points: int) -> dict[str, Any]:
    return {
        "dump type (displ_only, displ_velo, fullfields)": "displ_only",
        "npol": _N,
        "file version": 8,
        "number of strain dumps": SAMPLES,
        "excitation type": "monopole" if part == "PZ" else "dipole",
        "source type": "vertforce" if part == "PZ" else "thetaforce",
        "scalar source magnitude": SIZE,
        "strain dump sampling rate in sec": 1 / RATE,
        "source shift factor in sec": SHIFT,
        "source shift factor for deltat_coarse": int(SHIFT * RATE),
        "npoints": points,
        "background model": "full space",
        "external model name": "",
        "attenuation": 0,
        "planet radius": radius / 1e3,
        "dominant source period": PERIOD,
        "git commit hash": "none",
        "datetime": "2020-01-01T00:00:00",
        "compiler brand": "none",
        "compiler version": "0",
        "user name": "none",
        "host name": "none",
        "kernel wavefield rmin": (radius - 40e3) / 1e3,
        "kernel wavefield rmax": radius / 1e3,
        "kernel wavefield colatmin": 0.0,
        "kernel wavefield colatmax": 2.2,
        "time scheme": "newmark2",
        "source depth in km": 0.0,
        "source time function": "gauss_0",
    }
