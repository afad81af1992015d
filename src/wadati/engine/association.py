"""The association stage: picks to events with a preliminary origin and the identifier they keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from wadati.engine.flow import Flow
from wadati.engine.ledger import Ledger
from wadati.engine.progress import Progress
from wadati.model import Arrival, Event, Inventory, Origin, Pick, Station, VelocityModel
from wadati.protocols import Associator, Candidate, Explaining
from wadati.store.identity import new_event_id
from wadati.traveltime.geodesy import distance_azimuth
from wadati.traveltime.layered import first_arrival
from wadati.units import MICROSECOND, SECOND

Key = tuple[str, str]


def associate_all(
    picks: Iterable[Pick], inventory: Inventory, flow: Flow, ledger: Ledger, progress: Progress
) -> tuple[Event, ...]:
    """Events in order of time, each with the associator's origin and arrivals."""
    associator: Associator = flow.part("associators")
    model = flow.earth()
    by_id = {pick.pick_id: pick for pick in picks}
    progress.start("associate", 1)
    with ledger.stage("associate"):
        candidates = associator.associate(tuple(by_id.values()), inventory, model)
    events = events_of(candidates, by_id, inventory, model, associator.name)
    used = sum(len(candidate.pick_ids) for candidate in candidates)
    progress.step("associate")
    told = f"{len(events)} events from {used} of {len(by_id)} picks"
    if not events and isinstance(associator, Explaining):
        told += f": {associator.why_none(tuple(by_id.values()), inventory, model)}"
    progress.finish("associate", told)
    return events


def events_of(
    candidates: Iterable[Candidate],
    picks: Mapping[str, Pick],
    inventory: Inventory,
    model: VelocityModel,
    method: str,
) -> tuple[Event, ...]:
    """Candidates as events with a preliminary origin, in the order given."""
    stations = {station.key: station for station in inventory.stations()}
    return tuple(event_of(candidate, picks, stations, model, method) for candidate in candidates)


def event_of(
    candidate: Candidate, picks: Mapping[str, Pick], stations: Mapping[Key, Station], model: VelocityModel, method: str
) -> Event:
    """A candidate as an event with a preliminary origin, whose arrivals are those of known stations."""
    own = [picks[pick_id] for pick_id in candidate.pick_ids if picks[pick_id].source_id.station_key in stations]
    place = [stations[pick.source_id.station_key] for pick in own]
    latitude, longitude, elevation = (
        np.array([getattr(station, name) for station in place]) for name in ("latitude", "longitude", "elevation")
    )
    distance, azimuth = distance_azimuth(candidate.latitude, candidate.longitude, latitude, longitude)
    phases = np.array([pick.phase_hint for pick in own])
    expected = np.zeros(len(own))
    for phase in sorted(set(phases.tolist())):
        these = phases == phase
        expected[these] = first_arrival(model, phase, distance[these], candidate.depth, elevation[these])
    arrivals = [
        Arrival(
            pick.pick_id,
            *station.key,
            pick.phase_hint,
            round(float(metres), 3),
            float(degrees),
            round((pick.time - candidate.time) / SECOND - float(travel), 4),
            1.0,
        )
        for pick, station, metres, degrees, travel in zip(own, place, distance, azimuth, expected, strict=True)
    ]
    # To what tables hold, so that the location stage starts from the same numbers as a file or as a value.
    origin = Origin.of(
        candidate.time // MICROSECOND * MICROSECOND,
        round(candidate.latitude, 6),
        round(candidate.longitude, 6),
        float(round(candidate.depth)),
        arrivals=tuple(arrivals),
        earth_model=model.name,
        method=method,
    )
    return Event(new_event_id(origin), (origin,), preferred_origin_id=origin.origin_id)


def candidate_of(event: Event) -> Candidate:
    """The associator's view of an event: the way back, for a location stage that starts from tables."""
    origin = event.origin
    return Candidate(
        origin.time,
        origin.latitude,
        origin.longitude,
        origin.depth,
        tuple(arrival.pick_id for arrival in origin.arrivals),
    )
