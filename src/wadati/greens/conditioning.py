"""Traces as a generator gives them, made ready to be stored and interpolated."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wadati.greens.layout import STOP, Contents
from wadati.greens.receiver_layout import ReceiverContents
from wadati.greens.spectra import integrated

Floats = npt.NDArray[np.float64]

_QUIET_PERIODS = 2
"""As long, in periods of the band's top, as nothing moves at the beginning of a trace (see `layout.planned`)."""


def conditioned(velocity: Floats, contents: Contents | ReceiverContents) -> Floats:
    """Displacement (..., sample) of ground velocity (..., at least as many samples), ready to be stored.

    It holds nothing beyond the band but the fall of the low-pass, lies at 0 while nothing moves yet, rising from
    exactly 0 as a cosine, and ends at the level where the ground stays.
    """
    reduced = contents.reduced
    high = contents.band[1]
    quiet = round(_QUIET_PERIODS / high * reduced.sampling_rate_hz)
    given = velocity.shape[-1]
    # A generator stops at a frequency, and rings there until its end; a sharp end would spread that over the band.
    edges = _rise(given, quiet) * _rise(given, max(given - reduced.samples, quiet) // 2)[::-1]
    traces = integrated(velocity * edges, reduced.sampling_rate_hz, high, STOP * high)[..., : reduced.samples]
    traces -= traces[..., :quiet].mean(axis=-1, keepdims=True)
    return traces * _rise(reduced.samples, quiet)


def _rise(samples: int, length: int) -> Floats:
    """From 0 to 1 over some samples, as a cosine."""
    return 0.5 - 0.5 * np.cos(np.pi * np.minimum(np.arange(samples) / length, 1.0))
