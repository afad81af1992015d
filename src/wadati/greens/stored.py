"""Seismograms out of a store: between its nodes by bilinear interpolation in reduced time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wadati.errors import InputError, UsageError
from wadati.greens.elementary import radiation
from wadati.greens.kernel import at_times, seismograms
from wadati.greens.layout import STOP
from wadati.greens.nodes import Nodes
from wadati.greens.source_time import IDENTITY, STEP, Operator, SourceTime, operator
from wadati.greens.storage import read_contents, words
from wadati.model import PointSource, Station, VelocityModel
from wadati.traveltime.geodesy import distance_azimuth

Floats = npt.NDArray[np.float64]

COMPONENTS = ("ZNE", "ZRT")

_ZERO_CROSSINGS = 16
_TENSOR_COMPONENTS = 6


class Paths(NamedTuple):
    """Pairs of source and station: depth and distance in metres, azimuths in degrees clockwise from north.

    `azimuth` is at the source, towards the station; `onward` at the station, away from the source.
    """

    depth: Floats
    distance: Floats
    azimuth: Floats
    onward: Floats


class Seismograms(NamedTuple):
    """Ground motion `samples` (pair, component, sample), the first `start_s` (pair) after the origin."""

    start_s: Floats
    sampling_rate_hz: float
    samples: npt.NDArray[np.float32]


class StoredGreens:
    """The Green's functions of a store, as `GreensFunctions` and as seismograms.

    Distances are geodesics on the ellipsoid; stations stand on the free surface, whatever their elevation. Raises
    `InputError` for a URL without a whole store, and where `model` is not the one that it was made for; `ReadError`,
    also when it is asked later, where the store is damaged or cannot be had now.
    """

    def __init__(self, url: str, model: VelocityModel | None = None) -> None:
        group, self.contents = read_contents(url)
        if self.contents.checked is None:
            raise InputError(url, "is not whole", "run the same wadati greens build again, which goes on")
        self._check_model(url, model)
        self._url = url
        self._nodes = Nodes(url, group, self.contents)

    @property
    def band(self) -> tuple[float, float]:
        """Lowest and highest frequency (Hz) in which the answers are right."""
        return self.contents.band

    def paths(
        self, latitudes: npt.ArrayLike, longitudes: npt.ArrayLike, depths: npt.ArrayLike, stations: Sequence[Station]
    ) -> Paths:
        """From each of some sources (degrees, m below sea level) to each station, shape (source · station).

        Raises `InputError` for a depth or distance beyond those of the store.
        """
        places = np.array([(station.latitude, station.longitude) for station in stations]).reshape(-1, 2)
        depth = np.atleast_1d(np.asarray(depths, np.float64))
        latitude, longitude = (np.atleast_1d(value)[:, None] for value in (latitudes, longitudes))
        distance, azimuth = distance_azimuth(latitude, longitude, places[:, 0], places[:, 1])
        _, back = distance_azimuth(places[:, 0], places[:, 1], latitude, longitude)
        outside = ~self.contents.depths.holds(depth)
        if outside.any():
            wrong = f"a source at {depth[outside][0] / 1000:g} km is outside its depths, {self.contents.depths}"
            raise InputError(self._url, wrong, "make a store with this depth, or leave the source out")
        outside = ~self.contents.distances.holds(distance)
        if outside.any():
            source, station = np.argwhere(outside)[0]
            name = ".".join(stations[station].key)
            far = f"{distance[source, station] / 1000:.3f} km"
            wrong = f"station {name} is {far} away, outside its distances, {self.contents.distances}"
            raise InputError(self._url, wrong, "make a store with this distance, or leave the station out")
        return Paths(np.repeat(depth, len(stations)), distance.ravel(), azimuth.ravel(), (back.ravel() + 180.0) % 360.0)

    def motion(
        self, paths: Paths, tensors: npt.ArrayLike, act: Operator, components: str = "ZNE", workers: int = 1
    ) -> Seismograms:
        """What moment tensors (pair, tensor component) give at the ends of paths, each in its own reduced time.

        `act` is an `operator`. Z is up; components after it are N and E, or R (away from the source) and T (clockwise
        from R). `workers` threads share the pairs. Raises `UsageError` for other components.
        """
        if components not in COMPONENTS:
            raise UsageError(f"no components are called {components!r}; there are: {', '.join(COMPONENTS)}")
        depth, down = self.contents.depths.cell(paths.depth)
        distance, out_of = self.contents.distances.cell(paths.distance)
        self._nodes.need(depth, distance)
        turn = np.tile((1.0, 0.0), (len(depth), 1))
        if components == "ZNE":
            onward = np.radians(paths.onward)
            turn = np.stack([np.cos(onward), np.sin(onward)], axis=-1)
        shares = np.ascontiguousarray(radiation(tensors, paths.azimuth))
        reduced = self.contents.reduced
        out = np.empty((len(depth), 3, reduced.samples), np.float32)

        def some(part: slice) -> None:
            where = (depth[part], down[part], distance[part], out_of[part])
            seismograms(self._nodes.traces, self._nodes.scale, *where, shares[part], turn[part], act, out[part])

        size = -(-len(depth) // max(workers, 1)) or 1
        parts = [slice(first, first + size) for first in range(0, len(depth), size)]
        if len(parts) == 1:
            some(parts[0])
        else:
            with ThreadPoolExecutor(len(parts)) as pool:
                list(pool.map(some, parts))
        starts = reduced.start_s + np.hypot(paths.distance, paths.depth) / reduced.velocity
        return Seismograms(starts, reduced.sampling_rate_hz, out)

    def seismograms(
        self,
        sources: Sequence[PointSource],
        stations: Sequence[Station],
        *,
        kind: str = "displacement",
        source_time: SourceTime = STEP,
        components: str = "ZNE",
        workers: int = 1,
    ) -> Seismograms:
        """Ground motion (m, m/s or m/s² by `kind`) of each source at each station, pairs in this order.

        Raises `InputError` for what lies outside of the store, `UsageError` for kinds or components that are none.
        """
        places = np.array([(source.latitude, source.longitude, source.depth) for source in sources]).reshape(-1, 3)
        paths = self.paths(places[:, 0], places[:, 1], places[:, 2], stations)
        tensors = np.array([source.tensor.components for source in sources]).reshape(-1, _TENSOR_COMPONENTS)
        rate = self.contents.reduced.sampling_rate_hz
        act = operator(source_time, kind, rate, STOP * self.band[1])
        return self.motion(paths, np.repeat(tensors, len(stations), axis=0), act, components, workers)

    def tensor_responses(
        self,
        latitude: float,
        longitude: float,
        depth: float,
        stations: Sequence[Station],
        *,
        sampling_rate_hz: float,
        start_s: float,
        samples: int,
    ) -> Floats:
        """See `GreensFunctions.tensor_responses`.

        Raises `InputError` for a depth or distance beyond those of the store, and for a sampling rate too low for
        any of its band.
        """
        if not sampling_rate_hz > 2 * self.band[0]:
            wrong = f"{sampling_rate_hz:g} samples a second hold nothing of its band, {self.band[0]:g} Hz and more"
            raise InputError(self._url, wrong, "ask for a higher sampling rate")
        paths = Paths(
            *(np.repeat(values, _TENSOR_COMPONENTS) for values in self.paths(latitude, longitude, depth, stations))
        )
        units = np.tile(np.eye(_TENSOR_COMPONENTS), (len(stations), 1))
        found = self.motion(paths, units, IDENTITY)
        # The six of a station begin together.
        rows = found.samples.reshape(len(stations), _TENSOR_COMPONENTS * 3, -1)
        together = Seismograms(found.start_s[::_TENSOR_COMPONENTS], found.sampling_rate_hz, rows)
        sampled = resampled(together, start_s + np.arange(samples) / sampling_rate_hz, sampling_rate_hz)
        return np.moveaxis(sampled.reshape(len(stations), _TENSOR_COMPONENTS, 3, samples), 1, 2)

    def _check_model(self, url: str, model: VelocityModel | None) -> None:
        if model is None:
            return
        theirs = self.contents.model.layers
        same = len(theirs) == len(model.layers) and all(
            (a.top, a.p_velocity, a.s_velocity) == (b.top, b.p_velocity, b.s_velocity)
            for a, b in zip(theirs, model.layers, strict=True)
        )
        if not same:
            wrong = f"was made for another model: {words(self.contents)}"
            raise InputError(url, wrong, f"make one for {model.name}, or use the model of the store")


def resampled(found: Seismograms, times: Floats, sampling_rate_hz: float) -> Floats:
    """Seismograms at common times (s after the origin) with this rate, shape (pair, component, time).

    What the rate cannot hold is taken off. Before their beginning seismograms are 0, after their end they stay.
    """
    out = np.empty((*found.samples.shape[:2], len(times)))
    cutoff = min(1.0, sampling_rate_hz / found.sampling_rate_hz)
    at_times(found.samples, found.start_s, found.sampling_rate_hz, times, cutoff, _ZERO_CROSSINGS, out)
    return out
