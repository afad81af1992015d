"""Picks of waveforms that somebody sends: what is asked, what is answered, and the way between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.errors import UsageError
from wadati.formats.channel_codes import channel_code
from wadati.model import Nanoseconds, Pick, SourceId, Trace, parse_time, sampling_rate
from wadati.pickers.continuous import LOWEST_RATE, in_order, section_picks, station_sections
from wadati.protocols import Picker
from wadati.signal.axis import Section
from wadati.signal.windows import combine, cut_windows

_BATCH = 16


class Samples(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Even samples of a channel, named `FDSN:NET_STA_LOC_B_S_S` or `NET.STA.LOC.CHA`; `start` in ISO 8601."""

    source_id: str
    start: str
    sampling_rate_hz: float
    samples: list[float]

    def trace(self) -> Trace:
        """The same as a trace. Raises `UsageError` for what names no channel or time."""
        text = self.source_id
        parts = text.split(".")
        if text.startswith("FDSN:"):
            source_id = SourceId.parse(text)
        elif len(parts) == 4:
            source_id = SourceId.from_nslc(*parts)
        else:
            raise UsageError(f"{text!r} is no channel; write NET.STA.LOC.CHA or FDSN:NET_STA_LOC_B_S_S")
        values = np.asarray(self.samples, np.float64)
        return Trace(source_id, parse_time(self.start), sampling_rate(self.sampling_rate_hz), values)


class PickRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants picked: traces of one station or many, by which picker, from which probabilities on.

    `thresholds` are by phase (`P`, `S`); without them the picker's own. With `curves` the probabilities are told.
    """

    traces: list[Samples]
    picker: str | None = None
    thresholds: dict[str, float] = {}
    curves: bool = False


class FoundPick(msgspec.Struct, frozen=True):
    """A pick as it is told to whoever asked (see `Pick`)."""

    pick_id: str
    source_id: str
    network: str
    station: str
    location: str
    channel: str
    phase: str
    time: Nanoseconds
    time_uncertainty: float
    probability: float
    polarity: str | None
    method: str

    @classmethod
    def of(cls, pick: Pick) -> FoundPick:
        """A pick in these words."""
        sid = pick.source_id
        return cls(
            pick.pick_id,
            str(sid),
            sid.network,
            sid.station,
            sid.location,
            channel_code(sid),
            pick.phase_hint,
            pick.time,
            pick.time_uncertainty,
            pick.probability,
            pick.polarity,
            pick.method,
        )


class Curves(msgspec.Struct, frozen=True):
    """Probabilities of phases at even times, one list a phase, rounded to 4 decimals."""

    source_id: str
    start: Nanoseconds
    sampling_rate_hz: float
    probabilities: dict[str, list[float]]


class PickReply(msgspec.Struct, frozen=True):
    """Picks in order of time, and what could not be used, in words."""

    picks: tuple[FoundPick, ...]
    picker: str
    problems: tuple[str, ...] = ()
    curves: tuple[Curves, ...] | None = None


class _At:
    """A picker with other thresholds."""

    def __init__(self, picker: Picker, thresholds: Mapping[str, float]) -> None:
        for phase, value in thresholds.items():
            if phase not in picker.phases or not 0 < value <= 1:
                raise UsageError(f"thresholds {phase}={value}: give {' or '.join(picker.phases)} above 0 and up to 1")
        self.name, self.grid, self.components, self.phases = picker.name, picker.grid, picker.components, picker.phases
        self.time_uncertainty = picker.time_uncertainty
        self.thresholds = tuple(
            thresholds.get(phase, usual) for phase, usual in zip(picker.phases, picker.thresholds, strict=True)
        )
        if hasattr(picker, "first_motion"):
            self.first_motion = picker.first_motion
        self.curves = picker.curves


def pick_traces(
    traces: Iterable[Trace], picker: Picker, *, thresholds: Mapping[str, float] | None = None, curves: bool = False
) -> PickReply:
    """The picks that a batch run makes of these traces, station by station.

    Raises `UsageError` for thresholds that cannot be. A station that fails is told in `problems` and costs no other.

    >>> from fractions import Fraction
    >>> from wadati.pickers.stalta import StaLta
    >>> z = SourceId.from_nslc("XX", "ABC", "", "HHZ")
    >>> pick_traces([Trace(z, 0, Fraction(100), np.zeros(6000))], StaLta()).picks
    ()
    """
    chosen = _At(picker, thresholds or {})
    by_station: dict[tuple[str, str], list[Trace]] = {}
    for trace in traces:
        by_station.setdefault(trace.source_id.station_key, []).append(trace)
    picks: list[Pick] = []
    told: list[Curves] = []
    problems = []
    for key, own in sorted(by_station.items()):
        known = {trace.source_id for trace in own if trace.sampling_rate >= LOWEST_RATE}
        name = ".".join(key)
        try:
            sections = station_sections(own, chosen, known)
            if not sections:
                problems.append(f"{name}: holds nothing that can be picked on; give components of one instrument")
            for section in sections:
                windows = cut_windows(section, chosen.grid, _BATCH)
                found = [(firsts, chosen.curves(cut, missing)) for firsts, cut, missing in windows]
                picks += section_picks(section, chosen, found)
                if curves and found:
                    told.append(_curves(section, chosen, found))
        except Exception as error:  # whatever somebody sent of one station must not cost the others
            problems.append(f"{name}: {type(error).__name__}: {error}")
    found_picks = tuple(map(FoundPick.of, in_order(picks)))
    return PickReply(found_picks, picker.name, tuple(problems), tuple(told) if curves else None)


def _curves(section: Section, picker: Picker, found: Sequence[tuple[list[int], npt.NDArray[np.float32]]]) -> Curves:
    """The mean curves over a section."""
    axis = section.axis
    blocks = list(combine(found, picker.grid))
    first = blocks[0][0]
    whole = np.concatenate([block for _, block in blocks], axis=1)
    kept = slice(max(axis.first - first, 0), axis.end - first)
    start = max(first, axis.first)
    probabilities = {
        phase: [round(value, 4) for value in whole[row, kept].tolist()] for row, phase in enumerate(picker.phases)
    }
    channel = axis.piece_of(start).source_id
    return Curves(str(channel), axis.time_of(start), float(picker.grid.sampling_rate_hz), probabilities)
