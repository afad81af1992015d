"""HYPO71's results: the print (`.prt`) with its phases, and summary cards with years of two or of four digits.

Format: W. H. K. Lee and J. C. Lahr, HYPO71 (revised), USGS Open-File Report 75-311, https://doi.org/10.3133/ofr75311;
the cards with four digits are those of Earthworm (`hyp71sum2k`). Latitudes are north and longitudes west unless a
letter between degrees and minutes or, in a print, the headline says otherwise. Depths are in km below the datum of the
run, taken as sea level. A magnitude that is blank or stars is none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

from wadati.errors import InputError
from wadati.formats.hypo71_phases import observed
from wadati.formats.station_codes import StationCodes
from wadati.formats.tables import event_of, in_order, stated_uncertainty, table_magnitude
from wadati.formats.text_lines import Line, read_lines, tell
from wadati.model import Arrival, Catalog, Event, Inventory, Origin, Pick
from wadati.protocols import Problem
from wadati.units import DAY, KILOMETRE

_DATE = r"\d\d[ \d]\d[ \d]\d"
_PLACE = r"[ \d]\d[ \d]\d[ \d.]{6}[ \d]{3}[-NSns ][ \d.]{5}[ \d]{4}[-EWew ][ \d.]{5}"
_CARD = re.compile(rf"(?P<century>\d\d)?{_DATE} {_PLACE}")
_HEADLINE = re.compile(r"^.? *DATE +ORIGIN +LAT *(?P<north>[NS]?) +LONG *(?P<east>[EW]?) +DEPTH")
_STATIONS = re.compile(r"^.? *STN +DIST +AZM +AIN +PRMK")
_STATION = re.compile(r"^ [\w ]{4}[ \d.]{6}[ \d]{4}[ \d]{4} .{4} [ \d]{4}[ \d.*-]{6}")
_HALF_DAY = DAY // 2


def looks_like_hypo71_print(lines: list[Line]) -> bool:
    """Whether some line is the headline of a hypocentre."""
    return any(_HEADLINE.match(line.text) for line in lines)


def looks_like_hypo71_summary(lines: list[Line]) -> bool:
    """Whether one of the first two lines is a summary card."""
    return any(_CARD.match(line.text) for line in lines[:2])


def read_hypo71_summary(path: Path, problems: list[Problem] | None = None) -> Catalog:
    """The events of summary cards; a first line of headings is passed over. What cannot be read is told or raised."""
    events = []
    for line in read_lines(path):
        card = _CARD.match(line.text)
        try:
            if card:
                events.append(_event(line, 2 if card["century"] else 0, "", ""))
            elif line.text.strip() and not (line.count == 1 and "DATE" in line.text.upper()):
                raise line.error("is no summary card")
        except InputError as error:
            tell(problems, error)
    return in_order(events)


def read_hypo71_print(path: Path, inventory: Inventory | None = None, problems: list[Problem] | None = None) -> Catalog:
    """The events of a print with their phases. What cannot be read is told in `problems`, or raised."""
    codes = StationCodes(inventory, problems)
    events: list[Event] = []
    picks: list[Pick] = []
    for headline, line, stations in _blocks(read_lines(path)):
        heading = _HEADLINE.match(headline.text)
        try:
            if line is None or heading is None:
                raise headline.error("no hypocentre follows the headline")
            event = _event(line, 1, heading["north"], heading["east"])
        except InputError as error:
            tell(problems, error)
            continue
        arrivals = []
        for station in stations:
            try:
                for pick, arrival in _phases(station, line, event.origin.time, codes):
                    picks.append(pick)
                    arrivals.append(arrival)
            except InputError as error:
                tell(problems, error)
        events.append(_event(line, 1, heading["north"], heading["east"], tuple(arrivals)))
    return in_order(events, picks)


def _blocks(lines: list[Line]) -> Iterator[tuple[Line, Line | None, list[Line]]]:
    """Headline, hypocentre and stations of each event; of several headlines for one event each gives its own."""
    headline: Line | None = None
    hypocentre: Line | None = None
    stations: list[Line] = []
    within = False
    for line in lines:
        if _HEADLINE.match(line.text):
            if headline is not None:
                yield headline, hypocentre, stations
            headline, hypocentre, stations, within = line, None, [], False
        elif headline is not None and hypocentre is None and line.text.strip():
            hypocentre = line
        elif _STATIONS.match(line.text):
            within = True
        elif within and not line.text.strip():
            within = False
        elif within:
            stations.append(line)
    if headline is not None:
        yield headline, hypocentre, stations


def _event(line: Line, shift: int, north: str, east: str, arrivals: tuple[Arrival, ...] = ()) -> Event:
    """The event of a summary card whose columns are shifted; the first two of four digits of a year count as shift."""

    def at(first: int, last: int) -> str:
        return line.at(first + shift, last + shift)

    year = line.text[: 2 + shift] if shift != 1 else line.text[1:3]
    time = line.instant((year, at(3, 4), at(5, 6), at(8, 9), at(10, 11)), line.nanoseconds(at(12, 17), 2))
    depth = line.number(37 + shift, 43 + shift, 2, -10, 1000)
    gap = (58, 61) if shift == 1 else (54 + shift, 57 + shift)
    origin = Origin.of(
        time,
        line.degrees(at(18, 20), line.number(22 + shift, 26 + shift, 2), _letter(at(21, 21), north), 90),
        line.degrees(at(27, 30), line.number(32 + shift, 36 + shift, 2), _letter(at(31, 31), east or "W"), 180),
        round((depth or 0.0) * KILOMETRE, 3),
        arrivals=arrivals,
        uncertainty=stated_uncertainty(
            line.number(68 + shift, 72 + shift, 1) or None,
            line.number(73 + shift, 77 + shift, 1) or None,
            depth_resolved=depth is not None,
        ),
        azimuthal_gap=line.number(*gap, 0, 0, 360),
        standard_error=line.number(63 + shift, 67 + shift, 2, 0),
        method="HYPO71",
    )
    kind, size = at(45, 45), line.decimal(at(46, 50) if at(45, 45).isalpha() else at(45, 50), 2)
    value = line.within(size, -10, 11)
    magnitude = f"M{kind.lower()}" if kind.isalpha() else "M"
    spelt = {"Ml": "ML", "Mx": "ML"}.get(magnitude, magnitude)
    return event_of(origin, () if value is None else (table_magnitude(origin, spelt, value),))


def _letter(stated: str, otherwise: str) -> str:
    return stated if stated.isalpha() else otherwise


def _phases(line: Line, hypocentre: Line, start: int, codes: StationCodes) -> Iterator[tuple[Pick, Arrival]]:
    """P and S of a station; they follow the origin within half a day, whatever the date of the event says."""
    if not _STATION.match(line.text):
        raise line.error("is no station of a HYPO71 print")
    source_id = codes.source_id(line.at(2, 5))
    distance, azimuth = line.number(6, 11, 1, 0), line.number(12, 15, 0, 0, 360)
    place = (math.nan if distance is None else distance * KILOMETRE, math.nan if azimuth is None else azimuth)
    day = (hypocentre.text[1:3], hypocentre.at(4, 5), hypocentre.at(6, 7))

    def instant(text: str) -> int | None:
        second = line.nanoseconds(text, 2)
        if second is None:
            return None
        time = line.instant((*day, line.at(26, 27), line.at(28, 29)), second)
        return time + DAY if time < start - _HALF_DAY else time

    early, late = instant(line.at(30, 35)), instant(line.at(104, 109))
    if early is not None and "P" in line.text[20:22].upper():
        pick = observed(source_id, "P", early, line.text[23:24], line.text[22:23].upper())
        yield pick, _arrival(pick, place, line.number(54, 59, 2), line.number(62, 65, 2))
    if late is not None and line.at(100, 103):
        pick = observed(source_id, "S", late, line.text[102:103])
        yield pick, _arrival(pick, place, line.number(116, 121, 2), line.number(124, 127, 1))


def _arrival(pick: Pick, place: tuple[float, float], residual: float | None, weight: float | None) -> Arrival:
    used = min(max(weight or 0.0, 0.0), 1.0)
    key = pick.source_id.station_key
    return Arrival(pick.pick_id, *key, pick.phase_hint, *place, math.nan if residual is None else residual, used)
