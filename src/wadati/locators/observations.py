"""The picks of one event as arrays in a flat frame, and what a model predicts for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from wadati.traveltime.table import Receivers, TravelTimeTable

Floats = npt.NDArray[np.float64]

_SLOPE_STEP = 50.0


@dataclass(frozen=True)
class Observations:
    """Arrivals, P before S: arrays of shape (arrival,).

    `x`, `y` and `elevation` of the stations in metres, `time` and its standard deviation `sigma` in seconds; the first
    `p_count` arrivals are P.
    """

    x: Floats
    y: Floats
    elevation: Floats
    time: Floats
    sigma: Floats
    p_count: int
    table: TravelTimeTable

    def __len__(self) -> int:
        return len(self.time)

    def subset(self, keep: npt.NDArray[np.bool_]) -> Observations:
        """Some of the arrivals, in the same order."""
        return Observations(
            self.x[keep],
            self.y[keep],
            self.elevation[keep],
            self.time[keep],
            self.sigma[keep],
            int(keep[: self.p_count].sum()),
            self.table,
        )

    @cached_property
    def is_s(self) -> npt.NDArray[np.bool_]:
        """Which arrivals are S, shape (arrival,)."""
        return np.arange(len(self)) >= self.p_count

    @cached_property
    def _receivers(self) -> tuple[Receivers, Receivers]:
        p = self.p_count
        return self.table.receivers("P", self.elevation[:p]), self.table.receivers("S", self.elevation[p:])

    def distances(self, x: Floats, y: Floats) -> Floats:
        """Epicentral distances (m), shape (node, arrival), of nodes of shape (node,)."""
        distances: Floats = np.hypot(x[:, None] - self.x, y[:, None] - self.y)
        return distances

    def times(self, distances: Floats, z: Floats) -> Floats:
        """Travel times (s), shape (node, arrival), from nodes at depths `z` (m) of shape (node,)."""
        p, depth = self.p_count, z[:, None]
        by_p, by_s = self._receivers
        return np.concatenate((by_p(distances[:, :p], depth), by_s(distances[:, p:], depth)), axis=1)

    def slopes(self, distances: Floats, z: Floats, times: Floats) -> Floats:
        """Horizontal slowness (s/m), shape (node, arrival), where `times` are the travel times."""
        slopes: Floats = (self.times(distances + _SLOPE_STEP, z) - times) / _SLOPE_STEP
        return slopes
