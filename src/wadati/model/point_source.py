"""Where, when and how something moved at a point."""

from __future__ import annotations

import msgspec

from wadati.model.moment_tensor import MomentTensor
from wadati.model.time import Nanoseconds


class PointSource(msgspec.Struct, frozen=True):
    """A moment tensor at a place: latitude and longitude in degrees, depth in metres below sea level.

    `time` is when it begins. Several of them may be the parts of one fault.
    """

    time: Nanoseconds
    latitude: float
    longitude: float
    depth: float
    tensor: MomentTensor
