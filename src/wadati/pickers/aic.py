"""Onset of a signal in noise: the split into two stretches of white noise that explains the record best.

Akaike's information criterion computed from the variances before and after each sample: Maeda (1985), A method for
reading and checking phase times in auto-processing system of seismic wave data, Zisin 38, 365–379.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_RANGES = ((120, 60), (60, 40))
_MARGIN = 10
_TINY = np.finfo(float).tiny


def onsets(records: npt.NDArray[np.float64], near: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The sample with which the signal begins, shape (record,), for records of shape (record, component, sample).

    `near` (record,) are samples close to each onset, at least 180 from either end. Looked for from 120 samples before
    to 60 after, then again from 60 before to 40 after. Records must have zero mean; components count alike.

    >>> noise = np.random.default_rng(0).normal(size=(1, 1, 600))
    >>> noise[..., 300:] *= 10
    >>> onsets(noise, np.array([320]))
    array([300])
    """
    at = near
    for before, after in _RANGES:
        count = before + after
        reach = at[:, None] - before + np.arange(count)
        power = np.cumsum(np.square(np.take_along_axis(records, reach[:, None, :], axis=-1)), axis=-1)
        split = np.arange(1, count)
        noise = power[..., :-1] / split
        signal = (power[..., -1:] - power[..., :-1]) / (count - split)
        criterion = split * np.log(noise + _TINY) + (count - split) * np.log(signal + _TINY)
        best = criterion.sum(axis=1)[:, _MARGIN:-_MARGIN].argmin(axis=-1)
        at = at - before + 1 + _MARGIN + best
    return at
