"""miniSEED 2 and 3, through libmseed.

Standards: FDSN miniSEED 3 (https://docs.fdsn.org/projects/miniseed3) and the SEED Reference Manual 2.4, whose data
records are miniSEED 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pymseed
from pymseed import clibmseed, ffi

from wadati.errors import InputError
from wadati.formats.atomic import atomic_write
from wadati.formats.miniseed_records import RECORD, SEED_CONTROL, Block, Channel, Damage, Known, decode, waveforms
from wadati.formats.records import Records
from wadati.model import TimeSpan, Trace
from wadati.protocols import Problem

_ENCODINGS = {
    "i4": ("i", pymseed.DataEncoding.STEIM2),
    "f4": ("f", pymseed.DataEncoding.FLOAT32),
    "f8": ("d", pymseed.DataEncoding.FLOAT64),
}
_BLOCK_BYTES = 1 << 20


def is_miniseed(head: bytes) -> bool:
    """Whether a file that begins with these bytes is miniSEED or full SEED.

    >>> is_miniseed(b"MS\\x03\\x00"), is_miniseed(b"000001D AB")
    (True, True)
    """
    return bool(RECORD.match(head) or SEED_CONTROL.match(head))


def read_miniseed(source: Path | bytes, span: TimeSpan | None = None) -> tuple[list[Trace], list[Problem]]:
    """The waveforms of miniSEED, in order of source id and start, and what could not be read.

    Records that follow one another exactly become one trace (see `Records`); all others keep their own start. Samples
    are int32, float32 or float64. Records of text, or without samples, hold no waveform and are passed over. A record
    that is damaged or cannot be decoded is left out and told with its byte offset, and so are bytes that are no record;
    the others are read. With a span, only records that touch it are decoded.

    >>> from wadati.model import SourceId, Trace, sampling_rate
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
    damage = Damage(source)
    records = Records()
    message = ffi.new("char[]", clibmseed.MAX_LOG_MSG_LENGTH)
    known: Known = {}
    for data in damage.parts(blocks):
        for offset, channel, record in waveforms(data, damage, known):
            start = record.starttime
            if span is not None and not span.overlaps(TimeSpan(start, channel.end_of(record))):
                continue
            wrong = decode(record, message)
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
    damage = Damage(source)
    blocks: list[Block] = []
    for data in damage.parts(None):
        offset = until = start = end = 0
        station: tuple[str, str] | None = None
        channels: dict[Channel, None] = {}
        for at, channel, record in waveforms(data, damage, {}):
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


def _block(offset: int, until: int, channels: Iterable[Channel], start: int, end: int) -> Block:
    source_ids = dict.fromkeys(channel.source_id for channel in channels)
    return Block(offset, until - offset, tuple(source_ids), TimeSpan(start, end))
