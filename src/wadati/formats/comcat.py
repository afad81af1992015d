"""Catalogs of the ANSS Comprehensive Catalog in its CSV format.

Fields: https://earthquake.usgs.gov/data/comcat/. Depths there are below sea level or below the network's own datum,
as each contributing network defines; they are taken as below sea level. Horizontal and depth errors are taken as
standard errors.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from wadati.formats.csv_rows import Row
from wadati.formats.foreign_rows import read_told_rows
from wadati.formats.tables import in_order, stated_uncertainty, table_magnitude
from wadati.formats.text_lines import each
from wadati.model import Catalog, Event, Magnitude, Origin
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
