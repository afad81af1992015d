"""The size of an event from largest swings that may be its own or somebody else's.

At each station the largest swing is that of the event or that of the interference (noise, codas, other events),
whichever is larger. With the event's expected logarithm of amplitude u, the interference's ν and normal errors of
both, the probability of seeing y is f(y − u) G(y − ν) + F(y − u) g(y − ν): the first term where the event made the
swing, the second where it only did not exceed it. So a station that does not hear an event counts as an upper bound
(a censored observation; J. Tobin 1958, Estimation of relationships for limited dependent variables, Econometrica 26,
24–36, doi 10.2307/1907382), without a threshold that decides who hears. Both errors have broad tails, and any
station may be wrong altogether, so that none rules.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

LEAST_EVIDENCE = 4.0
"""An event is heard where its swings are e to this power likelier with it than without."""

TAIL, WIDE = 0.1, 3.0
"""So many errors are so many times wider than the others."""

WRONG = 0.01 / 6.0
"""Probability density of a station that is wrong altogether, anywhere within six decades."""

COMMON = 0.1
"""By how much (log10, one standard error) interference may be off at all stations at once."""

_BELOW_MAXIMUM = 0.15
_BELOW, _ABOVE, _STEP = 2.5, 1.5, 0.125
_REACH, _LEAST_REACH, _HALF_STEPS = 1.2, 0.1, 20
_LIMIT, _ONE_SIDED = 1.92, 1.645
_SQRT_2, _SQRT_2_PI = math.sqrt(2), math.sqrt(2 * math.pi)


class Size(msgspec.Struct, frozen=True):
    """What the stations together say: `value` (None where they do not hear it), standard error, 95 % upper limit.

    `own` has shape (station,): whether the event, rather than interference, made the swing there.
    """

    value: float | None
    error: float | None
    limit: float
    own: Mask


def without_interference(level: Floats, interference: Floats) -> Floats:
    """The level (log10) of a swing without what the interference adds to it on average."""
    ratio = np.minimum(interference - _BELOW_MAXIMUM - level, -_BELOW_MAXIMUM)
    return np.asarray(level + 0.5 * np.log10(1 - 10 ** (2 * ratio)))


def size(
    level: Floats, correction: Floats, error: Floats, interference: Floats, interference_error: Floats, least: int
) -> Size:
    """The magnitude M for which level = M − correction, all of shape (station,), log10; at least one station.

    `least` stations must have swings of the event's own.

    >>> near, far = np.full(4, -3.0), np.full(4, 0.1)
    >>> heard, drowned = size(near, near + 8, far, near - 2, far, 2), size(near, near + 8, far, near, far, 2)
    >>> round(heard.value, 3), drowned.value
    (2.0, None)
    """
    own_level = without_interference(level, interference)
    middle = float(np.median(own_level + correction))
    coarse = middle + np.arange(-_BELOW, _ABOVE, _STEP)

    def parts(magnitude: Floats) -> tuple[Floats, Floats]:
        from_own = own_level - (magnitude[:, None] - correction)
        from_other = level - interference
        made = _density(from_own, error) * _distribution(from_other, interference_error)
        below = _distribution(from_own, error) * _density(from_other, interference_error)
        return made, below

    def log_likelihood(magnitude: Floats) -> Floats:
        made, below = parts(magnitude)
        return np.asarray(np.log(made + below + WRONG).sum(axis=1))

    rough = log_likelihood(coarse)
    best = float(coarse[np.argmax(rough)])
    made, below = parts(np.array([best]))
    own = made[0] > np.maximum(below[0], WRONG)
    if rough.max() - rough[0] < LEAST_EVIDENCE or own.sum() < least:
        limit = float(coarse[np.flatnonzero(rough > rough.max() - _LIMIT)[-1]])
        return Size(None, None, limit + _STEP / 2 + _ONE_SIDED * COMMON, own)
    reach = _LEAST_REACH + _REACH / math.sqrt(own.sum())
    fine = best + reach * np.arange(-_HALF_STEPS, _HALF_STEPS + 1) / _HALF_STEPS
    closer = log_likelihood(fine)
    share = np.cumsum(np.exp(closer - closer.max()))
    low, value, high = np.interp([0.1587, 0.5, 0.8413], share / share[-1], fine + reach / _HALF_STEPS / 2)
    lent = 10 ** (2 * (level[own] - own_level[own])) - 1
    spread = math.hypot((high - low) / 2, COMMON * float(np.mean(lent)))
    return Size(round(float(value), 6), spread, float(value) + _ONE_SIDED * spread, own)


def _density(away: Floats, error: Floats) -> Floats:
    narrow, wide = away / error, away / (WIDE * error)
    return np.asarray(
        ((1 - TAIL) * np.exp(-0.5 * narrow**2) + TAIL / WIDE * np.exp(-0.5 * wide**2)) / (_SQRT_2_PI * error)
    )


def _distribution(away: Floats, error: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray((1 - TAIL) * ndtr(away / error) + TAIL * ndtr(away / (WIDE * error)))
