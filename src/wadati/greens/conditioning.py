"""Traces as a generator gives them, made ready to be stored and interpolated."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wadati.greens.layout import STOP, Contents
from wadati.greens.spectra import integrated

Floats = npt.NDArray[np.float64]

_QUIET_PERIODS = 2
"""As long, in periods of the band's top, as nothing moves at the beginning of a trace (see `layout.planned`)."""


def conditioned(velocity: Floats, contents: Contents) -> Floats:
    """Displacement (..., sample) of ground velocity (..., at least as many samples), ready to be stored.

    It holds nothing beyond the band but the fall of the low-pass, lies at 0 while nothing moves yet, rising from
    exactly 0 as a cosine, and ends at the level where the ground stays.
    """
    reduced = contents.reduced
    high = contents.band[1]
    traces = integrated(velocity, reduced.sampling_rate_hz, high, STOP * high)[..., : reduced.samples]
    quiet = round(_QUIET_PERIODS / high * reduced.sampling_rate_hz)
    traces -= traces[..., :quiet].mean(axis=-1, keepdims=True)
    rise = np.ones(reduced.samples)
    rise[:quiet] = 0.5 - 0.5 * np.cos(np.pi * np.arange(quiet) / quiet)
    return traces * rise
