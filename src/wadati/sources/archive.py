"""An archive of waveforms in files, as whoever asks for records of some channels and times needs it.

Trees in the SeisComP Data Structure are looked into by name, anew for each question, so that a growing archive of any
size is served; other folders are read through once, and again when their files change.
"""

from __future__ import annotations

import fnmatch
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from wadati.errors import InputError, NothingUsableError
from wadati.formats.channel_codes import channel_code
from wadati.formats.miniseed import Record, is_miniseed, read_miniseed, records_of, write_miniseed
from wadati.formats.waveforms import read_waveforms
from wadati.model import SourceId, TimeSpan, Trace
from wadati.sources.files import FileSource
from wadati.sources.sds import sds_content
from wadati.units import DAY, SECOND

_LOOK_AGAIN_S = 5.0
_CHANNELS = "*.[A-Z]"


class Selection(msgspec.Struct, frozen=True):
    """Some channels over some time: codes with `*` and `?`, an empty location is written `--`.

    >>> wanted = Selection("CI", "C*", "--", "HH?", TimeSpan(0, 10))
    >>> wanted.holds(SourceId.parse("FDSN:CI_CCC__H_H_Z")), wanted.holds(SourceId.parse("FDSN:CI_CCC_00_H_H_Z"))
    (True, False)
    """

    network: str
    station: str
    location: str
    channel: str
    span: TimeSpan

    def holds(self, source_id: SourceId) -> bool:
        """Whether a channel is one of these."""
        return self.holds_codes(source_id.network, source_id.station, source_id.location, channel_code(source_id))

    def holds_codes(self, network: str, station: str, location: str, channel: str) -> bool:
        """Whether a channel of these codes is one of these."""
        return (
            fits(network, self.network)
            and fits(station, self.station)
            and fits(location or "--", self.location)
            and fits(channel, self.channel)
        )


def fits(code: str, patterns: str) -> bool:
    """Whether a code is one of a list with commas, in which `*` and `?` stand for any characters and any one.

    >>> fits("HHZ", "BH?,HH?"), fits("--", "--,00"), fits("", "*")
    (True, True, True)
    """
    return any(fnmatch.fnmatchcase(code, pattern) for pattern in patterns.replace("[", "[[]").split(","))


class Extent(NamedTuple):
    """A channel, and from when until when (ns) there may be samples of it."""

    source_id: SourceId
    span: TimeSpan


class Archive:
    """miniSEED and other waveform files below some folders. Raises `InputError` for a path that is not there.

    What `closed` holds at the time of a question is not given unless it is asked with `opened`.
    """

    def __init__(self, paths: Sequence[Path], closed: Callable[[], Sequence[Selection]] = tuple) -> None:
        self._closed = closed
        for path in paths:
            if not path.exists():
                raise InputError(path, "does not exist", "give a folder or files of waveforms")
        self._trees = [path for path in paths if _is_sds(path)]
        self._others = [path for path in paths if path not in self._trees]
        self._lock = threading.Lock()
        self._found: FileSource | None = None
        self._state: frozenset[tuple[str, int, int]] = frozenset()
        self._looked = 0.0

    def records(
        self,
        wanted: Sequence[Selection],
        *,
        version: Literal[2, 3] = 2,
        quality: str = "B",
        shortest: float = 0.0,
        longest_only: bool = False,
        opened: bool = False,
    ) -> Iterator[bytes]:
        """The records of what is wanted, in order of channel and time, cut to the samples asked for.

        A record that lies within and is of the format's `version` comes as it is. `quality` `B` or `M` takes any,
        another letter only records that say so. With `shortest` (s), only runs without a gap that are as long; with
        `longest_only`, the longest run of each channel and selection.
        """
        closed = () if opened else self._closed()
        for path in self._files(wanted):
            for record in _within(path, wanted, closed, quality, shortest, longest_only=longest_only):
                yield from _as_version(record, version)

    def read(self, network: str, station: str, span: TimeSpan) -> list[Trace]:
        """The traces of all channels of a station over a span, in order of channel and time."""
        content = b"".join(self.records([Selection(network, station, "*", "*", span)]))
        return list(read_miniseed(content)[0]) if content else []

    def extents(self, wanted: Selection | None = None) -> list[Extent]:
        """What channels there are, and when; of SDS trees by whole days."""
        everything = Selection("*", "*", "*", "*", TimeSpan(-(2**62), 2**62))
        one = wanted or everything
        spans: dict[SourceId, TimeSpan] = {}
        for path in self._sds_files([one]):
            content = sds_content(path)
            if content is not None and one.holds(content[0]):
                spans[content[0]] = _hull(spans.get(content[0]), content[1])
        for _, source_ids, span in self._indexed():
            for source_id in source_ids:
                if one.holds(source_id) and span.overlaps(one.span):
                    spans[source_id] = _hull(spans.get(source_id), span)
        return [Extent(source_id, spans[source_id]) for source_id in sorted(spans)]

    def _files(self, wanted: Sequence[Selection]) -> list[Path]:
        """The files that may hold something, in order of channel and time."""
        found = {path: (path.name, str(path)) for path in self._sds_files(wanted)}
        for path, source_ids, span in self._indexed():
            if any(one.span.overlaps(span) and any(map(one.holds, source_ids)) for one in wanted):
                found.setdefault(path, (path.name, str(path)))
        return sorted(found, key=lambda path: found[path])

    def _sds_files(self, wanted: Sequence[Selection]) -> Iterator[Path]:
        for tree in self._trees:
            for year in sorted(path for path in tree.iterdir() if path.name.isdigit() and path.is_dir()):
                yield from self._of_year(year, wanted)

    @staticmethod
    def _of_year(year: Path, wanted: Sequence[Selection]) -> Iterator[Path]:
        for network in sorted(year.iterdir()):
            for station in sorted(network.iterdir()) if any(fits(network.name, w.network) for w in wanted) else ():
                near = [w for w in wanted if fits(network.name, w.network) and fits(station.name, w.station)]
                for channel in sorted(station.glob(_CHANNELS)) if near else ():
                    for path in sorted(channel.iterdir()):
                        content = sds_content(path)
                        # A record may begin before midnight or run on after it.
                        if content is not None and any(
                            w.holds(content[0]) and content[1].widen(DAY // 24, DAY // 24).overlaps(w.span)
                            for w in near
                        ):
                            yield path

    def _indexed(self) -> list[tuple[Path, tuple[SourceId, ...], TimeSpan]]:
        """What lies in the folders that are no SDS trees."""
        if not self._others:
            return []
        with self._lock:
            if self._found is None or time.monotonic() - self._looked > _LOOK_AGAIN_S:
                state = frozenset(_states(self._others))
                if state != self._state or self._found is None:
                    try:
                        self._found = FileSource(self._others)
                    except NothingUsableError:
                        return []
                    self._state = state
                self._looked = time.monotonic()
            return self._found.contents()


def _within(
    path: Path,
    wanted: Sequence[Selection],
    closed: Sequence[Selection],
    quality: str,
    shortest: float,
    *,
    longest_only: bool,
) -> Iterator[Record]:
    """The records of a file that are wanted, cut, in order of channel and time; of closed times no record gives any."""
    records = [
        record
        for record in _records(path)
        if (quality in "BM" or record.quality in ("", quality))
        and among(record.source_id, record.span, wanted)
        and not among(record.source_id, record.span, closed)
    ]
    records.sort(key=lambda record: (record.source_id, record.span.start))
    for one in wanted:
        own = [record for record in records if one.span.overlaps(record.span) and one.holds(record.source_id)]
        own = [part for record in own if (part := _cut(record, one.span)) is not None]
        if shortest or longest_only:
            own = _runs(own, shortest, longest_only=longest_only)
        yield from own


def among(source_id: SourceId, span: TimeSpan, selections: Sequence[Selection]) -> bool:
    """Whether any of some selections holds a channel within a span."""
    return any(one.span.overlaps(span) and one.holds(source_id) for one in selections)


def _records(path: Path) -> Iterator[Record]:
    try:
        with path.open("rb") as file:
            content = file.read()
    except OSError:
        return
    if is_miniseed(content[:64]):
        yield from records_of(content)
        return
    traces, _ = read_waveforms(path)
    for trace in traces:
        yield from records_of(write_miniseed([trace]))


def _cut(record: Record, span: TimeSpan) -> Record | None:
    """A record with the samples of a span only: itself where all are within."""
    last = record.span.end - round(SECOND / record.sampling_rate)
    if record.span.start in span and last in span:
        return record
    traces = [trace.cut(span) for trace in read_miniseed(record.content)[0]]
    parts = [part for trace in traces if len(trace) for part in _packed(trace, record.version)]
    if not parts:
        return None
    whole = TimeSpan(traces[0].start, traces[-1].end)
    return record._replace(span=whole, content=b"".join(parts))


def _runs(records: Sequence[Record], shortest: float, *, longest_only: bool) -> list[Record]:
    """Records of runs without a gap that are long enough, or of the longest of each channel."""
    runs: list[list[Record]] = []
    for record in records:
        before = runs[-1][-1] if runs else None
        follows = (
            before is not None
            and before.source_id == record.source_id
            and abs(record.span.start - before.span.end) <= SECOND / record.sampling_rate / 2
        )
        if follows:
            runs[-1].append(record)
        else:
            runs.append([record])
    long = [run for run in runs if _length(run) >= shortest]
    if longest_only:
        best: dict[SourceId, list[Record]] = {}
        for run in long:
            source_id = run[0].source_id
            if source_id not in best or _length(run) > _length(best[source_id]):
                best[source_id] = run
        long = list(best.values())
    return [record for run in long for record in run]


def _length(run: Sequence[Record]) -> float:
    return TimeSpan(run[0].span.start, run[-1].span.end).seconds


def _as_version(record: Record, version: Literal[2, 3]) -> Iterator[bytes]:
    if record.version == version:
        yield record.content
        return
    for trace in read_miniseed(record.content)[0]:
        try:
            yield from _packed(trace, version)
        except InputError:
            # What the older version cannot hold is better given in the newer one than not at all.
            yield record.content


def _packed(trace: Trace, version: int) -> Iterator[bytes]:
    yield write_miniseed([trace], version=3 if version == 3 else 2, record_length=None if version == 3 else 512)


def _is_sds(path: Path) -> bool:
    found = path.glob(f"[0-9][0-9][0-9][0-9]/*/*/{_CHANNELS}/*") if path.is_dir() else iter(())
    return next(found, None) is not None


def _states(paths: Iterable[Path]) -> Iterator[tuple[str, int, int]]:
    for path in paths:
        for file in (path,) if path.is_file() else sorted(path.rglob("*")):
            if file.is_file():
                state = file.stat()
                yield str(file), state.st_size, state.st_mtime_ns


def _hull(first: TimeSpan | None, second: TimeSpan) -> TimeSpan:
    if first is None:
        return second
    return TimeSpan(min(first.start, second.start), max(first.end, second.end))
