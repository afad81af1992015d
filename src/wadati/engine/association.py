"""The association stage: picks to events with a preliminary origin and the identifier they keep."""

from __future__ import annotations

from collections.abc import Iterable

from wadati.engine.flow import Flow
from wadati.engine.ledger import Ledger
from wadati.engine.progress import Progress
from wadati.model import Arrival, Event, Inventory, Origin, Pick, VelocityModel
from wadati.protocols import Associator, Candidate, Explaining
from wadati.store.identity import new_event_id
from wadati.traveltime.geodesy import distance_azimuth
from wadati.traveltime.layered import first_arrival
from wadati.units import MICROSECOND, SECOND


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
    events = tuple(event_of(candidate, by_id, inventory, model, associator.name) for candidate in candidates)
    used = sum(len(candidate.pick_ids) for candidate in candidates)
    progress.step("associate")
    told = f"{len(events)} events from {used} of {len(by_id)} picks"
    if not events and isinstance(associator, Explaining):
        told += f": {associator.why_none(tuple(by_id.values()), inventory, model)}"
    progress.finish("associate", told)
    return events


def event_of(
    candidate: Candidate, picks: dict[str, Pick], inventory: Inventory, model: VelocityModel, method: str
) -> Event:
    arrivals = []
    for pick_id in candidate.pick_ids:
        pick = picks[pick_id]
        station = inventory.station(*pick.source_id.station_key)
        if station is None:
            continue
        distance, azimuth = distance_azimuth(
            candidate.latitude, candidate.longitude, station.latitude, station.longitude
        )
        expected = first_arrival(model, pick.phase_hint, distance, candidate.depth, station.elevation)
        residual = (pick.time - candidate.time) / SECOND - float(expected)
        arrivals.append(
            Arrival(
                pick_id,
                *station.key,
                pick.phase_hint,
                round(float(distance), 3),
                float(azimuth),
                round(residual, 4),
                1.0,
            )
        )
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
