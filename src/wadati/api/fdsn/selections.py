"""Channels and times as station and dataselect are asked for them."""

from __future__ import annotations

from typing import Any

from wadati.api.errors import Refused
from wadati.api.fdsn.service import Selecting
from wadati.api.parameters import Parameter, in_order
from wadati.errors import UsageError
from wadati.model import TimeSpan, parse_open_time
from wadati.model.time import BEGINNING, END
from wadati.sources.selection import Selection

CODES = (
    Parameter(name="network", short="net", usual="*", words="codes with commas between them; * and ?", example="CI"),
    Parameter(name="station", short="sta", usual="*", words="codes with commas between them; * and ?", example="CCC"),
    Parameter(name="location", short="loc", usual="*", words="codes with commas; -- is the empty one", example="--"),
    Parameter(name="channel", short="cha", usual="*", words="codes with commas between them; * and ?", example="HH?"),
)
TIMES = (
    Parameter(name="starttime", short="start", kind="time", words="from this time on", example="2019-07-04T17:30"),
    Parameter(name="endtime", short="end", kind="time", words="until this time", example="2019-07-04T17:31"),
)


def selections(values: dict[str, Any], lines: list[Selecting] | None) -> list[Selection]:
    """What a request asks for, by its parameters or by the lines of its list. Raises `Refused`."""
    in_order(values, "starttime", "endtime")
    if lines is not None:
        return [_of_line(line) for line in lines]
    start = BEGINNING if values["starttime"] is None else values["starttime"]
    end = END if values["endtime"] is None else values["endtime"] + 1
    codes = (values["network"], values["station"], _location(values["location"]), values["channel"])
    return [Selection(*codes, TimeSpan(start, end))]


def _of_line(line: Selecting) -> Selection:
    try:
        start = BEGINNING if line.start == "*" else parse_open_time(line.start)
        end = END if line.end == "*" else parse_open_time(line.end) + 1
    except UsageError as error:
        raise Refused(400, f"{' '.join(line)}: {error}") from None
    if end < start:
        raise Refused(400, f"{' '.join(line)}: the end is before the start")
    return Selection(line.network, line.station, _location(line.location), line.channel, TimeSpan(start, end))


def _location(codes: str) -> str:
    """Codes with the empty one written as `--`, also where it is given as nothing or as blanks."""
    return ",".join(code.strip() or "--" for code in codes.split(","))
