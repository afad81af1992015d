"""The records of miniSEED one after the other, through libmseed's own functions, which pymseed exports.

Its record objects cost three times as much as decoding does.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pymseed import clibmseed, ffi
from pymseed.logging import begin_operation, get_error_messages

from wadati.errors import UsageError
from wadati.formats.records import Records, Stream
from wadati.model import SourceId, TimeSpan, sampling_rate
from wadati.protocols import Problem
from wadati.units import SECOND

RECORD = re.compile(rb"MS\x03|[0-9 \x00]{6}[DRQM][ \x00]")
SEED_CONTROL = re.compile(rb"[0-9]{6}[VAST][ *]")
_FLAGS = clibmseed.MSF_VALIDATECRC | clibmseed.MSF_ATENDOFFILE
_DTYPES = {b"i": "i4", b"f": "f4", b"d": "f8"}
_SHOWN = 3


class Block(NamedTuple):
    """A stretch of a file that holds records of one station only: where it is, and the times it spans."""

    offset: int
    length: int
    source_ids: tuple[SourceId, ...]
    span: TimeSpan


class Channel:
    """What the headers of one stream say, and where its samples go."""

    __slots__ = ("interval", "kind", "rate", "records", "sample_bytes", "source_id", "station", "unit")

    def __init__(self, source_id: SourceId, rate: Fraction) -> None:
        self.source_id = source_id
        self.station = source_id.station_key
        self.rate = rate
        self.interval, self.unit = SECOND * rate.denominator, rate.numerator
        self.kind = b""
        self.sample_bytes = 0
        self.records: list[tuple[int, bytes]] = []

    def end_of(self, record: Any) -> int:
        """The time one sample after the last of a record (ns)."""
        return int(record.starttime + record.samplecnt * self.interval // self.unit)

    def keep(self, kind: bytes, records: Records) -> None:
        """From now on samples of this kind go to `records`."""
        dtype = np.dtype(_DTYPES[kind])
        self.kind, self.sample_bytes = kind, dtype.itemsize
        self.records = records.of(Stream(self.source_id, self.rate, dtype.str))


Known = dict[tuple[bytes, int, float], Channel]
"""Channels by what names them in a header: codes, format version and sampling rate or, negative, interval."""


def waveforms(data: bytes, damage: Damage, known: Known, *, last: bool = True) -> Iterator[tuple[int, Channel, Any]]:
    """Offset, channel and parsed header (valid until the next) of each record with samples.

    Tells what is no record and goes on at the next; ends at a record that is cut off where more may follow.
    """
    flags = _FLAGS if last else clibmseed.MSF_VALIDATECRC
    begin_operation()
    parse, text = clibmseed.msr3_parse, clibmseed.DE_TEXT
    size = len(data)
    buffer = ffi.from_buffer(data)
    holder = ffi.new("MS3Record **")
    until = 0
    try:
        while until < size:
            offset = until
            status = parse(buffer + offset, size - offset, holder, flags, 0)
            if status > 0 and not last:
                return
            if status:
                reason = _reason(status)
                until = _next_record(data, buffer, offset, holder)
                if not _is_harmless(data[offset:until]):
                    damage.add(offset, reason)
                continue
            record = holder[0]
            until += record.reclen
            if record.samplecnt <= 0 or record.encoding == text:
                continue
            # Version 3 has an identifier, version 2 fixed fields, whose blanks an identifier would not keep.
            version = record.formatversion
            codes = data[offset + 8 : offset + 20] if version == 2 else ffi.string(record.sid)
            key = codes, version, record.samprate
            channel = known.get(key)
            if channel is None:
                try:
                    channel = known[key] = _identify(codes, version, clibmseed.msr3_sampratehz(record))
                except UsageError as error:
                    damage.add(offset, str(error))
                    continue
            yield offset, channel, record
    finally:
        clibmseed.msr3_free(holder)
        ffi.release(buffer)


def decode(record: Any, message: Any) -> str:
    """Decode the samples of a record in place; why that is not possible, or nothing."""
    status = clibmseed.msr3_unpack_data(record, 0)
    if status < 0:
        return f"its samples cannot be decoded ({_reason(status)})"
    wrong = ""
    while clibmseed.ms_rlog_pop(ffi.NULL, message, len(message), 0) > 0:
        if b"integrity" in ffi.string(message):
            wrong = "its samples contradict its own check value"
    return wrong


class Damage:
    """Reads a file in parts and gathers, by reason, where it could not be used."""

    def __init__(self, source: Path | bytes) -> None:
        self._source = source
        self._base = 0
        self._found: dict[str, list[int]] = {}
        self._unreadable = ""

    def parts(self, blocks: Iterable[Block] | None) -> Iterator[bytes]:
        """The bytes of the whole, or of each block."""
        try:
            with io.BytesIO(self._source) if isinstance(self._source, bytes) else self._source.open("rb") as file:
                if blocks is None:
                    yield file.read()
                    return
                for block in blocks:
                    self._base = file.seek(block.offset)
                    yield file.read(block.length)
        except OSError as error:
            self._unreadable = error.strerror or str(error)

    def add(self, offset: int, reason: str) -> None:
        """What stands at this offset of the present part is left out."""
        self._found.setdefault(reason, []).append(self._base + offset)

    def problems(self) -> list[Problem]:
        """One problem for each reason."""
        subject = "miniSEED" if isinstance(self._source, bytes) else str(self._source)
        found = []
        for reason, offsets in self._found.items():
            shown = ", ".join(str(offset) for offset in offsets[:_SHOWN])
            more = f" and {len(offsets) - _SHOWN} more" if len(offsets) > _SHOWN else ""
            wrong = f"left out what stands at byte {shown}{more}: {reason}"
            found.append(Problem(subject, wrong, "the rest is used; fetch the file again"))
        if self._unreadable:
            found.append(Problem(subject, f"cannot be read ({self._unreadable})", "name an existing, readable file"))
        return found


def _next_record(data: bytes, buffer: Any, offset: int, holder: Any) -> int:
    for match in RECORD.finditer(data, offset + 1):
        at = match.start()
        if clibmseed.msr3_parse(buffer + at, len(data) - at, holder, _FLAGS, 0) == clibmseed.MS_NOERROR:
            return at
    return len(data)


def _is_harmless(data: bytes) -> bool:
    """Control headers of full SEED, or padding."""
    return bool(SEED_CONTROL.match(data)) or not data.strip(b"\0 ")


def _reason(status: int) -> str:
    messages = get_error_messages()
    if status > 0:
        return f"a record is cut off, at least {status} bytes are missing"
    if status == clibmseed.MS_NOTSEED:
        return "this is no record"
    if status == clibmseed.MS_GENERROR and messages:
        return str(messages[-1]).removeprefix("Error: ")
    return str(ffi.string(clibmseed.ms_errorstr(status)).decode())


def _identify(codes: bytes, version: int, hertz: float) -> Channel:
    """The channel that a header names. Raises `UsageError` where it cannot mean one."""
    text = codes.decode("ascii", errors="replace").replace("\0", " ")
    if version == 2:
        # libmseed writes a code that is blank as an underscore, which no channel code holds.
        source_id = SourceId.from_nslc(text[10:12], text[:5], text[5:7], text[7:10].replace("_", ""))
    else:
        source_id = SourceId.parse(text)
    return Channel(source_id, sampling_rate(hertz))
