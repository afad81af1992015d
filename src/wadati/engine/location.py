"""The location stage: each event's origin with its uncertainty, then its magnitude."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.engine.association import candidate_of
from wadati.engine.flow import LEARN, NO_TERMS, Flow
from wadati.engine.ledger import Ledger
from wadati.engine.progress import Progress
from wadati.engine.review import Reviewed, review
from wadati.errors import InputError
from wadati.locators.clock import clock_errors
from wadati.locators.edt import EdtLocator
from wadati.locators.learning import collect, learn_station_terms
from wadati.locators.station_terms import station_terms
from wadati.magnitudes.joint_inversion import JointLocalMagnitude
from wadati.model import AmplitudeTrack, Event, Inventory, Origin, Pick, Station, VelocityModel
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
    if (ground := flow.ground()) and isinstance(locator, EdtLocator):
        locator = locator.with_topography(ground)
        ledger.topography = ground.digest
    model = flow.earth()
    by_id = {pick.pick_id: pick for pick in picks}
    located: list[Event] = []
    progress.start("locate", len(events))
    with ledger.stage("locate"):
        locator, words = _with_station_terms(locator, events, by_id, inventory, model, flow, ledger)
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
                located.append(_with_origin(event, origin))
            progress.step("locate")
        found = _reviewed(located, flow, ledger)
        _name_clocks(locator, found.events, inventory, model, ledger)
    progress.finish("locate", f"{len(found.events)} of {len(events)} events located{words}")
    return _with_magnitudes(found.events, by_id, inventory, tracks, flow, ledger, progress)


def _with_station_terms(
    locator: Locator,
    events: Sequence[Event],
    picks: Mapping[str, Pick],
    inventory: Inventory,
    model: VelocityModel,
    flow: Flow,
    ledger: Ledger,
) -> tuple[Locator, str]:
    """The locator with the delays of a file or of these events, and words on them; as it is where it takes none."""
    if flow.station_terms == NO_TERMS or not isinstance(locator, EdtLocator):
        return locator, ""
    terms, reason = flow.delays(), "station terms from a file"
    if terms is None:
        own = [[picks[pick_id] for pick_id in candidate_of(event).pick_ids if pick_id in picks] for event in events]
        learned = learn_station_terms(locator, own, inventory, model)
        terms, reason = learned.terms, learned.reason
    if not terms.terms:
        return locator, f"; {reason}"
    ledger.delays = terms
    return locator.with_terms(terms), f"; {reason}"


def _name_clocks(
    locator: Locator, events: Sequence[Event], inventory: Inventory, model: VelocityModel, ledger: Ledger
) -> None:
    """A note for each station whose P and S both come early or late by what no earth explains."""
    if not events or not isinstance(locator, EdtLocator):
        return
    found = collect([event.origin for event in events], inventory, locator.earth(model, inventory), locator.terms)
    for clock in clock_errors(station_terms(found)):
        wrong = f"its times are {clock.seconds:+.2f} s off (± {clock.uncertainty:.2f})"
        ledger.notes.append(Problem(f"{clock.network}.{clock.station}", wrong, "check its clock"))


def _with_origin(event: Event, origin: Origin) -> Event:
    return msgspec.structs.replace(event, origins=(origin,), preferred_origin_id=origin.origin_id)


def _reviewed(events: Sequence[Event], flow: Flow, ledger: Ledger) -> Reviewed:
    found = review(events, flow.review)
    ledger.notes.extend(found.held_back)
    ledger.decisions.extend(found.decisions)
    return found


def _with_magnitudes(
    events: Sequence[Event],
    picks: Mapping[str, Pick],
    inventory: Inventory,
    tracks: Sequence[AmplitudeTrack],
    flow: Flow,
    ledger: Ledger,
    progress: Progress,
) -> tuple[Event, ...]:
    relation = flow.part("attenuation")
    method = JointLocalMagnitude(relation, terms=flow.terms(relation.name), learns=flow.magnitude_terms == LEARN)
    stations = inventory.stations()
    origins = [event.origin for event in events]
    progress.start("magnitude", 1)
    with ledger.stage("magnitude"):
        sized = method.magnitudes(origins, stations, tracks, onsets(origins, picks, stations, flow.earth()))
        finished = []
        for event, found in zip(events, sized.events, strict=True):
            if found.magnitude is None:
                ledger.notes.append(Problem(event.event_id, f"has no {method.magnitude_type}: {found.why}"))
                finished.append(event)
            else:
                size = found.magnitude
                preferred = None if size.saturated else size.magnitude_id
                finished.append(msgspec.structs.replace(event, magnitudes=(size,), preferred_magnitude_id=preferred))
        ledger.terms = sized.terms
        reviewed = _reviewed(finished, flow, ledger)
    progress.step("magnitude")
    count = sum(event.magnitude is not None for event in reviewed.events)
    progress.finish("magnitude", f"{count} of {len(finished)} events have a magnitude")
    return reviewed.events


def onsets(
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
