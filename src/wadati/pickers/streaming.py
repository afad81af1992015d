"""Picks of stations whose records go on coming: early ones each second, final ones once nothing can change them.

A *final* pick is the one that `pick_station` gives for the whole record, whatever the packets were: the same sections,
the same windows on the absolute grid, the same mean and peaks, made once the data around it are complete. A window's
curves are computed once and kept until they are no longer needed.

An *early* pick comes from a window that ends with the latest sample. It is told as soon as it is seen and is confirmed
or withdrawn when its time is final. What follows an onset decides what it is, so an early P has to stand higher than a
final one, the more so the fewer samples follow (`EarlyRules`).

Windows of all stations go through the network together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from wadati.model import Pick, SourceId, TimeSpan, Trace, seconds
from wadati.pickers.continuous import in_order, section_picks, station_sections
from wadati.protocols import Grid, Picker
from wadati.signal.axis import Section
from wadati.signal.bands import choose_band
from wadati.signal.ring import Ring
from wadati.signal.windows import window_starts, windows_at
from wadati.units import MINUTE, SECOND

Key = tuple[str, str]
Curves = npt.NDArray[np.float32]

BATCH = 16
_RESAMPLING = 5 * SECOND
_BESIDE = SECOND
_SAME = SECOND // 2


@dataclass(frozen=True)
class EarlyRules:
    """When a peak near the end of the record is an early pick.

    At least `after_s` of samples follow it; its height is at least `lowest`, and where less than `sure_after_s`
    follow, `height` (by phase). Only the last `reach_s` of a window are looked at, and nothing within `begin_s` of the
    beginning of a record, which looks like an onset. A P is picked where there is a vertical sample, an S where there
    is a horizontal one.
    """

    lowest: float = 0.35
    height: tuple[tuple[str, float], ...] = (("P", 0.45), ("S", 0.75))
    after_s: float = 0.25
    sure_after_s: float = 4.0
    reach_s: float = 12.0
    begin_s: float = 10.0

    def least(self, phase: str, after_s: float) -> float:
        """The height that an early pick needs with so many seconds after it."""
        if after_s < self.after_s:
            return np.inf
        return max(self.lowest, dict(self.height).get(phase, 0.7)) if after_s < self.sure_after_s else self.lowest


class Final(NamedTuple):
    """The final picks of a station within a span, and those that follow within `ahead`.

    `again` where the span had been final before and late records came.
    """

    key: Key
    span: TimeSpan
    picks: tuple[Pick, ...]
    following: tuple[Pick, ...] = ()
    again: bool = False


@dataclass
class StationState:
    """What is kept of one station: its records, until when picks are final, and the curves of windows by instant."""

    ring: Ring = field(default_factory=Ring)
    final_until: int | None = None
    heard: int = 0
    arrived: int = 0
    too_late: int = 0
    channels: set[SourceId] = field(default_factory=set)
    curves: dict[int, Curves] = field(default_factory=dict)
    early: list[Pick] = field(default_factory=list)
    again: list[TimeSpan] = field(default_factory=list)


class _Work(NamedTuple):
    """A section of a station with the windows it needs: instants and first indices."""

    state: StationState
    section: Section
    starts: dict[int, int]


class StreamingPicker:
    """Picks of many stations at once, from records in any order.

    `patience` (ns) is how far a channel may lag behind the others of its station, and how long a station may be silent,
    before picks become final without it; `keep` is how long records are held after their time is final; picks become
    final in steps of at least `step`, each with those of the next `ahead`.

    >>> from fractions import Fraction
    >>> from wadati.pickers.stalta import StaLta
    >>> noise = np.random.default_rng(1).normal(size=12_000)
    >>> noise[3000:] *= 1 + 20 * np.exp(-np.arange(9000) / 300)
    >>> z = SourceId.parse("FDSN:XX_ABC__H_H_Z")
    >>> stream = StreamingPicker(StaLta())
    >>> cuts = [Trace(z, at * 10_000_000, Fraction(100), noise[at : at + 400]) for at in range(0, 12_000, 400)]
    >>> all(stream.add(trace) for trace in cuts)
    True
    >>> [round(pick.time / SECOND) for final in stream.final(None) for pick in final.picks]
    [30]
    """

    def __init__(
        self,
        picker: Picker,
        *,
        rules: EarlyRules | None = None,
        patience: int = 30 * SECOND,
        keep: int = 4 * MINUTE,
        keep_horizontals: int = 0,
        step: int = 10 * SECOND,
        ahead: int = 0,
    ) -> None:
        self.picker = picker
        self.rules = rules or EarlyRules()
        self.patience, self.keep, self.step, self.ahead = patience, keep, step, ahead
        self.keep_horizontals = max(keep, keep_horizontals)
        grid = picker.grid
        self.window = round(grid.samples * SECOND / grid.sampling_rate_hz)
        self.halo = self.window + _RESAMPLING
        """A final pick depends on no sample farther away (ns)."""
        self.early_grid = Grid(getattr(picker, "early_samples", grid.samples), grid.hop, 0, grid.sampling_rate_hz)
        self.states: dict[Key, StationState] = {}
        self.failures: dict[Key, str] = {}
        """Stations on which the picker failed since this was last emptied, and what it said."""

    def add(self, trace: Trace, now: int = 0) -> bool:
        """Take a record that came at `now` (ns); False where it says nothing new, or is too old to be placed.

        Too old is what ends `keep` before the time that is final.
        """
        if not len(trace):
            return False
        state = self.states.setdefault(trace.source_id.station_key, StationState())
        if state.final_until is not None and trace.end < state.final_until - self.keep:
            state.too_late += 1
            return False
        if not state.ring.add(trace):
            return False
        state.channels.add(trace.source_id)
        state.heard, state.arrived = max(state.heard, trace.end), max(state.arrived, now)
        if state.final_until is None:
            state.final_until = trace.start - self.halo
        elif trace.start < state.final_until + self.halo:
            self._reopen(state, trace)
        return True

    def restore(self, key: Key, final_until: int, traces: Iterable[Trace]) -> None:
        """Take up a station where another process left it: until when its picks are final, and its last records."""
        # A late record may have been written down and not yet looked at.
        again = [TimeSpan(final_until - 2 * MINUTE, final_until)]
        state = self.states[key] = StationState(final_until=final_until, again=again)
        for trace in traces:
            state.ring.add(trace)
            state.channels.add(trace.source_id)
            state.heard = max(state.heard, trace.end)

    def _reopen(self, state: StationState, trace: Trace) -> None:
        """A record within what has been looked at: its windows are made again, and its picks where they were final."""
        assert state.final_until is not None
        span = TimeSpan(trace.start, trace.end).widen(self.halo + self.ahead, self.halo)
        for instant in [k for k in state.curves if span.start - self.window < k < span.end]:
            del state.curves[instant]
        if span.start < state.final_until:
            state.again.append(TimeSpan(span.start, min(span.end, state.final_until)))

    def frontier(self, state: StationState, now: int | None) -> int:
        """Until when (ns) the records of a station are complete, as far as is waited for them."""
        assert state.final_until is not None
        if now is None or now - state.arrived > self.patience:
            return state.heard + 2 * self.halo + self.ahead
        instruments = choose_band(state.channels)
        own = [sid for sid in state.channels if instruments and sid.instrument_key == instruments[0]]
        waited = state.heard - self.patience
        since = max(state.final_until + self.halo - _RESAMPLING, waited)
        return max(min((state.ring.reaches(sid, since) for sid in own), default=waited), waited)

    def due(self, now: int | None) -> list[tuple[Key, StationState, int]]:
        """Stations that have something to make final, and until when."""
        found = []
        for key, state in self.states.items():
            if state.final_until is None:
                continue
            most = state.heard - self.halo - _BESIDE - self.ahead
            silent = now is None or now - state.arrived > self.patience
            if not silent and not state.again and most < state.final_until + self.step:
                continue  # the frontier is never beyond what was heard
            until = self.frontier(state, now) - self.halo - _BESIDE - self.ahead
            rest = until >= state.heard and until > state.final_until
            if until >= state.final_until + self.step or rest or state.again:
                found.append((key, state, max(until, state.final_until)))
        return found

    def final(self, now: int | None) -> list[Final]:
        """Picks that became final, at the time `now` of the records' clock; with None no more records are awaited."""
        due = self.due(now)
        plans: list[tuple[Key, StationState, TimeSpan, list[_Work], bool]] = []
        for key, state, until in due:
            assert state.final_until is not None
            spans = [(span, True) for span in _joined(state.again)]
            if until > state.final_until:
                spans.append((TimeSpan(state.final_until, until), False))
            plans += [(key, state, span, self._works(state, span), again) for span, again in spans]
            state.again = []
            state.final_until = until
        self._evaluate([work for *_, works, _ in plans for work in works])
        results = []
        for key, state, span, works, again in plans:
            picks = in_order(pick for work in works for pick in self._picks(work, state.curves))
            within = tuple(pick for pick in picks if span.start <= pick.time < span.end)
            following = tuple(pick for pick in picks if span.end <= pick.time < span.end + self.ahead)
            results.append(Final(key, span, within, following, again))
        for _, state, _ in due:
            self._forget(state)
        return results

    def _works(self, state: StationState, span: TimeSpan) -> list[_Work]:
        wide = span.widen(self.halo + _BESIDE, self.halo + _BESIDE + self.ahead)
        works = []
        for section in station_sections(state.ring.traces(wide), self.picker, state.channels):
            starts = window_starts(
                section, self.picker.grid, span.start - _BESIDE - self.window, span.end + _BESIDE + self.ahead
            )
            if starts:
                works.append(_Work(state, section, starts))
        return works

    def _evaluate(self, works: Sequence[_Work]) -> None:
        """Compute the curves that are not known, windows of all stations together."""
        missing = []
        for work in works:
            wanted = {k: first for k, first in work.starts.items() if k not in work.state.curves}
            if not wanted:
                continue
            cut = windows_at(work.section, self.picker.grid, list(wanted.values()))
            kept = set(cut.firsts)
            instants = [instant for instant, first in wanted.items() if first in kept]
            missing += [(work.state, *one) for one in zip(instants, cut.windows, cut.missing, strict=True)]
        for at in range(0, len(missing), BATCH):
            some = missing[at : at + BATCH]
            curves = self._curves([(state, windows, gone) for state, _, windows, gone in some])
            for (state, instant, *_), curve in zip(some, curves, strict=True):
                state.curves[instant] = curve

    def _curves(self, cuts: Sequence[tuple[StationState, Any, Any]]) -> Curves:
        """The curves of windows of several stations; 0 where the picker fails, which costs no other station."""
        try:
            return self.picker.curves(np.stack([cut[1] for cut in cuts]), np.stack([cut[2] for cut in cuts]))
        except Exception as error:  # a picker is anybody's code
            if len(cuts) > 1:
                return np.concatenate([self._curves([cut]) for cut in cuts])
            ((state, windows, _),) = cuts
            self.failures[min(state.channels).station_key] = f"{type(error).__name__}: {error}"
            rows = len(self.picker.thresholds) + 2 * (getattr(self.picker, "first_motion", None) is not None)
            return np.zeros((1, rows, windows.shape[-1]), np.float32)

    def _picks(self, work: _Work, curves: dict[int, Curves]) -> Iterable[Pick]:
        held = [(first, curves[instant]) for instant, first in work.starts.items() if instant in curves]
        if not held:
            return ()
        return section_picks(work.section, self.picker, (([first], curve[None]) for first, curve in held))

    def _forget(self, state: StationState) -> None:
        assert state.final_until is not None
        state.ring.forget(state.final_until - self.keep_horizontals, state.final_until - self.keep)
        # A late record has them made again where it needs them.
        oldest = state.final_until - self.window - 2 * _BESIDE
        state.curves = {instant: one for instant, one in state.curves.items() if instant > oldest}
        state.early = [pick for pick in state.early if pick.time >= state.final_until - self.window]

    def early(self, keys: Iterable[Key]) -> list[Pick]:
        """New early picks of stations, from windows that end with their latest samples."""
        grid, rules = self.early_grid, self.rules
        cuts: list[tuple[StationState, Section, int, Any, Any]] = []
        reaching = round(grid.samples * SECOND / grid.sampling_rate_hz) + _RESAMPLING + _BESIDE
        for key in keys:
            state = self.states.get(key)
            if state is None:
                continue
            end = state.ring.end() or 0
            held = state.ring.traces(TimeSpan(end - reaching, end))
            sections = station_sections(held, self.picker, state.channels)
            if not sections:
                continue
            section = sections[-1]
            first = section.axis.end - grid.samples
            cut = windows_at(section, grid, [first])
            if cut.firsts:
                cuts.append((state, section, first, cut.windows[0], cut.missing[0]))
        found: list[Pick] = []
        reach = round(rules.reach_s * grid.sampling_rate_hz)
        for at in range(0, len(cuts), BATCH):
            some = cuts[at : at + BATCH]
            curves = self._curves([(cut[0], cut[3], cut[4]) for cut in some])
            low = np.array(self.picker.thresholds)[:, None]
            lively = (curves[:, : len(self.picker.thresholds), -reach:] >= np.maximum(low, rules.lowest)).any(
                axis=(1, 2)
            )
            for k in np.flatnonzero(lively):
                state, section, first, _, missing = some[k]
                found += self._new_early(state, section, first, curves[k], missing)
        return found

    def _new_early(self, state: StationState, section: Section, first: int, curve: Curves, missing: Any) -> list[Pick]:
        grid, axis = self.early_grid, section.axis
        shown = curve.copy()
        shown[:, : grid.samples - round(self.rules.reach_s * grid.sampling_rate_hz)] = 0
        last = axis.time_of(first + grid.samples - 1)
        begin = axis.time_of(axis.first) + seconds(self.rules.begin_s)
        upright = np.array([letter == "Z" for letter in self.picker.components])
        new = []
        for pick in section_picks(section, _OnGrid(self.picker, grid), [([first], shown[None])]):
            if pick.probability < self.rules.least(pick.phase_hint, (last - pick.time) / SECOND):
                continue
            sample = min(
                max(round((pick.time - axis.time_of(first)) * grid.sampling_rate_hz / SECOND), 0), grid.samples - 1
            )
            seen = ~missing[upright if pick.phase_hint == "P" else ~upright, sample]
            if not seen.any() or pick.time < begin or (state.final_until is not None and pick.time < state.final_until):
                continue
            if not any(one.phase_hint == pick.phase_hint and abs(one.time - pick.time) < _SAME for one in state.early):
                state.early.append(pick)
                new.append(pick)
        return new


class _OnGrid:
    """A picker as it is, but for the windows it is asked about."""

    def __init__(self, picker: Picker, grid: Grid) -> None:
        self._picker, self.grid = picker, grid

    def __getattr__(self, name: str) -> Any:
        return getattr(self._picker, name)


def _joined(spans: Iterable[TimeSpan]) -> list[TimeSpan]:
    """Spans that touch, as one."""
    joined: list[TimeSpan] = []
    for span in sorted(spans, key=lambda span: span.start):
        if joined and span.start <= joined[-1].end:
            joined[-1] = TimeSpan(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
