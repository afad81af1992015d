"""Seismograms that somebody asks for: what may be asked, in words of JSON, and what it comes to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np

from wadati.engine.synthetics.seismograms import Motion
from wadati.errors import UsageError
from wadati.greens.answers import Answers
from wadati.greens.source_time import STEP, SourceTime
from wadati.model import MomentTensor, PointSource, Station, parse_time, scalar_moment
from wadati.sources.selection import fits
from wadati.units import SECOND

ORIGIN = "2000-01-01T00:00:00Z"
"""When a source begins of which that is not said."""

_LARGEST_MAGNITUDE = 10.0
_TIMES = parse_time("1900-01-01"), parse_time("2200-01-01")
_PLACES = (("latitude", 90.0), ("longitude", 180.0))
_COMPONENTS = 3
_MOST_PATTERNS = 50
_ALL = ["*.*"]


class AskedSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A source: latitude and longitude in degrees, `depth` in metres below sea level, and either a fault by `strike`,
    `dip`, `rake` (degrees) and `magnitude` (Mw), or a `tensor` nn, ee, dd, ne, nd, ed in N m (axes north, east, down).
    """

    latitude: float
    longitude: float
    depth: float
    time: str = ORIGIN
    strike: float | None = None
    dip: float | None = None
    rake: float | None = None
    magnitude: float | None = None
    tensor: tuple[float, float, float, float, float, float] | None = None

    def source(self) -> PointSource:
        """The same as a source. Raises `UsageError` for what cannot be meant.

        >>> AskedSource(35.0, -117.0, 8000.0, strike=0.0, dip=45.0, rake=90.0, magnitude=4.0).source().depth
        8000.0
        """
        check_place(self.latitude, self.longitude)
        time = parse_time(self.time)
        check_time(time)
        return PointSource(time, self.latitude, self.longitude, self.depth, self._tensor())

    def _tensor(self) -> MomentTensor:
        fault = self.strike, self.dip, self.rake, self.magnitude
        given = [value for value in fault if value is not None]
        if (self.tensor is not None) == bool(given):
            raise UsageError("a source needs strike, dip, rake and magnitude, or else a tensor")
        if self.tensor is not None:
            tensor = MomentTensor(*self.tensor)
            check_tensor(tensor)
            return tensor
        if len(given) < len(fault):
            raise UsageError("a fault needs all of strike, dip, rake and magnitude")
        strike, dip, rake, magnitude = given
        if not magnitude <= _LARGEST_MAGNITUDE:
            raise UsageError(f"magnitude {magnitude:g} is none; give one up to {_LARGEST_MAGNITUDE:g}")
        return MomentTensor.of_fault(strike, dip, rake, scalar_moment(magnitude))


class AskedReceiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place without a station: latitude and longitude in degrees, and the codes that its seismograms are to have
    (S0001 and so on without one)."""

    latitude: float
    longitude: float
    network: str = "XX"
    station: str = ""

    def place(self, number: int) -> Station:
        """The same as a station at sea level, the `number`th. Raises `UsageError` for what is no place or no code."""
        return place_of(self.network, self.station or f"S{number:04d}", self.latitude, self.longitude)


class SyntheticsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sources, and where they are seen: `stations` as NET.STA with `*` and `?` (all of this service where nothing is
    said), or `receivers`, places of any kind.

    `kind`, `components`, `source_time` and `one_fault` are those of a `Motion`. `zarr` (one array) and `peaks` (the
    largest motion of each seismogram) are always made as a job.
    """

    sources: list[AskedSource]
    stations: list[str] | None = None
    receivers: list[AskedReceiver] = []
    kind: Literal["displacement", "velocity", "acceleration"] = "displacement"
    components: Literal["ZNE", "ZRT"] = "ZNE"
    source_time: SourceTime = STEP
    one_fault: bool = False
    format: Literal["miniseed", "saczip", "json", "zarr", "peaks"] = "miniseed"

    def question(self, known: Sequence[Station]) -> Question:
        """What this comes to where these stations are known. Raises `UsageError` for what cannot be meant."""
        if not self.sources:
            raise UsageError("there is no source in it; give one at least")
        named = (_ALL if not self.receivers else []) if self.stations is None else self.stations
        stations = chosen(named, known) if known or named is not _ALL else []
        stations += [one.place(number) for number, one in enumerate(self.receivers, 1)]
        if not stations:
            raise UsageError("there is no station in it, or none is known here; give stations or receivers")
        motion = Motion(self.kind, self.components, self.source_time, self.one_fault)
        return Question(tuple(one.source() for one in self.sources), tuple(stations), motion, self.format)


class Question(NamedTuple):
    """Sources, stations and what is asked of them."""

    sources: tuple[PointSource, ...]
    stations: tuple[Station, ...]
    motion: Motion
    format: str = "miniseed"

    def samples(self, greens: Answers[Any]) -> int:
        """How many samples have to be made of a store for it, whatever then lies too far."""
        reduced, longest = greens.reduced, 0.0
        if self.motion.one_fault:
            times = [source.time for source in self.sources]
            longest = (max(times) - min(times)) / SECOND
        each = reduced.samples + math.ceil(longest * reduced.sampling_rate_hz)
        return len(self.sources) * len(self.stations) * _COMPONENTS * each

    def check(self, greens: Answers[Any], longest: int) -> None:
        """Raise `UsageError` for sources deeper or shallower than a store reaches, and for a source that goes on for
        more than `longest` samples of it."""
        depths = np.array([source.depth for source in self.sources])
        outside = depths[~greens.contents.depths.holds(depths)]
        if len(outside):
            wrong = f"a source at {outside[0] / 1000:g} km is outside the depths that are known here"
            raise UsageError(f"{wrong}, {greens.contents.depths}")
        most = longest / greens.reduced.sampling_rate_hz
        source_time = self.motion.source_time
        if source_time.length > most or len(source_time.samples) > longest:
            raise UsageError(f"a source time function is longer than {most:g} s or {longest} samples")


def chosen(patterns: Sequence[str], known: Sequence[Station]) -> list[Station]:
    """The stations that NET.STA patterns name, in the order they are known in.

    Raises `UsageError` for one that names none, and for more patterns with `*` or `?` than can be looked through.

    >>> [one.code for one in chosen(["XX.?1"], [Station("XX", "A1", 0, 0, 0), Station("XX", "B2", 0, 0, 0)])]
    ['A1']
    """
    keys = {one.key for one in known}
    found: set[tuple[str, str]] = set()
    searched = 0
    for pattern in dict.fromkeys(patterns):
        network, dot, station = pattern.partition(".")
        named = {(network, station)} & keys
        if not named and dot and any(sign in pattern for sign in "*?,"):
            searched += 1
            named = {key for key in keys if fits(key[0], network) and fits(key[1], station)}
        if not named:
            raise UsageError(f"no station is called {pattern!r} here; write NET.STA, with * and ?")
        if searched > _MOST_PATTERNS:
            raise UsageError(f"there are more than {_MOST_PATTERNS} patterns with * or ?; name stations, or all by *.*")
        found |= named
    return [one for one in known if one.key in found]


def place_of(network: str, code: str, latitude: float, longitude: float) -> Station:
    """A place as a station at sea level. Raises `UsageError` for what is no place or no code."""
    check_code(network, 2)
    check_code(code, 5)
    check_place(latitude, longitude)
    return Station(network, code, latitude, longitude, 0.0)


def check_place(latitude: float, longitude: float) -> None:
    """Raise `UsageError` for what is no place on the Earth."""
    for (name, most), value in zip(_PLACES, (latitude, longitude), strict=True):
        if not abs(value) <= most:
            raise UsageError(f"{name} {value:g} is none; give one from {-most:g} to {most:g}")


def check_time(time: int) -> None:
    """Raise `UsageError` for an origin time that seismograms could not be written of."""
    if not _TIMES[0] <= time < _TIMES[1]:
        raise UsageError("a source begins between 1900 and 2200")


def check_tensor(tensor: MomentTensor) -> None:
    """Raise `UsageError` for moments beyond those of any earthquake."""
    largest = max(map(abs, tensor.components))
    if not largest <= scalar_moment(_LARGEST_MAGNITUDE):
        raise UsageError(f"a moment of {largest:g} N m is none; give moments of up to Mw {_LARGEST_MAGNITUDE:g}")


def check_code(code: str, most: int) -> None:
    """Raise `UsageError` for what miniSEED 2 cannot hold as a code, or a file be called by."""
    if not (code.isascii() and code.isalnum() and len(code) <= most):
        raise UsageError(f"{code!r} is no code; give up to {most} letters and digits")
