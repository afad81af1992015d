"""An archive of waveforms in files, as whoever asks for records of some channels and times needs it.

Trees in the SeisComP Data Structure are looked into by name, anew for each question, so that a growing archive of any
size is served; other files are read through once, and again when they change. Folders on disk and buckets answer alike.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

from wadati.errors import InputError, WadatiError
from wadati.formats.miniseed import read_miniseed
from wadati.formats.miniseed_headers import Header, headers_of
from wadati.model import SourceId, TimeSpan, Trace
from wadati.sources.availability import first_and_last
from wadati.sources.cutting import as_version, cut, cut_span
from wadati.sources.held_blocks import Held, HeldBlocks
from wadati.sources.sds import sds_content
from wadati.sources.selection import ANY_QUALITY, EVERYTHING, Asked, Selection
from wadati.sources.trees import Disk, Tree, is_sds, sds_files
from wadati.sources.unbroken import Stretch, Unbroken


class TooMuchError(WadatiError):
    """More is wanted than may be given at once."""


class Extent(NamedTuple):
    """A channel, and from when until when (ns) there may be samples of it."""

    source_id: SourceId
    span: TimeSpan


class Archive:
    """miniSEED and other waveform files below some places: paths, or URLs of buckets (see `formats.buckets`).

    What `closed` holds at the time of a question is not given unless it is asked with `opened`. Raises `InputError` for
    a path or a bucket that is not there. All that reads raises `OSError` where a bucket cannot be reached.
    """

    def __init__(self, places: Sequence[Path | str], closed: Callable[[], Sequence[Selection]] = tuple) -> None:
        self._closed = closed
        trees = [_open(place) for place in places]
        try:
            self._sds = [tree for tree in trees if is_sds(tree)]
        except OSError as error:
            raise InputError(str(error), "cannot be read", "check its name, the keys and the network") from error
        self._others = [tree for tree in trees if tree not in self._sds]
        self._blocks = HeldBlocks()
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], Held] = {}
        self._looked: dict[str, float] = {}

    def records(
        self,
        wanted: Sequence[Selection],
        *,
        version: Literal[2, 3] = 2,
        quality: str = "B",
        shortest: float = 0.0,
        longest_only: bool = False,
        opened: bool = False,
        most: float = math.inf,
    ) -> Iterator[bytes]:
        """The records of what is wanted, cut to the samples asked for.

        They come in order of files' names and, some megabytes of a file at a time, of channel and time. A record that
        lies within and is of the format's `version` comes as it is. `quality` `B` or `M` takes any, another letter only
        records that say so. With `shortest` (s), only runs without a gap that are as long, over all files; with
        `longest_only`, the longest run of each channel and selection.

        Raises `TooMuchError` before the first record where all records are wanted and are known to be more than `most`
        bytes. Files of which all is wanted count by their size; into others is looked only where that can tell.
        """
        asked = Asked(wanted, () if opened else self._closed(), quality)
        files = self._files(asked)
        kept = None
        if shortest or longest_only:
            spans = ((stretch, span) for stretch, span, _, _ in self._matching(files, asked))
            kept = Unbroken(spans, shortest, longest_only=longest_only)
        elif quality in ANY_QUALITY and self._is_more(most, files, asked):
            raise TooMuchError
        for stretch, span, header, data in self._matching(files, asked):
            if kept is None or kept.hold(stretch, span):
                record = cut(header, data, wanted[stretch[0]].span)
                yield from as_version(record, version) if record is not None else ()

    def read(self, network: str, station: str, span: TimeSpan) -> list[Trace]:
        """The traces of all channels of a station over a span, in order of channel and time."""
        content = b"".join(self.records([Selection(network, station, "*", "*", span)]))
        return list(read_miniseed(content)[0]) if content else []

    def objects(self, wanted: Sequence[Selection], *, opened: bool = False) -> list[Held]:
        """The files that hold something wanted, and, unless `opened`, nothing that is closed, in order of names.

        Of SDS trees their names are believed; only into those of the hours before and after is looked.
        """
        asked = Asked(wanted, () if opened else self._closed())
        return [held for held in self._files(asked) if not _is_shut(held, asked) and self._holds(held, asked)]

    def extents(self, wanted: Sequence[Selection] = (EVERYTHING,)) -> list[Extent]:
        """What channels there are, and when, in order; of SDS trees by whole days. What follows on is one."""
        found: dict[SourceId, list[TimeSpan]] = {}
        for held in self._files(Asked(wanted)):
            for source_id in held.source_ids:
                if any(one.holds(source_id) for one in wanted):
                    found.setdefault(source_id, []).append(held.span)
        return [Extent(source_id, span) for source_id in sorted(found) for span in _merged(found[source_id])]

    def available(self, wanted: Selection) -> TimeSpan | None:
        """From the first sample to one after the last of what is wanted, also of what is closed; None without any."""
        asked = Asked([wanted])
        found = first_and_last(self._files(asked), self._blocks, asked)
        return None if found is None else TimeSpan(max(found.start, wanted.span.start), min(found.end, wanted.span.end))

    def _holds(self, held: Held, asked: Asked) -> bool:
        if held.named and asked.touches(held.source_ids, held.span):
            return True
        blocks = self._blocks.of(held.tree, held.stored).blocks
        return any(asked.touches(block.source_ids, block.span) for block in blocks)

    def _is_more(self, most: float, files: Sequence[Held], asked: Asked) -> bool:
        parts = [held for held in files if not asked.covers(held.source_ids, held.span)]
        sizes = sum(held.stored.size for held in files)
        least = sizes - sum(held.stored.size for held in parts)
        if sizes <= most or least > most:
            return least > most
        for held in parts:
            blocks = self._blocks.of(held.tree, held.stored).blocks
            least += sum(block.length for block in blocks if asked.covers(block.source_ids, block.span))
            if least > most:
                return True
        return False

    def _matching(self, files: Sequence[Held], asked: Asked) -> Iterator[tuple[Stretch, TimeSpan, Header, bytes]]:
        """What a record is of, its span where it is cut, its header and the bytes in which it lies."""
        for data in self._blocks.portions(files, asked):
            found = [(header, numbers) for header in headers_of(data) if (numbers := asked.numbers(header))]
            for header, numbers in sorted(found, key=_by_channel_and_time):
                for number in numbers:
                    span = cut_span(header, asked.wanted[number].span)
                    if span is not None:
                        yield (number, header.source_id, header.sampling_rate), span, header, data

    def _files(self, asked: Asked) -> list[Held]:
        """The files that may hold something, each once, in order of names."""
        found = [
            Held(tree, stored, (source_id,), span, named=True)
            for tree in self._sds
            for stored, source_id, span in sds_files(tree, asked)
        ]
        found += [held for held in self._loose() if asked.touches(held.source_ids, held.around())]
        unique = {PurePosixPath(held.tree.name, held.stored.name): held for held in found}
        return [unique[path] for path in sorted(unique, key=lambda path: (path.name, str(path)))]

    def _loose(self) -> list[Held]:
        """What lies outside of SDS trees."""
        with self._lock:
            for tree in self._others:
                now = time.monotonic()
                if now - self._looked.get(tree.name, -tree.refresh_s) >= tree.refresh_s:
                    self._look(tree)
                    self._looked[tree.name] = now
            return list(self._known.values())

    def _look(self, tree: Tree) -> None:
        """See which files have come, gone and changed."""
        there = {(tree.name, stored.name): stored for stored in tree.everything()}
        for key in [key for key in self._known if key[0] == tree.name and key not in there]:
            del self._known[key]
        for key, stored in there.items():
            if key in self._known and self._known[key].stored == stored:
                continue
            self._known.pop(key, None)
            content = sds_content(PurePosixPath(stored.name))
            if content is not None:
                self._known[key] = Held(tree, stored, content[:1], content[1], named=True)
                continue
            contents = self._blocks.of(tree, stored)
            if contents.blocks:
                self._known[key] = Held(tree, stored, contents.source_ids(), contents.span(), named=False)


def _is_shut(held: Held, asked: Asked) -> bool:
    return asked.shuts(held.source_ids, held.around())


def _by_channel_and_time(found: tuple[Header, list[int]]) -> tuple[SourceId, int]:
    return found[0].source_id, found[0].span.start


def _open(place: Path | str) -> Tree:
    if isinstance(place, str) and "://" in place:
        from wadati.sources.bucket_tree import BucketTree

        return BucketTree(place)
    return Disk(Path(place))


def _merged(spans: Sequence[TimeSpan]) -> list[TimeSpan]:
    merged: list[TimeSpan] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = TimeSpan(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged
