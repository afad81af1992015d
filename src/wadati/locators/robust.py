"""A hypocentre that wrong picks cannot move: arrivals weigh by how well the others predict them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wadati.locators.error_model import ErrorModel, Precision
from wadati.locators.observations import Floats, Observations
from wadati.locators.posterior import Posterior, posterior, profile, refine
from wadati.locators.search import consensus, search

_ROUNDS = 6
_COARSE_DEPTHS = 25
_SUSPECT = 3.5
_LEAST_WEIGHT = 1e-6
_FEWEST_ARRIVALS = 4


@dataclass(frozen=True)
class Solution:
    """A place (x, y, z; m) and time (s), the weights of the arrivals (0 to 1), and the posterior."""

    place: Floats
    time: float
    weights: Floats
    posterior: Posterior


def solve(obs: Observations, errors: ErrorModel, low: Floats, high: Floats) -> Solution:
    """The hypocentre of arrivals, within depths and, to begin with, places of the box from `low` to `high`."""
    place = search(obs, errors, low, high)
    weights = _trust(obs, consensus(obs, errors, place))
    depths = low[2] + (high[2] - low[2]) * np.linspace(0, 1, _COARSE_DEPTHS) ** 2
    x, y = np.full_like(depths, place[0]), np.full_like(depths, place[1])
    for _ in range(_ROUNDS):
        precision, apart = _precision(obs, errors, place, weights)
        coarse = profile(obs, precision, depths, x, y, steps=6)
        x, y = coarse.x, coarse.y
        fine = refine(obs, precision, coarse)
        place = np.array([fine.x[fine.best], fine.y[fine.best], fine.z[fine.best]])
        before, weights = weights, _trust(obs, _surprise(obs, precision, place, apart, weights))
        if np.abs(weights - before).max() < 0.02:
            break
    shape = posterior(obs, precision, coarse, fine, errors.confidence, float(before.sum()))
    time = float(_residuals(obs, place) @ precision.time_weights)
    return Solution(place, time, before, shape)


def _residuals(obs: Observations, place: Floats) -> Floats:
    """Observed less travel time (s), shape (arrival,)."""
    x, y, z = place[:, None]
    residuals: Floats = obs.time - obs.times(obs.distances(x, y), z)[0]
    return residuals


def _precision(obs: Observations, errors: ErrorModel, place: Floats, weights: Floats) -> tuple[Precision, Floats]:
    """The precision at a place, and each arrival's own variance (s²) there."""
    distances = obs.distances(place[None, 0], place[None, 1])
    times = obs.times(distances, place[None, 2])[0]
    apart = errors.apart(times, obs)
    covariance = np.diag(apart / np.maximum(weights, _LEAST_WEIGHT)) + errors.shared(times, distances[0], obs)
    return Precision.of(covariance), apart


def _surprise(obs: Observations, precision: Precision, place: Floats, apart: Floats, weights: Floats) -> Floats:
    """How far (in σ) each arrival is from what the others predict."""
    diagonal = np.diag(precision.matrix)
    away = (precision.matrix @ _residuals(obs, place)) / diagonal
    variance = 1 / diagonal - apart / np.maximum(weights, _LEAST_WEIGHT) + apart
    surprise: Floats = np.abs(away) / np.sqrt(variance)
    return surprise


def _trust(obs: Observations, surprise: Floats) -> Floats:
    """The probability that an arrival is what it is said to be; all are trusted where too few would be left."""
    weights: Floats = 1 / (1 + np.exp(np.clip((surprise**2 - _SUSPECT**2) / 2, -50.0, 50.0)))
    return weights if (weights > 0.5).sum() >= _FEWEST_ARRIVALS else np.ones(len(obs))
