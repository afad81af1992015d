"""The location stage: each event's origin with its uncertainty, then its magnitude."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.engine.association import candidate_of
from wadati.engine.flow import Flow
from wadati.engine.ledger import Ledger
from wadati.engine.progress import Progress
from wadati.engine.review import publishable
from wadati.errors import InputError
from wadati.magnitudes.local import LocalMagnitude
from wadati.model import AmplitudeTrack, Event, Inventory, Magnitude, Origin, Pick, Station, VelocityModel
from wadati.protocols import Locator, Problem
from wadati.traveltime.geodesy import distance_azimuth
from wadati.traveltime.layered import first_arrival
from wadati.units import SECOND


def locate_all(
    events: Sequence[Event],
    picks: Iterable[Pick],
    inventory: Inventory,
    tracks: Sequence[AmplitudeTrack],
    flow: Flow,
    ledger: Ledger,
    progress: Progress,
) -> tuple[Event, ...]:
    """The events that can be located and may be published, in order of origin time.

    An event that cannot be located, or whose origin is not good enough (see `engine.review`), is left out with a note.
    """
    locator: Locator = flow.part("locators")
    model = flow.earth()
    by_id = {pick.pick_id: pick for pick in picks}
    located: list[tuple[Event, Origin]] = []
    progress.start("locate", len(events))
    with ledger.stage("locate"):
        for event in events:
            candidate = candidate_of(event)
            own = [by_id[pick_id] for pick_id in candidate.pick_ids if pick_id in by_id]
            try:
                origin = locator.locate(own, inventory, model, candidate)
            except InputError as error:
                ledger.notes.append(Problem(event.event_id, error.wrong, error.mend))
            else:
                located.append((event, origin))
            progress.step("locate")
        kept, left_out = publishable(located)
    ledger.notes.extend(left_out)
    progress.finish("locate", f"{len(kept)} of {len(events)} events located")
    return _with_magnitudes(kept, by_id, inventory, tracks, flow, ledger, progress)


def _with_magnitudes(
    located: Sequence[tuple[Event, Origin]],
    picks: Mapping[str, Pick],
    inventory: Inventory,
    tracks: Sequence[AmplitudeTrack],
    flow: Flow,
    ledger: Ledger,
    progress: Progress,
) -> tuple[Event, ...]:
    method = LocalMagnitude(flow.part("attenuation"))
    stations = inventory.stations()
    progress.start("magnitude", len(located))
    finished = []
    with ledger.stage("magnitude"):
        onsets = _p_onsets([origin for _, origin in located], picks, stations, flow.earth())
        for index, (event, origin) in enumerate(located):
            own = [picks[arrival.pick_id] for arrival in origin.arrivals if arrival.pick_id in picks]
            next_onsets = _next_onsets(index, onsets, stations)
            magnitude = method.magnitude(origin, stations, tracks, picks=own, next_onsets=next_onsets)
            finished.append(_finish(event, origin, magnitude))
            progress.step("magnitude")
    sized = sum(event.magnitude is not None for event in finished)
    progress.finish("magnitude", f"{sized} of {len(finished)} events have a magnitude")
    return tuple(sorted(finished, key=lambda event: (event.origin.time, event.event_id)))


def _p_onsets(
    origins: Sequence[Origin], picks: Mapping[str, Pick], stations: Sequence[Station], model: VelocityModel
) -> npt.NDArray[np.int64]:
    """When P of each event arrives at each station (ns), shape (event, station): as picked, else as expected."""
    latitudes = np.array([station.latitude for station in stations])
    longitudes = np.array([station.longitude for station in stations])
    elevations = np.array([station.elevation for station in stations])
    onsets = np.empty((len(origins), len(stations)), np.int64)
    for row, origin in zip(onsets, origins, strict=True):
        distance, _ = distance_azimuth(origin.latitude, origin.longitude, latitudes, longitudes)
        expected = first_arrival(model, "P", distance, origin.depth, elevations)
        row[:] = origin.time + np.rint(expected * SECOND).astype(np.int64)
        seen = {
            (arrival.network, arrival.station): picks[arrival.pick_id].time
            for arrival in origin.arrivals
            if arrival.phase == "P" and arrival.weight > 0 and arrival.pick_id in picks
        }
        for column, station in enumerate(stations):
            row[column] = seen.get(station.key, row[column])
    return onsets


def _next_onsets(index: int, onsets: npt.NDArray[np.int64], stations: Sequence[Station]) -> dict[tuple[str, str], int]:
    """For each station, when P of the event that arrives there next after this one does."""
    later = np.where(onsets > onsets[index], onsets, np.iinfo(np.int64).max)
    nearest = later.min(axis=0)
    known = nearest < np.iinfo(np.int64).max
    return {
        station.key: int(time) for station, time, is_known in zip(stations, nearest, known, strict=True) if is_known
    }


def _finish(event: Event, origin: Origin, magnitude: Magnitude | None) -> Event:
    preferred = magnitude.magnitude_id if magnitude and not magnitude.saturated else None
    return msgspec.structs.replace(
        event,
        origins=(origin,),
        preferred_origin_id=origin.origin_id,
        magnitudes=(magnitude,) if magnitude else (),
        preferred_magnitude_id=preferred,
    )
