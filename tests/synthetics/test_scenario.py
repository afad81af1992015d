from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from wadati.errors import UsageError
from wadati.model import TimeSpan
from wadati.protocols import Source
from wadati.synthetics.instruments import FULL_SCALE
from wadati.synthetics.network import draw_network
from wadati.synthetics.recording import record
from wadati.synthetics.scenario import Scenario, calibrate, prepare, simulate
from wadati.units import SECOND


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return simulate(1, stations=30, minutes=5)


@pytest.fixture(scope="module")
def quiet() -> Scenario:
    """Nothing but the motion of the ground."""
    return simulate(11, stations=24, minutes=4, noise=False, defects=False)


def _mainshock(scenario: Scenario):
    return max(scenario.truth, key=lambda event: event.magnitude.value)


def test_same_seed_same_scenario_another_seed_another():
    one, again, other = (simulate(seed, stations=3, minutes=4) for seed in (1, 1, 2))
    assert one == again
    assert one.truth != other.truth
    assert one.traces != other.traces


def test_stations_in_any_order_and_alone_record_the_same():
    whole = simulate(3, stations=4, minutes=4)
    simulation = prepare(3, stations=4, minutes=4, spacing_km=5.0)
    scales = calibrate(dataclasses.replace(simulation, stations=simulation.stations[::-1]))
    for station in reversed(simulation.stations):
        traces, phases = record(simulation, station, scales, {}, noise=True, defects=True)
        assert sorted(traces, key=lambda t: (t.source_id, t.start)) == list(whole.read("XX", station.code))
        assert set(phases) <= set(whole.phases)


def test_scenario_is_a_source(scenario):
    assert isinstance(scenario, Source)
    assert not scenario.problems()
    span = scenario.span()
    assert span is not None
    assert 299 < span.seconds < 303
    cut = TimeSpan(span.start + 60 * SECOND, span.start + 70 * SECOND)
    code = scenario.inventory.stations()[0].code
    for trace in scenario.read("XX", code, cut):
        assert all(time in cut for time in (trace.start, trace.time_of(len(trace) - 1)))
    assert list(scenario.read("XX", "NONE")) == []
    assert {trace.source_id for trace in scenario.traces} == set(scenario.source_ids())


def test_samples_are_whole_counts_within_full_scale(scenario):
    assert {trace.data.dtype for trace in scenario.traces} == {np.dtype(np.int32)}
    assert max(int(np.abs(trace.data.astype(np.int64)).max()) for trace in scenario.traces) <= FULL_SCALE


def test_network_is_mixed_and_every_defect_is_there(scenario):
    stations = draw_network(1, 30, 5000.0)
    by_defect = {station.defect: station for station in stations if station.defect}
    channels = {channel.source_id.channel for channel in scenario.inventory}
    assert {"HHZ", "HNE", "EHZ", "BHN", "BH1", "BH2"} <= channels
    assert {channel.sampling_rate_hz for channel in scenario.inventory} == {50.0, 100.0, 200.0}
    traces = {name: list(scenario.read("XX", station.code)) for name, station in by_defect.items()}
    assert len(traces["gap"]) == 6
    before, after = traces["gap"][:2]
    assert 70 < (after.start - before.end) / SECOND <= 90
    assert sum(np.ptp(trace.data) == 0 for trace in traces["dead component"]) == 1
    assert len(traces["missing component"]) == 2
    assert max(int(trace.data.max()) for trace in traces["low full scale"]) == 2**19 - 1
    assert all((trace.start - scenario.span().start) / SECOND >= 0.99 for trace in traces["clock error"])
    jumps = [np.abs(np.diff(trace.data.astype(float), 2)).max() for trace in traces["spikes"]]
    assert min(jumps) > 300_000
    alone = [s for s in scenario.inventory.stations() if len({t.source_id for t in scenario.read(*s.key)}) == 1]
    assert len(alone) == 1


def test_near_broadbands_clip_in_the_mainshock_and_strong_motion_does_not(scenario):
    largest = {trace.source_id: int(np.abs(trace.data).max()) for trace in scenario.traces}
    assert max(v for sid, v in largest.items() if sid.band + sid.source == "HH") >= FULL_SCALE - 1
    assert max(v for sid, v in largest.items() if sid.source == "N") < FULL_SCALE / 8


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sequence_has_a_mainshock_and_overlapping_aftershocks(seed):
    simulation = prepare(seed, stations=30, minutes=20, spacing_km=5.0)
    events = simulation.events
    sizes = [event.magnitude for event in events]
    main = events[int(np.argmax(sizes))]
    assert 60 <= len(events) <= 120
    assert 4.3 < main.magnitude < 5.1
    assert min(sizes) >= 0.5
    assert sorted(sizes)[-2] <= main.magnitude - 1.0
    assert [event.time for event in events] == sorted(event.time for event in events)
    gaps = [(b.time - a.time) / SECOND for a, b in itertools.pairwise(events) if a.time > main.time]
    assert sum(gap < 10 for gap in gaps) > 10
    assert all(2000 < event.depth < 16000 for event in events)
    assert any(event.time < main.time for event in events)


def test_noise_free_magnitude_by_obspy_is_the_stated_one(quiet):
    """Independent: Wood–Anderson by ObsPy's `simulate_seismometer`, distances by ObsPy, formula written out."""
    from obspy.geodetics import gps2dist_azimuth
    from obspy.signal.invsim import simulate_seismometer

    wood_anderson = {
        "poles": [-5.49779 + 5.60886j, -5.49779 - 5.60886j],
        "zeros": [0j],
        "gain": 1.0,
        "sensitivity": 2080.0,
    }
    main = _mainshock(quiet)
    early = [e for e in quiet.truth if e is main or (e.origin.time < main.origin.time and e.magnitude.value > 1.0)]
    for event in early:
        values = []
        for station in quiet.inventory.stations():
            logs = []
            for trace in quiet.read(*station.key):
                channel = quiet.inventory.channel(trace.source_id, trace.start)
                if channel.source_id.subsource == "Z" or channel.source_id.source == "N":
                    continue
                response = channel.response
                poles = [complex(*pole) for pole in response.poles]
                zeros = [complex(*zero) for zero in response.zeros]
                s = 2j * np.pi * response.sensitivity_frequency_hz
                gain = 1 / abs(np.prod([s - z for z in zeros]) / np.prod([s - p for p in poles]))
                instrument = {"poles": poles, "zeros": zeros, "gain": gain, "sensitivity": response.sensitivity}
                part = trace.cut(TimeSpan(event.origin.time - 20 * SECOND, event.origin.time + 30 * SECOND))
                rate = float(trace.sampling_rate)
                drawn = simulate_seismometer(
                    part.data.astype(float), rate, instrument, wood_anderson, water_level=120.0, zero_mean=True
                )
                inside = drawn[int(20 * rate) :]
                logs.append(np.log10(np.ptp(inside) / 2 * 1000))
            if not logs:
                continue
            origin = event.origin
            metres, _, _ = gps2dist_azimuth(origin.latitude, origin.longitude, station.latitude, station.longitude)
            r = np.hypot(metres, origin.depth + station.elevation) / 1000
            values.append(np.mean(logs) + 1.110 * np.log10(r / 100) + 0.00189 * (r - 100) + 3.0)
        assert np.median(values) == pytest.approx(event.magnitude.value, abs=0.01)


def test_first_motion_is_at_the_true_arrival(quiet):
    main = _mainshock(quiet)
    late = []
    for phase in quiet.phases:
        if phase.phase == "P" and phase.event_id == main.event_id:
            vertical = next(t for t in quiet.read("XX", phase.station) if t.source_id.subsource == "Z")
            near = vertical.cut(TimeSpan(phase.time - SECOND, phase.time + SECOND // 2))
            size = np.abs(near.data - near.data[0])
            onset = int(np.argmax(size > 0.03 * size.max()))
            late.append((near.time_of(onset) - phase.time) / SECOND)
    assert len(late) == 24
    assert min(late) > -0.03
    assert abs(np.median(late)) < 0.015
    assert np.percentile(late, 90) < 0.04


def test_larger_events_stand_out_more():
    simulation = prepare(2, stations=6, minutes=4, spacing_km=5.0)
    alone = dataclasses.replace(simulation, events=simulation.events[:1])
    for station in alone.stations[:3]:
        ratios = [
            [phase.snr for phase in record(alone, station, np.array([scale]), {}, noise=True, defects=False)[1]]
            for scale in (0.001, 0.01, 1.0)
        ]
        p, s = np.array(ratios).T
        assert (np.diff(p) > 0).all()
        assert s[1] > s[0]


def test_recorded_phases_count_and_distribution(scenario):
    main = _mainshock(scenario)
    recorded = scenario.recorded()
    assert recorded[main.event_id] >= 28
    assert {event.event_id for event in scenario.well_recorded()} == {
        event_id for event_id, count in recorded.items() if count >= 6
    }
    p, s = scenario.snr_distribution()
    assert (p.phase, s.phase) == ("P", "S")
    assert p.count == len(scenario.truth) * 30
    assert list(p.deciles) == sorted(p.deciles)
    assert len(p.deciles) == 9
    assert p.recorded == sum(recorded.values())


def test_aftershock_right_behind_the_mainshock_is_buried(scenario):
    main = _mainshock(scenario)
    next_one = next(event for event in scenario.truth if event.origin.time > main.origin.time)
    assert next_one.magnitude.value < main.magnitude.value - 1
    assert scenario.recorded()[next_one.event_id] < 6 or next_one.origin.time - main.origin.time > 60 * SECOND


def test_written_files_give_the_scenario_back(tmp_path):
    from wadati.formats.catalogs import read_catalog
    from wadati.formats.miniseed import read_miniseed
    from wadati.formats.stationxml import read_stationxml

    scenario = simulate(4, stations=6, minutes=4)
    scenario.write(tmp_path)
    read = []
    assert all(trace.start % 1000 == 0 for trace in scenario.traces)
    for path in sorted((tmp_path / "waveforms").iterdir()):
        assert path.read_bytes()[6:7] == b"D"
        traces, problems = read_miniseed(path)
        assert not problems
        read += traces
    assert sorted(read, key=lambda trace: (trace.source_id, trace.start)) == list(scenario.traces)
    inventory, problems = read_stationxml(tmp_path / "stations.xml")
    assert not problems
    assert [c.source_id for c in inventory] == [c.source_id for c in scenario.inventory]
    catalog = read_catalog(tmp_path / "truth.csv")
    assert [e.event_id for e in catalog] == [e.event_id for e in scenario.truth]
    assert [e.magnitude.value for e in catalog] == [e.magnitude.value for e in scenario.truth]
    assert len((tmp_path / "truth_phases.csv").read_text().splitlines()) == 1 + len(scenario.phases)


def test_too_small_a_network_is_refused():
    with pytest.raises(UsageError, match="at least 3"):
        simulate(1, stations=2)


def test_obspy_reads_the_same_times_rates_and_samples(tmp_path):
    from obspy import read

    scenario = simulate(4, stations=6, minutes=4)
    scenario.write(tmp_path)
    theirs = sorted(
        (tr.id, tr.stats.starttime.ns, float(tr.stats.sampling_rate), tr.data.tobytes())
        for tr in read(str(tmp_path / "waveforms" / "*.mseed"))
    )
    ours = sorted(
        (trace.source_id.nslc, trace.start, float(trace.sampling_rate), trace.data.tobytes())
        for trace in scenario.traces
    )
    assert theirs == ours
