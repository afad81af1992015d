"""The moment tensor of an event: records, stations and Green's functions in, the event's next version out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np

from wadati.engine.first_motion import METHOD as FIRST_MOTION
from wadati.engine.first_motion import first_motion
from wadati.errors import InputError, ReadError, UsageError
from wadati.formats.catalogs import read_catalog
from wadati.formats.inventory import read_inventory
from wadati.model import (
    Event,
    FocalMechanism,
    Inventory,
    Magnitude,
    Origin,
    Pick,
    Station,
    TimeSpan,
    Trace,
    content_id,
    seconds,
)
from wadati.model.mechanism import nodal_planes
from wadati.protocols import GreensFunctions, Problem
from wadati.sources.files import open_waveforms
from wadati.tensors.centroid import Inversion, default_depths, invert, tried_places
from wadati.tensors.passband import OVERSAMPLED, band_of
from wadati.tensors.solution import Kind
from wadati.tensors.stations import Seen, Window, look
from wadati.tensors.synthetics import from_greens
from wadati.traveltime.geodesy import distance_azimuth

METHOD = "wadati-tensor"

_REACH = ((4.0, 200e3), (5.0, 400e3), (6.0, 800e3), (np.inf, 1500e3))


class Records(Protocol):
    """Where the waveforms of stations are."""

    def read(self, network: str, station: str, span: TimeSpan | None = None) -> Iterator[Trace]:
        """See `Source.read`."""
        ...

    def problems(self) -> Sequence[Problem]:
        """See `Source.problems`."""
        ...


@dataclass(frozen=True, eq=False)
class TensorResult:
    """The event with its mechanism, and how that came about; `left_out` are the stations that do not count."""

    event: Event
    inversion: Inversion
    window: Window
    left_out: tuple[Problem, ...]
    problems: tuple[Problem, ...]


def open_greens(url: str) -> GreensFunctions:
    """The Green's functions at an address. Raises `MissingExtraError` where what reads stores is not installed."""
    from wadati.greens.opened import open_store

    return open_store(url)


def find_event(event: str, results: Path | None, inventory: Inventory | None = None) -> tuple[Event, tuple[Pick, ...]]:
    """The event of a file that holds one, or by its identifier in a catalog (a file or a folder); and all picks.

    Raises `UsageError` where that is not one event.
    """
    place = results or Path(event)
    catalog = read_catalog(place, inventory, [])
    wanted = [one for one in catalog if results is None or event in (one.event_id, *one.aliases)]
    if len(wanted) == 1:
        return wanted[0], catalog.picks
    if results is None:
        raise UsageError(f"{place} holds {len(wanted)} events; write one identifier, and --results {place}")
    raise UsageError(f"no event of {place} is called {event}; see its events.csv")


@dataclass(frozen=True)
class Asked:
    """What a tensor asks for: the window of the band, and the stations at distances (m) that count, nearest first.

    `left_out` are stations within reach that the Green's functions know no answer for.
    """

    magnitude: float
    origin: Origin
    window: Window
    near: tuple[tuple[Station, float], ...]
    left_out: tuple[Problem, ...]

    def span(self, distance: float) -> TimeSpan:
        """The times of a station's records that are used where there are some."""
        low, high = self.window.welcome(distance)
        return TimeSpan(self.origin.time + seconds(low), self.origin.time + seconds(high))


def size_of(event: Event) -> float | None:
    """How large an event is for all that is known: its preferred magnitude, else the largest it has.

    >>> event = Event("wd1", (Origin.of(0, 35.7, -117.5, 8000.0),), (Magnitude("m", "o", "ML", 7.0, saturated=True),))
    >>> size_of(event)
    7.0
    """
    if event.magnitude is not None:
        return event.magnitude.value
    return max((one.value for one in event.magnitudes), default=None)


def asked(event: Event, inventory: Inventory, greens: GreensFunctions, magnitude: float | None = None) -> Asked:
    """What the tensor of an event asks for; `magnitude` chooses the band, without it the event's own does.

    Raises `InputError` where the event has no magnitude, or where no station is within reach, `UsageError` where the
    Green's functions do not hold the band, `ReadError` where they cannot be had now.
    """
    size = magnitude if magnitude is not None else size_of(event)
    if size is None:
        raise InputError(event.event_id, "has no magnitude", "give one (--magnitude), so that the band can be chosen")
    origin = event.origin
    band = band_of(size, greens.band)
    near, left_out = _near(origin, inventory, greens, size, band)
    if not near:
        raise _none(event, left_out)
    return Asked(size, origin, Window(band, max(distance for _, distance in near)), tuple(near), tuple(left_out))


def tensor(
    event: Event,
    source: Records,
    inventory: Inventory,
    greens: GreensFunctions,
    *,
    magnitude: float | None = None,
    kind: Kind | None = None,
    depths: Sequence[float] | None = None,
) -> TensorResult:
    """The moment tensor of an event.

    `magnitude` chooses band, distances and duration; without it the event's own does. `depths` (m) are those tried.
    Raises `InputError` where the event has no magnitude, or where too few stations can be used, `ReadError` where the
    Green's functions cannot be had now.
    """
    what = asked(event, inventory, greens, magnitude)
    origin, window, left_out = what.origin, what.window, list(what.left_out)
    seen: list[Seen] = []
    for station, distance in what.near:
        try:
            traces = list(source.read(station.network, station.code, what.span(distance)))
            if traces:
                seen.append(look(station, traces, inventory, origin, window))
        except ReadError as error:
            left_out.append(Problem(f"{station.network}.{station.code}", f"{error.subject} {error.wrong}", error.mend))
        except InputError as error:
            left_out.append(Problem(error.subject, error.wrong, error.mend))
    if not seen:
        raise _none(event, left_out)
    found = invert(seen, from_greens(greens, window, what.magnitude), origin, window, depths=depths, kind=kind)
    told = (*left_out, *found.left_out)
    return TensorResult(next_version(event, found, window), found, window, told, tuple(source.problems()))


def tensor_of_files(
    event: str,
    waveforms: Sequence[Path],
    stations: Path,
    greens: GreensFunctions,
    *,
    results: Path | None = None,
    magnitude: float | None = None,
    kind: Kind | None = None,
) -> TensorResult:
    """`tensor` of an event (see `find_event`), from files and folders of waveforms and stations.

    Where its picks state enough polarities, the event also gets the mechanism of its first motions.
    """
    inventory, problems = read_inventory(stations)
    one, picks = find_event(event, results, inventory)
    reach = max(until for _, until in _REACH) / 1000.0
    around = TimeSpan(one.origin.time - seconds(reach), one.origin.time + seconds(2 * reach))
    source = open_waveforms(list(waveforms), around)
    result = tensor(one, source, inventory, greens, magnitude=magnitude, kind=kind)
    polar = first_motion(one, picks, inventory)
    others = (
        *(other for other in result.event.mechanisms if other.method != FIRST_MOTION),
        *([polar] if polar else []),
    )
    whole = msgspec.structs.replace(result.event, mechanisms=others)
    return TensorResult(whole, result.inversion, result.window, result.left_out, (*problems, *result.problems))


def next_version(event: Event, found: Inversion, window: Window) -> Event:
    """The event with the centroid as one more origin, Mw as its magnitude, and the mechanism preferred."""
    node, tensor_ = found.node, found.tensor
    origin = event.origin
    late = seconds(node.fit.centroid / window.sampling_rate_hz)
    centroid = Origin.of(
        origin.time + late,
        node.latitude,
        node.longitude,
        node.depth,
        azimuthal_gap=found.quality.gap,
        method=f"{METHOD}-centroid",
    )
    values = [round(value, 3) for value in tensor_.components]
    mechanism_id = content_id("mechanism", origin.origin_id, centroid.origin_id, values)
    size = Magnitude(
        content_id("magnitude", mechanism_id, "Mw"),
        centroid.origin_id,
        "Mw",
        tensor_.magnitude,
        found.spread.magnitude,
        method=METHOD,
    )
    mechanism = FocalMechanism(
        mechanism_id,
        origin.origin_id,
        nodal_planes(tensor_),
        tensor_,
        centroid.origin_id,
        size.magnitude_id,
        variance_reduction=node.fit.solution.variance_reduction,
        stations=len(found.used),
        gap=found.quality.gap,
        quality=found.quality.grade,
        method=METHOD,
    )
    preferred = event.preferred_origin_id or origin.origin_id
    return msgspec.structs.replace(
        event,
        origins=(*(one for one in event.origins if one.method != centroid.method), centroid),
        preferred_origin_id=preferred,
        magnitudes=(*(one for one in event.magnitudes if one.method != METHOD), size),
        preferred_magnitude_id=size.magnitude_id,
        mechanisms=(*(one for one in event.mechanisms if one.method != METHOD), mechanism),
        preferred_mechanism_id=mechanism_id,
    )


def _near(
    origin: Origin, inventory: Inventory, greens: GreensFunctions, magnitude: float, band: tuple[float, float]
) -> tuple[list[tuple[Station, float]], list[Problem]]:
    """Stations at distances (m) where a magnitude is heard and the Green's functions know an answer, the nearest first:
    also from the places around the origin that the centroid may move to.

    The farthest is 200 km below magnitude 4, 400 km below 5, 800 km below 6, else 1,500 km.
    """
    farthest = next(reach for below, reach in _REACH if magnitude < below)
    near: list[tuple[Station, float]] = []
    left_out: list[Problem] = []
    for station in inventory.stations():
        distance = float(distance_azimuth(origin.latitude, origin.longitude, station.latitude, station.longitude)[0])
        if distance > farthest:
            continue
        refused = _refused(greens, origin, station, band)
        if refused is not None:
            left_out.append(Problem(f"{station.network}.{station.code}", refused.wrong, refused.mend))
            continue
        near.append((station, distance))
    return sorted(near, key=lambda one: one[1]), left_out


def _refused(greens: GreensFunctions, origin: Origin, station: Station, band: tuple[float, float]) -> InputError | None:
    """Why a station has no answer at any depth that is tried, or none of a place that is tried; None where it has."""

    def unknown(latitude: float, longitude: float, depth: float) -> InputError | None:
        try:
            greens.tensor_responses(
                latitude,
                longitude,
                depth,
                [station],
                sampling_rate_hz=OVERSAMPLED * band[1],
                start_s=0.0,
                samples=2,
            )
        except ReadError:
            raise
        except InputError as error:
            return error
        return None

    first = None
    for depth in (origin.depth, *default_depths(origin)):
        error = unknown(origin.latitude, origin.longitude, depth)
        if error is None:
            # One station that a place is too near or too far for would silently keep the place from being tried.
            around = (unknown(*place, depth) for place in tried_places(origin))
            return next((error for error in around if error is not None), None)
        first = first or error
    return first


def _none(event: Event, left_out: Sequence[Problem]) -> InputError:
    first = f"; the first: {left_out[0].subject}: {left_out[0].wrong}" if left_out else ""
    wrong = f"no station within reach has usable records{first}"
    return InputError(event.event_id, wrong, "give the waveforms and StationXML of broadband stations around it")
