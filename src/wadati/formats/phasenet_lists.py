"""The picks of PhaseNet's first version: a row a file, with lists of samples and probabilities.

Columns: fname, t0, p_idx, p_prob, s_idx, s_prob (or idx_p and so on); samples of 100 Hz after `t0`, or where that is no
time after the one with which the name of the file begins. That name goes on with network and station.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from wadati.errors import InputError, UsageError
from wadati.formats.foreign_rows import ForeignRow, first_of, read_foreign_rows
from wadati.formats.station_codes import StationCodes
from wadati.formats.tables import in_order
from wadati.formats.text_lines import tell
from wadati.model import Inventory, Pick, parse_time
from wadati.protocols import Problem
from wadati.units import SECOND

_INTERVAL = SECOND // 100
_LONGEST = 1e10
_NAME = re.compile(
    r"(?P<date>\d{4}[-_]?\d\d[-_]?\d\d)(?:T(?P<clock>[\d:]+)|_[\d.]+)?[._](?P<network>\w{1,2}?)[._](?P<station>[A-Za-z\d]+)"
)


def is_phasenet_list(columns: Sequence[str]) -> bool:
    """Whether columns of these names (in lower case) are those of PhaseNet's lists."""
    return {"fname", "t0"} <= set(columns) and bool(first_of(columns, "p_idx", "idx_p"))


def read_phasenet_lists(
    path: Path, inventory: Inventory | None = None, problems: list[Problem] | None = None
) -> tuple[Pick, ...]:
    """The picks, in order of time. A row that cannot be read is told in `problems`, or raised."""
    codes = StationCodes(inventory, problems)
    picks: list[Pick] = []
    for row in read_foreign_rows(path, problems):
        try:
            picks.extend(_picks(row, codes))
        except InputError as error:
            tell(problems, error)
    return in_order((), picks).picks


def _picks(row: ForeignRow, codes: StationCodes) -> Iterator[Pick]:
    name = _NAME.match(row.required("fname"))
    if name is None:
        raise row.error("fname", f"{row.text('fname')!r} names no time, network and station", "correct the name")
    source_id = codes.source_id(name["station"], name["network"])
    start = _start(row, name)
    for phase in "ps":
        indices = _list(row, first_of(row.columns, f"{phase}_idx", f"idx_{phase}"))
        probabilities = _list(row, first_of(row.columns, f"{phase}_prob", f"prob_{phase}"))
        if len(indices) != len(probabilities):
            raise row.error(f"{phase}_prob", "has not as many entries as there are samples", "correct the line")
        for index, probability in zip(indices, probabilities, strict=True):
            if not 0 <= index <= _LONGEST:
                raise row.error(f"{phase}_idx", f"{index:g} is no sample", "correct the line")
            if not 0 <= probability <= 1:
                raise row.error(f"{phase}_prob", f"{probability} is no probability", "correct the line")
            yield Pick.of(
                source_id,
                phase.upper(),
                start + round(index * _INTERVAL),
                time_uncertainty=math.inf,
                probability=probability,
            )


def _start(row: ForeignRow, name: re.Match[str]) -> int:
    try:
        return parse_time(row.text("t0"))
    except UsageError:
        clock = (name["clock"] or "00").replace(":", "").ljust(4, "0")
        try:
            return parse_time(f"{name['date'].replace('_', '').replace('-', '')}T{clock}")
        except UsageError as error:
            raise row.error("t0", str(error), "write ISO 8601") from None


def _list(row: ForeignRow, column: str) -> list[float]:
    words = row.text(column).strip("[]").replace(",", " ").split()
    try:
        return [float(word) for word in words]
    except ValueError as error:
        raise row.error(column, f"is no list of numbers ({error})", "correct the line") from None
