"""miniSEED 2 and 3, through libmseed.

Standards: FDSN miniSEED 3 (https://docs.fdsn.org/projects/miniseed3) and the SEED Reference Manual 2.4, whose data
records are miniSEED 2. Reading goes to libmseed's own functions, which pymseed exports: its record objects cost three
times as much as decoding does.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pymseed
from pymseed import clibmseed, ffi
from pymseed.logging import begin_operation, get_error_messages

from wadati.errors import InputError, UsageError
from wadati.formats.atomic import atomic_write
from wadati.formats.records import Records, Stream
from wadati.model import SourceId, TimeSpan, Trace, sampling_rate
from wadati.protocols import Problem
from wadati.units import SECOND

_RECORD = re.compile(rb"MS\x03|[0-9 \x00]{6}[DRQM][ \x00]")
_SEED_CONTROL = re.compile(rb"[0-9]{6}[VAST][ *]")
_FLAGS = clibmseed.MSF_VALIDATECRC | clibmseed.MSF_ATENDOFFILE
_DTYPES = {b"i": "i4", b"f": "f4", b"d": "f8"}
_ENCODINGS = {
    "i4": ("i", pymseed.DataEncoding.STEIM2),
    "f4": ("f", pymseed.DataEncoding.FLOAT32),
    "f8": ("d", pymseed.DataEncoding.FLOAT64),
}
_BLOCK_BYTES = 1 << 20
_SHOWN = 3


class Block(NamedTuple):
    """A stretch of a file that holds records of one station only: where it is, and the times it spans."""

    offset: int
    length: int
    source_ids: tuple[SourceId, ...]
    span: TimeSpan


def is_miniseed(head: bytes) -> bool:
    """Whether a file that begins with these bytes is miniSEED or full SEED.

    >>> is_miniseed(b"MS\\x03\\x00"), is_miniseed(b"000001D AB")
    (True, True)
    """
    return bool(_RECORD.match(head) or _SEED_CONTROL.match(head))


def read_miniseed(source: Path | bytes, span: TimeSpan | None = None) -> tuple[list[Trace], list[Problem]]:
    """The waveforms of miniSEED, in order of source id and start, and what could not be read.

    Records that follow one another exactly become one trace (see `Records`); all others keep their own start. Samples
    are int32, float32 or float64. Records of text, or without samples, hold no waveform and are passed over. A record
    that is damaged or cannot be decoded is left out and told with its byte offset, and so are bytes that are no record;
    the others are read. With a span, only records that touch it are decoded.

    >>> trace = Trace(SourceId.parse("FDSN:XX_ABC__H_H_Z"), 0, sampling_rate(100), np.arange(1000, dtype=np.int32))
    >>> read_miniseed(write_miniseed([trace])) == ([trace], [])
    True
    """
    records, problems = read_records(source, span)
    return records.traces(span), problems


def read_records(
    source: Path | bytes, span: TimeSpan | None = None, blocks: Iterable[Block] | None = None
) -> tuple[Records, list[Problem]]:
    """The records that touch a span, not yet joined, of all of a file or of some blocks of it."""
    damage = _Damage(source)
    records = Records()
    message = ffi.new("char[]", clibmseed.MAX_LOG_MSG_LENGTH)
    known: _Known = {}
    for data in damage.parts(blocks):
        for offset, channel, record in _waveforms(data, damage, known):
            start = record.starttime
            if span is not None and not span.overlaps(TimeSpan(start, channel.end_of(record))):
                continue
            wrong = _decode(record, message)
            if wrong:
                damage.add(offset, wrong)
                continue
            kind = record.sampletype
            if kind != channel.kind:
                channel.keep(kind, records)
            channel.records.append((start, ffi.buffer(record.datasamples, record.numsamples * channel.sample_bytes)[:]))
    return records, damage.problems()


def scan_miniseed(source: Path | bytes) -> tuple[list[Block], list[Problem]]:
    """Where in a file which stations and times are, from the headers alone, and the bytes that are no record."""
    damage = _Damage(source)
    blocks: list[Block] = []
    for data in damage.parts(None):
        offset = until = start = end = 0
        station: tuple[str, str] | None = None
        channels: dict[_Channel, None] = {}
        for at, channel, record in _waveforms(data, damage, {}):
            first, last = record.starttime, channel.end_of(record)
            if channel.station == station and at == until and until - offset < _BLOCK_BYTES:
                start, end = min(start, first), max(end, last)
            else:
                if channels:
                    blocks.append(_block(offset, until, channels, start, end))
                offset, start, end, station, channels = at, first, last, channel.station, {}
            channels[channel] = None
            until = at + record.reclen
        if channels:
            blocks.append(_block(offset, until, channels, start, end))
    return blocks, damage.problems()


def split_records(data: bytes) -> tuple[list[tuple[int, bytes]], int]:
    """Each whole record with samples as (one sample after its last in ns, record); how many bytes were used.

    What follows the last whole record is left, so that bytes may come in any portions; what is none is passed over.

    >>> trace = Trace(SourceId.parse("FDSN:XX_ABC__H_H_Z"), 0, sampling_rate(100), np.arange(1000, dtype=np.int32))
    >>> whole = write_miniseed([trace])
    >>> [until for until, _ in split_records(whole)[0]], split_records(whole[:-1])[1]
    ([10000000000], 0)
    """
    found = []
    used = 0
    for at, channel, record in _waveforms(data, _Damage(data), {}):
        used = at + record.reclen
        found.append((channel.end_of(record), data[at:used]))
    return found, used


class Header(NamedTuple):
    """What a record with samples says of itself, and where in the bytes it lies.

    `version` is that of the format, `quality` the letter of version 2 (`D`, `R`, `Q`, `M`), empty in version 3.
    """

    source_id: SourceId
    span: TimeSpan
    sampling_rate: Fraction
    version: int
    quality: str
    offset: int
    length: int


class Record(NamedTuple):
    """A record of a file as it lies there: what it holds by its header, and its bytes; see `Header`."""

    source_id: SourceId
    span: TimeSpan
    sampling_rate: Fraction
    version: int
    quality: str
    content: bytes


def headers_of(data: bytes, *, last: bool = True) -> Iterator[Header]:
    """The header of each whole record with samples; what is none is passed over.

    Where more bytes follow these (not `last`), it ends before a record that goes on in them.

    >>> trace = Trace(SourceId.parse("FDSN:XX_ABC__H_H_Z"), 0, sampling_rate(100), np.arange(1000, dtype=np.int32))
    >>> whole = write_miniseed([trace])
    >>> [(header.offset, header.span.seconds) for header in headers_of(whole)], list(headers_of(whole[:-1], last=False))
    ([(0, 10.0)], [])
    """
    for at, channel, record in _waveforms(data, _Damage(data), {}, last=last):
        span = TimeSpan(record.starttime, channel.end_of(record))
        version = int(record.formatversion)
        quality = chr(data[at + 6]) if version == 2 else ""
        yield Header(channel.source_id, span, channel.rate, version, quality, at, record.reclen)


def records_of(data: bytes) -> Iterator[Record]:
    """Each whole record with samples; what is none is passed over.

    >>> trace = Trace(SourceId.parse("FDSN:XX_ABC__H_H_Z"), 0, sampling_rate(100), np.arange(1000, dtype=np.int32))
    >>> [(record.source_id.station, record.span.seconds) for record in records_of(write_miniseed([trace]))]
    [('ABC', 10.0)]
    """
    for header in headers_of(data):
        yield Record(*header[:5], data[header.offset : header.offset + header.length])


def station_of(record: bytes) -> tuple[str, str] | None:
    """Network and station of a record by its header alone; None for what is no miniSEED.

    >>> trace = Trace(SourceId.parse("FDSN:XX_ABC__H_H_Z"), 0, sampling_rate(100), np.arange(100, dtype=np.int32))
    >>> [station_of(write_miniseed([trace], version=version)) for version in (2, 3)], station_of(b"")
    ([('XX', 'ABC'), ('XX', 'ABC')], None)
    """
    if record[:3] == b"MS\x03":
        codes = record[40 : 40 + record[33]].removeprefix(b"FDSN:").split(b"_")
        return (codes[0].decode("ascii", "replace"), codes[1].decode("ascii", "replace")) if len(codes) > 1 else None
    if not is_miniseed(record[:64]):
        return None
    return record[18:20].decode("ascii", "replace").strip(), record[8:13].decode("ascii", "replace").strip()


def places_of_records(data: bytes) -> list[tuple[int, bytes]]:
    """Each whole record with samples as (the place after it, record)."""
    found = []
    for at, _, record in _waveforms(data, _Damage(data), {}):
        found.append((at + record.reclen, data[at : at + record.reclen]))
    return found


def write_miniseed(
    traces: Iterable[Trace], path: Path | None = None, version: Literal[2, 3] = 3, record_length: int | None = None
) -> bytes:
    """Traces as miniSEED records of at most `record_length` bytes (4096, in version 2 512); also to a file, atomically.

    int32 becomes Steim 2 (plain integers where differences need more than 30 bits), float32 and float64 stay as they
    are. Reading gives the same traces back. Version 2 holds whole microseconds (starts are rounded to the nearest),
    codes of 2, 5, 2 and 3 characters and sampling rates that a ratio of two 16-bit integers expresses; version 3 holds
    nanoseconds. Raises `InputError` for other types of samples and for what the version cannot hold.
    """
    whole = b"".join(record for trace in traces for record in _pack(trace, version, record_length))
    if path is not None:
        with atomic_write(path) as partial:
            partial.write_bytes(whole)
    return whole


def _pack(trace: Trace, version: int, record_length: int | None) -> list[bytes]:
    samples = trace.data
    name = f"{samples.dtype.kind}{samples.dtype.itemsize}"
    if name not in _ENCODINGS:
        wrong = f"miniSEED holds int32, float32 and float64, not {samples.dtype}"
        raise InputError(trace.source_id, wrong, "convert the samples first")
    if not len(samples):
        return []
    kind, encoding = _ENCODINGS[name]
    if kind == "i" and not _fits_steim(samples):
        encoding = pymseed.DataEncoding.INT32
    rate = trace.sampling_rate
    record = pymseed.MS3Record(reclen=record_length or (4096 if version == 3 else 512), encoding=encoding)
    try:
        record.sourceid = str(trace.source_id)
        record.formatversion = version
        record.starttime = trace.start
        record.samprate = float(rate) if rate >= 1 else -float(1 / rate)
        return list(record.generate(data_samples=np.ascontiguousarray(samples, name), sample_type=kind))
    except (pymseed.MiniSEEDError, ValueError) as error:
        wrong = f"miniSEED {version} cannot hold it ({error})"
        raise InputError(trace.source_id, wrong, "write version 3, or shorten the codes") from None


def _fits_steim(samples: npt.NDArray[np.int32]) -> bool:
    return len(samples) < 2 or bool(np.abs(np.diff(samples.astype(np.int64))).max() < 1 << 29)


def _block(offset: int, until: int, channels: Iterable[_Channel], start: int, end: int) -> Block:
    source_ids = dict.fromkeys(channel.source_id for channel in channels)
    return Block(offset, until - offset, tuple(source_ids), TimeSpan(start, end))


class _Channel:
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


_Known = dict[tuple[bytes, int, float], _Channel]
"""Channels by what names them in a header: codes, format version and sampling rate or, negative, interval."""


def _waveforms(
    data: bytes, damage: _Damage, known: _Known, *, last: bool = True
) -> Iterator[tuple[int, _Channel, Any]]:
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


def _next_record(data: bytes, buffer: Any, offset: int, holder: Any) -> int:
    for match in _RECORD.finditer(data, offset + 1):
        at = match.start()
        if clibmseed.msr3_parse(buffer + at, len(data) - at, holder, _FLAGS, 0) == clibmseed.MS_NOERROR:
            return at
    return len(data)


def _is_harmless(data: bytes) -> bool:
    """Control headers of full SEED, or padding."""
    return bool(_SEED_CONTROL.match(data)) or not data.strip(b"\0 ")


def _reason(status: int) -> str:
    messages = get_error_messages()
    if status > 0:
        return f"a record is cut off, at least {status} bytes are missing"
    if status == clibmseed.MS_NOTSEED:
        return "this is no record"
    if status == clibmseed.MS_GENERROR and messages:
        return str(messages[-1]).removeprefix("Error: ")
    return str(ffi.string(clibmseed.ms_errorstr(status)).decode())


def _decode(record: Any, message: Any) -> str:
    """Decode the samples of a record in place; why that is not possible, or nothing."""
    status = clibmseed.msr3_unpack_data(record, 0)
    if status < 0:
        return f"its samples cannot be decoded ({_reason(status)})"
    wrong = ""
    while clibmseed.ms_rlog_pop(ffi.NULL, message, len(message), 0) > 0:
        if b"integrity" in ffi.string(message):
            wrong = "its samples contradict its own check value"
    return wrong


def _identify(codes: bytes, version: int, hertz: float) -> _Channel:
    """The channel that a header names. Raises `UsageError` where it cannot mean one."""
    text = codes.decode("ascii", errors="replace").replace("\0", " ")
    if version == 2:
        # libmseed writes a code that is blank as an underscore, which no channel code holds.
        source_id = SourceId.from_nslc(text[10:12], text[:5], text[5:7], text[7:10].replace("_", ""))
    else:
        source_id = SourceId.parse(text)
    return _Channel(source_id, sampling_rate(hertz))


class _Damage:
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
