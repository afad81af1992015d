"""Stations as other programs describe them: hypoDD, REAL, NonLinLoc, HYPO71, HypoInverse, GaMMA and PyOcto.

A channel nobody names is empty, and so is a network nobody names: picks that name none either then belong to these
stations. Elevations are metres above sea level but for REAL and NonLinLoc, which write km, and GaMMA's `z(km)`, which
points down.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from wadati.errors import InputError
from wadati.formats.foreign_rows import ForeignRow, columns_of, first_of, read_foreign_rows
from wadati.formats.station_codes import StationCodes
from wadati.formats.text_lines import Line, each, read_lines
from wadati.model import Channel, Inventory, SourceId
from wadati.protocols import Problem
from wadati.units import KILOMETRE

ACCEPTED = "stations of hypoDD, REAL, NonLinLoc (GTSRCE), HYPO71, HypoInverse, GaMMA or PyOcto"

_NAMES = ("station_id", "id", "station", "station_code")
_LATITUDES, _LONGITUDES = ("latitude", "lat"), ("longitude", "lon")
_METRES = ("elevation(m)", "elevation_m", "elevation")
_KILOMETRES_DOWN = ("z(km)",)
_NUMBER = r"[-+]?\d+(?:\.\d*)?"
_REAL = re.compile(rf"\s*{_NUMBER}\s+{_NUMBER}\s+\S+\s+\S+\s+\S+\s+{_NUMBER}\s*$")
_HYPODD = re.compile(rf"\s*\S*[A-Za-z]\S*\s+{_NUMBER}\s+{_NUMBER}(?:\s+{_NUMBER})?(?:\s+{_NUMBER})?\s*$")
_HYPOINVERSE = re.compile(r"\S.{5}.{8}.[ \d]{2}[ -][ \d.]{7}[ NSns][ \d]{3}[ -][ \d.]{7}[ EWew][ \d-]{4}")
_HYPO71 = re.compile(r".{2}\S.{3}[ \d]{2}[ \d.]{5}[ NSns][ \d]{3}[ \d.]{5}[ EWew][ \d-]{4}")


def read_station_table(path: Path) -> tuple[Inventory, list[Problem]]:
    """The stations of a file and what was left out; the content decides which format it is. Raises `InputError`."""
    problems: list[Problem] = []
    lines = read_lines(path)
    head = "\n".join(line.text for line in lines[:2]).encode()
    if head.lstrip().startswith(b"{"):
        found = list(_from_json(path))
    elif _is_table(columns_of(path, head)):
        found = list(each(read_foreign_rows(path, problems), _from_row, problems))
    else:
        filled = [line for line in lines if line.text.strip() and not line.text.lstrip().startswith("#")]
        read = _reader(filled)
        if read is None:
            raise InputError(path, f"describes no station that is known here (tried {ACCEPTED})", "give a station CSV")
        if read is _from_nonlinloc:
            filled = [line for line in filled if _is_nonlinloc(line)]
        found = list(each(filled, read, problems))
    if not found:
        raise InputError(path, "describes no usable station", problems[0].mend if problems else "give a station CSV")
    return Inventory.of(found), problems


def _reader(lines: Sequence[Line]) -> Callable[[Line], Channel] | None:
    """The reader for most of the lines; the stricter formats are tried first."""
    marks: tuple[tuple[Callable[[Line], Channel], Callable[[Line], bool]], ...] = (
        (_from_nonlinloc, _is_nonlinloc),
        (_from_real, lambda line: bool(_REAL.match(line.text))),
        (_from_hypodd, lambda line: bool(_HYPODD.match(line.text))),
        (_from_hypoinverse, lambda line: bool(_HYPOINVERSE.match(line.text))),
        (_from_hypo71, lambda line: bool(_HYPO71.match(line.text))),
    )
    for read, fits in marks:
        count = sum(fits(line) for line in lines)
        if count and (2 * count > len(lines) or read is _from_nonlinloc):
            return read
    return None


def _is_nonlinloc(line: Line) -> bool:
    return line.text.startswith(("GTSRCE ", "LOCSRCE "))


def _is_table(columns: Sequence[str]) -> bool:
    return all(first_of(columns, *names) for names in (_NAMES, _LATITUDES, _LONGITUDES))


def _channel(source_id: SourceId, latitude: float, longitude: float, elevation: float) -> Channel:
    return Channel(source_id, latitude, longitude, round(elevation, 3))


def _from_row(row: ForeignRow) -> Channel:
    columns = row.columns
    network = row.text(first_of(columns, "network", "network_code", "net"))
    name, codes = row.required(first_of(columns, *_NAMES)), StationCodes()
    metres, down = first_of(columns, *_METRES), first_of(columns, *_KILOMETRES_DOWN)
    elevation = row.optional(metres, -12000, 10000) if metres else None
    if elevation is None:
        below = row.optional(down, -10, 12) if down else None
        elevation = -(below or 0.0) * KILOMETRE
    return _channel(
        codes.source_id(name, network) if network and "." not in name else codes.of_name(name),
        row.number(first_of(columns, *_LATITUDES), -90, 90),
        row.number(first_of(columns, *_LONGITUDES), -180, 360),
        elevation,
    )


def _from_json(path: Path) -> Iterator[Channel]:
    """GaMMA's and PhaseNet's `stations.json`: an object a station, or a column an object."""
    try:
        stations = json.loads(path.read_text(encoding="utf-8"))
        for name, station in stations.items():
            yield _channel(
                StationCodes().of_name(name),
                float(station["latitude"]),
                float(station["longitude"]),
                float(station.get("elevation(m)", station.get("elevation_m", 0.0))),
            )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        wrong = f"is no JSON of stations ({type(error).__name__}: {error})"
        raise InputError(
            path, wrong, "give an object of latitude, longitude and elevation(m) for each station"
        ) from None


def _from_real(line: Line) -> Channel:
    if not _REAL.match(line.text):
        raise line.error("is no longitude, latitude, network, station, channel and elevation in km")
    longitude, latitude, network, station, channel, elevation = line.text.split()
    return _channel(
        StationCodes().source_id(station, network, "", channel),
        line.word(latitude, -90, 90),
        line.word(longitude, -180, 360),
        line.word(elevation, -12, 10) * KILOMETRE,
    )


def _from_hypodd(line: Line) -> Channel:
    if not _HYPODD.match(line.text):
        raise line.error("is no station, latitude, longitude and elevation in m")
    name, latitude, longitude, *elevation = line.text.split()
    return _channel(
        StationCodes().of_name(name),
        line.word(latitude, -90, 90),
        line.word(longitude, -180, 360),
        line.word(elevation[0], -12000, 10000) if elevation else 0.0,
    )


def _from_hypoinverse(line: Line) -> Channel:
    if not _HYPOINVERSE.match(line.text):
        raise line.error("is no station of HypoInverse's format 2")
    return _channel(
        StationCodes().source_id(line.at(1, 5), line.at(7, 8), "", line.at(11, 13)),
        line.degrees(line.at(16, 17), line.number(19, 25, 4), line.at(26, 26), 90),
        line.degrees(line.at(27, 29), line.number(31, 37, 4), line.at(38, 38) or "W", 180),
        line.number(39, 42) or 0.0,
    )


def _from_hypo71(line: Line) -> Channel:
    if not _HYPO71.match(line.text):
        raise line.error("is no station card of HYPO71")
    return _channel(
        StationCodes().source_id(line.at(3, 6)),
        line.degrees(line.at(7, 8), line.number(9, 13, 2), line.at(14, 14), 90),
        line.degrees(line.at(15, 17), line.number(18, 22, 2), line.at(23, 23) or "W", 180),
        line.number(24, 27) or 0.0,
    )


def _from_nonlinloc(line: Line) -> Channel:
    """Elevation is that of the ground less the depth of the sensor below it."""
    words = line.text.split()
    kind = words[2] if len(words) > 2 else ""
    parts = {"LATLON": 1, "LATLONDM": 3, "LATLONDS": 4}.get(kind)
    if parts is None:
        raise line.error(f"a station in {kind or 'no'} coordinates", "give latitude and longitude (LATLON)")
    if len(words) < 3 + 2 * parts + 2:
        raise line.error("the station ends before its elevation")
    latitude, longitude = words[3 : 3 + parts], words[3 + parts : 3 + 2 * parts]
    below, elevation = (line.word(word, -12, 12) for word in words[3 + 2 * parts : 5 + 2 * parts])
    return _channel(
        StationCodes().of_name(words[1]),
        _coordinate(line, latitude, 90),
        _coordinate(line, longitude, 180),
        (elevation - below) * KILOMETRE,
    )


def _coordinate(line: Line, words: list[str], limit: int) -> float:
    if len(words) == 1:
        return line.word(words[0], -limit, limit)
    minutes = line.word(words[1]) + (line.word(words[2]) / 60 if len(words) == 4 else 0.0)
    return line.degrees(words[0], minutes, words[-1], limit)
