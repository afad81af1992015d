"""Waveforms in files: single files, folders of any layout, SDS archives."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from wadati.errors import InputError, NothingUsableError
from wadati.formats.miniseed import is_miniseed, read_records, scan_miniseed
from wadati.formats.miniseed_records import Block
from wadati.formats.records import Records
from wadati.formats.waveforms import read_file, read_waveforms
from wadati.model import SourceId, TimeSpan, Trace
from wadati.protocols import Problem
from wadati.sources.sds import sds_content
from wadati.units import DAY

_MEND = "give a folder or files of miniSEED, SAC or another waveform format"
_METADATA = re.compile(
    r"\..*|(README|LICEN[CS]E|CHANGELOG|RESP\.|SACPZ).*"
    r"|.*\.(csv|dataless|geojson|html|json|kml|log|md|onnx|parquet|pdf|png|py|quakeml|resp|sh|stationxml|toml|txt"
    r"|sqlite(-journal|-shm|-wal)?|xlsx?|xml|ya?ml)",
    re.IGNORECASE | re.DOTALL,
)


def is_metadata(name: str) -> bool:
    """Whether a file of this name in a folder of waveforms is a table, StationXML, text or hidden.

    >>> is_metadata("stations.xml"), is_metadata("CI.CCC..HHZ.mseed")
    (True, False)
    """
    return bool(_METADATA.fullmatch(name))


class _File(NamedTuple):
    """What a file holds: its source ids and times, and for miniSEED where; `blocks` None means all of it."""

    path: Path
    source_ids: tuple[SourceId, ...]
    span: TimeSpan
    blocks: tuple[Block, ...] | None


class FileSource:
    """Waveforms of files and folders (searched to any depth), found once and decoded only when a station is read.

    Files of an SDS archive are opened only when their channel and day are asked for; of others the headers are read
    at once. Metadata (tables, StationXML, text, hidden files) in folders is passed over silently, other files that
    cannot be read are told by `problems`; a file named itself is always tried. With a span, only what touches it
    counts. How the samples are cut into records and files, their order and repeats do not change what is read.

    Raises `InputError` for a path that does not exist and `NothingUsableError` where there are no waveforms.
    """

    def __init__(self, paths: Sequence[Path], span: TimeSpan | None = None) -> None:
        self._span = span
        self._problems: dict[Problem, None] = {}
        self._files: list[_File] = []
        found = list(waveform_files(paths))
        for path in found:
            self._files.extend(file for file in self._index(path) if span is None or file.span.overlaps(span))
        self._stations: dict[tuple[str, str], list[_File]] = {}
        for file in self._files:
            for key in {source_id.station_key for source_id in file.source_ids}:
                self._stations.setdefault(key, []).append(file)
        if not self._files:
            raise NothingUsableError(self._nothing(paths, found))

    def source_ids(self) -> Sequence[SourceId]:
        """The channels, in order."""
        return sorted({source_id for file in self._files for source_id in file.source_ids})

    def span(self) -> TimeSpan | None:
        """The time from the first sample to the last, of SDS archives by whole days."""
        days = (sds_content(file.path) for file in self._files)
        return _common(
            _hull(day[1] if day else file.span for day, file in zip(days, self._files, strict=True)), self._span
        )

    def read(self, network: str, station: str, span: TimeSpan | None = None) -> Iterator[Trace]:
        """The traces of one station, samples within the span, in order of source id and start."""
        wanted = _common(self._span, span)
        records = Records()
        for file in self._stations.get((network, station), ()):
            if wanted is None or file.span.overlaps(wanted):
                records.update(self._read(file, (network, station), wanted))
        for trace in records.traces(wanted):
            if trace.source_id.station_key == (network, station):
                yield trace

    def problems(self) -> Sequence[Problem]:
        """What was left out so far, each once, in order of discovery."""
        return tuple(self._problems)

    def digests(self) -> Mapping[str, tuple[int, str]]:
        """Size in bytes and SHA-256 of each file that holds waveforms, by path; reads them all."""
        return {str(file.path): _digest(file.path) for file in sorted(self._files)}

    def _index(self, path: Path) -> Iterator[_File]:
        sds = sds_content(path)
        if sds is not None:
            # A record may begin before midnight or run on after it.
            yield _File(path, (sds[0],), sds[1].widen(DAY, DAY), None)
            return
        try:
            with path.open("rb") as file:
                head = file.read(16)
        except OSError:
            head = b""
        if is_miniseed(head):
            blocks, problems = scan_miniseed(path)
            self._tell(problems)
            kept = tuple(block for block in blocks if self._span is None or block.span.overlaps(self._span))
            if kept:
                yield _File(path, _unique(block.source_ids for block in kept), _hull(b.span for b in kept), kept)
            elif not blocks and not problems:
                self._tell([Problem(str(path), "holds no samples", "leave it out")])
            return
        traces, problems = read_waveforms(path)
        self._tell(problems)
        if traces:
            yield _File(path, _unique((t.source_id,) for t in traces), _hull(t.span for t in traces), None)

    def _read(self, file: _File, station: tuple[str, str], span: TimeSpan | None) -> Records:
        if file.blocks is None:
            records, problems = read_file(file.path, span)
        else:
            blocks = [
                block
                for block in file.blocks
                if block.source_ids[0].station_key == station and (span is None or block.span.overlaps(span))
            ]
            records, problems = read_records(file.path, span, blocks)
        self._tell(problems)
        return records

    def _tell(self, problems: Iterable[Problem]) -> None:
        self._problems.update(dict.fromkeys(problems))

    def _nothing(self, paths: Sequence[Path], found: Sequence[Path]) -> str:
        named = ", ".join(str(path) for path in paths)
        if not found:
            return f"{named}: no waveform files; {_MEND}"
        if self._problems:
            first = next(iter(self._problems))
            return f"{named}: no usable waveforms ({first.subject}: {first.wrong}); {_MEND}"
        return f"{named}: no samples within {self._span}; check the start and the end"


def open_waveforms(paths: Sequence[Path], span: TimeSpan | None = None) -> FileSource:
    """The source of files and folders; see `FileSource`."""
    return FileSource(paths, span)


def waveform_files(paths: Sequence[Path]) -> Iterator[Path]:
    """The files worth a try, each once, in order of path. Raises `InputError` for a path that does not exist."""
    named: dict[Path, Path] = {}
    for path in paths:
        if not path.exists():
            raise InputError(path, "does not exist", _MEND)
        for file in sorted(_below(path)) if path.is_dir() else [path]:
            named.setdefault(file.resolve(), file)
    yield from sorted(named.values())


def _below(folder: Path) -> Iterator[Path]:
    visited = set()
    for parent, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent, name) for name in files if not is_metadata(name))


def _common(first: TimeSpan | None, second: TimeSpan | None) -> TimeSpan | None:
    if first is None or second is None:
        return first or second
    start = max(first.start, second.start)
    return TimeSpan(start, max(start, min(first.end, second.end)))


def _unique(groups: Iterable[Iterable[SourceId]]) -> tuple[SourceId, ...]:
    return tuple(sorted({source_id for group in groups for source_id in group}))


def _hull(spans: Iterable[TimeSpan]) -> TimeSpan:
    known = list(spans)
    return TimeSpan(min(span.start for span in known), max(span.end for span in known))


def _digest(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
