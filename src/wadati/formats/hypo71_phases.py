"""Phases for HYPO71 and, in the same columns, for HypoInverse before 2000.

Format: W. H. K. Lee and J. C. Lahr, HYPO71 (revised), USGS Open-File Report 75-311, https://doi.org/10.3133/ofr75311;
F. W. Klein, HYPOINVERSE-2000, Open-File Report 02-171, https://doi.org/10.3133/ofr02171, whose columns 78 to 85 (fifth
letter of the station, component, network, location) are used where they are filled. Seconds of S count from the minute
of P and may pass 60. The clock correction (columns 66 to 70) is added. Weights: see `weight_codes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from wadati.errors import InputError
from wadati.formats.atomic import atomic_write
from wadati.formats.channel_codes import channel_code
from wadati.formats.station_codes import StationCodes
from wadati.formats.text_lines import Line, read_lines, tell
from wadati.formats.weight_codes import code_of, uncertainty_of_weight, weight_of_code
from wadati.model import Inventory, Pick, SourceId, format_time
from wadati.protocols import Problem
from wadati.units import MICROSECOND, MINUTE, SECOND

_STEP = 10_000 * MICROSECOND
_YEARS = range(1960, 2060)
_CARD = re.compile(r"\S.{3}.{4}.\d\d[ \d]\d[ \d]\d[ \d]\d[ \d]\d[ \d.]{5}")
_MOTION = {"U": "positive", "C": "positive", "+": "positive", "D": "negative", "-": "negative"}


def looks_like_hypo71_phases(lines: list[Line]) -> bool:
    """Whether at least half of the lines that are not blank in columns 1 to 4 are phase cards."""
    filled = [line for line in lines if line.text[:4].strip()]
    cards = sum(_is_card(line) for line in filled)
    return cards > 0 and 2 * cards >= len(filled)


def read_hypo71_phases(
    path: Path, inventory: Inventory | None = None, problems: list[Problem] | None = None
) -> list[tuple[Pick, ...]]:
    """The picks of each event; a card that is blank in columns 1 to 4 ends an event.

    Raises `InputError` for a line that is no phase card, unless `problems` collects those.
    """
    codes = StationCodes(inventory, problems)
    groups: list[list[Pick]] = [[]]
    for line in read_lines(path):
        if not line.text[:4].strip():
            groups.append([])
            continue
        try:
            if not _is_card(line):
                raise line.error("is no phase card")
            groups[-1].extend(_picks(line, codes))
        except InputError as error:
            tell(problems, error)
    return [tuple(group) for group in groups if group]


def write_hypo71_phases(groups: Iterable[Iterable[Pick]], path: Path) -> None:
    """Write the picks of events as phase cards, each event ended by a blank card, atomically; times to 0.01 s.

    Raises `InputError` for a year that two digits cannot tell or a station code of more than five letters.
    """
    text = "".join(
        "".join(f"{_text(card)}\n" for card in cards(group)) + f"{'10':>19}\n" for group in map(list, groups) if group
    )
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8")


class Card(NamedTuple):
    """P and S of one channel on one card, one of which may be missing; `start` is the minute its seconds count from."""

    start: int
    source_id: SourceId
    first: Pick | None
    second: Pick | None


def cards(picks: Iterable[Pick]) -> list[Card]:
    """P and S picks as cards, in order of time; S stands beside the P of its station that it follows within 99 s."""
    alone: dict[tuple[str, str], list[Pick]] = {}
    found = []
    for pick in sorted(picks, key=lambda pick: (pick.phase_hint, pick.time, pick.pick_id)):
        own = alone.setdefault(pick.source_id.station_key, [])
        if pick.phase_hint == "P":
            own.append(pick)
        elif pick.phase_hint == "S":
            first = next((other for other in own if _fits(other, pick)), None)
            if first is None:
                found.append(Card(_minute(pick), pick.source_id, None, pick))
            else:
                own.remove(first)
                found.append(Card(_minute(first), first.source_id, first, pick))
    found.extend(Card(_minute(pick), pick.source_id, pick, None) for own in alone.values() for pick in own)
    return sorted(found, key=lambda card: (card.start, card.source_id, card.first is None, str(card)))


def _fits(first: Pick, second: Pick) -> bool:
    return first.time <= second.time and rounded(second.time) - _minute(first) < 99 * SECOND


def _minute(pick: Pick) -> int:
    return rounded(pick.time) // MINUTE * MINUTE


def rounded(time: int) -> int:
    """A time to the 0.01 s of a card."""
    return (time + _STEP // 2) // _STEP * _STEP


def _is_card(line: Line) -> bool:
    return bool(_CARD.match(line.text)) and ("P" in line.text[4:6].upper() or bool(line.at(32, 36)))


def _picks(line: Line, codes: StationCodes) -> Iterator[Pick]:
    network, component = line.at(82, 83), line.at(79, 81)
    source_id = codes.source_id(
        line.at(1, 4) + (line.at(78, 78) if line.at(78, 78).isalnum() else ""),
        network if network.isalnum() else "",
        line.at(84, 85) if network.isalnum() else "",
        component if component.isalnum() else "",
    )
    correction = line.nanoseconds(line.at(66, 70), 2) or 0
    date = (line.at(10, 11), line.at(12, 13), line.at(14, 15), line.at(16, 17), line.at(18, 19))
    second = line.nanoseconds(line.at(20, 24), 2)
    if "P" in line.text[4:6].upper() and second is not None:
        yield observed(source_id, "P", line.instant(date, second) + correction, line.at(8, 8), line.text[6:7].upper())
    late = line.nanoseconds(line.at(32, 36), 2)
    if late is not None:
        yield observed(source_id, "S", line.instant(date, late) + correction, line.at(40, 40))


def observed(source_id: SourceId, phase: str, time: int, code: str, motion: str = "") -> Pick:
    """The pick of a time and its weight code."""
    weight = weight_of_code(code)
    return Pick.of(
        source_id,
        phase,
        time,
        time_uncertainty=uncertainty_of_weight(weight),
        probability=1.0 if weight else 0.0,
        polarity=_MOTION.get(motion),
    )


def _text(card: Card) -> str:
    sid, stamp, channel = card.source_id, format_time(card.start, 0), channel_code(card.source_id)
    if int(stamp[:4]) not in _YEARS or len(sid.station) > 5:
        wrong = "a phase card holds years from 1960 to 2059 and station codes of up to 5 letters"
        raise InputError(f"pick at {sid.nslc} {stamp}", wrong, "write another format")
    text = f"{sid.station[:4]:<4}{remark('P', card.first)} {stamp[2:4]}{stamp[5:7]}{stamp[8:10]}{stamp[11:13]}"
    text += f"{stamp[14:16]}{_seconds(card.first, card.start)}{'':7}{_seconds(card.second, card.start)}"
    text = f"{text}{remark('S', card.second):<41}{sid.station[4:5]:<1}{channel if len(channel) == 3 else '':<3}"
    return f"{text}{sid.network[:2]:<2}{sid.location[:2]}".rstrip()


def _seconds(pick: Pick | None, start: int) -> str:
    return f"{(rounded(pick.time) - start) / SECOND:5.2f}" if pick else " " * 5


def remark(phase: str, pick: Pick | None) -> str:
    """Phase, first motion and weight code in four columns; blanks without a pick."""
    if pick is None:
        return " " * 4
    motion = {"positive": "U", "negative": "D"}.get(pick.polarity or "", " ")
    return f" {phase}{motion}{code_of(pick.time_uncertainty, pick.probability)}"
