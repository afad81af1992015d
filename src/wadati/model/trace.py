"""Traces: evenly sampled records without gaps.

A plain class, not a struct: arrays have no useful equality, hash or schema, and buses carry samples as miniSEED.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, final

import numpy as np
import numpy.typing as npt

from wadati.model.source_id import SourceId
from wadati.model.time import TimeSpan
from wadati.units import SECOND


@final
class Trace:
    """Even samples of one source id without gaps; the array is read-only and owned by the trace.

    `start` is the time of the first sample (ns), `data` has shape (sample,) and is in the units recorded (counts,
    or those of the file). Sample k is at `start + k / sampling_rate`, rounded down to the nanosecond; nothing ever
    shifts a sample in time. The span is [start, start + n / sampling_rate).

    >>> trace = Trace(SourceId.parse("FDSN:XX_ABC__H_H_Z"), 0, Fraction(100), np.arange(200))
    >>> trace.span.seconds, trace.index_at_or_after(15_000_000), trace.cut(TimeSpan(0, 20_000_001)).data
    (2.0, 2, array([0, 1, 2]))
    """

    __slots__ = ("data", "sampling_rate", "source_id", "start")

    source_id: SourceId
    start: int
    sampling_rate: Fraction
    data: npt.NDArray[Any]

    def __init__(self, source_id: SourceId, start: int, sampling_rate: Fraction, data: npt.NDArray[Any]) -> None:
        array = np.asarray(data)
        if array.ndim != 1:
            raise ValueError(f"{source_id}: a trace has one axis (sample), not {array.ndim}")
        view = array.view()
        view.flags.writeable = False
        set_attribute = object.__setattr__
        set_attribute(self, "source_id", source_id)
        set_attribute(self, "start", int(start))
        set_attribute(self, "sampling_rate", Fraction(sampling_rate))
        set_attribute(self, "data", view)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Trace is frozen: {name} cannot be set; make a new one")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Trace is frozen: {name} cannot be deleted")

    def __len__(self) -> int:
        return len(self.data)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Trace):
            return NotImplemented
        same = (self.source_id, self.start, self.sampling_rate) == (
            other.source_id,
            other.start,
            other.sampling_rate,
        )
        return same and self.data.dtype == other.data.dtype and np.array_equal(self.data, other.data)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return Trace, (self.source_id, self.start, self.sampling_rate, np.array(self.data))

    def __repr__(self) -> str:
        return f"Trace({self.source_id.nslc}, {self.span}, {float(self.sampling_rate):g} Hz, {len(self)} samples)"

    @property
    def end(self) -> int:
        """The time one sample after the last (ns)."""
        return self.time_of(len(self))

    @property
    def span(self) -> TimeSpan:
        """[first sample, one sample after the last)."""
        return TimeSpan(self.start, self.end)

    def time_of(self, index: int) -> int:
        """The time of a sample (ns)."""
        return self.start + index * SECOND * self.sampling_rate.denominator // self.sampling_rate.numerator

    def index_at_or_after(self, time: int) -> int:
        """The index of the first sample at or after a time, between 0 and the number of samples."""
        rate = self.sampling_rate
        index = -((self.start - time) * rate.numerator // (SECOND * rate.denominator))
        while index > 0 and self.time_of(index - 1) >= time:
            index -= 1
        while index < len(self) and self.time_of(index) < time:
            index += 1
        return min(max(index, 0), len(self))

    def cut(self, span: TimeSpan) -> Trace:
        """The samples whose times lie in a span (a view; possibly none)."""
        first, last = self.index_at_or_after(span.start), self.index_at_or_after(span.end)
        return Trace(self.source_id, self.time_of(first), self.sampling_rate, self.data[first : max(first, last)])


@final
class TraceWindow:
    """The traces of one station over one span, in order of source id and time."""

    __slots__ = ("span", "traces")

    span: TimeSpan
    traces: tuple[Trace, ...]

    def __init__(self, span: TimeSpan, traces: tuple[Trace, ...]) -> None:
        ordered = tuple(sorted(traces, key=lambda trace: (trace.source_id, trace.start)))
        object.__setattr__(self, "span", span)
        object.__setattr__(self, "traces", ordered)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a TraceWindow is frozen: {name} cannot be set")

    def __iter__(self) -> Iterator[Trace]:
        return iter(self.traces)

    def __len__(self) -> int:
        return len(self.traces)

    def __reduce__(self) -> tuple[Any, ...]:
        return TraceWindow, (self.span, self.traces)
