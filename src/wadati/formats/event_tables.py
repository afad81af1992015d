"""Tables of events that associators and catalogs wrote: GaMMA, PyOcto, FDSN text and their like; CSV or Parquet.

A column may have any of several names. A depth is in km unless its name says metres (`depth(m)`, `depth_m`). Times are
ISO 8601, in UTC where they do not say, or numbers since 1970. GaMMA's magnitude of 999 is none, its `sigma_time` is
taken as the standard error of the residuals. Which picks an event has stands in a second table (`pick_tables`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from wadati.formats.foreign_rows import ForeignRow, first_of, instant, read_foreign_rows
from wadati.formats.pick_tables import PickRow
from wadati.formats.tables import event_of, in_order, stated_uncertainty, table_magnitude
from wadati.formats.text_lines import each
from wadati.model import Arrival, Catalog, Event, Origin
from wadati.protocols import Problem
from wadati.units import KILOMETRE

IDENTIFIERS = ("event_id", "eventid", "event_index", "event_idx", "idx", "evid", "id")
TIMES = ("origin_time", "event_time", "time", "datetime", "ot", "timestamp")
LATITUDES = ("latitude", "lat")
LONGITUDES = ("longitude", "lon", "long")
KILOMETRES = ("depth_km", "depth(km)", "depth/km", "depth", "dep", "z(km)", "z")
METRES = ("depth_m", "depth(m)")
MAGNITUDES = ("magnitude", "mag")
_NO_MAGNITUDE = 999


def is_event_table(columns: Sequence[str]) -> bool:
    """Whether columns of these names (in lower case) make a table of events."""
    return all(first_of(columns, *names) for names in (TIMES, LATITUDES, LONGITUDES, (*METRES, *KILOMETRES)))


def lacks_coordinates(columns: Sequence[str]) -> bool:
    """Whether it is a table of an associator that still has kilometres instead of degrees."""
    local = {"x", "y", "z"} <= set(columns) or {"x(km)", "y(km)"} <= set(columns)
    return local and bool(first_of(columns, *TIMES)) and not is_event_table(columns)


def read_event_table(path: Path, picks: Iterable[PickRow] = (), problems: list[Problem] | None = None) -> Catalog:
    """The events of a table, each with those of the picks that name it. What cannot be read is told, or raised."""
    found = list(picks)
    arrivals: dict[str, list[Arrival]] = {}
    for row in found:
        pick, key = row.pick, row.pick.source_id.station_key
        arrivals.setdefault(row.event, []).append(
            Arrival(pick.pick_id, *key, pick.phase_hint, math.nan, math.nan, row.residual, 1.0)
        )
    events = each(read_foreign_rows(path, problems), lambda row: _event(row, arrivals), problems)
    return in_order(events, (row.pick for row in found))


def _event(row: ForeignRow, arrivals: dict[str, list[Arrival]]) -> Event:
    columns = row.columns
    identifier = row.text(first_of(columns, *IDENTIFIERS)).removesuffix(".0")
    metres, kilometres = first_of(columns, *METRES), first_of(columns, *KILOMETRES)
    if metres and row.text(metres):
        depth = row.optional(metres, -10 * KILOMETRE, 1000 * KILOMETRE)
    else:
        below = row.optional(kilometres, -10, 1000) if kilometres else None
        depth = None if below is None else below * KILOMETRE
    rms, gap = first_of(columns, "rms", "standard_error_s", "sigma_time"), first_of(columns, "azimuthal_gap", "gap")
    origin = Origin.of(
        instant(row, first_of(columns, *TIMES)),
        row.number(first_of(columns, *LATITUDES), -90, 90),
        row.number(first_of(columns, *LONGITUDES), -180, 360),
        round(depth or 0.0, 3),
        arrivals=tuple(arrivals.get(identifier, ())),
        uncertainty=stated_uncertainty(None, None, depth_resolved=depth is not None),
        azimuthal_gap=row.optional(gap, 0, 360) if gap else None,
        standard_error=row.optional(rms, 0) if rms else None,
        method=_method(columns),
    )
    size = first_of(columns, *MAGNITUDES)
    value = row.optional(size, -10, 999) if size else None
    if value is None or value == _NO_MAGNITUDE:
        return event_of(origin, (), identifier)
    kind = row.text(first_of(columns, "magnitude_type", "magtype", "mag_type")) or "M"
    return event_of(origin, (table_magnitude(origin, kind, value),), identifier)


def _method(columns: Sequence[str]) -> str:
    if "gamma_score" in columns or "sigma_time" in columns:
        return "GaMMA"
    return "PyOcto" if {"idx", "x", "y", "z", "picks"} <= set(columns) else ""
