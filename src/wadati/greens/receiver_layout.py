"""What a store of receiver Green tensors says of itself, and how it is cut into blocks of points.

Strain that a force at a receiver causes at a point is, by reciprocity, motion of the receiver that moments at the
point cause: Eisner & Clayton (2001), doi:10.1785/0120000222; Zhao, Chen & Jordan (2006), Bull. Seismol. Soc. Am. 96,
1753–1763. The group's attribute `wadati` holds a `ReceiverContents`; its arrays are

    rgt[receiver, component, block, point, strain, sample]   int16, a chunk holds a block of a receiver
    scale[receiver, component, block, point, strain]         float32, strain per N of one count; a receiver is there
                                                             once its scales are, which are written last
    quality[receiver, component, measure]                    float32, what the checks of `checks` measured
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.greens.axis import Axis
from wadati.greens.layout import FORMAT, MEASURES, Stored
from wadati.model import Station
from wadati.protocols import ReducedTime, StrainGenerator

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

RECEIVERS = "receivers"
"""The kind of a store of receiver Green tensors."""

STRAINS = ("nn", "ee", "dd", "ne", "nd", "ed")
"""Order of the strain axis: that of `MomentTensor.components`."""

COMPONENTS = "ZNE"
"""Order of the component axis: the force at the receiver is up, to the frame's north, to its east."""

_OVERSAMPLING = 4
_PAD_PERIODS = 5


class Region(msgspec.Struct, frozen=True):
    """Points of a store: metres north and east of a place (degrees) in the flat frame around it, and below sea level.

    The frame is `traveltime.geodesy.LocalFrame`.
    """

    latitude: float
    longitude: float
    north: Axis
    east: Axis
    depth: Axis

    @property
    def axes(self) -> tuple[Axis, Axis, Axis]:
        """North, east, depth."""
        return self.north, self.east, self.depth

    def __str__(self) -> str:
        return f"north {self.north}, east {self.east} of {self.latitude:g}, {self.longitude:g}, depths {self.depth}"


class ReceiverContents(msgspec.Struct, frozen=True):
    """What a store holds and how right it is: lengths in metres, times in seconds, frequencies in Hz.

    `block` is how many cells of the region a block has along north, east and depth; neighbours share the points
    between them, so that each cell lies within one block. `band` is where the strains are right. `reduced` is how they
    are cut, by the straight distance of a point from the receiver's place at sea level; `fastest` is the fastest P
    velocity of the model (m/s). `checked` is None until every receiver is there.
    """

    model: str
    model_digest: str
    region: Region
    block: tuple[int, int, int]
    receivers: tuple[Station, ...]
    band: tuple[float, float]
    reduced: ReducedTime
    fastest: float
    generator: str
    generator_version: str
    format: int = FORMAT
    components: str = COMPONENTS
    strains: tuple[str, ...] = STRAINS
    convention: str = "Z up, N and E along the frame; strain axes north, east, down; shear strains are halves"
    unit: str = "strain per N"
    source: str = "a force at the receiver that steps at time 0"
    kind: str = RECEIVERS
    checked: dict[str, float] | None = None

    @property
    def depths(self) -> Axis:
        """How deep sources may be."""
        return self.region.depth

    @property
    def blocks(self) -> tuple[int, int, int]:
        """How many blocks there are along each axis."""
        counts = [-(-(axis.count - 1) // cells) for axis, cells in zip(self.region.axes, self.block, strict=True)]
        return counts[0], counts[1], counts[2]

    @property
    def points(self) -> tuple[int, int, int]:
        """How many points a block has along each axis."""
        north, east, depth = self.block
        return north + 1, east + 1, depth + 1

    def arrays(self) -> tuple[Stored, ...]:
        """The arrays of the store."""
        receivers, parts = len(self.receivers), len(self.components)
        blocks, points = math.prod(self.blocks), math.prod(self.points)
        axes = ("receiver", "component", "block", "point", "strain")
        rest = (points, len(self.strains))
        samples = self.reduced.samples
        return (
            Stored(
                "rgt",
                "int16",
                (receivers, parts, blocks, *rest, samples),
                (1, parts, 1, *rest, samples),
                (*axes, "sample"),
            ),
            Stored("scale", "float32", (receivers, parts, blocks, *rest), (1, parts, 1, *rest), axes, math.nan),
            Stored(
                "quality",
                "float32",
                (receivers, parts, len(MEASURES)),
                (1, parts, len(MEASURES)),
                (*axes[:2], "measure"),
                math.nan,
            ),
        )

    def words(self) -> str:
        """What the store holds, for people."""
        low, high = self.band
        many = f"{len(self.receivers)} receivers"
        return f"{self.model} ({self.model_digest}), {many}, {self.region}, {low:g} to {high:g} Hz"

    def first_points(self) -> Integers:
        """Where each block begins on the axes, shape (block, axis).

        The last block of an axis ends where the axis does, and so may share more than a point with the one before.
        """
        starts = [
            [min(i * cells, axis.count - 1 - cells) for i in range(count)]
            for axis, cells, count in zip(self.region.axes, self.block, self.blocks, strict=True)
        ]
        return np.array(list(itertools.product(*starts)), np.int64)

    def points_of(self, block: int) -> Floats:
        """Where the points of a block are, shape (point, axis): metres north, east, down."""
        first = self.first_points()[block]
        lines = [
            axis.values[start : start + count]
            for axis, start, count in zip(self.region.axes, first, self.points, strict=True)
        ]
        return np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 3)

    def delays(self, points: Floats, receivers: Floats) -> Floats:
        """By how much (s) time is reduced at points (point, axis), for a receiver or one each (m north, east)."""
        away = np.sqrt(((points[:, :2] - receivers) ** 2).sum(axis=1) + points[:, 2] ** 2)
        return np.asarray(away / self.reduced.velocity)


def planned_receivers(
    generator: StrainGenerator,
    receivers: Sequence[Station],
    region: Region,
    band: tuple[float, float],
    block: tuple[int, int, int] = (4, 4, 4),
) -> ReceiverContents:
    """What a store of these will hold; as long as the generator's slowest wave takes from the farthest point.

    Time is reduced by the generator's fastest S wave, as in a store of layers. An axis with fewer cells than a block
    makes the block smaller.
    """
    from wadati.traveltime.geodesy import LocalFrame

    fastest_p, fastest_s, slowest = generator.velocities
    frame = LocalFrame(region.latitude, region.longitude)
    far = 0.0
    for one in receivers:
        east, north = frame.to_xy(one.latitude, one.longitude)
        sides = [max(abs(a.start - x), abs(a.stop - x)) for a, x in ((region.north, north), (region.east, east))]
        far = max(far, math.hypot(*sides, region.depth.stop))
    rate = _OVERSAMPLING * band[1]
    lead = far * (1 / fastest_p - 1 / fastest_s)
    tail = far * (1 / slowest - 1 / fastest_s)
    start = math.floor((lead - _PAD_PERIODS / band[1]) * rate) / rate
    samples = 32 * math.ceil((tail + 1 / band[0] + _PAD_PERIODS / band[1] - start) * rate / 32)
    cells = [min(size, axis.count - 1) for size, axis in zip(block, region.axes, strict=True)]
    return ReceiverContents(
        model=generator.model,
        model_digest=generator.model_digest,
        region=region,
        block=(cells[0], cells[1], cells[2]),
        receivers=tuple(receivers),
        band=band,
        reduced=ReducedTime(rate, samples, start, fastest_s),
        fastest=fastest_p,
        generator=generator.name,
        generator_version=generator.version,
    )
