"""From when until when there are samples, to the sample, without reading all files that lie between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from wadati.formats.miniseed_headers import headers_of
from wadati.model import TimeSpan
from wadati.sources.held_blocks import Held, HeldBlocks, read_bytes
from wadati.sources.selection import Asked
from wadati.sources.trees import Tree

_EDGE = 1 << 16


class _Piece(NamedTuple):
    """Some bytes of a file, and outside of which times they hold nothing."""

    span: TimeSpan
    tree: Tree
    name: str
    first: int
    end: int


def first_and_last(files: Sequence[Held], blocks: HeldBlocks, asked: Asked) -> TimeSpan | None:
    """From the first sample of the records that are wanted to one after the last; None where there are none.

    Of files that say by their names what is in them only the beginning and the end are read.
    """
    pieces = [piece for held in files for piece in _pieces(held, blocks, asked)]
    start = end = None
    for piece in sorted(pieces, key=lambda piece: piece.span.start):
        if start is not None and piece.span.start >= start:
            break
        for span in _spans(piece, asked):
            start = span.start if start is None else min(start, span.start)
    for piece in sorted(pieces, key=lambda piece: piece.span.end, reverse=True):
        if end is not None and piece.span.end <= end:
            break
        for span in _spans(piece, asked):
            end = span.end if end is None else max(end, span.end)
    return None if start is None or end is None else TimeSpan(start, end)


def _pieces(held: Held, blocks: HeldBlocks, asked: Asked) -> Iterator[_Piece]:
    name, size = held.stored.name, held.stored.size
    if held.named:
        for first, end in sorted({(0, min(_EDGE, size)), (max(0, size - _EDGE), size)}) if size else ():
            yield _Piece(held.around(), held.tree, name, first, end)
        return
    for block in blocks.of(held.tree, held.stored).blocks:
        if asked.touches(block.source_ids, block.span):
            yield _Piece(block.span, held.tree, name, block.offset, block.offset + block.length)


def _spans(piece: _Piece, asked: Asked) -> Iterator[TimeSpan]:
    data = read_bytes(piece.tree, piece.name, piece.first, piece.end)
    return (header.span for header in headers_of(data) if asked.numbers(header))
