"""What a store of Green's functions of flat layers says of itself, and how it is cut.

The group's attribute `wadati` holds a `Contents`; its arrays are

    traces[depth, distance, function, sample]   int16, a chunk holds `DISTANCES_A_CHUNK` distances of a depth
    scale[depth, distance, function]            float32, m per N m of one count; a depth is there once its scale is
    quality[depth, distance, measure]           float32, what the checks of `checks` measured

with functions in the order of `elementary.FUNCTIONS`. Zarr 3: https://zarr-specs.readthedocs.io/en/latest/v3/core/.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import msgspec

from wadati.greens.axis import Axis
from wadati.greens.elementary import CONVENTION, FUNCTIONS
from wadati.greens.medium import completed, told
from wadati.model import VelocityModel, content_id
from wadati.protocols import ReducedTime
from wadati.traveltime.layered import first_arrival

LAYERS = "layers"
"""The kind of a store of flat layers, and of one that states no kind."""

FORMAT = 1
"""Raised where an older reader would read wrong numbers."""

DISTANCES_A_CHUNK = 16

MEASURES = ("causality", "band", "end", "quantisation")
"""Order of the measure axis: the largest motion before the first arrival, beyond the band, at the end of the trace
(still moving, over its last tenth) and lost in counts, each as a share of the strongest of a node's traces.
"""

STOP = 1.6
"""Times the highest frequency of the band, beyond which a trace holds nothing."""

_OVERSAMPLING = 4
_PAD_PERIODS = 5
_DEEPEST = 60e3
_SLOWEST_WAVE = 0.85


def layers_digest(model: VelocityModel) -> str:
    """What changes with anything in flat layers, their densities and quality factors completed."""
    return content_id("earth", [msgspec.to_builtins(layer) for layer in completed(model).layers])


class Stored(NamedTuple):
    """An array of a store: what it is called, its shape and chunks, what its axes are; no number yet is `fill`."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    axes: tuple[str, ...]
    fill: float = 0


class Contents(msgspec.Struct, frozen=True):
    """What a store of flat layers holds and how right it is: lengths in metres, times in seconds, frequencies in Hz.

    `band` is where its traces are right. `reduced` is how they are cut. `model` states density and quality factors of
    each layer as they were used, and its velocities are those of waves of `reference_hz`; `model_digest` changes with
    any of them. `checked` is None until the store is whole.
    """

    model: VelocityModel
    model_digest: str
    distances: Axis
    depths: Axis
    band: tuple[float, float]
    reduced: ReducedTime
    generator: str
    generator_version: str
    attenuation: str
    format: int = FORMAT
    functions: tuple[str, ...] = FUNCTIONS
    convention: str = CONVENTION
    unit: str = "m/(N m)"
    source: str = "a moment that steps at time 0"
    reference_hz: float = 1.0
    receiver: str = "the free surface, which is at sea level"
    kind: str = LAYERS
    checked: dict[str, float] | None = None

    def arrays(self) -> tuple[Stored, ...]:
        """The arrays of the store."""
        nodes, functions = (self.depths.count, self.distances.count), len(self.functions)
        beside = ("depth", "distance")
        chunk = (1, min(DISTANCES_A_CHUNK, nodes[1]), functions, self.reduced.samples)
        return (
            Stored("traces", "int16", (*nodes, functions, chunk[-1]), chunk, (*beside, "function", "sample")),
            *(
                Stored(name, "float32", (*nodes, size), (1, nodes[1], size), (*beside, third), math.nan)
                for name, third, size in (("scale", "function", functions), ("quality", "measure", len(MEASURES)))
            ),
        )

    def words(self) -> str:
        """What the store holds, for people."""
        low, high = self.band
        return (
            f"{self.model.name} ({self.model_digest}), {self.distances}, depths {self.depths}, {low:g} to {high:g} Hz"
        )


def planned(
    model: VelocityModel, distances: Axis, depths: Axis, band: tuple[float, float], generator: str, version: str
) -> Contents:
    """What a store of these will hold.

    Four samples a period at the top of the band; as long as the slowest surface wave takes to the farthest distance,
    and a period at the bottom of the band and some at its top more. Time is reduced by the fastest S wave of the
    uppermost 60 km: the strongest waves then move least from node to node, which is what interpolation is wrong by.
    """
    earth = completed(model)
    fastest = max(layer.s_velocity for layer in earth.layers if layer.top <= _DEEPEST)
    slowest = min(layer.s_velocity for layer in earth.layers) * _SLOWEST_WAVE
    ends = [(r, z) for r in distances.values for z in (depths.start, depths.stop)]
    lead = min(float(first_arrival(earth, "P", r, z)) - math.hypot(r, z) / fastest for r, z in ends)
    tail = max(math.hypot(r, z) * (1 / slowest - 1 / fastest) for r, z in ends)
    rate = _OVERSAMPLING * band[1]
    start = math.floor((min(lead, 0.0) - _PAD_PERIODS / band[1]) * rate) / rate
    samples = 32 * math.ceil((tail + 1 / band[0] + _PAD_PERIODS / band[1] - start) * rate / 32)
    return Contents(
        model=earth,
        model_digest=layers_digest(earth),
        distances=distances,
        depths=depths,
        band=band,
        reduced=ReducedTime(rate, samples, start, fastest),
        generator=generator,
        generator_version=version,
        attenuation=told(model),
    )
