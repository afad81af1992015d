"""What came in, on disk before anything is made of it: what makes a restart go on where it was.

Packets are appended to segments, each entry with its length and check value; an entry that a kill cut short is not
there. A segment goes when no sample in it is needed any more. What is written survives the end of the process at once,
and the end of the machine from the segment's closing on.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from wadati.protocols import Packet
from wadati.units import MINUTE

_HEAD = struct.Struct("<II")
_ENCODE = msgspec.msgpack.Encoder()
_DECODE = msgspec.msgpack.Decoder(Packet)


class Journal:
    """Segments of one minute of the data's clock in a folder; what is forgotten moves to `dropped` where that is given.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     journal = Journal(Path(folder))
    ...     journal.append([Packet(b"x", "a", 7, 0, 0)])
    ...     journal.close()
    ...     [packet.sequence for packet in Journal(Path(folder)).packets()], Journal(Path(folder)).positions()
    ([7], {'a': 7})
    """

    def __init__(self, folder: Path, dropped: Path | None = None) -> None:
        for path in (folder, dropped):
            if path is not None:
                path.mkdir(parents=True, exist_ok=True)
        self._folder, self._dropped = folder, dropped
        self._file: BinaryIO | None = None
        self._minute = 0
        self._positions: dict[str, int] | None = None
        numbers = [int(path.stem.split("-")[0]) for path in folder.glob("*.log")]
        self._number = max(numbers, default=0)

    def append(self, packets: Iterable[Packet]) -> None:
        """Write packets; they are there when this returns."""
        positions = self.positions()
        came: dict[str, int] = {}
        parts: list[bytes] = []
        for packet in packets:
            body = _ENCODE.encode(packet)
            parts += [_HEAD.pack(len(body), zlib.crc32(body)), body]
            came[packet.stream] = max(packet.sequence, came.get(packet.stream, packet.sequence))
            minute = packet.clock // MINUTE
        if not parts:
            return
        if self._file is None or minute > self._minute:
            self._next_segment(minute)
        assert self._file is not None
        self._file.write(b"".join(parts))
        self._file.flush()
        # Only what is written counts: a full disk may have the head of a segment and not its packets.
        for stream, sequence in came.items():
            positions[stream] = max(sequence, positions.get(stream, sequence))

    def _next_segment(self, minute: int) -> None:
        self.close()
        self._number += 1
        self._minute = minute
        path = self._folder / f"{self._number:012d}-{minute}.log"
        self._file = path.open("ab")
        body = _ENCODE.encode(Packet(msgspec.json.encode(self.positions()), "", 0, 0, 0))
        self._file.write(_HEAD.pack(len(body), zlib.crc32(body)) + body)

    def close(self) -> None:
        """Put the segment on the disk."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None

    def forget(self, before: int) -> None:
        """Drop segments whose packets all came before a time of the data's clock (ns)."""
        segments = sorted(self._folder.glob("*.log"))
        for path in segments[:-1]:
            if int(path.stem.split("-")[1]) + 1 >= before // MINUTE:
                break
            if self._dropped is None:
                path.unlink(missing_ok=True)
            else:
                path.replace(self._dropped / path.name)

    def packets(self) -> Iterator[Packet]:
        """All packets that are there, in the order in which they came."""
        for path in sorted(self._folder.glob("*.log")):
            for packet, _ in entries(path):
                if packet.stream:
                    yield packet

    def positions(self) -> dict[str, int]:
        """The last sequence number of each stream."""
        if self._positions is None:
            found: dict[str, int] = {}
            for path in sorted(self._folder.glob("*.log")):
                for packet, _ in entries(path):
                    if not packet.stream:
                        before: dict[str, int] = msgspec.json.decode(packet.record)
                        found = before | found
                    else:
                        found[packet.stream] = max(packet.sequence, found.get(packet.stream, packet.sequence))
            self._positions = found
        return self._positions


def entries(path: Path, offset: int = 0) -> Iterator[tuple[Packet, int]]:
    """The whole entries of a segment from a place in it on, each with the place where it ends."""
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read()
    at = 0
    while at + _HEAD.size <= len(data):
        length, check = _HEAD.unpack_from(data, at)
        body = data[at + _HEAD.size : at + _HEAD.size + length]
        if len(body) < length or zlib.crc32(body) != check:
            return
        at += _HEAD.size + length
        yield _DECODE.decode(body), offset + at
