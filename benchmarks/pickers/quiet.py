"""Records in which nobody knows of an earthquake: every pick there counts as false, though a few may be right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks.common import shared
from benchmarks.pickers.records import Record, moved, northern_california
from benchmarks.pickers.split import is_held_back
from wadati.model import SourceId, Trace, parse_time
from wadati.signal.bands import choose_band, orient
from wadati.units import SECOND

HALF_MINUTE = 30.0
_BEFORE = 25.0
TOWN = "ref_STS2", "ref_unknown"
"""ObsPy's packaged files of two seismometers in a town."""
_SEEDS = (7_700_001, 7_700_002)


def before_events(choose: Callable[[str, str], bool] = is_held_back) -> list[Record]:
    """The first 25 s of the labelled windows, P being at 30 s, as records of their own."""
    return [
        moved(replace(record, window=f"before {record.window}", data=record.data[:, : int(_BEFORE * 100)], labels=()))
        for record in northern_california(choose)
    ]


def ridgecrest_between_shocks() -> list[Record]:
    """Three stretches of 17:30 to 17:33, held back from training, between small events that no catalogue has.

    Those, at 37, 100, 115, 144 and 175 s after 17:30, were read from onsets at several stations, or P and S at the
    nearest one (PB.B921).
    """
    stretches = (("17:30:00", "17:30:36"), ("17:30:56", "17:31:39"), ("17:32:30", "17:32:54"))
    return [record for pair in stretches for record in _ridgecrest(*(f"2019-07-04T{time}Z" for time in pair))]


def ridgecrest_before_foreshock() -> list[Record]:
    """16:50 to 17:02: no reviewed event. Training may use it."""
    return _ridgecrest("2019-07-04T16:50:00Z", "2019-07-04T17:02:00Z")


def raspberry_shake() -> list[Record]:
    """Two cheap instruments in houses, with velocity and acceleration. Training may use them."""
    found = []
    for name in ("AM.R91E4.00.mseed", "testdata.ms"):
        traces = _read(shared("data", "raspberry-shake", name))
        found += [on_one_axis(f"raspberry-shake/{name}", traces)]
    return found


def two_sensors_in_a_town() -> list[Record]:
    """An hour of two seismometers side by side (vertical, 200 Hz), packaged with ObsPy."""
    import obspy

    folder = Path(obspy.__file__).with_name("signal") / "tests" / "data"
    return [on_one_axis(f"obspy/{name}", _read(folder / name)) for name in TOWN]


def simulated() -> list[Record]:
    """Simulated stations with their defects and no earthquake. Ours may have learnt from the same simulator."""
    from wadati.synthetics.recording import record
    from wadati.synthetics.scenario import prepare

    found = []
    for seed in _SEEDS:
        simulation = replace(prepare(seed, stations=12, minutes=4, spacing_km=5), events=())
        for station in simulation.stations:
            traces, _ = record(simulation, station, np.ones(0), {}, noise=True, defects=True)
            found.append(on_one_axis(f"simulated/{seed}/{station.code}", traces))
    return found


HELD_BACK = {
    "before the labelled events": before_events,
    "Ridgecrest 17:30-17:33": ridgecrest_between_shocks,
    "two sensors in a town": two_sensors_in_a_town,
}
"""Real records that training has not seen."""

LONGEST_SEEN = "Ridgecrest 16:50-17:02"

SEEN = {
    LONGEST_SEEN: ridgecrest_before_foreshock,
    "Raspberry Shake": raspberry_shake,
    "simulated": simulated,
}
"""Told apart: training may have used them, or others of the same make."""


def _ridgecrest(start: str, end: str) -> list[Record]:
    folder = shared("data", "ridgecrest-2019", "waveforms")
    span = parse_time(start), parse_time(end)
    return [
        on_one_axis(f"ridgecrest/{start}/{path.stem}", _read(path, *span)) for path in sorted(folder.glob("*.mseed"))
    ]


def _read(path: Path, start: int | None = None, end: int | None = None) -> list[Trace]:
    import obspy

    limits = {"starttime": start, "endtime": end}
    times = {name: obspy.UTCDateTime(ns=time) for name, time in limits.items() if time is not None}
    return list(_converted(obspy.read(str(path), **times)))


def _converted(stream: object) -> Iterator[Trace]:
    for one in stream:  # type: ignore[attr-defined]
        rate = Fraction(one.stats.sampling_rate).limit_denominator(1000)
        yield Trace(SourceId.from_nslc(*one.id.split(".")), one.stats.starttime.ns, rate, np.asarray(one.data))


def on_one_axis(window: str, traces: Iterable[Trace]) -> Record:
    """The best instrument of a station on one axis, gaps as missing samples."""
    held = list(traces)
    instrument = choose_band(trace.source_id for trace in held)[0]
    own = [trace for trace in held if trace.source_id.instrument_key == instrument]
    letters = orient(trace.source_id for trace in own)
    rate, start = own[0].sampling_rate, min(trace.start for trace in own)
    places = [round((trace.start - start) * rate / SECOND) for trace in own]
    ids = tuple(sorted(letters, key=lambda one: "ENZ".index(letters[one])))
    data = np.full((len(ids), max(place + len(trace) for place, trace in zip(places, own, strict=True))), np.nan)
    for place, trace in zip(places, own, strict=True):
        data[ids.index(trace.source_id), place : place + len(trace)] = trace.data
    return Record(window, ids, "".join(letters[one] for one in ids), rate, data, start=start)
