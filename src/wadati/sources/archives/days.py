"""Some days of an archive as a source of waveforms: what touches a span is read, day by day, and kept for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any

from wadati.errors import ReadError
from wadati.formats.miniseed import is_miniseed, read_records, scan_miniseed
from wadati.formats.miniseed_records import Block
from wadati.formats.records import Records
from wadati.model import Inventory, SourceId, TimeSpan, Trace
from wadati.protocols import DayArchive, Problem
from wadati.units import DAY


class Reading:
    """An archive with what was read of it last, compressed as it lies there; `known` are bytes of places that are known
    to hold something."""

    def __init__(self, archive: DayArchive, known: Mapping[str, int] | None = None) -> None:
        self.archive = archive
        self.requests = 0
        self.bytes_read = 0
        self._known = dict(known or {})
        self._contents: dict[int, dict[str, bytes | ReadError | None]] = {}
        self._blocks: dict[int, dict[str, tuple[list[Block], list[Problem]]]] = {}
        self._places: dict[int, dict[tuple[SourceId, ...], tuple[str, ...]]] = {}

    def forget_before(self, day: int) -> None:
        """Keep nothing of the days before one."""
        kept: tuple[dict[int, Any], ...] = (self._contents, self._blocks, self._places)
        for days in kept:
            for earlier in [one for one in days if one < day]:
                del days[earlier]

    def places(self, channels: tuple[SourceId, ...], day: int) -> tuple[str, ...]:
        """Where the channels of a day lie; an archive that has to list is asked once. Raises `ReadError`."""
        kept = self._places.setdefault(day, {})
        if channels not in kept:
            kept[channels] = self.archive.places(channels, day)
        return kept[channels]

    def content(self, place: str, day: int) -> bytes | None:
        """What lies at a place of a day. Raises `ReadError`, also where something did lie there and is gone; a day is
        asked for in parts, and what failed once in one of them is not waited for again in the others."""
        kept = self._contents.setdefault(day, {})
        if place not in kept:
            self.requests += 1
            try:
                kept[place] = content = self.archive.read(place)
            except ReadError as error:
                kept[place] = copy(error)  # without the frames that it went through, and what they hold
                raise
            if content is None and (place in self._known or self.archive.lists):
                kept[place] = ReadError(
                    place, "vanished", "was there before and is gone", "ask the archive, then wadati retry"
                )
            self.bytes_read += len(content or b"")
        found = kept[place]
        if isinstance(found, ReadError):
            raise copy(found)
        return found

    def blocks(self, place: str, day: int) -> tuple[list[Block], list[Problem]]:
        """Where in miniSEED of a day which times are, and what of it is no record; its headers are read once."""
        kept = self._blocks.setdefault(day, {})
        if place not in kept:
            content = self.content(place, day)
            kept[place] = scan_miniseed(content) if content and is_miniseed(content[:64]) else ([], [])
        return kept[place]


class DaySource:
    """A `protocols.Source` of the channels of an inventory, as an archive holds them.

    A channel is asked for on the days of its epochs. Spans are to be read in order of time: what lies on the days
    before one is forgotten. `source_ids` are channels of stations that were read which have samples on the days of
    `span`. `causes` counts by cause what was damaged or could not be read at all, which `read` raises as a `ReadError`;
    `problems` says the damage in words. Damage on a day beside those of `span` counts where samples are missing in what
    was asked for of it.
    """

    def __init__(self, reading: Reading, inventory: Inventory, span: TimeSpan) -> None:
        self._reading = reading
        self._inventory = inventory
        self._span = span
        self._stations: dict[tuple[str, str], frozenset[SourceId] | None] = {}
        self._problems: dict[Problem, None] = {}
        self.causes: dict[str, int] = {}

    def source_ids(self) -> Sequence[SourceId]:
        """The channels of stations that were read, by the headers of their records, in order."""
        for key, found in self._stations.items():
            if found is None:
                self._stations[key] = frozenset(self._recorded(key))
        return sorted({source_id for found in self._stations.values() for source_id in found or ()})

    def span(self) -> TimeSpan | None:
        """The span that was asked for."""
        return self._span

    def read(self, network: str, station: str, span: TimeSpan | None = None) -> Iterator[Trace]:
        """The traces of one station, samples within the span, in order of source id and start."""
        wanted = span or self._span
        records = Records()
        self._stations.setdefault((network, station), None)
        self._reading.forget_before(wanted.start // DAY)
        for day in _days(wanted):
            whole = TimeSpan(day * DAY, (day + 1) * DAY)
            needed = None if whole.overlaps(self._span) else _common(whole, wanted)
            try:
                for place in self._places((network, station), day):
                    records.update(self._records(place, day, wanted, needed))
            except ReadError as error:
                self.causes[error.cause] = self.causes.get(error.cause, 0) + 1
                raise
        for trace in records.traces(wanted):
            if trace.source_id.station_key == (network, station):
                yield trace

    def problems(self) -> Sequence[Problem]:
        """What was left out so far, each once, in order of discovery."""
        return tuple(self._problems)

    def digests(self) -> Mapping[str, tuple[int, str]]:
        """None: what was read of an archive stands in the manifests of the shards."""
        return {}

    def _places(self, station: tuple[str, str], day: int) -> tuple[str, ...]:
        whole = TimeSpan(day * DAY, (day + 1) * DAY)
        channels = {
            one.source_id
            for one in self._inventory
            if one.source_id.station_key == station and one.epoch.overlaps(whole)
        }
        return self._reading.places(tuple(sorted(channels)), day) if channels else ()

    def _recorded(self, station: tuple[str, str]) -> Iterator[SourceId]:
        """The channels of a station that have samples on the days of the span."""
        for day in _days(self._span):
            for place in self._places(station, day):
                for block in self._reading.blocks(place, day)[0]:
                    if block.span.overlaps(self._span):
                        yield from (one for one in block.source_ids if one.station_key == station)

    def _records(self, place: str, day: int, span: TimeSpan, needed: TimeSpan | None) -> Records:
        content = self._reading.content(place, day)
        if content is None:
            return Records()
        if not is_miniseed(content[:64]):
            wrong = "is no miniSEED" if content else "is empty"
            records, problems = Records(), [Problem(place, wrong)]
        else:
            blocks, problems = self._reading.blocks(place, day)
            touching = [block for block in blocks if block.span.overlaps(span)]
            records, undecoded = read_records(content, span, touching)
            problems = problems + undecoded
        if problems and needed is not None and _is_whole(records.traces(needed), needed):
            return records
        for problem in problems:
            self._tell(Problem(place, problem.wrong, "the rest is used; ask the archive for it"))
        return records

    def _tell(self, problem: Problem) -> None:
        if problem not in self._problems:
            self._problems[problem] = None
            cause = "truncated" if "cut off" in problem.wrong or "empty" in problem.wrong else "corrupt"
            self.causes[cause] = self.causes.get(cause, 0) + 1


def _days(span: TimeSpan) -> range:
    return range(span.start // DAY, -(-span.end // DAY))


def _common(first: TimeSpan, second: TimeSpan) -> TimeSpan:
    return TimeSpan(max(first.start, second.start), min(first.end, second.end))


def _is_whole(traces: Sequence[Trace], span: TimeSpan) -> bool:
    """Whether each channel has all samples of a span."""
    missing = {trace.source_id: span.seconds for trace in traces}
    for trace in traces:
        missing[trace.source_id] -= trace.span.seconds
    interval = {trace.source_id: 1.0 / float(trace.sampling_rate) for trace in traces}
    return bool(missing) and all(seconds < interval[source_id] for source_id, seconds in missing.items())
