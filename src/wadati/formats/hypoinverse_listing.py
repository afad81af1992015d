"""HypoInverse's readable list of events, one a line under headings: decimal degrees, preferred and other magnitudes.

Longitudes are signed, east positive. A blank magnitude is none, an event number of 0 is none.
"""

from __future__ import annotations

import re
from pathlib import Path

from wadati.errors import InputError
from wadati.formats.tables import event_of, in_order, stated_uncertainty, table_magnitude
from wadati.formats.text_lines import Line, read_lines, tell
from wadati.model import Catalog, Event, Magnitude, Origin
from wadati.protocols import Problem
from wadati.units import KILOMETRE

_HEADINGS = re.compile(r" *DATE +TIME +SEC +LAT +LON +DEPTH +PREF-MAG")
_MAGNITUDES = re.compile(r"(-?\d+\.\d+)\s*([A-Za-z]\w?)?")
_KINDS = {"": "M", "D": "Md", "X": "ML", "L": "ML"}


def looks_like_hypoinverse_listing(lines: list[Line]) -> bool:
    """Whether the first line has the headings."""
    return bool(lines) and bool(_HEADINGS.match(lines[0].text))


def read_hypoinverse_listing(path: Path, problems: list[Problem] | None = None) -> Catalog:
    """The events of a list. What cannot be read is told in `problems`, or raised."""
    events = []
    for line in read_lines(path)[1:]:
        if line.text.strip() and not _HEADINGS.match(line.text):
            try:
                events.append(_event(line))
            except InputError as error:
                tell(problems, error)
    return in_order(events)


def _event(line: Line) -> Event:
    date, clock = line.at(1, 10).split("/"), line.at(12, 16).split(":")
    if len(date) != 3 or len(clock) != 2:
        raise line.error("does not begin with a date and a time such as 2016/10/14 00:00")
    time = line.instant((*date, *clock), line.nanoseconds(line.at(17, 22), 2))
    origin = Origin.of(
        time,
        line.needed(23, 31, 4, -90, 90),
        line.needed(32, 41, 4, -180, 360),
        round(line.needed(42, 48, 2, -10, 1000) * KILOMETRE, 3),
        uncertainty=stated_uncertainty(line.number(81, 86, 1) or None, line.number(87, 92, 1) or None),
        azimuthal_gap=line.number(65, 68, 0, 0, 360),
        standard_error=line.number(75, 80, 2, 0),
        method="HypoInverse",
    )
    number = line.at(97, 108).split()[-1:] or [""]
    return event_of(origin, _magnitudes(line, origin), number[0] if number[0].strip("0").isdigit() else "")


def _magnitudes(line: Line, origin: Origin) -> tuple[Magnitude, ...]:
    found: dict[tuple[str, float], None] = {}
    for part in (line.text[48:60], line.text[108:]):
        for value, kind in _MAGNITUDES.findall(part):
            found[
                (_KINDS.get(kind.upper(), kind if kind.upper().startswith("M") else f"M{kind.lower()}"), float(value))
            ] = None
    return tuple(table_magnitude(origin, kind, value) for kind, value in found)
