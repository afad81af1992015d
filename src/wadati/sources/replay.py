"""An archive as if it were happening: its records in order of their ends, at any speed, with the clock of the data."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from wadati.formats.miniseed import write_miniseed
from wadati.formats.miniseed_headers import split_records
from wadati.model import SourceId, TimeSpan, Trace, parse_time
from wadati.model.time import BEGINNING, END
from wadati.protocols import Packet, Problem
from wadati.sources.files import FileSource, open_waveforms
from wadati.units import MINUTE, SECOND

_PART = 10 * MINUTE
_AT_ONCE = 64


class Replay:
    """The records of files at `speed` times real time; 0 is as fast as they are taken. Ends when the data end.

    They are cut anew into records of 512 bytes, each given out when its last sample has been recorded.
    """

    ends = True

    def __init__(self, path: Path, speed: float = 1.0, start: str | None = None, end: str | None = None) -> None:
        self.path, self.speed = path, speed
        self.name = f"replay:{path}"
        self._span = TimeSpan(parse_time(start) if start else BEGINNING, parse_time(end) if end else END)
        self.stream = f"replay:{path.absolute()} {self._span.start} {self._span.end}"
        self._problems: list[Problem] = []

    def files(self) -> FileSource:
        """What is replayed. Raises `InputError` where it is not there."""
        return open_waveforms([self.path], None if self._span == TimeSpan(BEGINNING, END) else self._span)

    def problems(self) -> Sequence[Problem]:
        """What went wrong since the last call."""
        told, self._problems = self._problems, []
        return told

    async def packets(self, resume: Mapping[str, int]) -> AsyncIterator[Packet]:
        """Records after the number in `resume`, counted from the beginning of the span."""
        done = resume.get(self.stream, -1)
        source = self.files()
        self._problems.extend(source.problems())
        began, first = time.monotonic_ns(), None
        for number, (until, record) in enumerate(_records(source)):
            if number <= done:
                continue
            if first is None:
                first, began = until, time.monotonic_ns()
            if self.speed:
                ahead = (until - first) / self.speed - (time.monotonic_ns() - began)
                if ahead > 0:
                    await asyncio.sleep(ahead / SECOND)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            yield Packet(record, self.stream, number, time.time_ns(), until)


def _records(source: FileSource) -> Iterator[tuple[int, bytes]]:
    """(end, record) of a whole source in order of end, then of channel; read ten minutes at a time.

    Each part begins where a record of the part before ended, so that the records do not depend on the parts.
    """
    span = source.span()
    if span is None:
        return
    stations = sorted({sid.station_key for sid in source.source_ids()})
    for start in range(span.start // _PART * _PART, span.end, _PART):
        part = TimeSpan(max(start, span.start), min(start + _PART, span.end))
        found: list[tuple[int, SourceId, bytes]] = []
        for network, station in stations:
            for trace in source.read(network, station, part):
                found += [(until, trace.source_id, record) for until, record in cut_records(trace)]
        for until, _, record in sorted(found, key=lambda one: (one[0], one[1])):
            yield until, record


def cut_records(trace: Trace) -> list[tuple[int, bytes]]:
    """(end, record) of a trace as miniSEED 2 of 512 bytes where that holds its times exactly, else miniSEED 3."""
    interval = Fraction(SECOND, 1) / trace.sampling_rate
    exact = trace.start % 1000 == 0 and interval % 1000 == 0
    return split_records(write_miniseed([trace], version=2 if exact else 3, record_length=512))[0]
