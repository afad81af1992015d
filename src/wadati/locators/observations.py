"""The picks of one event as arrays in a flat frame, and what an earth predicts for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wadati.traveltime.times import Rays

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Observations:
    """Arrivals: arrays of shape (arrival,).

    `x`, `y` and `elevation` of the stations in metres, `time` and its standard deviation `sigma` in seconds; `is_s` is
    False for P; `rays` lead to the stations.
    """

    x: Floats
    y: Floats
    elevation: Floats
    time: Floats
    sigma: Floats
    is_s: npt.NDArray[np.bool_]
    rays: Rays

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
            self.is_s[keep],
            self.rays.subset(keep),
        )

    def distances(self, x: Floats, y: Floats) -> Floats:
        """Epicentral distances (m), shape (node, arrival), of nodes of shape (node,)."""
        distances: Floats = np.hypot(x[:, None] - self.x, y[:, None] - self.y)
        return distances
