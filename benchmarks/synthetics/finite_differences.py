"""Elastic waves in three dimensions by finite differences: a small solver whose strains fill a store of receivers.

Velocity and stress on staggered grids (Virieux 1986, doi:10.1190/1.1442147) with differences of the fourth order in
space (Graves 1996, doi:10.1785/BSSA0860041091), a free surface of mirrored stresses through the nodes of normal stress,
and convolutional perfectly matched layers at the other sides (Komatitsch & Martin 2007, doi:10.1190/1.2757586). Axes
north, east, down; no attenuation. A receiver lies half a cell below the surface, where vertical velocities do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from scipy.special import erf

from wadati.errors import InputError
from wadati.model import Station, content_id
from wadati.protocols import Strains

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

_LAYER = 12
"""Cells of absorbing layers."""
_BETWEEN = ((-1.5, -1 / 16), (-0.5, 9 / 16), (0.5, 9 / 16), (1.5, -1 / 16))
"""Where half-way nodes lie around a node, and what each counts for a value at it."""
_PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


@dataclass(frozen=True)
class Medium:
    """P and S velocity (m/s) and density (kg/m³) at the nodes of normal stress, shape (north, east, down).

    Nodes are `step` metres apart; the first lies `north` and `east` metres in the frame, at the free surface.
    """

    name: str
    north: float
    east: float
    step: float
    p_velocity: Floats
    s_velocity: Floats
    density: Floats

    def node(self, place: npt.ArrayLike) -> tuple[int, int, int]:
        """The node at metres north, east, down. Raises `InputError` where there is none, or it lies at the edge."""
        given = (np.asarray(place, np.float64) - (self.north, self.east, 0.0)) / self.step
        node = np.rint(given).astype(int)
        lowest = (_LAYER + 2, _LAYER + 2, 3)
        inside = all(a <= n < size - _LAYER - 2 for a, n, size in zip(lowest, node, self.density.shape, strict=True))
        if np.abs(given - node).max() > 1e-6 or not inside:
            raise InputError(f"a point at {place}", "lies on no node within the absorbing layers", "move it to one")
        return int(node[0]), int(node[1]), int(node[2])


class FiniteDifferences:
    """A `StrainGenerator`: one run for each component of a receiver.

    The force grows to 1 N as the integral of a Gaussian, whose spectrum falls to 5 % at `highest_hz`.
    """

    name = "finite-differences"
    version = "1"

    def __init__(self, medium: Medium, highest_hz: float, slowest: float) -> None:
        self._medium = medium
        self.model = medium.name
        shapes = [np.ascontiguousarray(one, "<f4").tobytes() for one in (medium.p_velocity, medium.s_velocity)]
        self.model_digest = content_id("earth", medium.north, medium.east, medium.step, *shapes)
        self.velocities = (float(medium.p_velocity.max()), float(medium.s_velocity.max()), slowest)
        self.width = float(np.sqrt(np.log(20) / 2) / (np.pi * highest_hz))
        self.step_s = 0.45 * medium.step / float(medium.p_velocity.max())
        self.every = int(1 / (6 * highest_hz * self.step_s))

    @property
    def rate(self) -> float:
        """Of what is kept of a run, samples a second."""
        return 1 / (self.every * self.step_s)

    def times(self, samples: int) -> Floats:
        """Of what is kept, after the middle of the pulse."""
        return (np.arange(1, samples + 1) * self.every - 0.5) * self.step_s - 5 * self.width

    def pulse(self, times: Floats) -> Floats:
        """How fast the force grows at times after its middle."""
        return np.asarray(np.exp(-((times / self.width) ** 2) / 2) / (self.width * np.sqrt(2 * np.pi)))

    def strains(
        self,
        receiver: Station,
        place: tuple[float, float],
        component: str,
        points: Floats,
        until_s: float,
        highest_hz: float,  # noqa: ARG002 - its grid was made for one
    ) -> Strains:
        nodes = np.array([self._medium.node(point) for point in points])
        run = Run(self._medium, self.step_s)
        samples = int((until_s + 6 * self.width) * self.rate) + 1
        found = np.empty((len(points), 6, samples), np.float32)
        at = _receiver(self._medium, place, receiver, component)
        for i in range(samples * self.every):
            grown = 0.5 + 0.5 * erf((i * self.step_s - 5 * self.width) / (self.width * np.sqrt(2)))
            run.advance_velocity([(axis, node, weight * grown) for axis, node, weight in at])
            if (i + 1) % self.every == 0:
                _strain_rates(*run.velocity, nodes, np.float32(1 / self._medium.step), found[..., i // self.every])
            run.advance_stress([])
        return Strains(found, self.rate, self.pulse(self.times(samples)))

    def velocities_of(
        self,
        tensor: npt.ArrayLike,
        source: npt.ArrayLike,
        receiver: Station,
        place: tuple[float, float],
        until_s: float,
    ) -> Floats:
        """Velocity Z, N, E (m/s) at a receiver for a moment tensor (N m) that grows as the force does: a direct run."""
        run, node = Run(self._medium, self.step_s), self._medium.node(source)
        ways = [_receiver(self._medium, place, receiver, component) for component in "ZNE"]
        samples = int((until_s + 6 * self.width) * self.rate) + 1
        found = np.empty((3, samples))
        shares = _spread(np.asarray(tensor, np.float64), node)
        for i in range(samples * self.every):
            run.advance_velocity([])
            if (i + 1) % self.every == 0:
                for c, way in enumerate(ways):
                    found[c, i // self.every] = sum(weight * run.velocity[axis][at] for axis, at, weight in way)
            rate = float(self.pulse(np.array((i + 0.5) * self.step_s - 5 * self.width)))
            run.advance_stress([(part, at, -rate * share) for part, at, share in shares])
        return found


class Run:
    """The fields of a medium, at rest at first: `velocity` three, `stress` in the order of tensor components."""

    def __init__(self, medium: Medium, step_s: float) -> None:
        shape = medium.density.shape
        self.velocity: tuple[Singles, ...] = tuple(np.zeros(shape, np.float32) for _ in range(3))
        self.stress: tuple[Singles, ...] = tuple(np.zeros(shape, np.float32) for _ in range(6))
        self._memory = np.zeros((18, *shape), np.float32)
        mu = medium.density * medium.s_velocity**2
        stiff = medium.density * medium.p_velocity**2
        self._lame, self._mu = (stiff - 2 * mu).astype(np.float32), mu.astype(np.float32)
        # Density of half-way nodes is a mean, rigidity a harmonic one: Moczo et al. (2002), doi:10.1785/0120010167.
        means = [_halfway(medium.density, (axis,)) for axis in range(3)]
        self._lightness = tuple((step_s / mean).astype(np.float32) for mean in means)
        self._rigidity = tuple((1 / _halfway(1 / mu, pair)).astype(np.float32) for pair in ((0, 1), (0, 2), (1, 2)))
        self._step_s, self._per_cell, self._cell = step_s, np.float32(1 / medium.step), medium.step**3
        fastest = float(medium.p_velocity.max())
        self._absorb = tuple(
            _absorbing(size, medium.step, step_s, fastest, open_top=axis == 2) for axis, size in enumerate(shape)
        )

    def advance_velocity(self, forces: list[tuple[int, tuple[int, int, int], float]]) -> None:
        """Half a step on: forces (N) by axis and node."""
        _velocities(*self.velocity, *self.stress, *self._lightness, self._memory, *self._absorb, self._per_cell)
        for axis, node, force in forces:
            # Of a cell with horizontal velocities at the surface only half is there.
            cell = self._cell / 2 if axis < 2 and node[2] == 0 else self._cell
            self.velocity[axis][node] += self._lightness[axis][node] * force / cell

    def advance_stress(self, moments: list[tuple[int, tuple[int, int, int], float]]) -> None:
        """The other half: moment rates (N m/s) by component and node."""
        args = (self._lame, self._mu, *self._rigidity, self._memory, *self._absorb, self._per_cell)
        _stresses(*self.velocity, *self.stress, *args, np.float32(self._step_s))
        for part, node, moment in moments:
            self.stress[part][node] += self._step_s * moment / self._cell


def _halfway(values: Floats, axes: tuple[int, ...]) -> Floats:
    for axis in axes:
        values = (values + np.concatenate([np.delete(values, 0, axis), np.take(values, [-1], axis)], axis)) / 2
    return values


def _absorbing(size: int, step: float, step_s: float, fastest: float, *, open_top: bool) -> Singles:
    """Weights of the memory of a slope, and of the slope, at nodes and half-way nodes: shape (4, node)."""
    found = np.zeros((4, size), np.float32)
    width = _LAYER * step
    strongest = -3 * fastest * np.log(1e-5) / (2 * width)
    for half in range(2):
        at = (np.arange(size) + half / 2) * step
        near = np.maximum(at - ((size - 1) * step - width), 0.0)
        if not open_top:
            near = np.maximum(near, width - at)
        share = np.clip(near / width, 0.0, 1.0)
        damping = strongest * share**2
        shift = np.pi * 0.1 * (1 - share)
        decay = np.exp(-(damping + shift) * step_s)
        found[2 * half] = np.where(share > 0, decay, 0.0)
        found[2 * half + 1] = np.where(share > 0, damping / (damping + shift) * (decay - 1), 0.0)
    return found


def _receiver(
    medium: Medium, place: tuple[float, float], receiver: Station, component: str
) -> list[tuple[int, tuple[int, int, int], float]]:
    """Nodes and weights that are a force, or a velocity, at a receiver (up, north, east)."""
    if abs(receiver.elevation + medium.step / 2) > 1:
        wrong = f"is {receiver.elevation:g} m high, not half a cell deep"
        raise InputError(".".join(receiver.key), wrong, f"put it at {-medium.step / 2:g} m")
    given = (np.array(place) - (medium.north, medium.east)) / medium.step
    i, j = np.rint(given).astype(int).tolist()
    if np.abs(given - (i, j)).max() > 0.02:
        raise InputError(".".join(receiver.key), "lies beside the nodes", "move it to one")
    if component == "Z":
        return [(2, (i, j, 0), -1.0)]
    axis = "NE".index(component)
    found = []
    for away, weight in _BETWEEN:
        for k in range(2):
            node = [i, j, k]
            node[axis] += int(away - 0.5)
            found.append((axis, (node[0], node[1], node[2]), weight / 2))
    return found


def _spread(tensor: Floats, node: tuple[int, int, int]) -> list[tuple[int, tuple[int, int, int], float]]:
    """A tensor at a node as shares of stress nodes: the adjoint of how strains are taken there."""
    found = []
    for part, (a, b) in enumerate(_PAIRS):
        if a == b:
            found.append((part, node, float(tensor[part])))
            continue
        for away, weight in _BETWEEN:
            for across, other in _BETWEEN:
                at = list(node)
                at[a] += int(away - 0.5)
                at[b] += int(across - 0.5)
                found.append((part, (at[0], at[1], at[2]), float(tensor[part] * weight * other)))
    return found


_FAST: Any = {"cache": True, "fastmath": True, "error_model": "numpy"}
_NEAR, _FAR = np.float32(9 / 8), np.float32(-1 / 24)


@numba.njit(inline="always", **_FAST)
def _damped(slope: Any, memory: Any, place: Any, decay: Any, share: Any) -> Any:
    if share != 0.0:
        memory[place] = decay * memory[place] + share * slope
        return slope + memory[place]
    return slope


@numba.njit(**_FAST)
def _velocities(
    vx: Any, vy: Any, vz: Any, xx: Any, yy: Any, zz: Any, xy: Any, xz: Any, yz: Any,
    bx: Any, by: Any, bz: Any, m: Any, ax: Any, ay: Any, az: Any, per: Any,
) -> None:  # fmt: skip
    nx, ny, nz = vx.shape
    c, f = _NEAR * per, _FAR * per
    for i in range(2, nx - 2):
        for j in range(2, ny - 2):
            for k in range(nz - 2):
                p = (i, j, k)
                # Above the surface shear and vertical stress are mirrored with the other sign.
                up1x = xz[i, j, k - 1] if k > 0 else -xz[i, j, 0]
                up2x = xz[i, j, k - 2] if k > 1 else -xz[i, j, 1 - k]
                up1y = yz[i, j, k - 1] if k > 0 else -yz[i, j, 0]
                up2y = yz[i, j, k - 2] if k > 1 else -yz[i, j, 1 - k]
                up1z = zz[i, j, k - 1] if k > 0 else -zz[i, j, 1]
                d1 = c * (xx[i + 1, j, k] - xx[i, j, k]) + f * (xx[i + 2, j, k] - xx[i - 1, j, k])
                d2 = c * (xy[i, j, k] - xy[i, j - 1, k]) + f * (xy[i, j + 1, k] - xy[i, j - 2, k])
                d3 = c * (xz[i, j, k] - up1x) + f * (xz[i, j, k + 1] - up2x)
                d1 = _damped(d1, m[0], p, ax[2, i], ax[3, i])
                d2 = _damped(d2, m[1], p, ay[0, j], ay[1, j])
                d3 = _damped(d3, m[2], p, az[0, k], az[1, k])
                vx[p] += bx[p] * (d1 + d2 + d3)
                d1 = c * (xy[i, j, k] - xy[i - 1, j, k]) + f * (xy[i + 1, j, k] - xy[i - 2, j, k])
                d2 = c * (yy[i, j + 1, k] - yy[i, j, k]) + f * (yy[i, j + 2, k] - yy[i, j - 1, k])
                d3 = c * (yz[i, j, k] - up1y) + f * (yz[i, j, k + 1] - up2y)
                d1 = _damped(d1, m[3], p, ax[0, i], ax[1, i])
                d2 = _damped(d2, m[4], p, ay[2, j], ay[3, j])
                d3 = _damped(d3, m[5], p, az[0, k], az[1, k])
                vy[p] += by[p] * (d1 + d2 + d3)
                d1 = c * (xz[i, j, k] - xz[i - 1, j, k]) + f * (xz[i + 1, j, k] - xz[i - 2, j, k])
                d2 = c * (yz[i, j, k] - yz[i, j - 1, k]) + f * (yz[i, j + 1, k] - yz[i, j - 2, k])
                d3 = c * (zz[i, j, k + 1] - zz[i, j, k]) + f * (zz[i, j, k + 2] - up1z)
                d1 = _damped(d1, m[6], p, ax[0, i], ax[1, i])
                d2 = _damped(d2, m[7], p, ay[0, j], ay[1, j])
                d3 = _damped(d3, m[8], p, az[2, k], az[3, k])
                vz[p] += bz[p] * (d1 + d2 + d3)


@numba.njit(**_FAST)
def _stresses(
    vx: Any, vy: Any, vz: Any, xx: Any, yy: Any, zz: Any, xy: Any, xz: Any, yz: Any,
    lame: Any, mu: Any, mu_xy: Any, mu_xz: Any, mu_yz: Any, m: Any, ax: Any, ay: Any, az: Any, per: Any, dt: Any,
) -> None:  # fmt: skip
    nx, ny, nz = vx.shape
    c, f = _NEAR * per, _FAR * per
    for i in range(2, nx - 2):
        for j in range(2, ny - 2):
            for k in range(nz - 2):
                p = (i, j, k)
                la, mu2 = lame[p], 2 * mu[p]
                d1 = c * (vx[i, j, k] - vx[i - 1, j, k]) + f * (vx[i + 1, j, k] - vx[i - 2, j, k])
                d2 = c * (vy[i, j, k] - vy[i, j - 1, k]) + f * (vy[i, j + 1, k] - vy[i, j - 2, k])
                d1 = _damped(d1, m[9], p, ax[0, i], ax[1, i])
                d2 = _damped(d2, m[10], p, ay[0, j], ay[1, j])
                if k == 0:
                    # No vertical stress at the surface.
                    d3 = -la / (la + mu2) * (d1 + d2)
                elif k == 1:
                    d3 = per * (vz[i, j, 1] - vz[i, j, 0])
                else:
                    d3 = c * (vz[i, j, k] - vz[i, j, k - 1]) + f * (vz[i, j, k + 1] - vz[i, j, k - 2])
                    d3 = _damped(d3, m[11], p, az[0, k], az[1, k])
                all3 = la * (d1 + d2 + d3)
                xx[p] += dt * (all3 + mu2 * d1)
                yy[p] += dt * (all3 + mu2 * d2)
                if k > 0:
                    zz[p] += dt * (all3 + mu2 * d3)
                d1 = c * (vx[i, j + 1, k] - vx[i, j, k]) + f * (vx[i, j + 2, k] - vx[i, j - 1, k])
                d2 = c * (vy[i + 1, j, k] - vy[i, j, k]) + f * (vy[i + 2, j, k] - vy[i - 1, j, k])
                d1 = _damped(d1, m[12], p, ay[2, j], ay[3, j])
                d2 = _damped(d2, m[13], p, ax[2, i], ax[3, i])
                xy[p] += dt * mu_xy[p] * (d1 + d2)
                if k == 0:
                    d1, d3 = per * (vx[i, j, 1] - vx[i, j, 0]), per * (vy[i, j, 1] - vy[i, j, 0])
                else:
                    d1 = c * (vx[i, j, k + 1] - vx[i, j, k]) + f * (vx[i, j, k + 2] - vx[i, j, k - 1])
                    d3 = c * (vy[i, j, k + 1] - vy[i, j, k]) + f * (vy[i, j, k + 2] - vy[i, j, k - 1])
                d1 = _damped(d1, m[14], p, az[2, k], az[3, k])
                d3 = _damped(d3, m[15], p, az[2, k], az[3, k])
                d2 = c * (vz[i + 1, j, k] - vz[i, j, k]) + f * (vz[i + 2, j, k] - vz[i - 1, j, k])
                d2 = _damped(d2, m[16], p, ax[2, i], ax[3, i])
                xz[p] += dt * mu_xz[p] * (d1 + d2)
                d2 = c * (vz[i, j + 1, k] - vz[i, j, k]) + f * (vz[i, j + 2, k] - vz[i, j - 1, k])
                d2 = _damped(d2, m[17], p, ay[2, j], ay[3, j])
                yz[p] += dt * mu_yz[p] * (d3 + d2)


@numba.njit(**_FAST)
def _slope(v: Any, i: int, j: int, k: int, axis: int) -> Any:
    """Of a velocity at a node, half a cell beyond it along an axis."""
    a, b, d = (1, 0, 0) if axis == 0 else (0, 1, 0) if axis == 1 else (0, 0, 1)
    near = v[i + a, j + b, k + d] - v[i, j, k]
    far = v[i + 2 * a, j + 2 * b, k + 2 * d] - v[i - a, j - b, k - d]
    return _NEAR * near + _FAR * far


@numba.njit(**_FAST)
def _strain_rates(vx: Any, vy: Any, vz: Any, nodes: Any, per: Any, found: Any) -> None:
    """Strain rates at nodes into `found` (point, strain)."""
    weights = (np.float32(-1 / 16), np.float32(9 / 16), np.float32(9 / 16), np.float32(-1 / 16))
    for n in range(len(nodes)):
        i, j, k = nodes[n]
        found[n, 0] = per * _slope(vx, i - 1, j, k, 0)
        found[n, 1] = per * _slope(vy, i, j - 1, k, 1)
        found[n, 2] = per * _slope(vz, i, j, k - 1, 2)
        ne, nd, ed = np.float32(0), np.float32(0), np.float32(0)
        for s in range(4):
            for t in range(4):
                w = weights[s] * weights[t]
                a, b = s - 2, t - 2
                ne += w * (_slope(vx, i + a, j + b, k, 1) + _slope(vy, i + a, j + b, k, 0))
                nd += w * (_slope(vx, i + a, j, k + b, 2) + _slope(vz, i + a, j, k + b, 0))
                ed += w * (_slope(vy, i, j + a, k + b, 2) + _slope(vz, i, j + a, k + b, 1))
        found[n, 3], found[n, 4], found[n, 5] = per * ne / 2, per * nd / 2, per * ed / 2
