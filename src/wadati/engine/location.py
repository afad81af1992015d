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
from wadati.protocols import Locator, MagnitudeMethod, Problem
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
                ledger.notes.append(Problem(event.event_id, f"not located: {error.wrong}", error.mend))
            except Exception as error:  # a locator is anybody's code, and one event must not cost the others
                reason = f"not located: unexpected {type(error).__name__}: {error}"
                ledger.problems.append(Problem(event.event_id, reason, "please report it"))
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
    method: MagnitudeMethod = LocalMagnitude(flow.part("attenuation"))
    stations = inventory.stations()
    progress.start("magnitude", len(located))
    finished = []
    with ledger.stage("magnitude"):
        onsets = _onsets([origin for _, origin in located], picks, stations, flow.earth())
        following = _next_onsets(onsets[..., 0])
        keys = [station.key for station in stations]
        for (event, origin), own, later in zip(located, onsets.tolist(), following.tolist(), strict=True):
            at = {key: (p, s) for key, (p, s) in zip(keys, own, strict=True)}
            until = dict(zip(keys, later, strict=True))
            magnitude = method.magnitude(origin, stations, tracks, onsets=at, next_onsets=until)
            if magnitude is None:
                why = method.why_none(origin, stations, tracks, onsets=at, next_onsets=until)
                ledger.notes.append(Problem(event.event_id, f"has no {method.magnitude_type}: {why}"))
            finished.append(_finish(event, origin, magnitude))
            progress.step("magnitude")
    sized = sum(event.magnitude is not None for event in finished)
    progress.finish("magnitude", f"{sized} of {len(finished)} events have a magnitude")
    return tuple(sorted(finished, key=lambda event: (event.origin.time, event.event_id)))


def _onsets(
    origins: Sequence[Origin], picks: Mapping[str, Pick], stations: Sequence[Station], model: VelocityModel
) -> npt.NDArray[np.int64]:
    """When P and S of each event arrive at each station (ns), shape (event, station, 2): as picked, else expected."""
    source = np.array([(origin.latitude, origin.longitude, origin.depth) for origin in origins]).reshape(-1, 3, 1)
    latitude, longitude, depth = source[:, 0], source[:, 1], source[:, 2]
    place = np.array([(station.latitude, station.longitude, station.elevation) for station in stations]).reshape(-1, 3)
    distance, _ = distance_azimuth(latitude, longitude, place[:, 0], place[:, 1])
    travel = np.stack([first_arrival(model, phase, distance, depth, place[:, 2]) for phase in "PS"], axis=-1)
    times = np.array([origin.time for origin in origins], np.int64)
    onsets = times[:, None, None] + np.rint(travel * SECOND).astype(np.int64)
    columns = {station.key: column for column, station in enumerate(stations)}
    for row, origin in zip(onsets, origins, strict=True):
        for arrival in origin.arrivals:
            column = columns.get((arrival.network, arrival.station))
            if column is not None and arrival.weight > 0 and arrival.phase in ("P", "S") and arrival.pick_id in picks:
                row[column, "PS".index(arrival.phase)] = picks[arrival.pick_id].time
    return onsets


def _next_onsets(onsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """For P of each event at each station (ns), shape (event, station), the next P there; far ahead after the last."""
    following = np.full_like(onsets, np.iinfo(np.int64).max)
    for column, times in zip(following.T, onsets.T, strict=True):
        later = np.unique(times)
        rank = np.searchsorted(later, times) + 1
        column[rank < len(later)] = later[rank[rank < len(later)]]
    return following


def _finish(event: Event, origin: Origin, magnitude: Magnitude | None) -> Event:
    preferred = magnitude.magnitude_id if magnitude and not magnitude.saturated else None
    return msgspec.structs.replace(
        event,
        origins=(origin,),
        preferred_origin_id=origin.origin_id,
        magnitudes=(magnitude,) if magnitude else (),
        preferred_magnitude_id=preferred,
    )
