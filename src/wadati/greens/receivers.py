"""Seismograms out of a store of receiver Green tensors: strains at the source, between points of its block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wadati.errors import InputError
from wadati.greens.answers import Answers, Seismograms, check_components, in_threads
from wadati.greens.held_blocks import Block, HeldBlocks
from wadati.greens.layout import layers_digest
from wadati.greens.receiver_layout import STRAINS, ReceiverContents
from wadati.greens.source_time import Operator
from wadati.greens.storage import read, read_contents
from wadati.greens.strain_kernel import moved
from wadati.model import MomentTensor, PointSource, Station, VelocityModel
from wadati.protocols import Problem
from wadati.traveltime.geodesy import LocalFrame, distance_azimuth

Floats = npt.NDArray[np.float64]

NEAR = 20.0
"""As far (m) as a station may be from the place of its receiver."""

_AT_ONCE = 256
"""Pairs whose blocks are in memory together, whatever else is held."""


class Spots(NamedTuple):
    """Pairs of source and receiver: which receiver, the source in metres north, east, down of the frame.

    `turn` and `station_turn` are the azimuths (degrees) of the frame's north at the source and at the station, `onward`
    that away from the source, at the station.
    """

    receiver: Floats
    north: Floats
    east: Floats
    depth: Floats
    turn: Floats
    station_turn: Floats
    onward: Floats


class ReceiverGreens(Answers[Spots]):
    """The receiver Green tensors of a store, as `GreensFunctions` and as seismograms.

    A motion of a station is the sum over a moment tensor's components times the strains that a force at the station
    would have at the source. Between points strains are interpolated linearly in reduced time. Raises `InputError` for
    a URL without such a store, and where `model`, a layered one or the name or digest of any, is not that of the store.
    """

    contents: ReceiverContents

    def __init__(self, url: str, model: VelocityModel | str | None = None) -> None:
        group, contents = read_contents(url)
        if not isinstance(contents, ReceiverContents):
            raise InputError(
                url, "holds Green's functions of flat layers", "open it with wadati.greens.opened.open_store"
            )
        self.url, self.contents, self.reduced = url, contents, contents.reduced
        self.model, self.layers = contents.model, None
        self._check_model(model)
        self._blocks, self._group = HeldBlocks(url, group), group
        self._first = contents.first_points()
        self._index = {receiver.key: i for i, receiver in enumerate(contents.receivers)}
        self._frame = LocalFrame(contents.region.latitude, contents.region.longitude)

    @property
    def band(self) -> tuple[float, float]:
        """Lowest and highest frequency (Hz) in which the answers are right."""
        return self.contents.band

    def within_reach(self) -> tuple[PointSource, Station]:
        """See `Answers.within_reach`; a receiver that is made, if any is."""
        region, receivers = self.contents.region, self.contents.receivers
        made = sorted(self._made(list(range(len(receivers))))) or [0]
        latitude, longitude = self._frame.to_lat_lon(*(0.5 * (a.start + a.stop) for a in (region.east, region.north)))
        place = float(latitude), float(longitude), region.depth.start
        return PointSource(0, *place, MomentTensor.of_fault(0.0, 90.0, 0.0, 1e15)), receivers[made[0]]

    def left_out(
        self,
        latitudes: npt.ArrayLike,  # noqa: ARG002 - asked of every kind of store
        longitudes: npt.ArrayLike,  # noqa: ARG002
        stations: Sequence[Station],
    ) -> tuple[Problem | None, ...]:
        """See `Answers.left_out`: stations that are no receivers here, stand elsewhere, or are not made yet."""
        return tuple(
            Problem(".".join(station.key), wrong, "make the store with it") if wrong else None
            for station, wrong in zip(stations, self._unknown(stations), strict=True)
        )

    def paths(
        self, latitudes: npt.ArrayLike, longitudes: npt.ArrayLike, depths: npt.ArrayLike, stations: Sequence[Station]
    ) -> Spots:
        """See `Answers.paths`. Raises `InputError` for sources outside the region and stations that have no answer."""
        for station, wrong in zip(stations, self._unknown(stations), strict=True):
            if wrong:
                raise InputError(self.url, f"station {'.'.join(station.key)} {wrong}", "leave it out")
        latitude, longitude, depth = (
            np.atleast_1d(np.asarray(value, np.float64)) for value in (latitudes, longitudes, depths)
        )
        east, north = self._frame.to_xy(latitude, longitude)
        region = self.contents.region
        for axis, values, name in zip(region.axes, (north, east, depth), ("north", "east", "deep"), strict=True):
            outside = ~axis.holds(values)
            if outside.any():
                wrong = f"a source {values[outside][0] / 1000:.3f} km {name} is outside its region, {region}"
                raise InputError(self.url, wrong, "make a store of a larger region, or leave the source out")
        places = np.array([(station.latitude, station.longitude) for station in stations]).reshape(-1, 2)
        _, back = distance_azimuth(places[:, 0], places[:, 1], latitude[:, None], longitude[:, None])
        receiver = np.array([self._index[station.key] for station in stations], np.float64)
        count = len(stations)
        return Spots(
            receiver=np.tile(receiver, len(depth)),
            north=np.repeat(north, count),
            east=np.repeat(east, count),
            depth=np.repeat(depth, count),
            turn=np.repeat(self._turn(latitude, longitude), count),
            station_turn=np.tile(self._turn(places[:, 0], places[:, 1]), len(depth)),
            onward=(back.ravel() + 180.0) % 360.0,
        )

    def motion(
        self, paths: Spots, tensors: npt.ArrayLike, act: Operator, components: str = "ZNE", workers: int = 1
    ) -> Seismograms:
        """See `Answers.motion`."""
        check_components(components)
        contents, region = self.contents, self.contents.region
        places = np.stack([paths.north, paths.east, paths.depth], axis=-1)
        cells, out_of = zip(*(a.cell(p) for a, p in zip(region.axes, places.T, strict=True)), strict=True)
        below, fraction = np.stack(cells, axis=-1), np.stack(out_of, axis=-1)
        block = np.ravel_multi_index(
            tuple(
                np.minimum(below[:, i] // size, count - 1)
                for i, (size, count) in enumerate(zip(contents.block, contents.blocks, strict=True))
            ),
            contents.blocks,
        )
        corners, weights = _corners(below - self._first[block], fraction, contents.points)
        keys = list(zip(paths.receiver.astype(int).tolist(), block.tolist(), strict=True))
        moments = _in_frame(np.asarray(tensors, np.float64), paths.turn)
        moments = np.ascontiguousarray(np.broadcast_to(moments, (len(keys), len(STRAINS))))
        angle = np.radians(paths.station_turn - (paths.onward if components == "ZRT" else 0.0))
        turn = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        out = np.empty((len(keys), 3, self.reduced.samples), np.float32)

        # Some at a time, so that what an answer holds does not grow with it.
        for first in range(0, len(keys), _AT_ONCE):
            blocks = self._blocks.of(keys[first : first + _AT_ONCE])

            def some(part: slice, first: int = first, blocks: dict[tuple[int, int], Block] = blocks) -> None:
                for i in range(first + part.start, min(first + part.stop, len(keys))):
                    moved(*blocks[keys[i]], corners[i], weights[i], moments[i], turn[i], act, out[i])

            in_threads(some, min(_AT_ONCE, len(keys) - first), workers)
        return Seismograms(self.reduced.start_s + self._delays(paths, places), self.reduced.sampling_rate_hz, out)

    def _delays(self, paths: Spots, places: Floats) -> Floats:
        stations = self.contents.receivers
        east, north = self._frame.to_xy([one.latitude for one in stations], [one.longitude for one in stations])
        of = paths.receiver.astype(np.int64)
        return self.contents.delays(places, np.stack([north[of], east[of]], axis=-1))

    def _turn(self, latitude: Floats, longitude: Floats) -> Floats:
        """The azimuth of the frame's north at places, in degrees."""
        region = self.contents.region
        _, out = distance_azimuth(region.latitude, region.longitude, latitude, longitude)
        far, back = distance_azimuth(latitude, longitude, region.latitude, region.longitude)
        return np.asarray(np.where(far > 0, back + 180.0 - out, 0.0))

    def _unknown(self, stations: Sequence[Station]) -> list[str]:
        """Why stations have no answers here; empty where they have."""
        index = [self._index.get(station.key) for station in stations]
        known = [
            (station, self.contents.receivers[i]) for station, i in zip(stations, index, strict=True) if i is not None
        ]
        places = np.array([(a.latitude, a.longitude, b.latitude, b.longitude) for a, b in known]).reshape(-1, 4)
        apart = iter(distance_azimuth(*places.T)[0].tolist())
        made = self._made([i for i in index if i is not None])
        words = []
        for i in index:
            if i is None:
                words.append(f"is none of the store's {len(self._index)} receivers")
            elif (far := next(apart)) > NEAR:
                own = self.contents.receivers[i]
                words.append(f"stands {far:.0f} m from the receiver of its name, at {own.latitude}, {own.longitude}")
            else:
                words.append("" if i in made else "is a receiver of the store that is not made yet")
        return words

    def _made(self, receivers: list[int]) -> set[int]:
        """Those of some receivers that are there."""
        if self.contents.checked is None:
            each = sorted(set(receivers))
            there = np.isfinite(read(self.url, self._group, "scale", (each, 0, 0, 0, 0))) if each else []
            return {receiver for receiver, one in zip(each, there, strict=True) if one}
        return set(receivers)

    def _check_model(self, model: VelocityModel | str | None) -> None:
        if model is None:
            return
        if isinstance(model, str):
            known = model in (self.contents.model, self.contents.model_digest)
        else:
            known = self.contents.model_digest == layers_digest(model)
        if not known:
            name = model if isinstance(model, str) else model.name
            wrong = f"was made for another model: {self.contents.words()}"
            raise InputError(self.url, wrong, f"make one for {name}, or use the model of the store")


def _corners(
    below: npt.NDArray[np.int64], fraction: Floats, points: tuple[int, int, int]
) -> tuple[npt.NDArray[np.int64], Floats]:
    """The eight points of a block around places, and what each counts; shapes (place, corner)."""
    upper = np.stack(np.meshgrid([0, 1], [0, 1], [0, 1], indexing="ij"), axis=-1).reshape(-1, 3)
    corners = np.ravel_multi_index(tuple(np.moveaxis(below[:, None] + upper, -1, 0)), points)
    weights = np.where(upper == 1, fraction[:, None], 1 - fraction[:, None]).prod(axis=-1)
    return corners, weights


def _in_frame(tensors: Floats, turn: Floats) -> Floats:
    """Tensors (pair, component) by the axes of a frame whose north has the azimuth `turn` (degrees), shears doubled."""
    nn, ee, dd, ne, nd, ed = np.moveaxis(tensors, -1, 0)
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    mixed = cos**2 - sin**2
    return np.stack(
        [
            nn * cos**2 + ee * sin**2 + 2 * ne * cos * sin,
            nn * sin**2 + ee * cos**2 - 2 * ne * cos * sin,
            dd * np.ones_like(cos),
            2 * ((ee - nn) * cos * sin + ne * mixed),
            2 * (nd * cos + ed * sin),
            2 * (ed * cos - nd * sin),
        ],
        axis=-1,
    )
