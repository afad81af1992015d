"""Records joined into traces: what makes times independent of how data were cut into records and files."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from wadati.model import SourceId, TimeSpan, Trace
from wadati.units import SECOND


class Stream(NamedTuple):
    """What records must share to be joined; `dtype` as in `numpy.dtype.str`."""

    source_id: SourceId
    sampling_rate: Fraction
    dtype: str


class Records:
    """Records in any order from any number of files, until `traces` joins them.

    A record begins a trace of its own unless it starts exactly where another ends: to the nanosecond where the
    sampling interval is a whole number of nanoseconds, else within one, as `Trace.time_of` rounds. Nothing is shifted:
    a record whose start deviates keeps it. The result depends neither on the order of the records nor on repeats.

    >>> records = Records()
    >>> stream = Stream(SourceId.parse("FDSN:XX_ABC__H_H_Z"), Fraction(100), "<i4")
    >>> for start in (20_000_000, 0, 20_000_000, 40_000_001):
    ...     records.of(stream).append((start, np.array([1, 2], "<i4").tobytes()))
    >>> [(trace.start, len(trace)) for trace in records.traces()]
    [(0, 4), (40000001, 2)]
    """

    def __init__(self, traces: Iterable[Trace] = ()) -> None:
        self._streams: dict[Stream, list[tuple[int, bytes]]] = {}
        self.add(traces)

    def of(self, stream: Stream) -> list[tuple[int, bytes]]:
        """The records of a stream as (start, samples), to append to."""
        return self._streams.setdefault(stream, [])

    def add(self, traces: Iterable[Trace]) -> None:
        """Add traces as if each were a record."""
        for trace in traces:
            stream = Stream(trace.source_id, trace.sampling_rate, trace.data.dtype.str)
            self.of(stream).append((trace.start, trace.data.tobytes()))

    def update(self, other: Records) -> None:
        """Add all records of another collection."""
        for stream, records in other._streams.items():
            self.of(stream).extend(records)

    def __bool__(self) -> bool:
        return any(self._streams.values())

    def traces(self, span: TimeSpan | None = None) -> list[Trace]:
        """The traces in order of source id and start, cut to a span, none of them empty."""
        joined = (trace for stream, records in self._streams.items() for trace in _join(stream, records))
        if span is not None:
            joined = (trace.cut(span) for trace in joined if trace.span.overlaps(span))
        return sorted(
            (trace for trace in joined if len(trace)),
            key=lambda trace: (trace.source_id, trace.start, trace.sampling_rate, trace.data.dtype.str),
        )


class _Chain:
    __slots__ = ("length", "parts", "start")

    def __init__(self, start: int) -> None:
        self.start, self.length = start, 0
        self.parts: list[bytes] = []


def _join(stream: Stream, records: list[tuple[int, bytes]]) -> list[Trace]:
    numerator = stream.sampling_rate.numerator
    interval = SECOND * stream.sampling_rate.denominator
    size = np.dtype(stream.dtype).itemsize
    rounded = interval % numerator != 0
    chains: list[_Chain] = []
    ending: dict[int, _Chain] = {}
    before = None
    for record in sorted(records):
        if record == before:
            continue
        before = record
        start, samples = record
        chain = ending.pop(start, None)
        if chain is None and rounded:
            chain = ending.pop(start + 1, None) or ending.pop(start - 1, None)
        if chain is None:
            chain = _Chain(start)
            chains.append(chain)
        chain.parts.append(samples)
        chain.length += len(samples) // size
        ending[chain.start + chain.length * interval // numerator] = chain
    return [
        Trace(
            stream.source_id,
            chain.start,
            stream.sampling_rate,
            np.frombuffer(b"".join(chain.parts), np.dtype(stream.dtype)),
        )
        for chain in chains
    ]
