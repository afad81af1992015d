"""The settings of moment tensors that are made without being asked for, as they stand in a Flow under `[tensor]`."""

from __future__ import annotations

import msgspec


class Tensor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events get a moment tensor by themselves.

    `greens` is a store of Green's functions; without one no tensor is made. An event gets one from `minimum_magnitude`
    on, by its preferred magnitude or, where that is saturated, by the largest it has.
    """

    greens: str | None = None
    minimum_magnitude: float = 3.5
