"""What files of an archive hold, block by block, kept until they change."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from wadati.formats.miniseed import is_miniseed
from wadati.formats.miniseed_index import index_miniseed
from wadati.formats.miniseed_records import Block
from wadati.model import SourceId, TimeSpan
from wadati.sources.selection import Asked
from wadati.sources.trees import HOUR, Stored, Tree

_MOST_BLOCKS = 100_000
_PORTION = 1 << 22
_HEAD = 64


class Held(NamedTuple):
    """A file that may hold something wanted: where it lies, its channels, and the times that it spans.

    `named` where these are by its name alone: a record may begin before its day, or run on after it.
    """

    tree: Tree
    stored: Stored
    source_ids: tuple[SourceId, ...]
    span: TimeSpan
    named: bool

    def around(self) -> TimeSpan:
        """Outside of which it holds nothing."""
        return self.span.widen(HOUR, HOUR) if self.named else self.span


class Contents(NamedTuple):
    """The blocks of a file; its bytes are those that it is converted to where it is no miniSEED."""

    blocks: tuple[Block, ...]
    converted: bool

    def span(self) -> TimeSpan:
        """From the first sample to one after the last. Raises `ValueError` where there is none."""
        return TimeSpan(min(b.span.start for b in self.blocks), max(b.span.end for b in self.blocks))

    def source_ids(self) -> tuple[SourceId, ...]:
        """The channels, in order."""
        return tuple(sorted({one for group in {b.source_ids for b in self.blocks} for one in group}))


class HeldBlocks:
    """The contents of files: each is read through once, and its blocks are kept as long as there is room."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], tuple[str, Contents]] = OrderedDict()
        self._count = 0
        self._lock = threading.Lock()

    def of(self, tree: Tree, stored: Stored) -> Contents:
        """What a file holds; nothing where it is gone or may not be read."""
        key, state = (tree.name, stored.name), f"{stored.size} {stored.state}"
        with self._lock:
            found = self._kept.get(key)
            if found is not None and found[0] == state:
                self._kept.move_to_end(key)
                return found[1]
        contents = _contents(tree, stored)
        with self._lock:
            before = self._kept.pop(key, None)
            self._count += len(contents.blocks) - (len(before[1].blocks) if before else 0)
            self._kept[key] = state, contents
            while self._count > _MOST_BLOCKS and len(self._kept) > 1:
                self._count -= len(self._kept.popitem(last=False)[1][1].blocks)
        return contents

    def portions(self, files: Iterable[Held], asked: Asked) -> Iterator[bytes]:
        """The bytes of files that may hold something wanted, in order, some megabytes of whole records at a time."""
        for tree, own in itertools.groupby(files, lambda held: held.tree):
            found = tree.each(lambda held: self._parts(held, asked), own)
            yield from tree.each(lambda part: part(), itertools.chain.from_iterable(found))

    def _parts(self, held: Held, asked: Asked) -> list[Callable[[], bytes]]:
        """What reads each portion of a file."""
        tree, name = held.tree, held.stored.name
        contents = self.of(tree, held.stored)
        near = [block for block in contents.blocks if asked.touches(block.source_ids, block.span)]
        if contents.converted:
            return [partial(tree.converted, name)] if near else []
        ranges: list[tuple[int, int]] = []
        for block in near:
            start, end = ranges[-1] if ranges else (0, -1)
            if block.offset == end and end - start < _PORTION:
                ranges[-1] = start, block.offset + block.length
            else:
                ranges.append((block.offset, block.offset + block.length))
        return [partial(read_bytes, tree, name, start, end) for start, end in ranges]


def _contents(tree: Tree, stored: Stored) -> Contents:
    name, size = stored.name, stored.size
    if not size:
        return Contents((), converted=False)
    if is_miniseed(read_bytes(tree, name, 0, min(_HEAD, size))):
        return Contents(
            tuple(index_miniseed(lambda start, end: read_bytes(tree, name, start, end), size)), converted=False
        )
    data = tree.converted(name)
    return Contents(tuple(index_miniseed(lambda start, end: data[start:end], len(data))), converted=True)


def read_bytes(tree: Tree, name: str, start: int, end: int) -> bytes:
    """Some bytes of a file; none where it is gone meanwhile or may not be read, which costs no other."""
    try:
        return tree.read(name, start, end)
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        return b""
