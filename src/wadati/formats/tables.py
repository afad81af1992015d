"""Events, picks and arrivals as CSV, for people, spreadsheets and the next stage.

Decimals: times 6 (µs), degrees 6, kilometres 3, magnitudes 2, azimuths and gaps 2, residuals and standard errors 4,
amplitudes 7 significant figures. What a table has no column for is not in it. What is unknown is an empty field; read
back, unknown uncertainties are infinite (`Pick.time_uncertainty`, variances in `Uncertainty.covariance`), unknown
distances, azimuths and residuals of arrivals are NaN.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from wadati.errors import InputError
from wadati.formats.channel_codes import channel_code, source_id_of
from wadati.formats.csv_rows import Row, fixed, write_rows
from wadati.formats.foreign_rows import read_told_rows
from wadati.formats.text_lines import each, tell
from wadati.model import (
    Arrival,
    Catalog,
    Event,
    Magnitude,
    Origin,
    Pick,
    SourceId,
    Uncertainty,
    content_id,
    format_time,
)
from wadati.model.event import EVENT_COLUMNS
from wadati.protocols import Problem
from wadati.units import KILOMETRE

PICK_COLUMNS = (
    "pick_id",
    "network",
    "station",
    "location",
    "channel",
    "phase",
    "time",
    "time_uncertainty_s",
    "probability",
    "polarity",
    "amplitude_m",
)
"""The columns of `picks.csv`."""

ARRIVAL_COLUMNS = (
    "event_id",
    "pick_id",
    "network",
    "station",
    "phase",
    "time",
    "distance_km",
    "azimuth",
    "time_residual_s",
    "weight",
)
"""The columns of `arrivals.csv`."""

ARRIVALS_NEED = tuple(column for column in ARRIVAL_COLUMNS if column != "time")
"""The columns without which a table is no `arrivals.csv`; the time stands with the pick."""

EVENTS_NEED = ("event_id", "time", "latitude", "longitude", "depth_km", "magnitude", "magnitude_type")
"""The columns without which a table is no `events.csv`."""

PICKS_NEED = ("network", "station", "channel", "phase", "time")
"""The columns without which a table is no `picks.csv`."""

_SIGMA_95 = 2.4477
"""Semi-axis of the 95 % ellipse in standard deviations, two dimensions."""
_SIGMA_95_LINE = 1.96
_DEPTH_RANGE = (-10.0, 1000.0)


def write_events_csv(catalog: Catalog, path: Path) -> None:
    """Write preferred origins and magnitudes as `events.csv`, in the catalog's order."""
    write_rows(path, EVENT_COLUMNS, (_event_fields(event) for event in catalog.events))


def _event_fields(event: Event) -> tuple[str, ...]:
    origin, magnitude, spread = event.origin, event.magnitude, event.origin.uncertainty
    return (
        event.event_id,
        format_time(origin.time),
        fixed(origin.latitude, 6),
        fixed(origin.longitude, 6),
        fixed(origin.depth / KILOMETRE, 3),
        fixed(magnitude.value, 2) if magnitude else "",
        magnitude.magnitude_type if magnitude else "",
        str(sum(arrival.weight > 0 for arrival in origin.arrivals)),
        fixed(origin.azimuthal_gap, 2),
        fixed(origin.standard_error, 4),
        fixed(spread.horizontal / KILOMETRE, 3) if spread else "",
        fixed(spread.depth / KILOMETRE, 3) if spread else "",
    )


def read_events_csv(
    path: Path,
    arrivals: Mapping[str, tuple[Arrival, ...]] | None = None,
    picks: Iterable[Pick] = (),
    problems: list[Problem] | None = None,
) -> Catalog:
    """The catalog of an `events.csv`, one origin and at most one magnitude an event, in order of time.

    `arrivals` (see `read_arrivals_csv`) and `picks` are what the events rest on, where that is known. The columns from
    `arrivals` on may be absent. A row that cannot be read is told in `problems`; without that list, `InputError` names
    line, column and mend.
    """
    known = arrivals or {}
    events: dict[str, Event] = {}
    for row in read_told_rows(path, EVENTS_NEED, problems):
        try:
            event = _event(row, known)
            if event.event_id in events:
                wrong = f"{event.event_id} stands twice"
                raise row.error("event_id", wrong, "give each event an identifier of its own")
        except InputError as error:
            tell(problems, error)
        else:
            events[event.event_id] = event
    return in_order(events.values(), picks)


def _event(row: Row, arrivals: Mapping[str, tuple[Arrival, ...]]) -> Event:
    event_id = row.required("event_id")
    origin = Origin.of(
        row.time("time"),
        row.number("latitude", -90, 90),
        row.number("longitude", -180, 360),
        round(row.number("depth_km", *_DEPTH_RANGE) * KILOMETRE, 3),
        arrivals=arrivals.get(event_id, ()),
        uncertainty=stated_uncertainty(
            row.optional("horizontal_uncertainty_km", 0), row.optional("depth_uncertainty_km", 0)
        ),
        azimuthal_gap=row.optional("azimuthal_gap", 0, 360),
        standard_error=row.optional("standard_error_s", 0),
    )
    value = row.optional("magnitude", -10, 11)
    if value is None:
        return event_of(origin, (), event_id)
    return event_of(origin, (table_magnitude(origin, row.required("magnitude_type"), value),), event_id)


def in_order(events: Iterable[Event], picks: Iterable[Pick] = ()) -> Catalog:
    """A catalog of events and picks given in any order, each once; of picks under one identifier the most certain."""
    by_doubt = sorted(picks, key=lambda pick: (pick.time, pick.pick_id, pick.time_uncertainty), reverse=True)
    return Catalog(
        tuple(sorted(distinct_events(events), key=lambda event: (event.origin.time, event.event_id))),
        tuple(sorted({pick.pick_id: pick for pick in by_doubt}.values(), key=lambda pick: (pick.time, pick.pick_id))),
    )


def event_of(origin: Origin, magnitudes: tuple[Magnitude, ...] = (), event_id: str = "") -> Event:
    """An event of one origin, its first magnitude preferred; without an identifier it gets that of its hypocentre."""
    return Event(
        event_id or _hypocentre_id(origin),
        (origin,),
        magnitudes,
        origin.origin_id,
        magnitudes[0].magnitude_id if magnitudes else None,
    )


def _hypocentre_id(origin: Origin) -> str:
    return content_id(
        "event", origin.time, round(origin.latitude, 6), round(origin.longitude, 6), round(origin.depth, 3)
    )


def distinct_events(events: Iterable[Event]) -> tuple[Event, ...]:
    """Events whose identifiers differ, whatever their order.

    Programs count events from 1 in every file. Of different hypocentres under one identifier the first in time keeps
    it, the others get that of their hypocentre. One hypocentre twice counts once, with the most arrivals.
    """
    found: dict[str, Event] = {}
    for event in sorted(events, key=_sort_key):
        known = found.get(event.event_id)
        if known is not None and _hypocentre_id(known.origin) != _hypocentre_id(event.origin):
            event = msgspec.structs.replace(event, event_id=_hypocentre_id(event.origin))
        found.setdefault(event.event_id, event)
    return tuple(found.values())


def _sort_key(event: Event) -> tuple[object, ...]:
    origin = event.origin
    return (
        origin.time,
        origin.latitude,
        origin.longitude,
        origin.depth,
        -len(origin.arrivals),
        event.event_id,
        origin.origin_id,
        len(event.magnitudes) == 0,
    )


def table_magnitude(origin: Origin, magnitude_type: str, value: float, uncertainty: float | None = None) -> Magnitude:
    """The magnitude that a table states, with an identifier that hashes it."""
    magnitude_id = content_id("magnitude", origin.origin_id, magnitude_type, value)
    return Magnitude(magnitude_id, origin.origin_id, magnitude_type, value, uncertainty)


def stated_uncertainty(
    horizontal_km: float | None, depth_km: float | None, *, depth_resolved: bool = True
) -> Uncertainty | None:
    """Standard errors of a table (km) as a circle and an interval; infinite where unknown, None where all are."""
    if horizontal_km is None and depth_km is None and depth_resolved:
        return None
    horizontal = math.inf if horizontal_km is None else horizontal_km * KILOMETRE
    depth = math.inf if depth_km is None else depth_km * KILOMETRE
    covariance = (
        (horizontal**2, 0.0, 0.0, 0.0),
        (0.0, horizontal**2, 0.0, 0.0),
        (0.0, 0.0, depth**2, 0.0),
        (0.0, 0.0, 0.0, math.inf),
    )
    axis = horizontal * _SIGMA_95
    return Uncertainty(covariance, axis, axis, 0.0, depth * _SIGMA_95_LINE, math.inf, depth_resolved)


def write_picks_csv(picks: Iterable[Pick], path: Path) -> None:
    """Write `picks.csv`, in the order given."""
    write_rows(path, PICK_COLUMNS, (_pick_fields(pick) for pick in picks))


def _pick_fields(pick: Pick) -> tuple[str, ...]:
    sid = pick.source_id
    return (
        pick.pick_id,
        sid.network,
        sid.station,
        sid.location,
        channel_code(sid),
        pick.phase_hint,
        format_time(pick.time),
        fixed(pick.time_uncertainty, 4),
        fixed(pick.probability, 4),
        pick.polarity or "",
        "" if pick.amplitude is None else f"{pick.amplitude:.7g}",
    )


def read_picks_csv(path: Path, problems: list[Problem] | None = None) -> tuple[Pick, ...]:
    """The picks of a `picks.csv`, in order of time; repeated lines count once.

    A pick without a `pick_id` gets that of its content, one without a probability counts as certain. A row that cannot
    be read is told in `problems`; without that list, `InputError` names line, column and mend.
    """
    picks = dict.fromkeys(each(read_told_rows(path, PICKS_NEED, problems), _pick, problems))
    return tuple(sorted(picks, key=lambda pick: (pick.time, pick.pick_id)))


def _pick(row: Row) -> Pick:
    uncertainty = row.optional("time_uncertainty_s", 0)
    probability = row.optional("probability", 0, 1)
    pick = Pick.of(
        _source_id(row),
        row.required("phase"),
        row.time("time"),
        time_uncertainty=math.inf if uncertainty is None else uncertainty,
        probability=1.0 if probability is None else probability,
        polarity=row.choice("polarity", ("positive", "negative")),
        amplitude=row.optional("amplitude_m", 0),
    )
    pick_id = row.text("pick_id")
    if not pick_id:
        return pick
    return Pick(
        pick_id,
        pick.source_id,
        pick.phase_hint,
        pick.time,
        pick.time_uncertainty,
        pick.probability,
        pick.polarity,
        pick.amplitude,
    )


def _source_id(row: Row) -> SourceId:
    """The channel picked on; a table of picks by station may leave it empty."""
    return source_id_of(row.text("network"), row.required("station"), row.text("location"), row.text("channel"))


def write_arrivals_csv(catalog: Catalog, path: Path) -> None:
    """Write the arrivals of every event's preferred origin as `arrivals.csv`, each with the time of its pick."""
    arrivals = [(event.event_id, arrival) for event in catalog.events for arrival in event.origin.arrivals]
    used = {arrival.pick_id for _, arrival in arrivals}
    picks = {pick.pick_id: pick for pick in catalog.picks if pick.pick_id in used}
    write_rows(path, ARRIVAL_COLUMNS, (_arrival_fields(event_id, arrival, picks) for event_id, arrival in arrivals))


def arrival_lines(event: Event, picks: Mapping[str, Pick]) -> Iterator[str]:
    """The lines of an `arrivals.csv` of one event; `picks` by their identifiers give the times.

    >>> next(arrival_lines(Event("wd1", (Origin.of(0, 35.7, -117.5, 8000.0),)), {}))[:16]
    'event_id,pick_id'
    """
    yield ",".join(ARRIVAL_COLUMNS) + "\n"
    for arrival in event.origin.arrivals:
        yield ",".join(_arrival_fields(event.event_id, arrival, picks)) + "\n"


def _arrival_fields(event_id: str, arrival: Arrival, picks: Mapping[str, Pick]) -> tuple[str, ...]:
    pick = picks.get(arrival.pick_id)
    return (
        event_id,
        arrival.pick_id,
        arrival.network,
        arrival.station,
        arrival.phase,
        "" if pick is None else format_time(pick.time),
        fixed(arrival.distance / KILOMETRE, 3),
        fixed(arrival.azimuth, 2),
        fixed(arrival.time_residual, 4),
        fixed(arrival.weight, 4),
    )


def read_arrivals_csv(path: Path, problems: list[Problem] | None = None) -> dict[str, tuple[Arrival, ...]]:
    """The arrivals of each event of an `arrivals.csv`, in the file's order; what cannot be read is told, or raised."""
    arrivals: dict[str, list[Arrival]] = {}
    for event_id, arrival in each(read_told_rows(path, ARRIVALS_NEED, problems), _arrival, problems):
        arrivals.setdefault(event_id, []).append(arrival)
    return {event_id: tuple(found) for event_id, found in arrivals.items()}


def _arrival(row: Row) -> tuple[str, Arrival]:
    """The identifier of an event and its arrival."""
    return row.required("event_id"), Arrival(
        row.required("pick_id"),
        row.text("network"),
        row.required("station"),
        row.required("phase"),
        round(_or_nan(row.optional("distance_km", 0)) * KILOMETRE, 3),
        _or_nan(row.optional("azimuth", -360, 360)),
        _or_nan(row.optional("time_residual_s")),
        row.number("weight", 0),
    )


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
