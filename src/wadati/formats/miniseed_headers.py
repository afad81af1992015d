"""What the headers of miniSEED's records say, without their samples."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from wadati.formats.miniseed import is_miniseed
from wadati.formats.miniseed_records import Damage, waveforms
from wadati.model import SourceId, TimeSpan


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

    >>> from wadati.formats.miniseed import write_miniseed
    >>> from wadati.model import Trace, sampling_rate
    >>> import numpy as np
    >>> trace = Trace(SourceId.parse("FDSN:XX_ABC__H_H_Z"), 0, sampling_rate(100), np.arange(1000, dtype=np.int32))
    >>> whole = write_miniseed([trace])
    >>> [(header.offset, header.span.seconds) for header in headers_of(whole)], list(headers_of(whole[:-1], last=False))
    ([(0, 10.0)], [])
    """
    for at, channel, record in waveforms(data, Damage(data), {}, last=last):
        span = TimeSpan(record.starttime, channel.end_of(record))
        version = int(record.formatversion)
        quality = chr(data[at + 6]) if version == 2 else ""
        yield Header(channel.source_id, span, channel.rate, version, quality, at, record.reclen)


def records_of(data: bytes) -> Iterator[Record]:
    """Each whole record with samples; what is none is passed over.

    >>> from wadati.formats.miniseed import write_miniseed
    >>> from wadati.model import Trace, sampling_rate
    >>> import numpy as np
    >>> trace = Trace(SourceId.parse("FDSN:XX_ABC__H_H_Z"), 0, sampling_rate(100), np.arange(1000, dtype=np.int32))
    >>> [(record.source_id.station, record.span.seconds) for record in records_of(write_miniseed([trace]))]
    [('ABC', 10.0)]
    """
    for header in headers_of(data):
        yield Record(*header[:5], data[header.offset : header.offset + header.length])


def split_records(data: bytes) -> tuple[list[tuple[int, bytes]], int]:
    """Each whole record with samples as (one sample after its last in ns, record); how many bytes were used.

    What follows the last whole record is left, so that bytes may come in any portions; what is none is passed over.

    >>> from wadati.formats.miniseed import write_miniseed
    >>> from wadati.model import Trace, sampling_rate
    >>> import numpy as np
    >>> trace = Trace(SourceId.parse("FDSN:XX_ABC__H_H_Z"), 0, sampling_rate(100), np.arange(1000, dtype=np.int32))
    >>> whole = write_miniseed([trace])
    >>> [until for until, _ in split_records(whole)[0]], split_records(whole[:-1])[1]
    ([10000000000], 0)
    """
    found = []
    used = 0
    for at, channel, record in waveforms(data, Damage(data), {}):
        used = at + record.reclen
        found.append((channel.end_of(record), data[at:used]))
    return found, used


def places_of_records(data: bytes) -> list[tuple[int, bytes]]:
    """Each whole record with samples as (the place after it, record)."""
    found = []
    for at, _, record in waveforms(data, Damage(data), {}):
        found.append((at + record.reclen, data[at : at + record.reclen]))
    return found


def station_of(record: bytes) -> tuple[str, str] | None:
    """Network and station of a record by its header alone; None for what is no miniSEED.

    >>> from wadati.formats.miniseed import write_miniseed
    >>> from wadati.model import Trace, sampling_rate
    >>> import numpy as np
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
