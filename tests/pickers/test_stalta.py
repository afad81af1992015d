from fractions import Fraction

import numpy as np
import pytest

from wadati.model import SourceId, Trace
from wadati.pickers.continuous import pick_station
from wadati.pickers.stalta import StaLta

EVENTS = ((60.0, 3.1, 60.0), (130.0, 5.2, 25.0), (170.0, 1.9, 400.0))


def residuals(picks, start, phase, times):
    found = [(pick.time - start) / 1e9 for pick in picks if pick.phase_hint == phase]
    return [min((t - time for t in found), key=abs, default=np.inf) for time in times]


@pytest.mark.parametrize("seed", range(4))
def test_onsets_of_simulated_arrivals(earthquakes, traces, seed):
    records = traces(earthquakes(seed))
    picks = pick_station(records, StaLta())
    assert np.abs(residuals(picks, records[0].start, "P", [p for p, *_ in EVENTS])).max() < 0.08
    assert np.abs(residuals(picks, records[0].start, "S", [p + s for p, s, _ in EVENTS])).max() < 0.3
    assert len(picks) <= 8


def test_one_component_gives_p(earthquakes, traces):
    (vertical, *_) = traces(earthquakes(1))
    picks = pick_station([vertical], StaLta())
    assert np.abs(residuals(picks, vertical.start, "P", [p for p, *_ in EVENTS])).max() < 0.08


def spikes(data, rng):
    data[:, rng.integers(0, data.shape[1], 40)] += 10**6


def zeros(data, rng):
    for at in rng.integers(0, data.shape[1] - 600, 12):
        data[:, at : at + 500] = 0
    data += 12_345 * (data != 0)


def drift(data, rng):
    data += (3e5 * np.sin(np.arange(data.shape[1]) / 2000)).astype(np.int32)


def steps(data, rng):
    for at in rng.integers(0, data.shape[1], 12):
        data[:, at:] += 50_000


@pytest.mark.parametrize("fault", [spikes, zeros, drift, steps])
def test_faults_bring_no_flood_of_picks(earthquakes, traces, fault):
    data = earthquakes(5, minutes=10, events=())
    fault(data, np.random.default_rng(0))
    assert len(pick_station(traces(data), StaLta())) <= 16


def test_gaps_and_ends_are_no_arrivals(earthquakes, traces):
    records = traces(earthquakes(6, minutes=10, events=()) + 100_000)
    rng = np.random.default_rng(1)
    parts = []
    for record in records:
        at = 0
        while at < len(record):
            count = int(rng.integers(500, 6000))
            parts.append(
                Trace(record.source_id, record.time_of(at), record.sampling_rate, record.data[at : at + count])
            )
            at += count + int(rng.integers(1, 400))
    assert len(pick_station(parts, StaLta())) <= 2


def test_noise_gives_few_picks(earthquakes, traces):
    picks = pick_station(traces(earthquakes(8, minutes=30, events=())), StaLta())
    assert len(picks) <= 6


def test_a_local_earthquake_that_obspy_brings():
    """BW.RJOB, 2009-08-24, ObsPy's example; PhaseNet (2019) puts P at 4.705 s and S at 5.691 s."""
    import obspy

    records = [
        Trace(SourceId.from_nslc("BW", "RJOB", "", one.stats.channel), one.stats.starttime.ns, Fraction(100), one.data)
        for one in obspy.read()
    ]
    first = {pick.phase_hint: (pick.time - records[0].start) / 1e9 for pick in pick_station(records, StaLta())[::-1]}
    assert abs(first["P"] - 4.705) < 0.05
    assert abs(first["S"] - 5.691) < 0.1


def test_labelled_windows(shared):
    """Analysts' picks of Northern California; the weights that tell P from S have seen them."""
    rng = np.random.default_rng(7)
    found = {"P": [], "S": []}
    for path in sorted((shared / "data" / "ncedc-picks" / "windows").glob("*.npz"))[::2]:
        with np.load(path) as window:
            data, labels = window["data"].T, {"P": int(window["itp"]), "S": int(window["its"])}
        start = int(rng.integers(0, 3000)) * 10_000_000
        records = [
            Trace(SourceId.from_nslc("NC", "X", "", f"HH{c}"), start, Fraction(100), x)
            for c, x in zip("ENZ", data, strict=True)
        ]
        picks = pick_station(records, StaLta())
        for phase, label in labels.items():
            found[phase] += residuals(picks, start, phase, [label / 100])
    p, s = np.abs(found["P"]), np.abs(found["S"])
    assert (p <= 0.5).mean() >= 0.88
    assert np.median(p[p <= 0.5]) < 0.03
    assert (s <= 0.5).mean() >= 0.68
