"""What is known of an event's source: its moment tensor at its centroid, or its planes with its magnitude."""

from __future__ import annotations

from wadati.model import Event, MomentTensor, PointSource, scalar_moment

_MOMENT_MAGNITUDE = "MW"


def source_of_event(event: Event) -> PointSource | str:
    """The source of the preferred mechanism, or in words why there is none.

    A tensor stands for itself; planes take a moment magnitude of the event (Mw of any kind), and nothing else: other
    magnitudes say too little of the moment.
    """
    mechanism = event.mechanism or (event.mechanisms[0] if event.mechanisms else None)
    if mechanism is None:
        return "has no moment tensor and no nodal planes"
    tensor = mechanism.tensor
    if tensor is None:
        sized = [one for one in event.magnitudes if one.magnitude_type.upper().startswith(_MOMENT_MAGNITUDE)]
        named = [one for one in sized if one.magnitude_id in (mechanism.magnitude_id, event.preferred_magnitude_id)]
        if not sized:
            return "has nodal planes, and no moment magnitude that says how much moved on them"
        plane = mechanism.planes[0]
        moment = scalar_moment((named or sized)[0].value)
        tensor = MomentTensor.of_fault(plane.strike, plane.dip, plane.rake, moment)
    origins = {one.origin_id: one for one in event.origins}
    origin = origins.get(mechanism.derived_origin_id or "") or origins.get(mechanism.origin_id) or event.origin
    return PointSource(origin.time, origin.latitude, origin.longitude, origin.depth, tensor)
