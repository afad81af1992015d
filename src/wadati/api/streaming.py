"""Answers of any size: made in a thread while they are sent, a portion at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

PORTION = 1 << 16


async def streamed(
    chunks: Iterable[bytes], media_type: str, headers: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    """The chunks as one answer.

    What goes wrong before the first portion raises here, so that it can still be said with a status. What goes wrong
    later breaks the connection off, so that nobody takes a part for the whole.
    """
    portions = _portions(iter(chunks))
    first = await run_in_threadpool(next, portions, b"")
    second = await run_in_threadpool(next, portions, b"")
    if not second:
        return Response(first, status, dict(headers or {}), media_type)

    async def rest() -> AsyncIterator[bytes]:
        yield first
        portion = second
        while portion:
            yield portion
            portion = await run_in_threadpool(next, portions, b"")

    return StreamingResponse(rest(), status, dict(headers or {}), media_type)


def _portions(chunks: Iterator[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= PORTION:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)
