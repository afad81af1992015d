"""Sources of files, and of events: a moment tensor at its centroid, or planes with a magnitude."""

from __future__ import annotations

from pathlib import Path

from wadati.errors import InputError
from wadati.formats import source_csv
from wadati.formats.quakeml import read_quakeml
from wadati.formats.recognition import recognise
from wadati.model import Event, MomentTensor, PointSource, scalar_moment
from wadati.protocols import Problem

_QUAKEML = "QuakeML"
_MOMENT_MAGNITUDE = "MW"


def read_sources(path: Path) -> tuple[tuple[PointSource, ...], list[Problem]]:
    """The sources of a table (see `formats.source_csv`) or of QuakeML, and events that have none, in order.

    Raises `InputError` for a file that is neither, or holds no source.
    """
    found = recognise(path)
    if found is None or found.name != _QUAKEML:
        return source_csv.read_sources(path), []
    problems: list[Problem] = []
    sources = []
    for event in read_quakeml(path, problems).events:
        source = source_of_event(event)
        if isinstance(source, PointSource):
            sources.append(source)
        else:
            mend = "give its moment tensor, or planes and an Mw"
            problems.append(Problem(f"{path}: {event.event_id}", source, mend))
    if not sources:
        first = problems[0] if problems else Problem(str(path), "holds no event", "give QuakeML with moment tensors")
        raise InputError(first.subject, first.wrong, first.mend)
    return tuple(sources), problems


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
