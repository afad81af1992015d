"""A hypocentre that wrong picks cannot move: arrivals weigh by how well the others predict them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wadati.locators.error_model import ErrorModel, Precision
from wadati.locators.observations import Floats, Observations
from wadati.locators.posterior import Posterior, Problem, posterior, profile, refine
from wadati.locators.search import consensus, search
from wadati.locators.terrain import Terrain
from wadati.model import Topography
from wadati.traveltime.times import Frame

_ROUNDS = 6
_COARSE_DEPTHS = 25
_SUSPECT = 3.5
_SAME_WEIGHT = 0.05
_SAME_PLACE = 3000.0
_SAME_GROUND = 50.0
_FEWEST_ARRIVALS = 4
_LIKELY, _HOPELESS = 6.0, 30.0
_RESOLVED = 0.25
_AT_END = 50.0


@dataclass(frozen=True)
class Solution:
    """A place (x, y, z; m) and time (s), the weights of the arrivals (0 to 1), the posterior, and whether that bounds
    the depth."""

    place: Floats
    time: float
    weights: Floats
    posterior: Posterior
    depth_resolved: bool


def solve(
    obs: Observations,
    errors: ErrorModel,
    low: Floats,
    high: Floats,
    frame: Frame,
    topography: Topography | None = None,
) -> Solution:
    """The hypocentre of arrivals within the box from `low` to `high` (m), none above the ground.

    It is where the posterior is greatest. Where that is at an end of the range of depths, or the depth is not
    resolved, it is the best place at the median depth: no depth is claimed that only bounds or layers single out.
    """
    place = search(obs, errors, low, high)
    terrain = Terrain.around(obs, place, frame, topography)
    top = _top(terrain, place, low[2])
    place[2] = max(place[2], top)
    weights = _trust(obs, consensus(obs, errors, place))
    depths = _depths(top, high[2])
    x, y = np.full_like(depths, place[0]), np.full_like(depths, place[1])
    for _ in range(_ROUNDS):
        precision = Precision.at(obs, errors, weights, place)
        freedom = errors.confidence + float(weights.sum()) - 1
        problem = Problem(obs, precision, errors.confidence, freedom, low, high, terrain)
        coarse = profile(problem, depths, x, y, steps=6)
        before, x, y = place, coarse.x, coarse.y
        place = coarse.vertex
        residuals = obs.time - obs.rays.at(*place[:, None])[0][0]
        used, weights = weights, _trust(obs, precision.surprise(residuals))
        ground = _top(terrain, place, low[2])
        if (
            np.abs(weights - used).max() < _SAME_WEIGHT
            and np.abs(place - before).max() < _SAME_PLACE
            and abs(ground - top) < _SAME_GROUND
        ):
            break
        top, depths = ground, _depths(ground, high[2])
    fine = refine(problem, coarse)
    place = np.array([fine.x[fine.best], fine.y[fine.best], fine.z[fine.best]])
    residuals = obs.time - obs.rays.at(*place[:, None])[0][0]
    # Residuals smaller than stated are no sign of a better model: what arrivals have in common does not show in them.
    prior = max(errors.confidence, freedom - float(fine.chi2[fine.best]))
    stated = Problem(obs, precision, prior, freedom, low, high, terrain)
    shape = posterior(stated, coarse)
    mirrored = _mirrored(stated, place, float(fine.chi2[fine.best]))
    if mirrored is not None:
        x, y = (np.full_like(depths, value) for value in mirrored)
        other = profile(stated, depths, x, y, steps=6)
        shape = shape.joined(posterior(stated, other))
    top = _top(terrain, place, low[2])
    if not _is_resolved(shape, place[2], top, high[2]) or min(place[2] - top, high[2] - place[2]) < _AT_END:
        line = profile(stated, np.array([shape.depth]), place[:1], place[1:2], steps=6)
        place = np.array([line.x[0], line.y[0], line.z[0]])
        top = _top(terrain, place, low[2])
    place[2] = max(place[2], top)
    residuals = obs.time - obs.rays.at(*place[:, None])[0][0]
    is_resolved = _is_resolved(shape, place[2], top, high[2])
    return Solution(place, float(precision.time_weights @ residuals), used, shape, is_resolved)


def _top(terrain: Terrain, place: Floats, highest: float) -> float:
    """The depth (m) of the ground above a place, as far as sources are looked for there."""
    return max(highest, float(terrain.depth(place[:1], place[1:2])[0]))


def _depths(top: float, bottom: float) -> Floats:
    """Depths (m) to look at, the closer the shallower."""
    depths: Floats = top + (bottom - top) * np.linspace(0, 1, _COARSE_DEPTHS) ** 2
    return depths


def _is_resolved(shape: Posterior, depth: float, top: float, bottom: float) -> bool:
    """Whether the 95 % interval around a depth takes less than half of the range and leaves out its bottom."""
    depth_95 = shape.depth_half_width(depth)
    return bool(depth_95 < _RESOLVED * (bottom - top) and depth + depth_95 < bottom)


def _trust(obs: Observations, surprise: Floats) -> Floats:
    """The probability that an arrival is what it is said to be; all are trusted where too few would be left."""
    weights: Floats = 1 / (1 + np.exp(np.clip((surprise**2 - _SUSPECT**2) / 2, -50.0, 50.0)))
    return weights if (weights > 0.5).sum() >= _FEWEST_ARRIVALS else np.ones(len(obs))


def _mirrored(problem: Problem, place: Floats, chi2: float) -> Floats | None:
    """The epicentre (x, y; m) on the other side of stations in a line, where it is about as likely."""
    obs = problem.obs
    stations = np.unique(np.stack((obs.x, obs.y), axis=1), axis=0)
    middle = stations.mean(axis=0)
    along = np.linalg.svd(stations - middle)[2][0]
    away = place[:2] - middle
    start = middle + 2 * (away @ along) * along - away
    if not ((start > problem.low[:2]) & (start < problem.high[:2])).all():
        return None
    there = profile(problem, place[2:], start[:1], start[1:], steps=0)
    if problem.log_density(np.array([chi2, there.chi2[0]])) @ [1, -1] > _HOPELESS:
        return None
    there = profile(problem, place[2:], start[:1], start[1:], steps=8)
    found = np.array([there.x[0], there.y[0]])
    is_same = np.linalg.norm(found - place[:2]) < 0.5 * np.linalg.norm(start - place[:2])
    densities = problem.log_density(np.array([chi2, there.chi2[0]]))
    return None if is_same or densities[0] - densities[1] > _LIKELY else found
