"""The posterior of a hypocentre on a grid that follows it: best epicentre at each depth, a patch of nodes around it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from wadati.locators.error_model import Precision
from wadati.locators.observations import Floats, Observations
from wadati.locators.terrain import Terrain

_NO_PRIOR = 1e-11
_SHORTEST_STEP, _LONGEST_STEP = 3.0, 30_000.0
_REACH, _ACROSS = 4.5, 7
_CUT = 12.0
_FINEST = 20.0
_NEGLIGIBLE = 1e-5
_FINE_NODES = 11
_DEPTH_NODES = 25
_NORMAL_NODES = np.array([NormalDist().inv_cdf((i + 0.5) / 12) for i in range(12)])


@dataclass(frozen=True)
class Problem:
    """What there is to fit: arrivals, how residuals weigh, the box (m) in which epicentres may lie, the ground above.

    The posterior is a Student's t of the misfit: `confidence` is how many arrivals the stated errors are worth,
    `freedom` its degrees of freedom.
    """

    obs: Observations
    precision: Precision
    confidence: float
    freedom: float
    low: Floats
    high: Floats
    terrain: Terrain

    def log_density(self, chi2: Floats) -> Floats:
        """Of the posterior, but for a constant."""
        density: Floats = -0.5 * self.freedom * np.log(self.confidence + chi2)
        return density


@dataclass(frozen=True)
class Profile:
    """The best epicentre at each depth: `x`, `y`, `z` (m), `chi2` and `curvature` (node, 2, 2) of ½ χ² (1/m²).

    `buried` (node,) tells which lie in the ground.
    """

    x: Floats
    y: Floats
    z: Floats
    chi2: Floats
    curvature: Floats
    buried: npt.NDArray[np.bool_]

    @property
    def best(self) -> int:
        """The node of least χ² in the ground; the deepest one where all are above it."""
        return int(np.argmin(np.where(self.buried, self.chi2, np.inf))) if self.buried.any() else len(self.z) - 1

    @property
    def vertex(self) -> Floats:
        """The place (x, y, z; m) of least χ² between the nodes, by a parabola in depth."""
        here = slice(max(self.best - 1, 0), self.best + 2)
        z, chi2 = self.z[here] - self.z[self.best], self.chi2[here]
        depth = self.z[self.best]
        if len(z) == 3:
            square, linear = np.linalg.solve(np.stack((z[::2] ** 2, z[::2]), axis=1), chi2[::2] - chi2[1])
            depth += np.clip(-linear / (2 * max(square, 1e-30)), z[0] / 2, z[2] / 2)
        return np.array([np.interp(depth, self.z, self.x), np.interp(depth, self.z, self.y), depth])


def profile(problem: Problem, z: Floats, x: Floats, y: Floats, steps: int) -> Profile:
    """The epicentres of least χ² at depths `z`, by Levenberg and Marquardt's method at all depths at once."""
    obs, precision, x, y = problem.obs, problem.precision, x.copy(), y.copy()
    damping = np.full(len(z), 1e-3)
    times, along_x, along_y = obs.rays.at(x, y, z)
    residuals = obs.time - times
    chi2 = precision.misfit(residuals)
    for step in range(steps + 1):
        weighed_x, weighed_y = along_x @ precision.matrix, along_y @ precision.matrix
        xx = (weighed_x * along_x).sum(axis=1) + _NO_PRIOR
        yy = (weighed_y * along_y).sum(axis=1) + _NO_PRIOR
        xy = (weighed_x * along_y).sum(axis=1)
        if step == steps:
            break
        pull_x, pull_y = (weighed_x * residuals).sum(axis=1), (weighed_y * residuals).sum(axis=1)
        a, d = xx * (1 + damping), yy * (1 + damping)
        determinant = a * d - xy**2
        dx, dy = (d * pull_x - xy * pull_y) / determinant, (a * pull_y - xy * pull_x) / determinant
        length = np.hypot(dx, dy)
        if length.max() < _SHORTEST_STEP:
            break
        shrink = np.minimum(1.0, _LONGEST_STEP / np.maximum(length, 1.0))
        x_new = np.clip(x + dx * shrink, problem.low[0], problem.high[0])
        y_new = np.clip(y + dy * shrink, problem.low[1], problem.high[1])
        times, *slopes = obs.rays.at(x_new, y_new, z)
        residuals_new = obs.time - times
        chi2_new = precision.misfit(residuals_new)
        better = chi2_new < chi2
        damping = np.where(better, damping / 10, damping * 10)
        x[better], y[better], chi2[better] = x_new[better], y_new[better], chi2_new[better]
        residuals[better], along_x[better], along_y[better] = residuals_new[better], *(s[better] for s in slopes)
    curvature = np.stack((xx, xy, xy, yy), axis=-1).reshape(-1, 2, 2)
    return Profile(x, y, z, chi2, curvature, problem.terrain.covers(x, y, z))


def refine(problem: Problem, coarse: Profile) -> Profile:
    """The profile around its best depth, closer and closer, down to some metres."""
    fine = coarse
    while True:
        best = fine.best
        low, high = fine.z[max(best - 1, 0)], fine.z[min(best + 1, len(fine.z) - 1)]
        if high - low < _FINEST:
            return fine
        z = np.append(np.linspace(low, high, _FINE_NODES), fine.z[best])
        z.sort()
        fine = profile(problem, z, np.interp(z, fine.z, fine.x), np.interp(z, fine.z, fine.y), steps=2)


@dataclass(frozen=True)
class Posterior:
    """Nodes (node,) of place and time (m, s) with their probabilities, which sum to 1.

    `log_mass` is the logarithm of what they were divided by.
    """

    x: Floats
    y: Floats
    z: Floats
    time: Floats
    probability: Floats
    time_sigma: Floats
    log_mass: float

    def joined(self, other: Posterior) -> Posterior:
        """The posterior over the nodes of both, which lie in different places."""
        share = 1 / (1 + math.exp(other.log_mass - self.log_mass))
        return Posterior(
            np.concatenate((self.x, other.x)),
            np.concatenate((self.y, other.y)),
            np.concatenate((self.z, other.z)),
            np.concatenate((self.time, other.time)),
            np.concatenate((self.probability * share, other.probability * (1 - share))),
            np.concatenate((self.time_sigma, other.time_sigma)),
            float(np.logaddexp(self.log_mass, other.log_mass)),
        )

    @property
    def covariance(self) -> Floats:
        """Of (east, north, down, time), (m, s)."""
        values = np.stack((self.x, self.y, self.z, self.time))
        away = values - (values @ self.probability)[:, None]
        covariance: Floats = (away * self.probability) @ away.T
        covariance[3, 3] += float(self.probability @ self.time_sigma**2)
        return covariance

    @property
    def depth(self) -> float:
        """The depth (m) that is as likely too shallow as too deep."""
        return _quantile(self.z, self.probability, 0.5)

    def depth_half_width(self, depth: float, level: float = 0.95) -> float:
        """Half the width (m) of the interval around a depth that holds a part of the probability."""
        return _quantile(np.abs(self.z - depth), self.probability, level)

    def time_half_width(self, time: float, level: float = 0.95) -> float:
        """Half the width (s) of the interval around a time that holds a part of the probability."""
        away = np.abs(self.time[:, None] + self.time_sigma[:, None] * _NORMAL_NODES - time)
        share = np.broadcast_to(self.probability[:, None] / len(_NORMAL_NODES), away.shape)
        return _quantile(away.ravel(), share.ravel(), level)

    def ellipse(self, x: float, y: float, level: float = 0.95) -> tuple[float, float, float]:
        """Semi-major and semi-minor axis (m) and azimuth of the major (degrees) of an ellipse around an epicentre.

        Its shape is that of the second moments about the epicentre, its size holds a part of the probability.
        """
        away = np.stack((self.x - x, self.y - y))
        moments = (away * self.probability) @ away.T
        values, vectors = np.linalg.eigh(moments)
        values = np.maximum(values, 1e-6)
        distance = (((vectors.T @ away) ** 2) / values[:, None]).sum(axis=0)
        scale = np.sqrt(_quantile(distance, self.probability, level) * values)
        azimuth = float(np.degrees(np.arctan2(vectors[0, 1], vectors[1, 1]))) % 180.0
        return float(scale[1]), float(scale[0]), azimuth


def posterior(problem: Problem, coarse: Profile) -> Posterior:
    """The posterior for a uniform prior in place and time, over the likely depths of a profile."""
    obs, precision = problem.obs, problem.precision
    log_profile = np.where(coarse.buried, problem.log_density(coarse.chi2), -np.inf)
    likely = np.flatnonzero(log_profile > log_profile.max() - _CUT)
    low, high = coarse.z[max(likely[0] - 1, 0)], coarse.z[min(likely[-1] + 1, len(coarse.z) - 1)]
    z = np.linspace(low, high, _DEPTH_NODES)
    line = profile(problem, z, np.interp(z, coarse.z, coarse.x), np.interp(z, coarse.z, coarse.y), steps=3)
    root = np.linalg.cholesky(np.linalg.inv(line.curvature))
    root *= np.sqrt((problem.confidence + line.chi2) / problem.freedom)[:, None, None]
    # Arrivals that tell next to nothing would spread the nodes beyond the box.
    widest = (problem.high - problem.low)[:2] / _REACH
    root *= np.minimum(1.0, widest / np.linalg.norm(root, axis=2))[:, :, None]
    # Nodes of one depth lie between those of the next, so that together they fill the space evenly.
    step = 2 * _REACH / (_ACROSS - 1)
    patch = np.stack(np.meshgrid(*(np.linspace(-_REACH, _REACH, _ACROSS),) * 2, indexing="ij")).reshape(2, -1)
    patches = np.stack((patch, patch + step / 2))[np.arange(len(z)) % 2]
    shift = root @ patches
    x, y = (line.x[:, None] + shift[:, 0]).ravel(), (line.y[:, None] + shift[:, 1]).ravel()
    depth, area = z.repeat(patch.shape[1]), (root[:, 0, 0] * root[:, 1, 1]).repeat(patch.shape[1])
    near = (np.hypot(patches[:, 0], patches[:, 1]) <= _REACH).ravel()
    x, y, depth, area = x[near], y[near], depth[near], area[near]
    inside = (x >= problem.low[0]) & (x <= problem.high[0]) & (y >= problem.low[1]) & (y <= problem.high[1])
    if not inside.any():  # a corner of the box cuts off all but an edge of the ellipse
        x, y = np.clip(x, problem.low[0], problem.high[0]), np.clip(y, problem.low[1], problem.high[1])
        inside[:] = True
    buried = inside & problem.terrain.covers(x, y, depth)
    inside = buried if buried.any() else inside
    residuals = obs.time - obs.rays.at(x, y, depth)[0]
    chi2 = precision.misfit(residuals)
    density = np.exp(problem.log_density(chi2) - log_profile.max()) * area
    density[(depth == low) | (depth == high)] /= 2
    density[~inside] = 0.0
    nodes = density > _NEGLIGIBLE * density.max()
    return Posterior(
        x[nodes],
        y[nodes],
        depth[nodes],
        residuals[nodes] @ precision.time_weights,
        density[nodes] / density[nodes].sum(),
        np.sqrt((problem.confidence + chi2[nodes]) / problem.freedom * precision.time_variance),
        math.log(density[nodes].sum() * (z[1] - z[0])) + log_profile.max(),
    )


def _quantile(values: Floats, weights: Floats, level: float) -> float:
    """The value below which a part of the weight lies, taken between values."""
    steps, which = np.unique(values, return_inverse=True)
    weight = np.bincount(which.ravel(), weights.ravel())
    return float(np.interp(level, np.cumsum(weight) - weight / 2, steps))
