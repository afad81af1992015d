"""Catalogs of the ANSS Comprehensive Catalog in its CSV format.

Fields: https://earthquake.usgs.gov/data/comcat/. Depths there are below sea level or below the network's own datum,
as each contributing network defines; they are taken as below sea level. Horizontal and depth errors are taken as
standard errors.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from wadati.formats.csv_rows import Row
from wadati.formats.foreign_rows import read_told_rows
from wadati.formats.geojson import METRES_PER_DEGREE
from wadati.formats.tables import in_order, stated_uncertainty, table_magnitude
from wadati.formats.text_lines import each
from wadati.model import Catalog, Event, EventSummary, Magnitude, Origin, format_time
from wadati.protocols import Problem
from wadati.units import KILOMETRE

COMCAT_NEED = ("time", "latitude", "longitude", "depth", "mag", "magType", "id")
"""The columns without which a table is no ComCat CSV."""

_SPELLING = {"ml": "ML", "mlr": "MLr", "mw": "Mw", "mwr": "Mwr", "mww": "Mww", "mwc": "Mwc", "mwb": "Mwb", "md": "Md"}
"""Magnitude types that ComCat writes in lower case, as the model spells them; others stay as they are."""


def read_comcat_csv(path: Path, problems: list[Problem] | None = None) -> Catalog:
    """The events of a ComCat CSV, with one origin and at most one magnitude each, in order of time.

    An event without a depth stands at 0 m with `Uncertainty.depth_resolved` False. A row that cannot be read is told in
    `problems`; without that list, `InputError` names line, column and mend.
    """
    events = each(read_told_rows(path, COMCAT_NEED, problems), _event, problems)
    return in_order({event.event_id: event for event in events}.values())


_COLUMNS = (
    "time,latitude,longitude,depth,mag,magType,nst,gap,dmin,rms,net,id,updated,place,type,horizontalError,depthError,"
    "magError,magNst,status,locationSource,magSource"
)


def comcat_lines(
    events: Iterable[EventSummary], authority: str, place: Callable[[float, float], str]
) -> Iterator[bytes]:
    """Events as ComCat CSV, a line at a time, first the names of columns; `place` says in words where a point is.

    >>> event = EventSummary(event_id="wd1", time=0, latitude=35.7, longitude=-117.5, depth=8000.0)
    >>> [*comcat_lines([event], "xx", lambda *_: "here")][1]
    b'1970-01-01T00:00:00.000Z,35.7,-117.5,8,,,,,,,xx,wd1,,here,earthquake,,,,,automatic,xx,\\r\\n'
    """
    yield (_COLUMNS + "\r\n").encode()
    for one in events:
        nearest = None if one.minimum_distance is None else one.minimum_distance / METRES_PER_DEGREE
        fields = (
            format_time(one.time, 3),
            _number(one.latitude, 6),
            _number(one.longitude, 6),
            _number(one.depth / KILOMETRE, 3),
            _number(one.magnitude, 2),
            (one.magnitude_type or "").lower(),
            f"{one.used_stations}" if one.used_stations else "",
            _number(one.azimuthal_gap, 2),
            _number(nearest, 5),
            _number(one.standard_error, 4),
            authority,
            one.event_id,
            "" if one.updated is None else format_time(one.updated, 3),
            place(one.latitude, one.longitude),
            one.event_type,
            *("", "", "", ""),
            "reviewed" if one.evaluation_mode == "manual" else "automatic",
            authority,
            authority if one.magnitude is not None else "",
        )
        buffer = io.StringIO()
        csv.writer(buffer).writerow(fields)
        yield buffer.getvalue().encode()


def _number(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{round(value, decimals):.{decimals}f}".rstrip("0").rstrip(".")


def _event(row: Row) -> Event:
    reviewed = row.text("status") == "reviewed"
    depth_km = row.optional("depth", -10, 1000)
    uncertainty = stated_uncertainty(
        row.optional("horizontalError", 0), row.optional("depthError", 0), depth_resolved=depth_km is not None
    )
    origin = Origin.of(
        row.time("time"),
        row.number("latitude", -90, 90),
        row.number("longitude", -180, 360),
        round((depth_km or 0.0) * KILOMETRE, 3),
        uncertainty=uncertainty,
        azimuthal_gap=row.optional("gap", 0, 360),
        standard_error=row.optional("rms", 0),
        method=row.text("locationSource") or row.text("net"),
        evaluation_mode="manual" if reviewed else "automatic",
        evaluation_status="reviewed" if reviewed else "preliminary",
    )
    magnitudes: tuple[Magnitude, ...] = ()
    value = row.optional("mag", -10, 11)
    if value is not None:
        kind = row.text("magType") or "M"
        magnitude = table_magnitude(origin, _SPELLING.get(kind, kind), value, row.optional("magError", 0))
        magnitudes = (msgspec.structs.replace(magnitude, method=row.text("magSource")),)
    return Event(
        row.required("id"),
        (origin,),
        magnitudes,
        origin.origin_id,
        magnitudes[0].magnitude_id if magnitudes else None,
        row.text("type") or "earthquake",
    )
