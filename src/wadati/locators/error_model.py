"""What separates observed from predicted times: picks, sites, paths and the velocity model as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wadati.locators.observations import Floats, Observations

_LEAST_WEIGHT = 1e-6


@dataclass(frozen=True)
class ErrorModel:
    """Standard deviations of what an arrival time can be wrong by, besides the error of the pick.

    `site`: under each station, for P (s); S has `site_s` times as much, most of it (`site_common`) with the sign of P.
    `path`: along each path, a part of the travel time. `layering`: a part of the travel time common to paths of
    similar length (correlation length `reach`, m), as from layers at other depths. `lateral`: a part of the travel time
    common to paths whose middles are close (Gaussian, `breadth`, m), as from slower ground on one side. `scale`: a
    part of all travel times alike, as from a model too slow. `ratio`: a part of all S times alike, as from another
    Vp/Vs. Errors in common are told apart from errors of each arrival because they do not average out. `confidence`
    is how many arrivals these numbers are worth against residuals that scatter more than they say.
    """

    site: float = 0.04
    site_s: float = 1.5
    site_common: float = 0.8
    path: float = 0.008
    layering: float = 0.012
    reach: float = 20_000.0
    lateral: float = 0.01
    breadth: float = 7_000.0
    scale: float = 0.025
    ratio: float = 0.009
    confidence: float = 8.0

    def apart(self, times: Floats, obs: Observations) -> Floats:
        """Variance (s²) of each arrival's own error; `times` of shape (..., arrival) are travel times."""
        site = np.where(obs.is_s, self.site * self.site_s, self.site)
        variance: Floats = obs.sigma**2 + (1 - self.site_common) * site**2 + (self.path * times) ** 2
        return variance

    def shared(self, times: Floats, distances: Floats, obs: Observations) -> Floats:
        """Covariance (s²), shape (arrival, arrival), of the errors that arrivals have in common."""
        site = np.where(obs.is_s, self.site * self.site_s, self.site)
        same = (obs.x[:, None] == obs.x) & (obs.y[:, None] == obs.y)
        near = np.exp(-np.abs(distances[:, None] - distances) / self.reach)
        both_s = obs.is_s[:, None] & obs.is_s
        # The middles of two paths from one event are half as far apart as their stations.
        middles = ((obs.x[:, None] - obs.x) ** 2 + (obs.y[:, None] - obs.y) ** 2) / 4
        beside = np.exp(-middles / (2 * self.breadth**2))
        rate = self.scale**2 + self.layering**2 * near + self.lateral**2 * beside + self.ratio**2 * both_s
        covariance: Floats = rate * np.outer(times, times) + self.site_common * same * np.outer(site, site)
        return covariance

    def total(self, times: Floats, obs: Observations) -> Floats:
        """Variance (s²) of all an arrival can be wrong by; `times` of shape (..., arrival) are travel times."""
        site = np.where(obs.is_s, self.site * self.site_s, self.site)
        rate = (
            self.path**2 + self.layering**2 + self.lateral**2 + self.scale**2 + np.where(obs.is_s, self.ratio, 0.0) ** 2
        )
        variance: Floats = obs.sigma**2 + site**2 + rate * times**2
        return variance


@dataclass(frozen=True)
class Precision:
    """The inverse covariance of residuals once the origin time, of which nothing is known, is free.

    `matrix` (arrival, arrival) weighs residuals; `time_weights` (arrival,) sum to 1 and give the origin time as their
    weighted mean, of variance `time_variance` (s²). `apart` (arrival,) are the variances (s²) of arrivals alone,
    `weights` (arrival,) what they were divided by.
    """

    matrix: Floats
    time_weights: Floats
    time_variance: float
    apart: Floats
    weights: Floats

    @classmethod
    def at(cls, obs: Observations, errors: ErrorModel, weights: Floats, place: Floats) -> Precision:
        """At a place (x, y, z; m), for arrivals of weights between 0 and 1."""
        weights = np.maximum(weights, _LEAST_WEIGHT)
        x, y, z = place[:, None]
        times = obs.rays.at(x, y, z)[0][0]
        apart = errors.apart(times, obs)
        inverse = np.linalg.inv(np.diag(apart / weights) + errors.shared(times, obs.distances(x, y)[0], obs))
        column = inverse.sum(axis=1)
        total = float(column.sum())
        return cls(inverse - np.outer(column, column) / total, column / total, 1.0 / total, apart, weights)

    def misfit(self, residuals: Floats) -> Floats:
        """χ² of residuals (s) of shape (node, arrival)."""
        chi2: Floats = ((residuals @ self.matrix) * residuals).sum(axis=1)
        return chi2

    def surprise(self, residuals: Floats) -> Floats:
        """How far (in σ) each arrival is from what the others predict, for residuals (s) of shape (arrival,)."""
        diagonal = np.diag(self.matrix)
        away = (self.matrix @ residuals) / diagonal
        variance = 1 / diagonal - self.apart / self.weights + self.apart
        surprise: Floats = np.abs(away) / np.sqrt(variance)
        return surprise
