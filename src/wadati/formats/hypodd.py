"""hypoDD: phases (`phase.dat`, `.pha`), hypocentres (`hypoDD.loc`, `.reloc`) and event lists (`event.dat`).

Format: F. Waldhauser, hypoDD, USGS Open-File Report 01-113, https://doi.org/10.3133/ofr01113. REAL's `hypophase.dat` is
the same as a phase file. Depths and errors are in km in phase files and event lists, errors in m in hypocentre files;
longitudes west are negative. A magnitude or an error of 0 means that there is none. Weights of phases (0 to 1): see
`weight_codes`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from pathlib import Path

from wadati.errors import InputError
from wadati.formats.atomic import atomic_write
from wadati.formats.csv_rows import fixed
from wadati.formats.event_numbers import event_numbers
from wadati.formats.station_codes import StationCodes, phase_hint_of
from wadati.formats.tables import event_of, in_order, stated_uncertainty, table_magnitude
from wadati.formats.text_lines import Line, each, first_words, read_lines, tell
from wadati.formats.weight_codes import uncertainty_of_weight
from wadati.model import Arrival, Catalog, Event, Inventory, Origin, Pick, format_time
from wadati.protocols import Problem
from wadati.units import KILOMETRE, MICROSECOND, SECOND

_METHOD = "hypoDD"
_LONGEST_ID = 9


def looks_like_hypodd_phases(lines: list[Line]) -> bool:
    """Whether one of the first lines is `#` and 14 numbers."""
    return any(words[0] == "#" and len(words) >= 14 and _numbers(words[1:14]) for words in first_words(lines))


def looks_like_hypodd_hypocentres(lines: list[Line]) -> bool:
    """Whether one of the first lines has the 18 numbers of `hypoDD.loc` or the 24 of `hypoDD.reloc`."""
    return any(
        len(words) in (18, 24) and _numbers(words) and 1000 <= float(words[10]) < 3000 for words in first_words(lines)
    )


def looks_like_hypodd_events(lines: list[Line]) -> bool:
    """Whether one of the first lines is a date in eight digits, a time in centiseconds and eight more numbers."""
    return any(
        len(words) == 10 and _numbers(words) and len(words[0]) == 8 and words[0].isdigit() and words[1].isdigit()
        for words in first_words(lines)
    )


def read_hypodd_phases(
    path: Path, inventory: Inventory | None = None, problems: list[Problem] | None = None
) -> Catalog:
    """The events of a phase file with their picks. What cannot be read is told in `problems`, or raised."""
    codes = StationCodes(inventory, problems)
    events: list[Event] = []
    picks: list[Pick] = []
    for header, phases in _blocks(read_lines(path), problems):
        try:
            time = _time_of_words(header, header.text.replace("#", " ", 1).split())
        except InputError as error:
            tell(problems, error)
            continue
        found = list(each(phases, functools.partial(_phase, time, codes), problems))
        picks.extend(pick for pick, _ in found)
        try:
            events.append(_event_of_header(header, time, tuple(arrival for _, arrival in found)))
        except InputError as error:
            tell(problems, error)
    return in_order(events, picks)


def write_hypodd_phases(catalog: Catalog, path: Path) -> dict[int, str]:
    """Write preferred origins with their arrivals as a phase file, atomically; the number each event has there.

    hypoDD wants whole numbers of at most nine digits: an identifier that is one stays, the others are counted from 1.
    Times to 1 ms, travel times to 0.1 ms, degrees to 6 decimals, depths to 1 m. The weight is the arrival's.
    """
    numbers = event_numbers([event.event_id for event in catalog.events], _LONGEST_ID)
    times = {pick.pick_id: pick.time for pick in catalog.picks}
    lines = []
    for number, event in zip(numbers, catalog.events, strict=True):
        origin, magnitude, spread = event.origin, event.magnitude, event.origin.uncertainty
        start = round(origin.time / (1000 * MICROSECOND)) * 1000 * MICROSECOND
        stamp = format_time(start, 3)
        horizontal, depth = (spread.horizontal, spread.depth) if spread else (0.0, 0.0)
        lines.append(
            f"# {stamp[:4]} {stamp[5:7]} {stamp[8:10]} {stamp[11:13]} {stamp[14:16]} {stamp[17:-1]} "
            f"{fixed(origin.latitude, 6)} {fixed(origin.longitude, 6)} {fixed(origin.depth / KILOMETRE, 3)} "
            f"{magnitude.value if magnitude else 0.0:.2f} {_finite(horizontal / KILOMETRE):.3f} "
            f"{_finite(depth / KILOMETRE):.3f} {origin.standard_error or 0.0:.3f} {number}\n"
        )
        lines.extend(
            f"{arrival.station:<7} {(times[arrival.pick_id] - start) / SECOND:.4f} {arrival.weight:.4f} "
            f"{phase_hint_of(arrival.phase)}\n"
            for arrival in origin.arrivals
            if arrival.pick_id in times
        )
    with atomic_write(path) as partial:
        partial.write_text("".join(lines), encoding="utf-8")
    return dict(zip(numbers, (event.event_id for event in catalog.events), strict=True))


def read_hypodd_hypocentres(path: Path, problems: list[Problem] | None = None) -> Catalog:
    """The events of `hypoDD.loc` or `hypoDD.reloc`; their errors are those of hypoDD's solver, often too small."""
    return in_order(each(_filled(path), _hypocentre, problems))


def read_hypodd_events(path: Path, problems: list[Problem] | None = None) -> Catalog:
    """The events of `event.dat` or `event.sel`."""
    return in_order(each(_filled(path), _listed_event, problems))


def _filled(path: Path) -> list[Line]:
    return [line for line in read_lines(path) if line.text.strip()]


def _numbers(words: list[str]) -> bool:
    try:
        return all(float(word) == float(word) or word.lower() == "nan" for word in words)
    except ValueError:
        return False


def _blocks(lines: list[Line], problems: list[Problem] | None) -> Iterator[tuple[Line, list[Line]]]:
    header: Line | None = None
    phases: list[Line] = []
    for line in lines:
        if line.text.lstrip().startswith("#"):
            if header is not None:
                yield header, phases
            header, phases = line, []
        elif header is None and line.text.strip():
            tell(problems, line.error("a phase stands before the first event"))
        elif line.text.strip():
            phases.append(line)
    if header is not None:
        yield header, phases


def _time_of_words(line: Line, words: list[str]) -> int:
    if len(words) < 6:
        raise line.error("the event ends before its time; it and its phases are left out")
    return line.instant(words[:5], line.nanoseconds(words[5]))


def _phase(start: int, codes: StationCodes, line: Line) -> tuple[Pick, Arrival]:
    words = line.text.split()
    if len(words) < 4:
        raise line.error(f"a phase has station, travel time, weight and name, not {len(words)} words")
    # A negative weight is hypoDD's request to keep the phase whatever its distance.
    weight = min(abs(line.word(words[2])), 1.0)
    pick = Pick.of(
        codes.of_name(words[0]),
        phase_hint_of(words[3]),
        start + (line.nanoseconds(words[1]) or 0),
        time_uncertainty=uncertainty_of_weight(weight),
        probability=1.0 if weight else 0.0,
    )
    key = pick.source_id.station_key
    return pick, Arrival(pick.pick_id, *key, words[3], math.nan, math.nan, math.nan, weight)


def _event_of_header(line: Line, time: int, arrivals: tuple[Arrival, ...]) -> Event:
    words = line.text.replace("#", " ", 1).split()
    if len(words) < 14:
        raise line.error(f"an event has 14 numbers, not {len(words)}; its picks are kept")
    latitude, longitude, depth, magnitude, horizontal, vertical, rms = words[6:13]
    return _event(line, time, (latitude, longitude, depth), magnitude, (horizontal, vertical, rms), words[13], arrivals)


def _hypocentre(line: Line) -> Event:
    words = line.text.split()
    if len(words) < 18:
        raise line.error(f"a hypocentre has at least 18 numbers, not {len(words)}")
    east, north, down = (line.word(word) / KILOMETRE for word in words[7:10])
    time = line.instant(words[10:15], line.nanoseconds(words[15]))
    spread = (str(max(east, north)), str(down), "0")
    return _event(line, time, (words[1], words[2], words[3]), words[16], spread, words[0], ())


def _listed_event(line: Line) -> Event:
    words = line.text.split()
    if len(words) < 10:
        raise line.error(f"an event has 10 numbers, not {len(words)}")
    day, clock = words[0], words[1].zfill(8)
    time = line.instant((day[:4], day[4:6], day[6:8], clock[:-6], clock[-6:-4]), line.nanoseconds(clock[-4:], 2))
    return _event(line, time, (words[2], words[3], words[4]), words[5], (words[6], words[7], words[8]), words[9], ())


def _event(
    line: Line,
    time: int,
    place: tuple[str, str, str],
    magnitude: str,
    spread: tuple[str, str, str],
    event_id: str,
    arrivals: tuple[Arrival, ...],
) -> Event:
    """An event of latitude, longitude, depth; magnitude; horizontal error, depth error (km), RMS (s); identifier."""
    horizontal, vertical, rms = (_stated(line, text) for text in spread)
    origin = Origin.of(
        time,
        line.word(place[0], -90, 90),
        line.word(place[1], -180, 360),
        round(line.word(place[2], -10, 1000) * KILOMETRE, 3),
        arrivals=arrivals,
        uncertainty=stated_uncertainty(horizontal, vertical),
        standard_error=rms,
        method=_METHOD,
    )
    size = line.decimal(magnitude)
    magnitudes = (table_magnitude(origin, "M", float(size)),) if size else ()
    return event_of(origin, magnitudes, event_id)


def _stated(line: Line, text: str) -> float | None:
    value = line.decimal(text)
    return float(value) if value is not None and value > 0 else None


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0
