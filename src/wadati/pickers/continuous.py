"""From the records of a station to its picks: the one path that every runner takes.

Traces → one instrument → the picker's sampling rate → the sample axis → windows on the absolute grid → curves →
their mean → peaks → picks. Memory is bounded by the traces and a batch of windows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from wadati.model import Pick, SourceId, Trace, sampling_rate
from wadati.pickers.peaks import Peak, find_peaks
from wadati.protocols import Picker
from wadati.signal.axis import Record, Section, assemble
from wadati.signal.bands import choose_band, orient
from wadati.signal.resample import Resampled
from wadati.signal.windows import combine, cut_windows
from wadati.units import SECOND

SEPARATION = 50
"""Two picks of one phase are at least this many samples apart, of which the higher one stays."""

LOWEST_RATE = 10
"""Traces with fewer samples a second (Hz) are not picked on, whatever their band code says (`choose_band` goes by that
code alone): they hold nothing above 5 Hz, and onsets of local earthquakes do not show in them."""

_TICK = 100_000
_BATCH = 16


def pick_station(
    traces: Iterable[Trace], picker: Picker, *, source_ids: Iterable[SourceId] | None = None
) -> tuple[Pick, ...]:
    """The final picks of one station's traces, in order of time; the order and cuts of the traces do not matter.

    One instrument is picked on, the first of `choose_band`. Give all `source_ids` of the station where the traces
    are only a part of what there is, so that the choice does not depend on the part. A pick stands on the channel whose
    sample times it has: the vertical, or what stands in for it. Times are rounded to 0.1 ms and
    probabilities to 4 decimals. Nothing farther away than the picker's halo has a say in a pick.

    >>> from wadati.pickers.stalta import StaLta
    >>> noise = np.random.default_rng(1).normal(size=(3, 6000))
    >>> noise[:, 3000:] *= 20 * np.exp(-np.arange(3000) / 300)
    >>> ids = [SourceId.from_nslc("XX", "ABC", "", code) for code in ("HHZ", "HHN", "HHE")]
    >>> traces = [Trace(sid, 0, Fraction(100), data) for sid, data in zip(ids, noise)]
    >>> [(pick.phase_hint, round(pick.time / SECOND)) for pick in pick_station(traces, StaLta())]
    [('P', 30)]
    """
    held = tuple(traces)
    known = set(source_ids) if source_ids is not None else {t.source_id for t in held if t.sampling_rate >= LOWEST_RATE}
    picks: list[Pick] = []
    for section in station_sections(held, picker, known):
        windows = cut_windows(section, picker.grid, _BATCH)
        curves = ((firsts, picker.curves(cut, missing)) for firsts, cut, missing in windows)
        picks.extend(section_picks(section, picker, curves))
    return in_order(picks)


def in_order(picks: Iterable[Pick]) -> tuple[Pick, ...]:
    """Picks in order of time, each once."""
    return tuple(sorted(set(picks), key=lambda pick: (pick.time, pick.phase_hint, pick.pick_id)))


def station_sections(traces: Iterable[Trace], picker: Picker, source_ids: Iterable[SourceId]) -> list[Section]:
    """The instrument that is picked on, at the picker's rate and on one axis, in sections without long gaps."""
    instruments = choose_band(source_ids)
    if not instruments:
        return []
    letters = orient(source_id for source_id in source_ids if source_id.instrument_key == instruments[0])
    held = [trace for trace in traces if trace.sampling_rate >= LOWEST_RATE]
    records = _at_rate(held, letters, sampling_rate(picker.grid.sampling_rate_hz))
    return assemble(records, letters, picker.components, longest_gap=picker.grid.samples)


def _at_rate(traces: Sequence[Trace], letters: dict[SourceId, str], rate: Fraction) -> list[Record]:
    """The traces at the wanted rate as they are, the others resampled."""
    records: list[Record] = []
    others: dict[tuple[SourceId, Fraction], list[Trace]] = defaultdict(list)
    for trace in traces:
        if trace.sampling_rate == rate:
            records.append(trace)
        elif trace.source_id in letters:
            others[trace.source_id, trace.sampling_rate].append(trace)
    for (source_id, _), some in sorted(others.items()):
        sections = assemble(some, {source_id: letters[source_id]}, letters[source_id], longest_gap=1000)
        records.extend(Resampled(section, source_id, rate) for section in sections)
    return records


def section_picks(
    section: Section, picker: Picker, curves: Iterable[tuple[list[int], npt.NDArray[np.float32]]]
) -> Iterator[Pick]:
    """Picks from the curves of a section's windows: first indices and curves (window, row, sample) in rising order."""
    axis = section.axis
    for peak in find_peaks(combine(curves, picker.grid), picker.thresholds, SEPARATION):
        if not section.holds(peak.sample):
            continue
        time = axis.time_of(peak.sample) + round(peak.rest * SECOND / picker.grid.sampling_rate_hz)
        channel = axis.piece_of(peak.sample).source_id
        yield Pick.of(
            channel,
            picker.phases[peak.phase],
            (time + _TICK // 2) // _TICK * _TICK,
            time_uncertainty=picker.time_uncertainty[peak.phase],
            probability=round(min(peak.height, 1.0), 4),
            polarity=_polarity(peak, picker) if channel.subsource == "Z" else None,
            method=picker.name,
        )


def _polarity(peak: Peak, picker: Picker) -> str | None:
    """Up or down, where the picker says which a P first moves and is sure enough (its `first_motion`)."""
    needed = getattr(picker, "first_motion", None)
    if needed is None or picker.phases[peak.phase] != "P" or max(peak.beside) < needed:
        return None
    up, down = peak.beside
    return "positive" if up > down else "negative"
