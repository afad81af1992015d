"""What pickers tell the associator."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from wadati.engine.live.picking import Tick
from wadati.model import Pick

Key = tuple[str, str]


class TickMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A tick of one picker (see `Tick`); stations are `NET.STA`, `partitions` those it has, `ended` those of them that
    have ended."""

    early: tuple[Pick, ...]
    final: tuple[Pick, ...]
    withdrawn: tuple[str, ...]
    open: tuple[Pick, ...]
    known: dict[str, int]
    heard: tuple[str, ...]
    until: dict[str, int]
    clock: int
    partitions: tuple[int, ...] = ()
    ended: tuple[int, ...] = ()


def tick_message(tick: Tick, again: Iterable[Pick], partitions: Iterable[int], ended: Iterable[int]) -> TickMessage:
    """A tick as a message; `again` are final picks that may not have been told."""
    return TickMessage(
        early=tick.early,
        final=(*again, *tick.final),
        withdrawn=tuple(sorted(tick.withdrawn)),
        open=tick.open,
        known={name_of(key): time for key, time in tick.known.items()},
        heard=tuple(map(name_of, tick.heard)),
        until={name_of(key): time for key, time in (tick.until or {}).items()},
        clock=tick.clock,
        partitions=tuple(sorted(partitions)),
        ended=tuple(sorted(ended)),
    )


def name_of(key: Key) -> str:
    """`NET.STA`."""
    return ".".join(key)


def key_of(name: str) -> Key:
    """Network and station of `NET.STA`."""
    network, _, station = name.partition(".")
    return network, station
