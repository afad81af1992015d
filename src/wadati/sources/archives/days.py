"""Some days of an archive as a source of waveforms: what touches a span is read, day by day, and kept for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from wadati.errors import ReadError
from wadati.formats.miniseed import is_miniseed, read_records
from wadati.formats.records import Records
from wadati.model import Inventory, SourceId, TimeSpan, Trace
from wadati.protocols import DayArchive, Problem
from wadati.units import DAY

_KEPT_BYTES = 96 * 1024 * 1024
"""So much is kept in memory, compressed as it lies there: three days of two instruments of a station."""


class Reading:
    """An archive with what was read of it last; `known` are bytes of places that are known to hold something."""

    def __init__(self, archive: DayArchive, known: Mapping[str, int] | None = None) -> None:
        self.archive = archive
        self.requests = 0
        self.bytes_read = 0
        self._known = dict(known or {})
        self._contents: dict[str, bytes | None] = {}
        self._kept = 0

    def content(self, place: str) -> bytes | None:
        """What lies at a place. Raises `ReadError`, also where something did lie there and is gone."""
        if place not in self._contents:
            self.requests += 1
            content = self.archive.read(place)
            if content is None and (place in self._known or self.archive.lists):
                raise ReadError(place, "vanished", "was there before and is gone", "ask the archive, then wadati retry")
            self._contents[place] = content
            size = len(content or b"")
            self.bytes_read += size
            self._kept += size
            while self._kept > _KEPT_BYTES and len(self._contents) > 1:
                self._kept -= len(self._contents.pop(next(iter(self._contents))) or b"")
        return self._contents[place]


class DaySource:
    """A `protocols.Source` of the channels of an inventory, as an archive holds them.

    A channel is asked for on the days of its epochs. `source_ids` are channels that had samples within `span` in what
    was read so far; `causes` counts by cause what made the result incomplete, `problems` says it in words. What cannot
    be read at all is raised by `read` as a `ReadError`.
    """

    def __init__(self, reading: Reading, inventory: Inventory, span: TimeSpan) -> None:
        self._reading = reading
        self._inventory = inventory
        self._span = span
        self._seen: set[SourceId] = set()
        self._problems: dict[Problem, None] = {}
        self.causes: dict[str, int] = {}

    def source_ids(self) -> Sequence[SourceId]:
        """The channels that had samples so far, in order."""
        return sorted(self._seen)

    def span(self) -> TimeSpan | None:
        """The span that was asked for."""
        return self._span

    def read(self, network: str, station: str, span: TimeSpan | None = None) -> Iterator[Trace]:
        """The traces of one station, samples within the span, in order of source id and start."""
        wanted = span or self._span
        records = Records()
        for day in range(wanted.start // DAY, -(-wanted.end // DAY)):
            whole = TimeSpan(day * DAY, (day + 1) * DAY)
            channels = sorted(
                {
                    channel.source_id
                    for channel in self._inventory
                    if channel.source_id.station_key == (network, station) and channel.epoch.overlaps(whole)
                }
            )
            own = whole.overlaps(self._span)
            try:
                for place in self._reading.archive.places(channels, day) if channels else ():
                    records.update(self._records(place, wanted, own=own))
            except ReadError as error:
                self.causes[error.cause] = self.causes.get(error.cause, 0) + 1
                raise
        for trace in records.traces(wanted):
            if trace.source_id.station_key == (network, station):
                if trace.span.overlaps(self._span):
                    self._seen.add(trace.source_id)
                yield trace

    def problems(self) -> Sequence[Problem]:
        """What was left out so far, each once, in order of discovery."""
        return tuple(self._problems)

    def digests(self) -> Mapping[str, tuple[int, str]]:
        """None: what was read of an archive stands in the manifests of the shards."""
        return {}

    def _records(self, place: str, span: TimeSpan, *, own: bool) -> Records:
        content = self._reading.content(place)
        if content is None:
            return Records()
        if not is_miniseed(content[:64]):
            wrong = "is no miniSEED" if content else "is empty"
            records, problems = Records(), [Problem(place, wrong)]
        else:
            records, problems = read_records(content, span)
        for problem in problems if own else ():
            self._tell(Problem(place, problem.wrong, "the rest is used; ask the archive for it"))
        return records

    def _tell(self, problem: Problem) -> None:
        if problem not in self._problems:
            self._problems[problem] = None
            cause = "truncated" if "cut off" in problem.wrong or "empty" in problem.wrong else "corrupt"
            self.causes[cause] = self.causes.get(cause, 0) + 1
