"""SeedLink as bytes: what a client says, and what a server answers. Versions 3 and 4; no sockets here.

Standards: FDSN SeedLink 4.0 (https://docs.fdsn.org/projects/seedlink), and SeedLink 3 as SeisComP and IRIS serve it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from wadati.model import SourceId

CRLF = b"\r\n"
RECORD = 512
_HEADER_3 = 8
_HEADER_4 = struct.Struct("<2sccIQB")
_MOST = 1 << 20


class Packet(NamedTuple):
    """What a server sends after `END`: a record of a station (`NET_STA`) with its number, or words about itself."""

    station: str
    sequence: int
    payload: bytes
    info: bool = False


class ProtocolError(ValueError):
    """A server says what SeedLink does not allow."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a server says of itself."""

    software: str
    organisation: str
    versions: tuple[str, ...]

    @property
    def version(self) -> int:
        """The version that is spoken with it."""
        return 4 if any(version.startswith("4.") for version in self.versions) else 3


def read_hello(first: bytes, second: bytes) -> Hello:
    """The two lines that answer `HELLO`.

    >>> read_hello(b"SeedLink v4.0 (Some) :: SLPROTO:4.0 SLPROTO:3.1 CAP EXTREPLY", b"Here").version
    4
    """
    line = first.decode("ascii", "replace").strip()
    if not line.lower().startswith("seedlink"):
        raise ProtocolError(f"answers HELLO with {line[:60]!r}")
    words = line.partition("::")[2].split()
    versions = tuple(word.partition(":")[2] for word in words if word.startswith("SLPROTO:"))
    return Hello(line.partition("::")[0].strip(), second.decode("utf-8", "replace").strip(), versions or ("3.0",))


def station_words(version: int, station: str) -> bytes:
    """`STATION` for `NET_STA`, where `*` and `?` stand for any.

    >>> station_words(3, "CI_CCC"), station_words(4, "CI_CCC")
    (b'STATION CCC CI\\r\\n', b'STATION CI_CCC\\r\\n')
    """
    network, _, code = station.partition("_")
    return (f"STATION {code} {network}" if version == 3 else f"STATION {station}").encode() + CRLF


def select_words(version: int, channel: str) -> bytes:
    """`SELECT` for a channel code such as `HH?` or `00HHZ`; version 4 names band, source and subsource apart.

    >>> select_words(3, "HH?"), select_words(4, "HH?"), select_words(4, "00HHZ")
    (b'SELECT HH?\\r\\n', b'SELECT *_H_H_?\\r\\n', b'SELECT 00_H_H_Z\\r\\n')
    """
    if version == 3:
        return f"SELECT {channel}".encode() + CRLF
    location, code = (channel[:-3], channel[-3:]) if len(channel) > 3 else ("*", channel)
    return (
        f"SELECT {location}_{'_'.join(code)}".encode() + CRLF if len(code) == 3 else f"SELECT {channel}".encode() + CRLF
    )


def data_words(version: int, sequence: int | None, since: str | None) -> bytes:
    """`DATA` from the record after a sequence number, or from a time on (`2019-07-04T17:33:50Z`), else new ones only.

    >>> data_words(3, 0x1F, None), data_words(4, 31, None), data_words(4, None, "2019-07-04T00:00:00Z")
    (b'DATA 000020\\r\\n', b'DATA 32\\r\\n', b'DATA ALL 2019-07-04T00:00:00Z\\r\\n')
    >>> data_words(3, None, "2019-07-04T00:00:00Z"), data_words(3, None, None)
    (b'TIME 2019,07,04,00,00,00\\r\\n', b'DATA\\r\\n')
    """
    if sequence is not None:
        following = f"{(sequence + 1) & 0xFFFFFF:06X}" if version == 3 else str(sequence + 1)
        return f"DATA {following}".encode() + CRLF
    if since is None:
        return b"DATA" + CRLF
    if version == 3:
        return b"TIME " + since[:19].replace("-", ",").replace("T", ",").replace(":", ",").encode() + CRLF
    return f"DATA ALL {since}".encode() + CRLF


def read_stations(answer: bytes) -> list[str]:
    """The stations (`NET_STA`) of the JSON that answers `INFO STATIONS` in version 4. Raises `ProtocolError`.

    >>> read_stations(b'{"station":[{"id":"CI_CCC"},{"id":"AZ_FRD"}]}')
    ['AZ_FRD', 'CI_CCC']
    """
    try:
        found = msgspec.json.decode(answer, type=_Info)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ProtocolError(f"answers INFO STATIONS with what is no list of stations ({error})") from None
    return sorted({one.id for one in found.station})


class _StationInfo(msgspec.Struct):
    id: str


class _Info(msgspec.Struct):
    station: list[_StationInfo] = []


class PacketReader:
    """Packets out of bytes that come in any portions.

    >>> reader = PacketReader(3)
    >>> reader.feed(b"SL00001F" + b"x" * 100), len(reader.feed(b"x" * 412))
    ([], 1)
    """

    def __init__(self, version: int) -> None:
        self._version = version
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that are whole now. Raises `ProtocolError` for bytes that are none."""
        self._held += data
        found = []
        while (packet := self._next()) is not None:
            found.append(packet)
        return found

    def _next(self) -> Packet | None:
        return self._next_3() if self._version == 3 else self._next_4()

    def _next_3(self) -> Packet | None:
        held = self._held
        if len(held) < _HEADER_3:
            return None
        head = bytes(held[:_HEADER_3])
        if not head.startswith(b"SL"):
            raise ProtocolError(f"sends {head!r} where a packet should begin")
        if len(held) < _HEADER_3 + RECORD:
            return None
        record = bytes(held[_HEADER_3 : _HEADER_3 + RECORD])
        del held[: _HEADER_3 + RECORD]
        if head.startswith(b"SLINFO"):
            return Packet("", 0, record, info=True)
        try:
            sequence = int(head[2:], 16)
        except ValueError:
            raise ProtocolError(f"numbers a packet {head!r}") from None
        station, network = record[8:13].decode("ascii", "replace"), record[18:20].decode("ascii", "replace")
        return Packet(f"{network.strip()}_{station.strip()}", sequence, record)

    def _next_4(self) -> Packet | None:
        held = self._held
        if len(held) < _HEADER_4.size:
            return None
        signature, kind, _, length, sequence, letters = _HEADER_4.unpack_from(held)
        if signature != b"SE":
            raise ProtocolError(f"sends {signature!r} where a packet should begin")
        if length > _MOST:
            raise ProtocolError(f"announces a packet of {length} bytes")
        whole = _HEADER_4.size + letters + length
        if len(held) < whole:
            return None
        station = bytes(held[_HEADER_4.size : _HEADER_4.size + letters]).decode("ascii", "replace")
        payload = bytes(held[_HEADER_4.size + letters : whole])
        del held[:whole]
        return Packet(station, sequence, payload, info=kind not in b"23")


def write_packet(version: int, station: str, sequence: int, record: bytes) -> bytes:
    """A packet as a server sends it.

    >>> PacketReader(4).feed(write_packet(4, "CI_CCC", 7, b"x"))
    [Packet(station='CI_CCC', sequence=7, payload=b'x', info=False)]
    """
    if version == 3:
        return f"SL{sequence & 0xFFFFFF:06X}".encode() + record
    name = station.encode()
    kind = b"3" if record.startswith(b"MS\x03") else b"2"
    return _HEADER_4.pack(b"SE", kind, b"D", len(record), sequence, len(name)) + name + record


def station_of(source_id: SourceId) -> str:
    """`NET_STA` of a channel."""
    return f"{source_id.network}_{source_id.station}"
