"""The last minutes of one station: records in any order and any number of times, as few traces as they make.

What continues a record exactly is joined to it, so that the work on a station depends on its seconds and not on how
many packets brought them. Nothing is shifted: a record that starts elsewhere stands alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple, final

import numpy as np
import numpy.typing as npt

from wadati.model import SourceId, TimeSpan, Trace
from wadati.units import SECOND

_ROOM = 4096


class _Stream(NamedTuple):
    source_id: SourceId
    sampling_rate: Fraction
    kind: np.dtype[Any]


@final
class _Run:
    """A trace that grows at its end and is cut at its front."""

    __slots__ = ("_first", "_origin", "_room", "_used", "stream")

    def __init__(self, stream: _Stream, trace: Trace) -> None:
        self.stream = stream
        self._origin = trace.start
        self._room = np.empty(len(trace) + _ROOM, stream.kind)
        self._first, self._used = 0, 0
        self.grow(trace.data)

    def grow(self, data: npt.NDArray[Any]) -> None:
        end = self._used + len(data)
        if end > len(self._room):
            held = end - self._first
            room = np.empty(held + max(held // 4, _ROOM), self.stream.kind)
            kept = self._used - self._first
            room[:kept] = self._room[self._first : self._used]
            self._origin = self._time_of(self._first)
            self._room, self._first, self._used, end = room, 0, kept, kept + len(data)
        self._room[self._used : end] = data
        self._used = end

    def cut_front(self, time: int) -> None:
        while self._first < self._used and self._time_of(self._first) < time:
            rate = self.stream.sampling_rate
            step = max((time - self._time_of(self._first)) * rate.numerator // (SECOND * rate.denominator), 1)
            self._first = min(self._first + step, self._used)

    def _time_of(self, index: int) -> int:
        rate = self.stream.sampling_rate
        return self._origin + index * SECOND * rate.denominator // rate.numerator

    @property
    def start(self) -> int:
        return self._time_of(self._first)

    @property
    def end(self) -> int:
        return self._time_of(self._used)

    def trace(self) -> Trace:
        """A view: growing never writes where a view looks, and a larger room is another array."""
        data = self._room[self._first : self._used]
        return Trace(self.stream.source_id, self.start, self.stream.sampling_rate, data)


@final
class Ring:
    """Records of one station since some time.

    >>> z = SourceId.parse("FDSN:XX_ABC__H_H_Z")
    >>> ring = Ring()
    >>> [ring.add(Trace(z, start * 10_000_000, Fraction(100), np.arange(start, start + 50))) for start in (0, 50, 0)]
    [True, True, False]
    >>> [(trace.start, len(trace)) for trace in ring.traces()]
    [(0, 100)]
    >>> ring.forget(250_000_000)
    >>> [(trace.start // 1_000_000, len(trace)) for trace in ring.traces()]
    [(250, 75)]
    """

    __slots__ = ("_runs",)

    def __init__(self) -> None:
        self._runs: dict[_Stream, list[_Run]] = {}

    def add(self, trace: Trace) -> bool:
        """Take a record; False where it says nothing new."""
        stream = _Stream(trace.source_id, trace.sampling_rate, trace.data.dtype)
        runs = self._runs.setdefault(stream, [])
        at = bisect_right(runs, trace.start, key=lambda run: run.start)
        slack = int(SECOND * trace.sampling_rate.denominator % trace.sampling_rate.numerator != 0)
        for run in reversed(runs[:at]):
            if abs(run.end - trace.start) <= slack:
                if at == len(runs) or runs[at].start >= trace.end - slack:
                    run.grow(trace.data)
                    return True
                break
            held = run.trace()
            if held.end >= trace.end - slack:
                index = held.index_at_or_after(trace.start - slack)
                same = held.data[index : index + len(trace)]
                if abs(held.time_of(index) - trace.start) <= slack and np.array_equal(same, trace.data):
                    return False
        runs.insert(at, _Run(stream, trace))
        return True

    def reached(self) -> int | None:
        """Until when (ns) there are samples of all channels that there are any of; None where there are none."""
        ends = [max(run.end for run in runs) for runs in self._runs.values() if runs]
        return min(ends, default=None)

    def forget(self, before: int, verticals_before: int | None = None) -> None:
        """Drop the samples before a time (ns), those of verticals perhaps before a later one."""
        for stream, runs in list(self._runs.items()):
            vertical = stream.source_id.subsource == "Z" and verticals_before is not None
            for run in runs:
                run.cut_front(verticals_before if vertical and verticals_before is not None else before)
            kept = [run for run in runs if run.start < run.end]
            if kept:
                self._runs[stream] = kept
            else:
                del self._runs[stream]

    def traces(self, span: TimeSpan | None = None, source_ids: Iterable[SourceId] | None = None) -> tuple[Trace, ...]:
        """What is there, of a span and of some source ids; views, in order of source id and time."""
        wanted = None if source_ids is None else set(source_ids)
        return tuple(self._traces(span, wanted))

    def _traces(self, span: TimeSpan | None, wanted: set[SourceId] | None) -> Iterator[Trace]:
        for stream, runs in sorted(self._runs.items(), key=lambda item: item[0][:2]):
            if wanted is not None and stream.source_id not in wanted:
                continue
            for run in runs:
                if span is None:
                    yield run.trace()
                elif run.start < span.end and run.end > span.start:
                    part = run.trace().cut(span)
                    if len(part):
                        yield part

    def source_ids(self) -> set[SourceId]:
        """What there are samples of."""
        return {stream.source_id for stream in self._runs}

    def reaches(self, source_id: SourceId, since: int) -> int:
        """Until when (ns) a channel has samples without a gap from a time on; that time where it has none there."""
        until = since
        runs = [run for stream, runs in self._runs.items() if stream.source_id == source_id for run in runs]
        for run in sorted(runs, key=lambda run: run.start):
            step = SECOND * run.stream.sampling_rate.denominator // run.stream.sampling_rate.numerator
            if run.start <= until + step // 2 + 1:
                until = max(until, run.end)
        return until

    def end(self) -> int | None:
        """One sample after the latest (ns)."""
        return max((run.end for runs in self._runs.values() for run in runs), default=None)

    def __len__(self) -> int:
        """Samples held."""
        return sum(len(run.trace()) for runs in self._runs.values() for run in runs)
