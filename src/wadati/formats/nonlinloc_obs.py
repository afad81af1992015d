"""NonLinLoc phase observations (`.obs`).

Format: http://alomax.free.fr/nlloc, NLLoc version 7. An observation names a station and a component, rarely a network.
`Err` of `GAU` is one standard error; below zero it is unknown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path

from wadati.errors import InputError
from wadati.formats.atomic import atomic_write
from wadati.formats.channel_codes import channel_code
from wadati.formats.station_codes import StationCodes, phase_hint_of
from wadati.formats.text_lines import Line, read_lines, tell
from wadati.model import Inventory, Pick, format_time
from wadati.protocols import Problem
from wadati.units import MICROSECOND

_STEP = 100 * MICROSECOND
_OBSERVATION = re.compile(r"\S+\s+\S+\s+\S+\s+\S+\s+\S+\s+\S+\s+\d{8}\s+\d{1,4}\s+-?[\d.]+\s+[A-Z]{3}\s")
_UP, _DOWN = frozenset("cCuU+"), frozenset("dD-")


def looks_like_nonlinloc_obs(lines: list[Line]) -> bool:
    """Whether the first line with an observation is one, after comments and identifiers at most."""
    first = next((line.text for line in lines if line.text.strip() and not _is_remark(line)), "")
    return bool(_OBSERVATION.match(first))


def read_nonlinloc_obs(
    path: Path, inventory: Inventory | None = None, problems: list[Problem] | None = None
) -> list[tuple[Pick, ...]]:
    """The picks of each event of an observation file; events are parted by blank lines or `PUBLIC_ID`.

    Raises `InputError` for a line that is no observation, unless `problems` collects those.
    """
    codes = StationCodes(inventory, problems)
    groups: list[list[Pick]] = [[]]
    for line in read_lines(path):
        if not line.text.strip() or line.text.startswith("PUBLIC_ID"):
            groups.append([])
        elif not _is_remark(line):
            try:
                groups[-1].append(pick_of(line, line.text.split(), codes))
            except InputError as error:
                tell(problems, error)
    return [tuple(group) for group in groups if group]


def write_nonlinloc_obs(groups: Iterable[Iterable[Pick]], path: Path) -> None:
    """Write the picks of events as observations, a blank line between events, atomically; times to 0.1 ms."""
    with atomic_write(path) as partial:
        blocks = ("".join(f"{_observation(pick)}\n" for pick in group) for group in groups)
        partial.write_text("\n".join(block for block in blocks if block), encoding="utf-8")


def _observation(pick: Pick) -> str:
    time = format_time((pick.time + _STEP // 2) // _STEP * _STEP, 4)
    error = f"{pick.time_uncertainty:.2e}" if math.isfinite(pick.time_uncertainty) else "-1.00e+00"
    motion = {"positive": "U", "negative": "D"}.get(pick.polarity or "", "?")
    return (
        f"{pick.source_id.station or '?':<6} ?    {channel_code(pick.source_id) or '?':<4} ? {pick.phase_hint:<6} "
        f"{motion} {time[:4]}{time[5:7]}{time[8:10]} {time[11:13]}{time[14:16]} {float(time[17:-1]):9.4f} GAU "
        f"{error:>9} -1.00e+00 -1.00e+00 -1.00e+00"
    )


def _is_remark(line: Line) -> bool:
    return line.text.startswith(("#", "PUBLIC_ID", "EVENT", "BEGIN", "COMMENT"))


def pick_of(line: Line, words: list[str], codes: StationCodes) -> Pick:
    """The pick of the first eleven words of an observation."""
    if len(words) < 11:
        raise line.error(f"an observation has at least 11 words, not {len(words)}")
    station, _, component, _, phase, motion, date, clock, second, _, error = words[:11]
    clock = clock.zfill(4)
    time = line.instant((date[:4], date[4:6], date[6:8], clock[:-2], clock[-2:]), line.nanoseconds(second))
    uncertainty = line.word(error)
    return Pick.of(
        codes.of_name(station, component),
        phase_hint_of(phase),
        time,
        time_uncertainty=uncertainty if uncertainty >= 0 else math.inf,
        probability=1.0,
        polarity="positive" if motion in _UP else "negative" if motion in _DOWN else None,
    )
