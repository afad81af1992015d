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

_Key = tuple[bytes, int, float]
"""Codes, format version and sampling rate (Hz): what names a stream in a header."""


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
    streams: dict[tuple[_Key, bytes], list[tuple[int, bytes]]] = {}
    for data in damage.parts(blocks):
        for offset, key, (source_id, rate), record in _waveforms(data, damage):
            if span is not None and not span.overlaps(_span(record, rate)):
                continue
            wrong = _decode(record, message)
            if wrong:
                damage.add(offset, wrong)
                continue
            kind = record.sampletype
            own = streams.get((key, kind))
            if own is None:
                own = streams[key, kind] = records.of(Stream(source_id, rate, np.dtype(_DTYPES[kind]).str))
            size = record.numsamples * int(_DTYPES[kind][1])
            own.append((record.starttime, ffi.buffer(record.datasamples, size)[:]))
    return records, damage.problems()


def scan_miniseed(source: Path | bytes) -> tuple[list[Block], list[Problem]]:
    """Where in a file which stations and times are, from the headers alone, and the bytes that are no record."""
    damage = _Damage(source)
    blocks: list[Block] = []
    for data in damage.parts(None):
        for offset, _, (source_id, rate), record in _waveforms(data, damage):
            block = Block(offset, record.reclen, (source_id,), _span(record, rate))
            merged = _merge(blocks[-1], block) if blocks else None
            if merged is None:
                blocks.append(block)
            else:
                blocks[-1] = merged
    return blocks, damage.problems()


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


def _merge(block: Block, record: Block) -> Block | None:
    """The block with the record that follows it, where that is of the same station and the block not too long."""
    (source_id,) = record.source_ids
    if block.offset + block.length != record.offset or block.length >= _BLOCK_BYTES:
        return None
    if source_id not in block.source_ids:
        if source_id.station_key != block.source_ids[0].station_key:
            return None
        block = block._replace(source_ids=(*block.source_ids, source_id))
    span = TimeSpan(min(block.span.start, record.span.start), max(block.span.end, record.span.end))
    return Block(block.offset, block.length + record.length, block.source_ids, span)


def _waveforms(data: bytes, damage: _Damage) -> Iterator[tuple[int, _Key, tuple[SourceId, Fraction], Any]]:
    """Offset, stream and parsed header (valid until the next) of each record with samples."""
    known: dict[_Key, tuple[SourceId, Fraction]] = {}
    for offset, record in _walk(data, damage):
        if record.samplecnt <= 0 or record.encoding == clibmseed.DE_TEXT:
            continue
        # Version 3 has an identifier, version 2 fixed fields, whose blanks an identifier would not keep.
        codes = data[offset + 8 : offset + 20] if record.formatversion == 2 else ffi.string(record.sid)
        key = (codes, record.formatversion, clibmseed.msr3_sampratehz(record))
        stream = known.get(key)
        if stream is None:
            try:
                stream = known[key] = _identify(*key)
            except UsageError as error:
                damage.add(offset, str(error))
                continue
        yield offset, key, stream, record


def _walk(data: bytes, damage: _Damage) -> Iterator[tuple[int, Any]]:
    """Offset and parsed header of each record; tells what is no record and goes on at the next."""
    begin_operation()
    buffer = ffi.from_buffer(data)
    holder = ffi.new("MS3Record **")
    offset = 0
    try:
        while offset < len(data):
            status = clibmseed.msr3_parse(buffer + offset, len(data) - offset, holder, _FLAGS, 0)
            if status == clibmseed.MS_NOERROR:
                length = holder[0].reclen
                yield offset, holder[0]
            else:
                reason = _reason(status)
                length = _next_record(data, buffer, offset, holder) - offset
                if not _is_harmless(data[offset : offset + length]):
                    damage.add(offset, reason)
            offset += length
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


def _identify(codes: bytes, version: int, hertz: float) -> tuple[SourceId, Fraction]:
    """Source id and sampling rate of a record. Raises `UsageError` where a record cannot mean them."""
    text = codes.decode("ascii", errors="replace").replace("\0", " ")
    if version == 2:
        # libmseed writes a code that is blank as an underscore, which no channel code holds.
        source_id = SourceId.from_nslc(text[10:12], text[:5], text[5:7], text[7:10].replace("_", ""))
    else:
        source_id = SourceId.parse(text)
    return source_id, sampling_rate(hertz)


def _span(record: Any, rate: Fraction) -> TimeSpan:
    duration = record.samplecnt * SECOND * rate.denominator // rate.numerator
    return TimeSpan(record.starttime, record.starttime + duration)


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
