"""The sample axis: which sample stands beside which, and when each was taken.

Records state when their samples were taken, and that is never changed. Real clocks jitter, so consecutive records
seldom continue to the nanosecond, and the components of one sensor need not start together. The axis gives every
sample an integer index and keeps the record's own time for it:

- Each index has the time of one record, of the first component in order that has a sample there.
- A sample belongs to the index whose time lies less than half a sample away; records that agree within half a sample
  thus continue each other.
- Where two records of a component disagree about a sample, neither is believed: the sample is missing. Copies agree.
- A gap takes its times from what follows it.

Each of these looks only at samples nearby, never at where a record starts or in which order records come. Splitting,
repeating or shuffling the input therefore changes nothing, and cutting it changes nothing farther away.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from math import isfinite
from typing import Any, NamedTuple, Protocol, final

import numpy as np
import numpy.typing as npt

from wadati.model import SourceId
from wadati.units import SECOND


class Samples(Protocol):
    """What a record's samples must do: tell how many they are, and give a slice as an array."""

    def __len__(self) -> int: ...

    def __getitem__(self, key: slice, /) -> npt.NDArray[Any]: ...


class Record(Protocol):
    """A `Trace`, or anything with the same four attributes."""

    @property
    def source_id(self) -> SourceId:
        """What it is a record of."""
        ...

    @property
    def start(self) -> int:
        """The time of the first sample (ns)."""
        ...

    @property
    def sampling_rate(self) -> Fraction:
        """Samples a second."""
        ...

    @property
    def data(self) -> Samples:
        """The samples; those that are not finite are missing."""
        ...


class Piece(NamedTuple):
    """Consecutive indices timed by one source id: index `first` is at `start` ticks, and there are `samples`."""

    first: int
    start: int
    samples: int
    source_id: SourceId


@final
class Axis:
    """Times of indices, piece by piece. A tick is 1 / (numerator of the sampling rate) ns, so all times are exact.

    `first` is the first index and `end` one more than the last.
    """

    __slots__ = ("_indices", "pieces", "sampling_rate")

    sampling_rate: Fraction
    pieces: tuple[Piece, ...]

    def __init__(self, sampling_rate: Fraction, pieces: Iterable[Piece]) -> None:
        self.sampling_rate = sampling_rate
        self.pieces = tuple(pieces)
        self._indices = [piece.first for piece in self.pieces]

    @property
    def first(self) -> int:
        """The first index."""
        return self.pieces[0].first

    @property
    def end(self) -> int:
        """One more than the last index."""
        return self.pieces[-1].first + self.pieces[-1].samples

    @property
    def step(self) -> int:
        """The sampling interval in ticks."""
        return SECOND * self.sampling_rate.denominator

    @property
    def unit(self) -> int:
        """Ticks in a nanosecond."""
        return self.sampling_rate.numerator

    def piece_of(self, index: int) -> Piece:
        """The piece that times an index: the one that holds it, else the next one, else the last."""
        at = max(bisect_right(self._indices, index) - 1, 0)
        piece = self.pieces[at]
        if index >= piece.first + piece.samples and at + 1 < len(self.pieces):
            return self.pieces[at + 1]
        return piece

    def time_of(self, index: int) -> int:
        """The time of an index (ns, rounded down); gaps and what lies outside are counted on from a neighbour."""
        piece = self.piece_of(index)
        return (piece.start + (index - piece.first) * self.step) // self.unit

    def first_at_or_after(self, times: Sequence[int]) -> list[int]:
        """For each time (ns, in rising order) the index of the first sample at or after it, in gaps as outside."""
        step, unit = self.step, self.unit
        lasts = [piece.start + (piece.samples - 1) * step for piece in self.pieces]
        found = []
        for time in times:
            ticks = time * unit
            at = min(bisect_left(lasts, ticks), len(lasts) - 1)
            piece = self.pieces[at]
            index = piece.first - (piece.start - ticks) // step
            if at > 0:
                before = self.pieces[at - 1]
                index = max(index, before.first + before.samples)
            found.append(index)
        return found


class Segment(NamedTuple):
    """Samples `low` to `high` of a record, standing at index `first` and after."""

    first: int
    data: Samples
    low: int
    high: int


@final
class Section:
    """Samples of one sensor on one axis, without gaps longer than asked for; read in blocks as they are needed.

    `components` are letters in the order of the component axis. Nothing is copied until `read`.
    """

    __slots__ = ("_reach", "_segments", "axis", "components")

    axis: Axis
    components: str

    def __init__(self, axis: Axis, components: str, segments: Sequence[Sequence[Segment]]) -> None:
        self.axis = axis
        self.components = components
        self._segments = [sorted(one, key=lambda segment: segment.first) for one in segments]
        self._reach = [list(accumulate((s.first + s.high - s.low for s in one), max)) for one in self._segments]

    def read(self, first: int, end: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """Indices [first, end): samples and which are missing, both (component, sample); missing samples are 0."""
        shape = (len(self.components), end - first)
        data = np.empty(shape)
        held = np.zeros(shape, bool)
        doubted = np.zeros(shape, bool)
        for component, segments in enumerate(self._segments):
            for segment in segments[bisect_right(self._reach[component], first) :]:
                if segment.first >= end:
                    break
                low = max(segment.first, first)
                high = min(segment.first + segment.high - segment.low, end)
                if low >= high:
                    continue
                shift = segment.low - segment.first
                values = segment.data[low + shift : high + shift]
                at = component, slice(low - first, high - first)
                finite = np.isfinite(values)
                if held[at].any():
                    doubted[at] |= held[at] & finite & (data[at] != values)
                    np.copyto(data[at], values, where=finite)
                else:
                    data[at] = values
                held[at] |= finite
        missing = ~held | doubted
        if missing.any():
            data[missing] = 0
        return data, missing

    def holds(self, index: int) -> bool:
        """Whether any component has a sample at an index: what `read` says, at a fraction of its cost."""
        return any(
            len(values) == 1
            for values in (
                {sample for sample in _samples_at(segments[bisect_right(reach, index) :], index) if isfinite(sample)}
                for segments, reach in zip(self._segments, self._reach, strict=True)
            )
        )


def _samples_at(segments: Sequence[Segment], index: int) -> Iterator[float]:
    """The samples at an index of segments in order of their first ones."""
    for segment in segments:
        if segment.first > index:
            return
        at = index - segment.first + segment.low
        if at < segment.high:
            yield float(segment.data[at : at + 1][0])


def assemble(
    records: Iterable[Record], components: Mapping[SourceId, str], order: str, *, longest_gap: int
) -> list[Section]:
    """Sections of one sensor's records, all of one sampling rate, in order of time.

    `components` maps source ids to letters, and `order` is the order of the component axis; records of other source
    ids, and of letters that are not in `order`, are left out. Times come from Z where there is a Z sample, else from N,
    else from E. A gap of more than `longest_gap` samples begins a new section.

    >>> from wadati.model import Trace
    >>> z = SourceId.parse("FDSN:XX_ABC__H_H_Z")
    >>> records = [Trace(z, 0, Fraction(100), np.arange(3)), Trace(z, 42_000_000, Fraction(100), np.arange(3))]
    >>> (section,) = assemble(records, {z: "Z"}, "Z", longest_gap=100)
    >>> section.read(0, 7)[0], [section.axis.time_of(k) // 1_000_000 for k in range(7)]
    (array([[0., 1., 2., 0., 0., 1., 2.]]), [0, 10, 20, 32, 42, 52, 62])
    """
    standing = {source_id for source_id, letter in components.items() if letter in order}
    wanted = [record for record in records if record.source_id in standing and len(record.data)]
    if not wanted:
        return []
    (rate,) = {record.sampling_rate for record in wanted}
    step = SECOND * rate.denominator
    starts = _starts(wanted, rate)
    laid = _lay(
        sorted(
            ("ZNE".index(components[record.source_id]), start % step, start, len(record.data), record.source_id)
            for record, start in zip(wanted, starts, strict=True)
        ),
        step,
    )
    pieces: list[Piece] = []
    breaks = [0]
    for start, count, source_id in laid:
        index = 0
        if pieces:
            last = pieces[-1]
            missing = max(_nearest(start - last.start - (last.samples - 1) * step, step), 1) - 1
            index = last.first + last.samples + missing
            if missing > longest_gap:
                breaks.append(len(pieces))
        pieces.append(Piece(index, start, count, source_id))
    segments = _stand(wanted, starts, pieces, components, order, step)
    return [
        Section(Axis(rate, pieces[low:high]), order, [_within(one, pieces[low], pieces[high - 1]) for one in segments])
        for low, high in pairwise([*breaks, len(pieces)])
    ]


def _nearest(ticks: int, step: int) -> int:
    return (2 * ticks + step) // (2 * step)


def _ceil(ticks: int, step: int) -> int:
    return -(-ticks // step)


def _starts(records: Sequence[Record], rate: Fraction) -> list[int]:
    """The start of each record in ticks.

    Where the interval is no whole number of nanoseconds, a record cut from another starts up to 1 ns before its true
    time, one cut from that 2 ns; starts whose phases differ by no more are taken for the latest of them.
    """
    unit, step = rate.numerator, SECOND * rate.denominator
    starts = [record.start * unit for record in records]
    if step % unit == 0:
        return starts
    phases = sorted({start % step for start in starts})
    snapped = {phases[-1]: phases[-1]}
    for phase, after in reversed(list(pairwise(phases))):
        snapped[phase] = snapped[after] if snapped[after] - phase <= 2 * unit else phase
    round_again = snapped[phases[0]] + step
    snapped |= {phase: round_again for phase in phases if round_again - phase <= 2 * unit}
    return [start - start % step + snapped[start % step] for start in starts]


def _lay(runs: Sequence[tuple[int, int, int, int, SourceId]], step: int) -> list[tuple[int, int, SourceId]]:
    """Pieces (start, count, source id) of the axis, from runs (rank, phase, start, count, source id) in that order.

    Each run adds those of its samples that no run before it has a sample within half an interval of.
    """
    pieces: list[tuple[int, int, SourceId]] = []
    for start, count, source_id in _joined(runs, step):
        low = bisect_right(pieces, start, key=lambda piece: piece[0])
        high = bisect_left(pieces, start + count * step, key=lambda piece: piece[0])
        free: list[tuple[int, int, SourceId]] = []
        for gap in range(low, high + 1):
            k0, k1 = 0, count
            if gap > 0:
                last = pieces[gap - 1][0] + (pieces[gap - 1][1] - 1) * step
                k0 = max(_ceil(2 * (last - start) + step, 2 * step), 0)
            if gap < len(pieces):
                k1 = min(_ceil(2 * (pieces[gap][0] - start) - step, 2 * step), count)
            if 0 < gap < len(pieces) and _nearest(pieces[gap][0] - last, step) < 2:
                continue
            if k0 < k1:
                free.append((start + k0 * step, k1 - k0, source_id))
        for piece in free:
            insort(pieces, piece)
    return pieces


def _joined(runs: Iterable[tuple[int, int, int, int, SourceId]], step: int) -> Iterable[tuple[int, int, SourceId]]:
    """Runs of one rank and phase that touch or overlap, as one."""
    held: tuple[int, int, int, int, SourceId] | None = None
    for rank, phase, start, count, source_id in runs:
        if (
            held is not None
            and held[:2] == (rank, phase)
            and held[4] == source_id
            and start <= held[2] + held[3] * step
        ):
            held = (*held[:3], max(held[3], (start - held[2]) // step + count), source_id)
            continue
        if held is not None:
            yield held[2:]
        held = (rank, phase, start, count, source_id)
    if held is not None:
        yield held[2:]


def _stand(
    records: Sequence[Record],
    starts: Sequence[int],
    pieces: Sequence[Piece],
    components: Mapping[SourceId, str],
    order: str,
    step: int,
) -> list[list[Segment]]:
    """Where each record's samples stand on the axis, one list a component."""
    segments: list[list[Segment]] = [[] for _ in order]
    for record, start in zip(records, starts, strict=True):
        component, count = order.index(components[record.source_id]), len(record.data)
        at = max(bisect_right(pieces, start, key=lambda piece: piece.start) - 1, 0)
        while at < len(pieces) and pieces[at].start <= start + count * step:
            piece = pieces[at]
            k0 = max(_ceil(2 * (piece.start - start) - step, 2 * step), 0)
            k1 = min(_ceil(2 * (piece.start + (piece.samples - 1) * step - start) + step, 2 * step), count)
            if k0 < k1:
                index = piece.first + _nearest(start + k0 * step - piece.start, step)
                segments[component].append(Segment(index, record.data, k0, k1))
            at += 1
    return segments


def _within(segments: Iterable[Segment], first: Piece, last: Piece) -> list[Segment]:
    end = last.first + last.samples
    return [segment for segment in segments if first.first <= segment.first < end]
