"""Nordic files of SEISAN (S-files, `select.out`): both the old format of phase lines and the new one (Nordic2).

Format: J. Havskov, L. Ottemöller and P. Voss, SEISAN manual, appendix A. Column 80 tells the kind of a line.
Hours of phases may reach 48, counted from the day of the event. Depths are in km, errors in km and s, weights of phases
in tenths. Old phase lines name a station and two letters of the instrument, of which the last is the component.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import msgspec

from wadati.errors import InputError
from wadati.formats.station_codes import StationCodes, phase_hint_of
from wadati.formats.tables import event_of, in_order, stated_uncertainty, table_magnitude
from wadati.formats.text_lines import Line, read_lines, tell
from wadati.formats.weight_codes import uncertainty_of_weight, weight_of_code
from wadati.model import Arrival, Catalog, Event, Inventory, Magnitude, Origin, Pick
from wadati.protocols import Problem
from wadati.units import DAY, HOUR, KILOMETRE

_KINDS = {"L": "ML", "b": "mb", "B": "mB", "s": "Ms", "S": "MS", "W": "Mw", "G": "MbLg", "C": "Mc", "c": "Mc"}
_EVENT_TYPES = {"E": "explosion", "P": "explosion"}
_HEAD = 20
_NO_ONSET = ("IA", "IV", "A", "END", "BAZ")
_UP, _DOWN = frozenset("CU+"), frozenset("D-")


def looks_like_nordic(lines: list[Line]) -> bool:
    """Whether one of the first lines is of type 1: a year in columns 2 to 5 and `1` in column 80."""
    first = [line for line in lines[:_HEAD] if line.text.strip()]
    return any(line.text[:1] == " " and line.at(2, 5).isdigit() and line.text[79:80] == "1" for line in first)


def read_nordic(path: Path, inventory: Inventory | None = None, problems: list[Problem] | None = None) -> Catalog:
    """The events with the picks of all of them, also of those that have no location and are told as such.

    A further line of type 1 with a hypocentre is a further origin; in a block of such lines alone (a compact file) each
    is an event. What cannot be read is told in `problems`, or raised.
    """
    codes = StationCodes(inventory, problems)
    events: list[Event] = []
    picks: list[Pick] = []
    for block in _blocks(read_lines(path)):
        heads = [line for line in block if line.text[79:80] == "1"]
        try:
            if not heads:
                raise block[0].error("no line of type 1 in the event; it is left out")
            start, day = _time(heads[0]), _day(heads[0])
        except InputError as error:
            tell(problems, error)
            continue
        arrivals = []
        for pick, arrival in _phases(block, start, day, codes, problems):
            picks.append(pick)
            arrivals.append(arrival)
        try:
            events.append(_event(block, heads, tuple(arrivals)))
        except InputError as error:
            tell(problems, error)
    return in_order(events, picks)


def _blocks(lines: list[Line]) -> Iterator[list[Line]]:
    """The lines of each event; a blank line parts them."""
    for blank, found in itertools.groupby(lines, key=lambda line: not line.text.strip()):
        block = list(found)
        if not blank and all(line.text[79:80] == "1" for line in block):
            yield from ([line] for line in block)
        elif not blank:
            yield block


def _day(line: Line) -> int:
    return line.instant((line.at(2, 5), line.at(7, 8), line.at(9, 10)))


def _time(line: Line) -> int:
    second = line.nanoseconds(line.at(17, 20), 1)
    return line.instant(_minute(line), second or 0)


def _minute(line: Line) -> tuple[str, ...]:
    return line.at(2, 5), line.at(7, 8), line.at(9, 10), line.at(12, 13), line.at(14, 15)


def _event(block: list[Line], heads: list[Line], arrivals: tuple[Arrival, ...]) -> Event:
    located = [line for line in heads if line.at(24, 30) and line.at(31, 38)]
    if not located:
        raise heads[0].error("the event has no latitude and longitude; its picks are kept", "locate it")
    origins: dict[str, Origin] = {}
    for count, line in enumerate(located):
        origin = _origin(line, block if count == 0 else [], arrivals if count == 0 else ())
        origins.setdefault(origin.origin_id, origin)
    preferred = next(iter(origins.values()))
    sizes: dict[str, Magnitude] = {}
    for line in heads:
        for first in (56, 64, 72):
            value = line.number(first, first + 3, 1, -10, 11)
            if value is not None:
                letter = line.text[first + 3 : first + 4].strip()
                size = table_magnitude(preferred, _KINDS.get(letter, f"M{letter}"), value)
                sizes.setdefault(size.magnitude_id, size)
    named = next((line for line in block if line.text[79:80] == "I"), None)
    event = event_of(preferred, tuple(sizes.values()), named.at(61, 74).replace(" ", "") if named else "")
    kind = _EVENT_TYPES.get(heads[0].at(23, 23), event.event_type)
    return msgspec.structs.replace(event, origins=tuple(origins.values()), event_type=kind)


def _origin(line: Line, block: list[Line], arrivals: tuple[Arrival, ...]) -> Origin:
    """The origin of a line of type 1, refined by lines of type H and E of its event."""
    time, latitude, longitude = _time(line), line.needed(24, 30, 0, -90, 90), line.needed(31, 38, 0, -180, 360)
    depth, rms = line.number(39, 43, 0, -10, 1000), line.number(52, 55, 0, 0)
    fine = next((found for found in block if found.text[79:80] == "H"), None)
    if fine is not None and fine.at(24, 32) and fine.at(34, 43):
        second = fine.nanoseconds(fine.at(17, 22), 3)
        time = fine.instant(_minute(fine), second or 0)
        latitude, longitude = fine.needed(24, 32, 0, -90, 90), fine.needed(34, 43, 0, -180, 360)
        finer_depth, finer_rms = fine.number(45, 52, 0, -10, 1000), fine.number(54, 59, 0, 0)
        depth, rms = depth if finer_depth is None else finer_depth, rms if finer_rms is None else finer_rms
    error = next((found for found in block if found.text[79:80] == "E"), None)
    north, east, down = (error.number(*columns) if error else None for columns in ((25, 30), (33, 38), (39, 43)))
    horizontal = max((value for value in (north, east) if value), default=None)
    return Origin.of(
        time,
        latitude,
        longitude,
        round((depth or 0.0) * KILOMETRE, 3),
        arrivals=arrivals,
        uncertainty=stated_uncertainty(horizontal, down or None, depth_resolved=depth is not None),
        azimuthal_gap=error.number(6, 8, 0, 0, 360) if error else None,
        standard_error=rms,
        method=line.at(46, 48),
    )


def _phases(
    block: list[Line], start: int, day: int, codes: StationCodes, problems: list[Problem] | None
) -> Iterator[tuple[Pick, Arrival]]:
    new: bool | None = None
    for line in block:
        kind = line.text[79:80].strip()
        if kind == "7":
            new = "NTLO" in line.text
        elif kind in ("", "4"):
            try:
                found = _phase(line, start, day, codes, new=_is_new(line) if new is None else new)
            except InputError as error:
                tell(problems, error)
            else:
                if found is not None:
                    yield found


def _is_new(line: Line) -> bool:
    """Without headings: the seconds of a new line stand in columns 31 to 37, those of an old one end in column 28."""
    return "." in line.text[31:36] and "." not in line.text[22:28]


def _phase(line: Line, start: int, day: int, codes: StationCodes, *, new: bool) -> tuple[Pick, Arrival] | None:
    """The pick of a line with a time; None for amplitudes, durations and azimuths."""
    if len(line.text.rstrip()) < (37 if new else 28):
        raise line.error("the phase ends before its time")
    text = line.text.ljust(80)
    if new:
        phase, weight_code, automatic, motion = line.at(17, 24), text[24], text[25], text[43]
        hour, minute, second = line.at(27, 28), line.at(29, 30), line.at(31, 37)
        source_id = codes.source_id(line.at(2, 6), line.at(11, 12), line.at(13, 14), line.at(7, 9))
    else:
        long_name = text[14] not in " 012349"
        phase = line.at(11, 18) if long_name else line.at(11, 14)
        weight_code, automatic, motion = (text[8], " ", " ") if long_name else (text[14], text[15], text[16])
        hour, minute, second = line.at(19, 20), line.at(21, 22), line.at(23, 29)
        source_id = codes.source_id(line.at(2, 6), component=line.at(7, 8))
    if not phase or phase.startswith(_NO_ONSET) or not (hour or minute or second):
        return None
    since = line.instant(("1970", "1", "1", hour, minute), line.nanoseconds(second, 2) or 0)
    time = day + since + (DAY if day + since < start - 12 * HOUR else 0)
    weight = weight_of_code(weight_code)
    pick = Pick.of(
        source_id,
        phase_hint_of(phase),
        time,
        time_uncertainty=uncertainty_of_weight(weight),
        probability=1.0 if weight else 0.0,
        polarity="positive" if motion in _UP else "negative" if motion in _DOWN else None,
        evaluation_mode="automatic" if automatic == "A" else "manual",
    )
    distance, azimuth, residual = line.number(71, 75, 0, 0), line.number(77, 79), line.number(64, 68, 2)
    used = line.number(69, 70)
    return pick, Arrival(
        pick.pick_id,
        *pick.source_id.station_key,
        phase,
        math.nan if distance is None else round(distance * KILOMETRE, 3),
        math.nan if azimuth is None else azimuth % 360,
        math.nan if residual is None else residual,
        weight if used is None else min(max(used / 10, 0.0), 1.0),
    )
