"""What is true of simulated events, as a catalog."""

from __future__ import annotations

from wadati.model import Catalog, Event, Magnitude, Origin, content_id, parse_time
from wadati.synthetics.sequence import SimulatedEvent

START = parse_time("2026-03-01T23:50:00Z")
"""When every simulation starts: midnight falls within it."""


def truth_of(events: tuple[SimulatedEvent, ...]) -> Catalog:
    """The true events as a catalog."""
    catalog = []
    for event in events:
        origin = Origin.of(
            event.time, event.latitude, event.longitude, event.depth, method="simulation", evaluation_mode="manual"
        )
        magnitude_id = content_id("magnitude", origin.origin_id, "ML", event.magnitude)
        size = Magnitude(magnitude_id, origin.origin_id, "ML", event.magnitude, method="simulation")
        catalog.append(Event(event.event_id, (origin,), (size,), origin.origin_id, magnitude_id))
    return Catalog(tuple(catalog))
