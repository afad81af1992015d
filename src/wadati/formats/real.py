"""REAL: associated events (`phase_sel.txt`, `catalog_sel.txt`), relocated ones (`hypolocSA.dat`) and its pick files.

Format: M. Zhang, W. L. Ellsworth and G. C. Beroza (2019), https://doi.org/10.1785/0220190052, and REAL's user guide.
Depths are in km, times of phases in seconds after the day given, azimuths at the event. Amplitudes are not read:
whether they are of a Wood–Anderson seismograph depends on who made them. `hypophase.dat` is read as hypoDD's phases.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

from wadati.errors import InputError
from wadati.formats.station_codes import StationCodes, phase_hint_of
from wadati.formats.tables import event_of, in_order, table_magnitude
from wadati.formats.text_lines import Line, each, first_words, read_lines, tell
from wadati.model import Arrival, Catalog, Event, Inventory, Origin, Pick, SourceId
from wadati.protocols import Problem
from wadati.units import DAY, KILOMETRE

_EVENT_WORDS = 17
_PHASE_WORDS = 9
_RELOCATED_WORDS = 14
_FEWEST_PICKS, _SMALLEST_GAP = 3, 5.0
_CLOCK = re.compile(r"\d{1,2}:\d{2}:\d{2}(\.\d*)?")
_PICK_FILE = re.compile(r"(?P<network>[^.]*)\.(?P<station>[^.]+)\.(?P<phase>[PS])\.txt")
_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")


def looks_like_real(lines: list[Line]) -> bool:
    """Whether one of the first lines is an event of `phase_sel.txt` or `catalog_sel.txt`."""
    return any(
        len(words) == _EVENT_WORDS and words[0].isdigit() and _CLOCK.fullmatch(words[4]) for words in first_words(lines)
    )


def looks_like_real_relocated(lines: list[Line]) -> bool:
    """Whether one of the first lines has the numbers of `hypolocSA.dat`, with a number of picks and a gap."""
    return any(map(_is_relocated, first_words(lines)))


def _is_relocated(words: list[str]) -> bool:
    try:
        return (
            len(words) == _RELOCATED_WORDS
            and 1900 <= int(words[0]) <= 2100
            and int(words[10]) >= _FEWEST_PICKS
            and _SMALLEST_GAP <= float(words[11]) <= 360
        )
    except ValueError:
        return False


def read_real(path: Path, inventory: Inventory | None = None, problems: list[Problem] | None = None) -> Catalog:
    """The events of `phase_sel.txt` with their picks, or those of `catalog_sel.txt`; files of many days may be joined.

    A weight is the picker's probability where it is not above 1. What cannot be read is told in `problems`, or raised.
    """
    codes = StationCodes(inventory, problems)
    events: list[Event] = []
    picks: list[Pick] = []
    header: tuple[Line, list[str], int] | None = None
    arrivals: list[Arrival] = []

    def finish() -> None:
        if header is not None:
            try:
                events.append(_event(header[0], header[1], tuple(arrivals)))
            except InputError as error:
                tell(problems, error)

    for line in read_lines(path):
        words = line.text.split()
        try:
            if len(words) == _EVENT_WORDS and _CLOCK.fullmatch(words[4]):
                finish()
                header, arrivals = None, []
                header = line, words, _time(line, words) - (line.nanoseconds(words[5]) or 0)
            elif words and len(words) != _PHASE_WORDS:
                raise line.error(
                    f"{len(words)} words are neither an event ({_EVENT_WORDS}) nor a phase ({_PHASE_WORDS})"
                )
            elif words and header is None:
                raise line.error("the phase follows no event that can be read")
            elif words and header is not None:
                pick = _pick(line, words, header[2], codes)
                picks.append(pick)
                arrivals.append(_arrival(line, words, pick))
        except InputError as error:
            tell(problems, error)
    finish()
    return in_order(events, picks)


def read_real_relocated(path: Path, problems: list[Problem] | None = None) -> Catalog:
    """The events of `hypolocSA.dat`; a day beyond the end of the month runs on into the next."""
    return in_order(each((line for line in read_lines(path) if line.text.strip()), _relocated, problems))


def read_real_picks(
    folder: Path, inventory: Inventory | None = None, problems: list[Problem] | None = None
) -> tuple[Pick, ...]:
    """The picks of a folder of `NET.STA.P.txt` and `NET.STA.S.txt`; the name of the folder ends in the day.

    Raises `InputError` for a folder whose name holds no day.
    """
    match = _DAY.search(folder.resolve().name)
    if match is None:
        raise InputError(folder, "its name holds no day", "name the folder of REAL's picks YYYYMMDD")
    start = Line(folder, 0, "").instant(match.groups())
    codes = StationCodes(inventory, problems)
    picks: dict[str, Pick] = {}
    for file in real_pick_files(folder):
        named = _PICK_FILE.fullmatch(file.name)
        if named is None:
            continue
        source_id = codes.source_id(named["station"], named["network"])
        for line in read_lines(file):
            words = line.text.split()
            try:
                if words and len(words) < 2:
                    raise line.error("a pick has a time and a weight")
                if words:
                    time = start + (line.nanoseconds(words[0]) or 0)
                    pick = _made(source_id, named["phase"], time, line.word(words[1]))
                    picks[pick.pick_id] = pick
            except InputError as error:
                tell(problems, error)
    return in_order((), picks.values()).picks


def real_pick_files(folder: Path) -> list[Path]:
    """The files of a folder that are named as REAL names its picks."""
    return sorted(file for file in folder.iterdir() if _PICK_FILE.fullmatch(file.name) and file.is_file())


def _time(line: Line, words: list[str]) -> int:
    hour, minute, second = words[4].split(":")
    return line.instant((words[1], words[2], words[3], hour, minute), line.nanoseconds(second))


def _event(line: Line, words: list[str], arrivals: tuple[Arrival, ...]) -> Event:
    origin = Origin.of(
        _time(line, words),
        line.word(words[7], -90, 90),
        line.word(words[8], -180, 360),
        round(line.word(words[9], -10, 1000) * KILOMETRE, 3),
        arrivals=arrivals,
        azimuthal_gap=line.word(words[16], 0, 360),
        standard_error=line.word(words[6], 0),
        method="REAL",
    )
    return _with_magnitude(line, origin, words[10], words[0])


def _relocated(line: Line) -> Event:
    words = line.text.split()
    if len(words) < _RELOCATED_WORDS:
        raise line.error(f"an event has {_RELOCATED_WORDS} numbers, not {len(words)}")
    month = line.instant((words[0], words[1], "1", words[3], words[4]), line.nanoseconds(words[5]))
    origin = Origin.of(
        month + (int(line.word(words[2], 1, 99)) - 1) * DAY,
        line.word(words[6], -90, 90),
        line.word(words[7], -180, 360),
        round(line.word(words[8], -10, 1000) * KILOMETRE, 3),
        azimuthal_gap=line.word(words[11], 0, 360),
        standard_error=line.word(words[12], 0),
        method="REAL, simulated annealing",
    )
    return _with_magnitude(line, origin, words[9], words[13])


def _with_magnitude(line: Line, origin: Origin, text: str, event_id: str) -> Event:
    """REAL writes −100 where there is no magnitude, −inf or 0 where amplitudes are 0."""
    value = line.decimal(text)
    magnitudes = (table_magnitude(origin, "ML", float(value)),) if value is not None and value > -10 else ()
    return event_of(origin, magnitudes if value else (), event_id)


def _pick(line: Line, words: list[str], day: int, codes: StationCodes) -> Pick:
    time = day + (line.nanoseconds(words[3]) or 0)
    return _made(codes.source_id(words[1], words[0]), words[2], time, line.word(words[7]))


def _made(source_id: SourceId, phase: str, time: int, weight: float) -> Pick:
    probability = weight if 0 <= weight <= 1 else 1.0
    return Pick.of(source_id, phase_hint_of(phase), time, time_uncertainty=math.inf, probability=probability)


def _arrival(line: Line, words: list[str], pick: Pick) -> Arrival:
    azimuth = line.word(words[8], -360, 360) % 360
    residual = line.word(words[6])
    return Arrival(pick.pick_id, *pick.source_id.station_key, words[2], math.nan, azimuth, residual, 1.0)
