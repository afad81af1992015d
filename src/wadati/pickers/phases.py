"""P, S or neither: what an onset looks like, in five numbers, and how likely that makes it.

A P onset raises the vertical out of quiet and larger motion follows it; an S onset raises the horizontals out of
the P coda and nothing larger follows. Vertical and horizontal energy are compared only with themselves before the
onset, so the response of the site drops out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

FEATURES = ("vertical rise", "horizontal rise", "sharp rise", "coda", "sequel")
"""log10 of energy ratios: after the onset to before it (vertical, horizontal, both but nearer), before it to the quiet
of the last 15 s, and the largest of the next 15 s to that after the onset."""

REACH = 1500
"""Samples looked at on either side of an onset."""

_LOW = np.array([-0.5, -0.5, -0.5, 0.0, -1.5])
_HIGH = np.array([2.0, 2.0, 2.0, 2.5, 1.0])
_WEIGHTS = np.array([[-8.07, 5.74, -0.07, 1.67, -1.26, 2.06], [-5.71, -0.23, 5.0, 0.47, 1.06, -1.01]])
"""Phase (P, S) by constant and features: logistic regression to 2,900 P and S and 16,600 other onsets.

Labels: one hour of the 2019 Ridgecrest sequence (22 stations, arrivals to which PhaseNet gives at least 0.5) and 154
records of Northern California with analysts' picks.
"""


def features(energy: Array, present: npt.NDArray[np.bool_], which: npt.NDArray[np.int64], onset: Array) -> Array:
    """What each onset looks like, shape (onset, feature).

    `energy` and `present` have shape (window, 2, sample): the square of the vertical and the sum of squares of the
    horizontals, and where there are samples; `which` and `onset` give window and sample of each onset, `REACH` from
    either end. Where vertical or horizontals are missing the other stands in.
    """
    tiny = np.finfo(float).tiny

    def mean(start: int, end: int) -> Array:
        return np.asarray(energy[which[:, None], :, onset[:, None] + np.arange(start, end)].mean(axis=1) + tiny)

    before, near = mean(-150, -5), mean(-50, -3)
    after = np.minimum(mean(0, 50), 5 * mean(25, 60))
    rise = np.log10(after / before)
    there = present[which, :, onset]
    rise = np.where(there, rise, rise[:, ::-1])
    total = energy.sum(axis=1)
    smooth = np.cumsum(np.pad(total, ((0, 0), (1, 50))), axis=-1)
    smooth = np.maximum(smooth[:, 50:] - smooth[:, :-50], 0)[:, :-1] / 50 + tiny
    absent = ~present.any(axis=1)
    smooth[absent] = np.inf
    past = smooth[which[:, None], onset[:, None] + np.arange(-REACH, -50, 10)]
    smooth[absent] = tiny
    future = smooth[which[:, None], onset[:, None] + np.arange(80, REACH, 10)].max(axis=1)
    quiet = np.minimum(np.sort(past, axis=1)[:, past.shape[1] // 5], before.sum(axis=1))
    return np.stack(
        [
            rise[:, 0],
            rise[:, 1],
            np.log10(after.sum(axis=1) / near.sum(axis=1)),
            np.log10(before.sum(axis=1) / quiet),
            np.log10(future / after.sum(axis=1)),
        ],
        axis=1,
    )


def likelihood(numbers: Array) -> Array:
    """How likely each onset is P and S, shape (onset, 2), from features of shape (onset, feature).

    >>> likelihood(np.array([[1.0, 0.7, 1.0, 0.0, 1.0], [0.5, 1.2, 1.0, 0.7, 0.0]])).round(2)
    array([[0.79, 0.01],
           [0.  , 0.8 ]])
    """
    clipped = np.clip(numbers, _LOW, _HIGH)
    odds = np.exp(_WEIGHTS[:, 0] + clipped @ _WEIGHTS[:, 1:].T)
    return np.asarray(odds / (1 + odds.sum(axis=1, keepdims=True)))
