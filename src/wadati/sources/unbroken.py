"""Runs without a gap, however the records of a channel are cut into files and in whatever order they come."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from fractions import Fraction

from wadati.model import SourceId, TimeSpan
from wadati.units import SECOND

Stretch = tuple[int, SourceId, Fraction]
"""What a run is of: the number of a selection, a channel, its sampling rate."""


class Unbroken:
    """The runs of some records, of which those are kept that are as long as `shortest` (s), or the longest.

    Records follow one another where the next begins no later than half a sample after the end of one before. With
    `longest_only`, one run is kept of each channel and selection, the first of several that are as long.

    >>> sid = SourceId.parse("FDSN:XX_ABC__H_H_Z")
    >>> spans = [TimeSpan(start * SECOND, (start + 1) * SECOND) for start in (7, 0, 1)]
    >>> kept = Unbroken((((0, sid, Fraction(100)), span) for span in spans), 2.0, longest_only=False)
    >>> [kept.hold((0, sid, Fraction(100)), span) for span in spans]
    [False, True, True]
    """

    def __init__(self, records: Iterable[tuple[Stretch, TimeSpan]], shortest: float, *, longest_only: bool) -> None:
        pieces: dict[Stretch, list[TimeSpan]] = {}
        for stretch, span in records:
            own = pieces.setdefault(stretch, [])
            # Most records follow the one before, so that what is kept of a channel is about as much as it has gaps.
            if own and _follows(own[-1], span, stretch[2]) and own[-1].start <= span.start:
                own[-1] = TimeSpan(own[-1].start, max(own[-1].end, span.end))
            else:
                own.append(span)
        self._kept = {
            stretch: [run for run in _joined(own, stretch[2]) if run.seconds >= shortest]
            for stretch, own in pieces.items()
        }
        if longest_only:
            self._keep_longest()

    def hold(self, stretch: Stretch, span: TimeSpan) -> bool:
        """Whether a record belongs to a run that is kept."""
        runs = self._kept.get(stretch, [])
        behind = bisect.bisect_right(runs, span.start, key=_start)
        return behind > 0 and span.end <= runs[behind - 1].end

    def _keep_longest(self) -> None:
        best: dict[tuple[int, SourceId], tuple[int, int, Stretch]] = {}
        for stretch, runs in self._kept.items():
            for run in runs:
                found = run.start - run.end, run.start, stretch
                key = stretch[:2]
                best[key] = min(best.get(key, found), found)
        self._kept = {stretch: [TimeSpan(start, start - negative)] for negative, start, stretch in best.values()}


def _start(run: TimeSpan) -> int:
    return run.start


def _joined(pieces: list[TimeSpan], rate: Fraction) -> list[TimeSpan]:
    runs: list[TimeSpan] = []
    for piece in sorted(pieces):
        if runs and _follows(runs[-1], piece, rate):
            runs[-1] = TimeSpan(runs[-1].start, max(runs[-1].end, piece.end))
        else:
            runs.append(piece)
    return runs


def _follows(before: TimeSpan, span: TimeSpan, rate: Fraction) -> bool:
    return span.start - before.end <= SECOND / rate / 2
