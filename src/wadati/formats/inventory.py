"""Stations from wherever they are described: StationXML or station CSV, one file or a folder of them."""

from __future__ import annotations

from pathlib import Path

from wadati.errors import InputError
from wadati.formats.station_csv import REQUIRED, read_station_csv
from wadati.formats.stationxml import read_stationxml
from wadati.model import Channel, Inventory
from wadati.protocols import Problem

_SUFFIXES = frozenset((".xml", ".stationxml", ".csv"))
_MEND = "give StationXML, or a CSV with network,station,location,channel,latitude,longitude,elevation_m"


def read_inventory(path: Path) -> tuple[Inventory, list[Problem]]:
    """The channels of a file, or of all files in a folder and below; and what was left out.

    The content decides: what begins with `<` is StationXML, all else station CSV. Of a folder, files named `.xml`,
    `.stationxml` or `.csv` count, tables only where they have half of the columns of stations; what of these cannot
    be read is told. Raises `InputError` where nothing is usable.
    """
    if not path.exists():
        raise InputError(path, "does not exist", _MEND)
    channels: list[Channel] = []
    problems: list[Problem] = []
    for file in _files(path):
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


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(
        file
        for file in path.rglob("*")
        if file.is_file()
        and file.suffix.lower() in _SUFFIXES
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
        and (file.suffix.lower() != ".csv" or _may_be_stations(file))
    )


def _may_be_stations(table: Path) -> bool:
    """Whether the header of a table has at least half of the columns that stations need."""
    with table.open(encoding="utf-8", errors="replace") as file:
        header = {name.strip() for name in file.readline().removeprefix("\ufeff").split(",")}
    return 2 * len(header.intersection(REQUIRED)) >= len(REQUIRED)


def _read(path: Path) -> tuple[Inventory, list[Problem]]:
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", _MEND) from None
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return read_stationxml(path)
    return read_station_csv(path)
