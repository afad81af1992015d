"""A store of the real layout and size whose traces are made up: speed does not depend on what they hold."""

from __future__ import annotations

import msgspec
import numpy as np

from wadati.greens.axis import Axis
from wadati.greens.layout import planned
from wadati.greens.storage import create, write_contents
from wadati.greens.stored import StoredGreens
from wadati.traveltime.models import GIL7

SAMPLES = 512
DEPTHS, DISTANCES = Axis(2e3, 500.0, 40), Axis(5e3, 100.0, 10_000)


def filled(url: str, depths: Axis = DEPTHS, distances: Axis = DISTANCES) -> StoredGreens:
    """A store in which a trace is a wave with an amplitude of its own."""
    contents = planned(GIL7, Axis(5e3, 1e3, 100), depths, (0.02, 0.5), "made-up", "1")
    reduced = msgspec.structs.replace(contents.reduced, samples=SAMPLES)
    contents = msgspec.structs.replace(contents, distances=distances, reduced=reduced)
    group = create(url, contents)
    wave = 30000 * np.sin(np.arange(SAMPLES) / 7) * np.hanning(SAMPLES)
    shape = (distances.count, 10)
    rng = np.random.default_rng(1)
    for depth in range(depths.count):
        if np.isfinite(group["scale"][depth]).all():
            continue
        height = rng.uniform(0.2, 1.0, shape)
        group["traces"][depth] = (height[..., None] * wave).astype(np.int16)
        group["scale"][depth] = np.full(shape, 1e-24, np.float32)
    write_contents(group, msgspec.structs.replace(contents, checked={}))
    return StoredGreens(url)
