"""HypoInverse Y2000: archives (`.arc`), their summary lines alone (`.sum`) and phase files.

Format: F. W. Klein, HYPOINVERSE-2000, Open-File Report 02-171, https://doi.org/10.3133/ofr02171. A number without a
point has implied decimals. Longitudes are west and latitudes north unless they say otherwise. Seconds of S count from
the minute of P. Depths are in km below the datum of the run, taken as sea level. Weights: see `weight_codes`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from wadati.errors import InputError
from wadati.formats.atomic import atomic_write
from wadati.formats.channel_codes import channel_code
from wadati.formats.event_numbers import event_numbers
from wadati.formats.hypo71_phases import Card, cards, observed, remark, rounded
from wadati.formats.station_codes import StationCodes
from wadati.formats.tables import event_of, in_order, stated_uncertainty, table_magnitude
from wadati.formats.text_lines import Line, degrees_and_minutes, read_lines, tell
from wadati.formats.weight_codes import code_of, weight_of_code
from wadati.model import Arrival, Catalog, Event, Inventory, Magnitude, Origin, Pick, format_time
from wadati.protocols import Problem
from wadati.units import KILOMETRE, SECOND

_SUMMARY = re.compile(r"(?:19|20)\d\d[ \d]\d[ \d]\d[ \d]\d[ \d]\d[ \d]{4}(?:[ \d]{2}[ NSns][ \d]{4}|\s*$)")
_PHASE = re.compile(r"\S.{16}(?:19|20)\d\d[ \d]\d[ \d]\d[ \d]\d[ \d]\d[ \d.]{5}")
_HEAD = 10
_KINDS = {"D": "Md", "L": "ML", "X": "ML", "E": "Me", "W": "Mw", "B": "mb", "S": "Ms"}
_LETTERS = {"Md": "D", "ML": "L", "Mw": "W", "mb": "B", "Ms": "S"}
_NO_TIME = 9999 * SECOND // 100


def looks_like_hypoinverse(lines: list[Line]) -> bool:
    """Whether one of the first lines is a summary, or a phase with a year in columns 18 to 21."""
    return any(_SUMMARY.match(line.text) or _PHASE.match(line.text) for line in lines[:_HEAD])


def read_hypoinverse(
    path: Path, inventory: Inventory | None = None, problems: list[Problem] | None = None
) -> tuple[Catalog, list[tuple[Pick, ...]]]:
    """The events of an archive with all picks, and the picks of those events that have no location.

    Shadow lines are passed over. What cannot be read is told in `problems`, or raised.
    """
    codes = StationCodes(inventory, problems)
    events: list[Event] = []
    picks: list[Pick] = []
    groups: list[tuple[Pick, ...]] = []
    for summary, phases, number in _blocks(read_lines(path)):
        own: list[Pick] = []
        arrivals: list[Arrival] = []
        for line in phases:
            try:
                for pick, arrival in _phases(line, codes):
                    own.append(pick)
                    arrivals.append(arrival)
            except InputError as error:
                tell(problems, error)
        picks.extend(own)
        try:
            event = None if summary is None else _event(summary, tuple(arrivals), number)
        except InputError as error:
            tell(problems, error)
            event = None
        if event is not None:
            events.append(event)
        elif own:
            groups.append(tuple(own))
    return in_order(events, picks), groups


def write_hypoinverse(catalog: Catalog, path: Path) -> dict[int, str]:
    """Write preferred origins with their picks as an archive, atomically; the number each event has there.

    HypoInverse starts from the hypocentre of the summary line. Times to 0.01 s, minutes of arc and kilometres to 0.01.
    Raises `InputError` for a station code of more than five letters or a network of more than two.
    """
    numbers = event_numbers([event.event_id for event in catalog.events], 10)
    by_id = {pick.pick_id: pick for pick in catalog.picks}
    lines: list[str] = []
    for number, event in zip(numbers, catalog.events, strict=True):
        arrivals = {arrival.pick_id: arrival for arrival in event.origin.arrivals}
        own = [by_id[pick_id] for pick_id in arrivals if pick_id in by_id]
        lines.append(_summary(event, number))
        lines.extend(_archived(card, arrivals) for card in cards(own))
        lines.append(f"{'':62}{number:>10}")
    with atomic_write(path) as partial:
        partial.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return dict(zip(numbers, (event.event_id for event in catalog.events), strict=True))


def _blocks(lines: list[Line]) -> Iterator[tuple[Line | None, list[Line], str]]:
    """Summary, phases and number of each event: the next summary or a line blank in columns 1 to 5 ends it."""
    summary: Line | None = None
    phases: list[Line] = []
    for line in lines:
        if line.text.startswith("$"):
            continue
        if _SUMMARY.match(line.text):
            if summary is not None or phases:
                yield summary, phases, ""
            summary, phases = line, []
        elif line.text[:5].strip():
            phases.append(line)
        elif summary is not None or phases:
            yield summary, phases, line.at(63, 72)
            summary, phases = None, []
    if summary is not None or phases:
        yield summary, phases, ""


def _event(line: Line, arrivals: tuple[Arrival, ...], number: str) -> Event | None:
    """The event of a summary line; None where it has no location."""
    if not line.at(17, 18) or not line.at(24, 26):
        return None
    date = (line.at(1, 4), line.at(5, 6), line.at(7, 8), line.at(9, 10), line.at(11, 12))
    time = line.instant(date, line.nanoseconds(line.at(13, 16), 2))
    latitude = line.degrees(line.at(17, 18), line.number(20, 23, 2), line.at(19, 19), 90)
    longitude = line.degrees(line.at(24, 26), line.number(28, 31, 2), line.at(27, 27) or "W", 180)
    depth = line.number(32, 36, 2, -10, 1000)
    gap = line.number(43, 45, 0, 0, 360)
    origin = Origin.of(
        time,
        latitude,
        longitude,
        round((depth or 0.0) * KILOMETRE, 3),
        arrivals=arrivals,
        uncertainty=stated_uncertainty(
            line.number(86, 89, 2) or None, line.number(90, 93, 2) or None, depth_resolved=depth is not None
        ),
        azimuthal_gap=gap,
        standard_error=line.number(49, 52, 2, 0),
        earth_model=line.at(111, 113),
        method="HypoInverse",
    )
    event = event_of(origin, tuple(_magnitudes(line, origin)), _number(line.at(137, 146)) or _number(number))
    return msgspec.structs.replace(event, event_type="quarry blast") if line.at(81, 81).upper() == "Q" else event


def _number(text: str) -> str:
    """An event's number; 0 is none."""
    return text if text.strip("0") else ""


def _magnitudes(line: Line, origin: Origin) -> Iterator[Magnitude]:
    """The preferred magnitude, then those by amplitude, duration and from elsewhere; 0 without readings is none."""
    found: dict[tuple[str, float], None] = {}
    for label, first, readings in (
        (147, 148, (151, 154)),
        (122, 37, (97, 100)),
        (118, 71, (101, 104)),
        (123, 124, (127, 129)),
    ):
        value = line.number(first, first + 2, 2, -10, 11)
        if value is None or (value == 0 and not line.number(*readings, 1)):
            continue
        letter = line.at(label, label).upper()
        found[(_KINDS.get(letter, f"M{letter.lower()}"), value)] = None
    for kind, value in found:
        yield table_magnitude(origin, kind, value)


def _phases(line: Line, codes: StationCodes) -> Iterator[tuple[Pick, Arrival]]:
    if not _PHASE.match(line.text):
        raise line.error("is neither a summary nor a phase of a Y2000 archive")
    source_id = codes.source_id(line.at(1, 5), line.at(6, 7), line.at(112, 113), line.at(10, 12) or line.at(9, 9))
    date = (line.at(18, 21), line.at(22, 23), line.at(24, 25), line.at(26, 27), line.at(28, 29))
    distance, azimuth = line.number(75, 78, 1, 0), line.number(92, 94, 0, 0, 360)
    place = (math.nan if distance is None else distance * KILOMETRE, math.nan if azimuth is None else azimuth)
    early, late = line.nanoseconds(line.at(30, 34), 2), line.nanoseconds(line.at(42, 46), 2)
    if early is not None and early < _NO_TIME and "P" in line.at(14, 15).upper():
        pick = observed(source_id, "P", line.instant(date, early), line.at(17, 17), line.at(16, 16).upper())
        yield pick, _arrival(pick, place, line.number(35, 38, 2), line.number(39, 41, 2), line.at(17, 17))
    if late is not None and ("S" in line.at(47, 48).upper() or late > 0):
        pick = observed(source_id, "S", line.instant(date, late), line.at(50, 50))
        yield pick, _arrival(pick, place, line.number(51, 54, 2), line.number(64, 66, 2), line.at(50, 50))


def _arrival(
    pick: Pick, place: tuple[float, float], residual: float | None, weight: float | None, code: str
) -> Arrival:
    """An arrival; where no weight was used yet, that of the code."""
    used = weight_of_code(code) if weight is None else min(max(weight, 0.0), 1.0)
    key = pick.source_id.station_key
    return Arrival(pick.pick_id, *key, pick.phase_hint, *place, math.nan if residual is None else residual, used)


def _summary(event: Event, number: int) -> str:
    origin, magnitude, spread = event.origin, event.magnitude, event.origin.uncertainty
    stamp = format_time(rounded(origin.time), 2)
    latitude, north = degrees_and_minutes(origin.latitude, 2)
    longitude, east = degrees_and_minutes((origin.longitude + 180) % 360 - 180, 2)
    is_east = (origin.longitude + 180) % 360 >= 180
    errors = (spread.horizontal, spread.depth) if spread else (math.inf, math.inf)
    line = (
        f"{stamp[:4]}{stamp[5:7]}{stamp[8:10]}{stamp[11:13]}{stamp[14:16]}{stamp[17:19]}{stamp[20:22]}"
        f"{latitude:2d}{'S' if origin.latitude < 0 and latitude + north else ' '}{round(north * 100):4d}"
        f"{longitude:3d}{'E' if is_east or not longitude + east else ' '}{round(east * 100):4d}"
        f"{_implied(origin.depth / KILOMETRE, 5, 2)}   "
        f"{min(sum(arrival.weight > 0.1 for arrival in origin.arrivals), 999):3d}"
        f"{_implied(origin.azimuthal_gap, 3, 0)}   {_implied(origin.standard_error, 4, 2)}"
    )
    line = f"{line:<85}{_implied(errors[0] / KILOMETRE, 4, 2)}{_implied(errors[1] / KILOMETRE, 4, 2)}"
    line = f"{line:<136}{number:>10}"
    if magnitude:
        readings = _implied(float(max(magnitude.station_count, 1)), 4, 1)
        line += f"{_LETTERS.get(magnitude.magnitude_type, ' ')}{_implied(magnitude.value, 3, 2)}{readings}"
    return line.rstrip()


def _archived(card: Card, arrivals: dict[str, Arrival]) -> str:
    """The line of a station; one without P has weight 4 and the time 99.99 there, as HypoInverse writes it."""
    sid, stamp, channel = card.source_id, format_time(card.start, 0), channel_code(card.source_id)
    if len(sid.station) > 5 or len(sid.network) > 2:
        wrong = "a HypoInverse archive holds station codes of 5 letters and networks of 2"
        raise InputError(f"pick at {sid.nslc}", wrong, "write another format")
    first, second = card.first, card.second
    line = f"{sid.station:<5}{sid.network:<2}  {channel if len(channel) == 3 else '':<3} "
    line += f"{remark('P', first) if first else '   4'}{stamp[:4]}{stamp[5:7]}{stamp[8:10]}{stamp[11:13]}{stamp[14:16]}"
    line += f"{_hundredths(first, card.start) if first else ' 9999'}{_used(first, arrivals)}"
    if second is not None:
        residual, weight = _used(second, arrivals)[:4], _used(second, arrivals)[4:]
        code = code_of(second.time_uncertainty, second.probability)
        line += f"{_hundredths(second, card.start)} S {code}{residual}{'':9}{weight}"
    for pick in (first, second):
        if pick is not None:
            place = arrivals[pick.pick_id]
            line = f"{line[:74]:<74}{_implied(place.distance / KILOMETRE, 4, 1)}"
            line = f"{line:<91}{_implied(place.azimuth % 360, 3, 0)}"
            break
    return f"{line:<111}{sid.location[:2]}".rstrip()


def _hundredths(pick: Pick, start: int) -> str:
    return f"{(rounded(pick.time) - start) * 100 // SECOND:5d}"


def _used(pick: Pick | None, arrivals: dict[str, Arrival]) -> str:
    if pick is None:
        return " " * 7
    arrival = arrivals[pick.pick_id]
    return f"{_implied(arrival.time_residual, 4, 2)}{_implied(arrival.weight, 3, 2)}"


def _implied(value: float | None, width: int, places: int) -> str:
    """A number with implied decimals; blanks where it is unknown or too long."""
    if value is None or not math.isfinite(value):
        return " " * width
    text = str(round(value * 10**places))
    return text.rjust(width) if len(text) <= width else " " * width
