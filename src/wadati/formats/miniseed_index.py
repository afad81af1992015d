"""Where in a file of any size which channels and times are, read a portion at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wadati.formats.miniseed_headers import Header, headers_of
from wadati.formats.miniseed_records import Block
from wadati.model import SourceId, TimeSpan

BLOCK_BYTES = 1 << 17
_PORTION = 1 << 22
_MOST_PORTION = 1 << 25
_OVERLAP = 1 << 16

Read = Callable[[int, int], bytes]
"""(first byte, one after the last) to these bytes of a file; fewer where it ends before."""


def index_miniseed(read: Read, size: int) -> Iterator[Block]:
    """Blocks of some records that follow one another, of any channels; no block where nothing is a record.

    >>> from wadati.formats.miniseed import write_miniseed
    >>> from wadati.model import Trace, sampling_rate
    >>> import numpy as np
    >>> trace = Trace(SourceId.parse("FDSN:XX_ABC__H_H_Z"), 0, sampling_rate(100), np.arange(9000, dtype=np.int32))
    >>> whole = write_miniseed([trace], version=2)
    >>> blocks = index_miniseed(lambda first, end: whole[first:end], len(whole))
    >>> [(block.length == len(whole), block.span.seconds) for block in blocks]
    [(True, 90.0)]
    """
    groups: dict[frozenset[SourceId], tuple[SourceId, ...]] = {}
    offset = until = start = end = 0
    channels: dict[int, SourceId] = {}

    def block() -> Block:
        # Blocks of a file mostly hold the same channels, which are then kept once.
        some = frozenset(channels.values())
        return Block(offset, until - offset, groups.setdefault(some, tuple(sorted(some))), TimeSpan(start, end))

    for place, header in _headers(read, size):
        at, span = place + header.offset, header.span
        if channels and at == until and until - offset < BLOCK_BYTES:
            start, end = min(start, span.start), max(end, span.end)
        else:
            if channels:
                yield block()
            offset, start, end = at, span.start, span.end
            channels = {}
        # Headers of a channel share what names it, which is quicker to compare than to hash.
        channels[id(header.source_id)] = header.source_id
        until = at + header.length
    if channels:
        yield block()


def _headers(read: Read, size: int) -> Iterator[tuple[int, Header]]:
    """All headers of a file, each with the place of the portion that it lies in."""
    place, length = 0, _PORTION
    while place < size:
        until = min(place + length, size)
        last = until == size or length >= _MOST_PORTION
        used = 0
        for header in headers_of(read(place, until), last=last):
            used = header.offset + header.length
            yield place, header
        if until == size:
            return
        if used:
            place, length = place + used, _PORTION
        elif last:
            place, length = until - _OVERLAP, _PORTION
        else:
            length *= 2
