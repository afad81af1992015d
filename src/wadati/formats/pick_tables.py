"""Tables of picks that pickers and associators wrote: SeisBench, PhaseNet, GaMMA, PyOcto; CSV or Parquet.

A column may have any of several names (`STATIONS` and so on). A station is named `NET.STA.LOC.CHA`, cut short anywhere,
or by columns of its own. Times are ISO 8601, in UTC where they do not say, or numbers since 1970. A table that has no
probability gives certain picks; none of these states an uncertainty of time. Amplitudes are not read: they are peaks of
velocity or of displacement, not of a Wood–Anderson seismograph.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from wadati.formats.foreign_rows import ForeignRow, first_of, instant, read_foreign_rows
from wadati.formats.station_codes import StationCodes, phase_hint_of
from wadati.formats.tables import in_order
from wadati.formats.text_lines import each
from wadati.model import Inventory, Pick
from wadati.protocols import Problem

STATIONS = ("station_id", "trace_id", "seed_id", "station", "station_code", "sta", "id")
TIMES = ("phase_time", "timestamp", "peak_time", "pick_time", "arrival_time", "time")
PHASES = ("phase_type", "type", "phase", "phase_hint")
PROBABILITIES = ("phase_score", "prob", "probability", "peak_value", "score", "phase_prob", "confidence")
EVENTS = ("event_index", "event_idx")
RESIDUALS = ("residual", "time_residual_s")
_UP, _DOWN = frozenset(("u", "+", "c", "up", "positive")), frozenset(("d", "-", "down", "negative"))


class PickRow(NamedTuple):
    """A pick, the key of the event it was given to (empty where to none) and its residual (s; NaN where unknown)."""

    pick: Pick
    event: str
    residual: float


def is_pick_table(columns: Sequence[str]) -> bool:
    """Whether columns of these names (in lower case) make a table of picks."""
    return all(first_of(columns, *names) for names in (STATIONS, TIMES, PHASES))


def is_assignment_table(columns: Sequence[str]) -> bool:
    """Whether the table also says which event each pick belongs to."""
    return is_pick_table(columns) and bool(first_of(columns, *EVENTS))


def read_pick_table(
    path: Path, inventory: Inventory | None = None, problems: list[Problem] | None = None
) -> tuple[Pick, ...]:
    """The picks of a table, in order of time. A row that cannot be read is told in `problems`, or raised."""
    return in_order((), (row.pick for row in pick_rows(path, inventory, problems))).picks


def pick_rows(
    path: Path, inventory: Inventory | None = None, problems: list[Problem] | None = None
) -> Iterator[PickRow]:
    """The rows of a table of picks, in the table's order."""
    codes = StationCodes(inventory, problems)
    yield from each(read_foreign_rows(path, problems), lambda row: _pick_row(row, codes), problems)


def _pick_row(row: ForeignRow, codes: StationCodes) -> PickRow:
    columns = row.columns
    station, time, phase = (first_of(columns, *names) for names in (STATIONS, TIMES, PHASES))
    probability, event, residual = (first_of(columns, *names) for names in (PROBABILITIES, EVENTS, RESIDUALS))
    value = row.optional(probability, 0, 1) if probability else None
    name, network = row.required(station), row.text(first_of(columns, "network", "network_code", "net"))
    channel = row.text(first_of(columns, "channel", "channel_code"))
    if network and "." not in name:
        location = row.text(first_of(columns, "location", "location_code"))
        source_id = codes.source_id(name, network, location, channel)
    else:
        source_id = codes.of_name(name, channel)
    motion = row.text("polarity").lower()
    pick = Pick.of(
        source_id,
        phase_hint_of(row.required(phase)),
        instant(row, time),
        time_uncertainty=math.inf,
        probability=1.0 if value is None else value,
        polarity="positive" if motion in _UP else "negative" if motion in _DOWN else None,
    )
    key = row.text(event) if event else ""
    late = row.optional(residual) if residual else None
    return PickRow(pick, "" if key.startswith("-") else key.removesuffix(".0"), math.nan if late is None else late)
