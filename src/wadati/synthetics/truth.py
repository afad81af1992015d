"""What is true of simulated events, as a catalog."""

from __future__ import annotations

import msgspec

from wadati.model import Catalog, Event, FocalMechanism, Magnitude, MomentTensor, Origin, content_id, parse_time
from wadati.model.mechanism import nodal_planes
from wadati.synthetics.sequence import SimulatedEvent

START = parse_time("2026-03-01T23:50:00Z")
"""When every simulation starts: midnight falls within it."""


def truth_of(events: tuple[SimulatedEvent, ...], *, tensors: bool = False) -> Catalog:
    """The true events as a catalog, with their moment tensors where these are what the ground moved by."""
    catalog = []
    for event in events:
        origin = Origin.of(
            event.time, event.latitude, event.longitude, event.depth, method="simulation", evaluation_mode="manual"
        )
        magnitude_id = content_id("magnitude", origin.origin_id, "ML", event.magnitude)
        size = Magnitude(magnitude_id, origin.origin_id, "ML", event.magnitude, method="simulation")
        whole = Event(event.event_id, (origin,), (size,), origin.origin_id, magnitude_id)
        catalog.append(_moved(whole, event) if tensors else whole)
    return Catalog(tuple(catalog))


def _moved(whole: Event, event: SimulatedEvent) -> Event:
    tensor = MomentTensor.of_fault(event.strike, event.dip, event.rake, event.seismic_moment)
    origin_id = whole.origin.origin_id
    mechanism_id = content_id("mechanism", origin_id, "simulation")
    found = FocalMechanism(mechanism_id, origin_id, nodal_planes(tensor), tensor, method="simulation")
    return msgspec.structs.replace(whole, mechanisms=(found,), preferred_mechanism_id=mechanism_id)
