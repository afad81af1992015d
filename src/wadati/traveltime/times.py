"""What a locator asks of travel times, whatever earth they are of: flat layers or grids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Frame(Protocol):
    """A flat frame: metres east (x) and north (y) of some place."""

    def to_xy(self, latitude: npt.ArrayLike, longitude: npt.ArrayLike) -> tuple[Floats, Floats]:
        """East and north (m) of places in degrees."""
        ...

    def to_lat_lon(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Latitude and longitude (degrees) of places east and north (m)."""
        ...


@dataclass(frozen=True)
class Receivers:
    """Where arrivals were seen, one entry an arrival: station (network, code), `x`, `y` and `elevation` (m), phase."""

    stations: tuple[tuple[str, str], ...]
    x: Floats
    y: Floats
    elevation: Floats
    phases: tuple[str, ...]


class Rays(Protocol):
    """Travel times to given receivers as a function of the source."""

    def at(self, x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
        """Times (s) and how they grow with a source's x and y (s/m), each of shape (source, arrival).

        `x`, `y` and depth `z` below sea level (m) have shape (source,).
        """
        ...

    def subset(self, keep: npt.NDArray[np.bool_]) -> Self:
        """The rays of some of the arrivals, in the same order."""
        ...


class TravelTimes(Protocol):
    """First P and S of one earth. `name` goes into every origin located with it."""

    name: str

    def knows(self, station: tuple[str, str], phase: str) -> bool:
        """Whether there are times for a phase at a station (network, code)."""
        ...

    def frame(self, latitude: Floats, longitude: Floats) -> Frame:
        """The frame to locate in, for stations at these places (degrees)."""
        ...

    def box(self, receivers: Receivers) -> tuple[Floats, Floats]:
        """Opposite corners (x, y, z; m) of where there are times of all these arrivals."""
        ...

    def rays(self, receivers: Receivers) -> Rays:
        """The rays to receivers given in the frame. All have to be known."""
        ...
