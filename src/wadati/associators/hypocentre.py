"""Hypocentres from free picks by Gauss–Newton iteration with a tolerance that narrows (graduated non-convexity).

Each expected arrival pulls with the free pick nearest to it, by Tukey's biweight of the residual, so that picks of
other events have no hold once the tolerance is narrow. Weights also say how surprising it is that a pick lies so
near: in a busy channel one nearly always does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wadati.associators.network import Floats, Integers, Network
from wadati.associators.pickset import Flags, PickSet

WIDE = (2.5, 2.5, 2.0, 1.5, 1.25, 1.0, 1.0, 1.0)
"""Tolerances of the iterations that start from a node of the grid, relative to the final one."""
NARROW = (1.25, 1.0, 1.0)
"""Tolerances of the iterations that start from a hypocentre."""

_STEP = np.array([5000.0, 5000.0, 4000.0, 30.0])
_LONGEST_STEP = np.array([6000.0, 6000.0, 6000.0, 2.0])


@dataclass(frozen=True)
class Fit:
    """What hypotheses expect and find; arrays of shape (hypothesis, station, phase).

    `pick` is the free pick nearest to the expected `time`, `sigma` the standard deviation (s) of its `residual` (s);
    `hit` is True where the residual lies within the `tolerance` (s).
    """

    time: Floats
    pick: Integers
    residual: Floats
    sigma: Floats
    tolerance: Floats
    hit: Flags


def fit(network: Network, picks: PickSet, hypotheses: Floats, times: Floats, station: Integers, sigmas: float) -> Fit:
    """Hypotheses (x, y, depth, time), shape (hypothesis, 4), and their travel times against the free picks.

    `station`, shape (hypothesis, station), names the stations of the travel times; the tolerance is `sigmas` standard
    deviations.
    """
    time = hypotheses[:, 3, None, None] + times
    pick, residual = picks.nearest(station[..., None], np.arange(2), time)
    sigma = np.hypot(network.model_error(times), picks.uncertainty[pick])
    tolerance = sigmas * sigma
    return Fit(time, pick, residual, sigma, tolerance, np.abs(residual) <= tolerance)


def chance(rate: Floats, tolerance: Floats) -> Floats:
    """The probability that an unrelated pick lies within a tolerance, at a rate of picks a second."""
    return np.asarray(-np.expm1(-2 * rate * tolerance))


def refine(
    network: Network,
    picks: PickSet,
    hypotheses: Floats,
    station: Integers,
    sigmas: float,
    schedule: tuple[float, ...] = WIDE,
) -> Floats:
    """Hypotheses (x, y, depth, time), shape (hypothesis, 4), moved to where the free picks of the stations agree.

    `station` has shape (hypothesis, station).
    """
    place = hypotheses.copy()
    for scale in schedule:
        times, slopes = network.slopes(place, station)
        found = fit(network, picks, place, times, station, sigmas * scale)
        surprise = -np.log(chance(picks.rate[found.pick], found.sigma))
        bell = (1 - (found.residual / found.tolerance) ** 2) ** 2
        weight = np.where(found.hit, surprise * bell / (scale * found.sigma) ** 2, 0.0)
        count = len(place)
        design = np.concatenate([slopes, np.ones((*times.shape, 1))], axis=-1).reshape(count, -1, 4) * _STEP
        weighted = design * weight.reshape(count, -1, 1)
        normal = weighted.transpose(0, 2, 1) @ design + np.eye(4)
        residual = np.where(found.hit, found.residual, 0.0).reshape(count, -1, 1)
        step = np.linalg.solve(normal, weighted.transpose(0, 2, 1) @ residual)[..., 0] * _STEP
        place += np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
        place[:, :3] = np.clip(place[:, :3], network.low, network.high)
    return place
