"""Stations as a table: one row a channel.

Columns: network, station, location, channel, latitude, longitude (degrees), elevation_m (of the sensor, above sea
level), and, optional or empty, sensitivity (counts per unit), sensitivity_unit (m, m/s, m/s**2 and multiples such as
nm/s) and sampling_rate_hz.
"""

from __future__ import annotations

from pathlib import Path

from wadati.errors import InputError
from wadati.formats.channel_codes import channel_code, source_id_of
from wadati.formats.csv_rows import Row, read_rows, write_rows
from wadati.formats.ground_unit import ground_unit
from wadati.model import Channel, Inventory, Response, SourceId
from wadati.protocols import Problem

REQUIRED = ("network", "station", "location", "channel", "latitude", "longitude", "elevation_m")
COLUMNS = (*REQUIRED, "sensitivity", "sensitivity_unit", "sampling_rate_hz")


def read_station_csv(path: Path) -> tuple[Inventory, list[Problem]]:
    """The channels of a station CSV, and the rows that were left out.

    A location of `--` is empty. Where coordinates look swapped (latitude beyond 90 degrees, longitude within), the row
    is left out and says so; swapped coordinates that both stay within 90 degrees cannot be told from right ones. Of
    rows that describe one channel differently, the first counts. Raises `InputError` where a column is missing or the
    file is no table.
    """
    channels: dict[SourceId, Channel] = {}
    problems = []
    for row in read_rows(path, REQUIRED):
        try:
            channel = _channel(row)
            known = channels.setdefault(channel.source_id, channel)
            if known != channel:
                raise row.error("channel", f"{channel.source_id.nslc} stands there twice with other values", "keep one")
        except InputError as error:
            problems.append(Problem(error.subject, error.wrong, error.mend))
    return Inventory.of(channels.values()), problems


def write_station_csv(inventory: Inventory, path: Path) -> None:
    """Write an inventory as station CSV, atomically; reading gives back what the columns hold.

    Of the epochs of a channel the last is written; poles, zeros, azimuth and dip have no column (use StationXML).
    """
    last = {channel.source_id: channel for channel in inventory}
    write_rows(path, COLUMNS, [_row(channel) for channel in last.values()])


def _channel(row: Row) -> Channel:
    source_id = source_id_of(
        row.required("network"), row.required("station"), row.text("location"), row.required("channel")
    )
    latitude, longitude = row.number("latitude"), row.number("longitude")
    if abs(latitude) > 90 >= abs(longitude):
        raise row.error("latitude", f"{latitude:g} and longitude {longitude:g} look swapped", "exchange the two")
    row.number("latitude", -90, 90)
    row.number("longitude", -180, 360)
    rate = row.optional("sampling_rate_hz", 0) or None
    return Channel(source_id, latitude, longitude, row.number("elevation_m"), _response(row), sampling_rate_hz=rate)


def _response(row: Row) -> Response | None:
    sensitivity = row.optional("sensitivity")
    if not sensitivity:
        return None
    unit = ground_unit(row.text("sensitivity_unit"))
    if unit is None:
        wrong = f"{row.text('sensitivity_unit')!r} is no unit of ground motion"
        raise row.error("sensitivity_unit", wrong, "write m, m/s or m/s**2, or empty the sensitivity")
    return Response(sensitivity * unit[1], unit[0])


def _row(channel: Channel) -> list[str]:
    response = channel.response
    return [
        channel.source_id.network,
        channel.source_id.station,
        channel.source_id.location,
        channel_code(channel.source_id),
        repr(channel.latitude),
        repr(channel.longitude),
        repr(channel.elevation),
        "" if response is None else repr(response.sensitivity),
        "" if response is None else response.unit,
        "" if channel.sampling_rate_hz is None else repr(channel.sampling_rate_hz),
    ]
