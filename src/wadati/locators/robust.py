"""A hypocentre that wrong picks cannot move: arrivals weigh by how well the others predict them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wadati.locators.error_model import ErrorModel, Precision
from wadati.locators.observations import Floats, Observations
from wadati.locators.posterior import Posterior, Problem, posterior, profile, refine
from wadati.locators.search import consensus, search

_ROUNDS = 6
_COARSE_DEPTHS = 25
_SUSPECT = 3.5
_SAME_WEIGHT = 0.02
_SAME_PLACE = 3000.0
_FEWEST_ARRIVALS = 4


@dataclass(frozen=True)
class Solution:
    """A place (x, y, z; m) and time (s), the weights of the arrivals (0 to 1), and the posterior."""

    place: Floats
    time: float
    weights: Floats
    posterior: Posterior


def solve(obs: Observations, errors: ErrorModel, low: Floats, high: Floats) -> Solution:
    """The hypocentre of arrivals within the box from `low` to `high` (m)."""
    place = search(obs, errors, low, high)
    weights = _trust(obs, consensus(obs, errors, place))
    depths = low[2] + (high[2] - low[2]) * np.linspace(0, 1, _COARSE_DEPTHS) ** 2
    x, y = np.full_like(depths, place[0]), np.full_like(depths, place[1])
    for _ in range(_ROUNDS):
        precision = Precision.at(obs, errors, weights, place)
        freedom = errors.confidence + float(weights.sum()) - 1
        problem = Problem(obs, precision, errors.confidence, freedom, low, high)
        coarse = profile(problem, depths, x, y, steps=6)
        fine = refine(problem, coarse)
        before, x, y = place, coarse.x, coarse.y
        place = np.array([fine.x[fine.best], fine.y[fine.best], fine.z[fine.best]])
        residuals = (obs.time - obs.times(obs.distances(place[:1], place[1:2]), place[2:]))[0]
        used, weights = weights, _trust(obs, precision.surprise(residuals))
        if np.abs(weights - used).max() < _SAME_WEIGHT and np.abs(place - before).max() < _SAME_PLACE:
            break
    # Residuals smaller than stated are no sign of a better model: what arrivals have in common does not show in them.
    prior = max(errors.confidence, freedom - float(fine.chi2[fine.best]))
    stated = Problem(obs, precision, prior, freedom, low, high)
    return Solution(place, float(precision.time_weights @ residuals), used, posterior(stated, coarse))


def _trust(obs: Observations, surprise: Floats) -> Floats:
    """The probability that an arrival is what it is said to be; all are trusted where too few would be left."""
    weights: Floats = 1 / (1 + np.exp(np.clip((surprise**2 - _SUSPECT**2) / 2, -50.0, 50.0)))
    return weights if (weights > 0.5).sum() >= _FEWEST_ARRIVALS else np.ones(len(obs))
