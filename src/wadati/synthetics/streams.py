"""Random numbers by name: each thing that is drawn has a stream of its own, so the order of drawing does not matter."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, purpose: str, *indices: int) -> np.random.Generator:
    """The generator for one purpose and, say, one station and event.

    >>> bool(stream(1, "noise", 3).random() == stream(1, "noise", 3).random())
    True
    """
    return np.random.default_rng([seed, zlib.crc32(purpose.encode()), *indices])
