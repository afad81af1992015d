"""Stations from wherever they are described: StationXML or station CSV, one file or a folder of them."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from wadati.errors import InputError
from wadati.formats.station_csv import read_station_csv
from wadati.formats.station_tables import read_station_table
from wadati.formats.stationxml import read_stationxml
from wadati.model import Channel, Inventory
from wadati.protocols import Problem

_SUFFIXES = frozenset((".xml", ".stationxml", ".csv"))
_TELLING = frozenset(("station", "latitude", "longitude"))
"""The columns by which a table in a folder is taken for one of stations."""
_OWN = frozenset(("network", "station", "channel"))
"""The columns by which a table is taken for station CSV, and told what else it lacks."""
_STATIONXML = "FDSNStationXML"
_HEAD = 8192
_NO_ELEMENT = re.compile(rb"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)", re.DOTALL)
_ELEMENT = re.compile(rb"<(?:[\w.-]+:)?([\w.-]+)")
_MEND = "give StationXML, or a CSV with network,station,location,channel,latitude,longitude,elevation_m"


def read_inventory(path: Path) -> tuple[Inventory, list[Problem]]:
    """The channels of a file, or of all files in a folder and below; and what was left out.

    The content decides: what begins with `<` is XML; a table with the columns network, station and channel is station
    CSV; all else is a station table of another program. Of a folder, files named `.xml`, `.stationxml` or `.csv` count
    where the root element is `FDSNStationXML` or the header has the columns station, latitude and longitude; other XML
    and tables are passed over silently. What of those that count cannot be read is told. Raises `InputError` where
    nothing is usable, and for a file named itself that is XML of another kind.
    """
    if not path.exists():
        raise InputError(path, "does not exist", _MEND)
    channels: list[Channel] = []
    problems: list[Problem] = []
    for file in station_files(path):
        try:
            found, wrong = _read(file)
        except InputError as error:
            if file == path:
                raise
            problems.append(Problem(error.subject, error.wrong, error.mend))
            continue
        channels.extend(found)
        problems.extend(wrong)
    if not channels:
        first = f": {problems[0].subject}: {problems[0].wrong}; {problems[0].mend}" if problems else ""
        raise InputError(path, f"describes no usable channel{first}", _MEND)
    return Inventory.of(channels), problems


def station_files(path: Path) -> list[Path]:
    """The files of a path that may describe stations: itself, or those of a folder and below, in order."""
    if not path.is_dir():
        return [path]
    return sorted(
        file
        for file in path.rglob("*")
        if file.is_file()
        and file.suffix.lower() in _SUFFIXES
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
        and _may_be_stations(file)
    )


def _may_be_stations(file: Path) -> bool:
    try:
        head = _head(file)
    except InputError:
        return True  # It is told when it is read.
    if head.startswith(b"<"):
        return _root(head) == _STATIONXML
    return _has_columns(head, _TELLING)


def _has_columns(head: bytes, columns: frozenset[str]) -> bool:
    header = next(csv.reader(head.decode(errors="replace").splitlines()[:1]), [])
    return columns.issubset(name.strip() for name in header)


def _read(path: Path) -> tuple[Inventory, list[Problem]]:
    head = _head(path)
    if not head.startswith(b"<"):
        ours = _has_columns(head, _OWN) or _has_columns(head, _TELLING)
        return read_station_csv(path) if ours else read_station_table(path)
    root = _root(head)
    if root not in (None, _STATIONXML):
        raise InputError(path, f"is no StationXML but XML with the root element {root}", _MEND)
    return read_stationxml(path)


def _head(path: Path) -> bytes:
    """The first kilobytes without byte order mark, leading blanks and what UTF-16 adds."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", _MEND) from None
    return head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")


def _root(head: bytes) -> str | None:
    """The name of the root element, without prefix; None where the head shows none."""
    element = _ELEMENT.search(_NO_ELEMENT.sub(b"", head))
    return element[1].decode(errors="replace") if element else None
