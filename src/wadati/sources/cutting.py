"""Records of an archive as they are given: whole where they lie within what is asked for, else cut to the sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from wadati.errors import InputError
from wadati.formats.miniseed import read_miniseed, write_miniseed
from wadati.formats.miniseed_headers import Header, Record
from wadati.model import TimeSpan, Trace
from wadati.units import SECOND


def cut_span(header: Header, span: TimeSpan) -> TimeSpan | None:
    """The span of the samples of a record that lie in a span, by its header alone; None where there are none."""
    if _is_within(header, span):
        return header.span
    count = round(header.span.seconds * float(header.sampling_rate))
    # A view of one number, as long as the record: what is asked for is only its times.
    samples = np.broadcast_to(np.int8(0), count)
    part = Trace(header.source_id, header.span.start, header.sampling_rate, samples).cut(span)
    return part.span if len(part) else None


def cut(header: Header, data: bytes, span: TimeSpan) -> Record | None:
    """A record with the samples of a span only, itself where all are within; None where it cannot be decoded."""
    content = data[header.offset : header.offset + header.length]
    whole = Record(*header[:5], content)
    if _is_within(header, span):
        return whole
    traces = [trace.cut(span) for trace in read_miniseed(content)[0]]
    parts = [_packed(trace, header.version) for trace in traces if len(trace)]
    if not parts:
        return None
    return whole._replace(span=TimeSpan(traces[0].start, traces[-1].end), content=b"".join(parts))


def as_version(record: Record, version: Literal[2, 3]) -> Iterator[bytes]:
    """A record in a version of the format."""
    if record.version == version:
        yield record.content
        return
    for trace in read_miniseed(record.content)[0]:
        try:
            yield _packed(trace, version)
        except InputError:
            # What the older version cannot hold is better given in the newer one than not at all.
            yield record.content


def _is_within(header: Header, span: TimeSpan) -> bool:
    if span.start <= header.span.start and header.span.end <= span.end:
        return True
    return header.span.start in span and header.span.end - round(SECOND / header.sampling_rate) in span


def _packed(trace: Trace, version: int) -> bytes:
    return write_miniseed([trace], version=3 if version == 3 else 2, record_length=None if version == 3 else 512)
