"""What the associator asks pickers: waveforms for magnitudes, and when a record came in."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from wadati.bus.nats import NatsBus
from wadati.engine.live.picking import Picking
from wadati.engine.services.partitions import partition_of
from wadati.formats.miniseed import read_miniseed, write_miniseed
from wadati.model import TimeSpan, Trace
from wadati.model.codec import decode_msgpack, encode_msgpack

Key = tuple[str, str]
_ANSWER_S = 2.0
_PATIENCE_S = 20.0
_AGAIN_S = 0.5


class Question(msgspec.Struct, frozen=True):
    """The horizontals of a station within a span; or, where the span is a moment, when the record with it came in."""

    network: str
    station: str
    start: int
    end: int


def answer(picking: Picking, data: bytes) -> bytes:
    """The answer of the picker that has the station: miniSEED 3, or a time (ns)."""
    asked = decode_msgpack(data, Question)
    key = (asked.network, asked.station)
    if asked.start == asked.end:
        return msgspec.msgpack.encode(picking.arrival(key, asked.start))
    return write_miniseed(picking.traces([key], TimeSpan(asked.start, asked.end)), version=3)


class Asking:
    """The other side. Raises `ConnectionError` where a picker does not answer for so long that none has the station."""

    def __init__(self, bus: NatsBus) -> None:
        self._bus = bus

    def traces(self, keys: Sequence[Key], span: TimeSpan) -> tuple[Trace, ...]:
        """As `Picking.traces`."""
        waiting = {key: Question(*key, span.start, span.end) for key in keys}
        found: dict[Key, bytes] = {}
        until = time.monotonic() + _PATIENCE_S
        while waiting:
            asked = [(_subject(key), encode_msgpack(question)) for key, question in waiting.items()]
            answers = self._bus.ask(asked, _ANSWER_S)
            found |= {key: data for key, data in zip(waiting, answers, strict=True) if data is not None}
            waiting = {key: question for key, question in waiting.items() if key not in found}
            if waiting:
                if time.monotonic() > until:
                    raise ConnectionError(f"no picker answers for {', '.join('.'.join(key) for key in waiting)}")
                time.sleep(_AGAIN_S)
        return tuple(trace for key in keys for trace in read_miniseed(found[key])[0])

    def arrival(self, key: Key, moment: int) -> int | None:
        """As `Picking.arrival`; None where it cannot be had."""
        (data,) = self._bus.ask([(_subject(key), encode_msgpack(Question(*key, moment, moment)))], _ANSWER_S)
        found: int | None = None if data is None else msgspec.msgpack.decode(data)
        return found


def _subject(key: Key) -> str:
    return f"ask.{partition_of(key):02d}"
