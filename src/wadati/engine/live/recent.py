"""The last minutes of a live run as columns for screens, made once however many look at them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from wadati.engine.live.tail import Tail
from wadati.formats.miniseed import read_miniseed
from wadati.formats.miniseed_headers import station_of
from wadati.model import SourceId, TimeSpan, Trace
from wadati.protocols import Packet
from wadati.signal.extremes import Extremes, extremes
from wadati.signal.high_pass import HighPass
from wadati.units import MINUTE

KEPT = 12 * MINUTE
"""So much of the data's time (ns) is there."""

CORNER = 0.7
"""What is slower (Hz) is left out, for the sea is louder than small earthquakes."""


class Piece(NamedTuple):
    """Columns of one channel, and their place in the order in which they came."""

    place: int
    columns: Extremes


class Recent:
    """Vertical channels of a live run, filtered, in `rate` columns a second; any number of threads may ask.

    `folder` is the journal of the run.
    """

    def __init__(self, folder: Path, rate: int) -> None:
        self._tail, self._folder, self._rate = Tail(folder), folder, rate
        self._lock = threading.Lock()
        self._pieces: deque[Piece] = deque()
        self._filter = HighPass(CORNER)
        self._place = 0
        self.clock = 0

    def after(self, place: int) -> tuple[int, list[Extremes]]:
        """What came after a place in the order (0 is its beginning), and the place to ask from the next time."""
        with self._lock:
            self._take(list(self._tail.look()))
            return self._place, [one.columns for one in self._pieces if one.place > place]

    def read(self, stations: Collection[tuple[str, str]], span: TimeSpan) -> list[Trace]:
        """The traces of all channels of some stations over a span, as far as the journal still has them."""
        packets = Tail(self._folder).look()
        return _traces((one for one in packets if station_of(one.record) in stations), span)

    def _take(self, packets: list[Packet]) -> None:
        if not packets:
            return
        self._place += 1
        self.clock = max(self.clock, *(packet.clock for packet in packets))
        for trace in _traces(packets, None):
            if is_vertical(trace.source_id) and (columns := extremes(self._filter(trace), self._rate)) is not None:
                self._pieces.append(Piece(self._place, columns))
        while self._pieces and self._pieces[0].columns.end < self.clock - KEPT:
            self._pieces.popleft()


def is_vertical(source_id: SourceId) -> bool:
    """Whether a channel is vertical, or the third of three that are not oriented."""
    return source_id.subsource[-1:] in ("Z", "3")


def _traces(packets: Iterable[Packet], span: TimeSpan | None) -> list[Trace]:
    content = b"".join(packet.record for packet in packets)
    if not content:
        return []
    traces = read_miniseed(content, span)[0]
    return traces if span is None else [part for trace in traces if len(part := trace.cut(span))]
