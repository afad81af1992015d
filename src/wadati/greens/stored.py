"""Seismograms out of a store of flat layers: between its nodes by bilinear interpolation in reduced time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wadati.errors import InputError
from wadati.greens.answers import Answers, Seismograms, check_components, in_threads
from wadati.greens.elementary import radiation
from wadati.greens.kernel import seismograms
from wadati.greens.layout import Contents
from wadati.greens.nodes import Nodes
from wadati.greens.source_time import Operator
from wadati.greens.storage import read_contents
from wadati.model import MomentTensor, PointSource, Station, VelocityModel
from wadati.protocols import Problem
from wadati.traveltime.geodesy import destination, distance_azimuth

Floats = npt.NDArray[np.float64]

_ANY = MomentTensor.of_fault(0.0, 90.0, 0.0, 1e15)


class Paths(NamedTuple):
    """Pairs of source and station: depth and distance in metres, azimuths in degrees clockwise from north.

    `azimuth` is at the source, towards the station; `onward` at the station, away from the source.
    """

    depth: Floats
    distance: Floats
    azimuth: Floats
    onward: Floats


class StoredGreens(Answers[Paths]):
    """The Green's functions of a store of flat layers, as `GreensFunctions` and as seismograms.

    Distances are geodesics on the ellipsoid; stations stand on the free surface, whatever their elevation. Raises
    `InputError` for a URL without a whole store of this kind, and where `model` is not the one that it was made for;
    `ReadError`, also when it is asked later, where the store is damaged or cannot be had now.
    """

    contents: Contents

    def __init__(self, url: str, model: VelocityModel | None = None) -> None:
        group, contents = read_contents(url)
        if not isinstance(contents, Contents):
            raise InputError(
                url, "holds Green's functions of receivers", "open it with wadati.greens.opened.open_store"
            )
        if contents.checked is None:
            raise InputError(url, "is not whole", "run the same wadati greens build again, which goes on")
        self.url, self.contents, self.reduced = url, contents, contents.reduced
        self.model, self.layers = contents.model.name, contents.model
        self._check_model(model)
        self._nodes = Nodes(url, group, contents)

    @property
    def band(self) -> tuple[float, float]:
        """Lowest and highest frequency (Hz) in which the answers are right."""
        return self.contents.band

    def within_reach(self) -> tuple[PointSource, Station]:
        """See `Answers.within_reach`."""
        latitude, longitude = destination(0.0, 0.0, self.contents.distances.start, 0.0)
        station = Station("XX", "NEAR", float(latitude), float(longitude), 0.0)
        return PointSource(0, 0.0, 0.0, self.contents.depths.start, _ANY), station

    def left_out(
        self, latitudes: npt.ArrayLike, longitudes: npt.ArrayLike, stations: Sequence[Station]
    ) -> tuple[Problem | None, ...]:
        """See `Answers.left_out`: stations that are too near or too far."""
        reach = self.contents.distances
        latitude, longitude = (np.atleast_1d(value)[:, None] for value in (latitudes, longitudes))
        places = np.array([(station.latitude, station.longitude) for station in stations]).reshape(-1, 2)
        distances, _ = distance_azimuth(latitude, longitude, places[:, 0], places[:, 1])
        found: list[Problem | None] = []
        for station, distance, within in zip(stations, distances.T, reach.holds(distances).T, strict=True):
            if within.all():
                found.append(None)
                continue
            wrong = f"is {distance[~within][0] / 1000:.1f} km from a source, outside the store's {reach}"
            found.append(Problem(".".join(station.key), wrong, "make a store with this distance"))
        return tuple(found)

    def paths(
        self, latitudes: npt.ArrayLike, longitudes: npt.ArrayLike, depths: npt.ArrayLike, stations: Sequence[Station]
    ) -> Paths:
        """See `Answers.paths`. Raises `InputError` for a depth or distance beyond those of the store."""
        places = np.array([(station.latitude, station.longitude) for station in stations]).reshape(-1, 2)
        depth = np.atleast_1d(np.asarray(depths, np.float64))
        latitude, longitude = (np.atleast_1d(value)[:, None] for value in (latitudes, longitudes))
        distance, azimuth = distance_azimuth(latitude, longitude, places[:, 0], places[:, 1])
        _, back = distance_azimuth(places[:, 0], places[:, 1], latitude, longitude)
        outside = ~self.contents.depths.holds(depth)
        if outside.any():
            wrong = f"a source at {depth[outside][0] / 1000:g} km is outside its depths, {self.contents.depths}"
            raise InputError(self.url, wrong, "make a store with this depth, or leave the source out")
        outside = ~self.contents.distances.holds(distance)
        if outside.any():
            source, station = np.argwhere(outside)[0]
            name = ".".join(stations[station].key)
            far = f"{distance[source, station] / 1000:.3f} km"
            wrong = f"station {name} is {far} away, outside its distances, {self.contents.distances}"
            raise InputError(self.url, wrong, "make a store with this distance, or leave the station out")
        return Paths(np.repeat(depth, len(stations)), distance.ravel(), azimuth.ravel(), (back.ravel() + 180.0) % 360.0)

    def motion(
        self, paths: Paths, tensors: npt.ArrayLike, act: Operator, components: str = "ZNE", workers: int = 1
    ) -> Seismograms:
        """See `Answers.motion`."""
        check_components(components)
        depth, down = self.contents.depths.cell(paths.depth)
        distance, out_of = self.contents.distances.cell(paths.distance)
        self._nodes.need(depth, distance)
        turn = np.tile((1.0, 0.0), (len(depth), 1))
        if components == "ZNE":
            onward = np.radians(paths.onward)
            turn = np.stack([np.cos(onward), np.sin(onward)], axis=-1)
        shares = np.ascontiguousarray(radiation(tensors, paths.azimuth))
        out = np.empty((len(depth), 3, self.reduced.samples), np.float32)

        def some(part: slice) -> None:
            where = (depth[part], down[part], distance[part], out_of[part])
            seismograms(self._nodes.traces, self._nodes.scale, *where, shares[part], turn[part], act, out[part])

        in_threads(some, len(depth), workers)
        starts = self.reduced.start_s + np.hypot(paths.distance, paths.depth) / self.reduced.velocity
        return Seismograms(starts, self.reduced.sampling_rate_hz, out)

    def _check_model(self, model: VelocityModel | None) -> None:
        if model is None:
            return
        theirs = self.contents.model.layers
        same = len(theirs) == len(model.layers) and all(
            (a.top, a.p_velocity, a.s_velocity) == (b.top, b.p_velocity, b.s_velocity)
            for a, b in zip(theirs, model.layers, strict=True)
        )
        if not same:
            wrong = f"was made for another model: {self.contents.words()}"
            raise InputError(self.url, wrong, f"make one for {model.name}, or use the model of the store")
