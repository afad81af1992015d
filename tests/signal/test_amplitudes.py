from fractions import Fraction
from itertools import pairwise

import numpy as np
import obspy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from obspy.signal.invsim import simulate_seismometer

from wadati.model import Channel, Response, SourceId, TimeSpan, Trace, parse_time
from wadati.model.amplitude import BIN
from wadati.signal.amplitudes import BLOCK, HALO, SETTLE, amplitude_tracks
from wadati.signal.clipping import HALO_S
from wadati.signal.wood_anderson import WoodAndersonFilter
from wadati.units import MINUTE, SECOND

EAST = SourceId.parse("FDSN:XX_ABC__H_H_E")
START = parse_time("2019-07-04T17:02:13.997986")


def channel(response=Response(6.27e8, "m/s"), sid=EAST):  # noqa: B008 - frozen
    return Channel(sid, 35.0, -117.5, 700.0, response)


def record(seconds=1000, rate=100, seed=0, start=START):
    rate = Fraction(rate)
    n = int(seconds * rate)
    data = np.cumsum(np.random.default_rng(seed).normal(size=n) * 1000).astype(np.int32)
    return Trace(EAST, start, rate, data)


def assert_same(some, others):
    assert len(some) == len(others)
    for one, other in zip(some, others, strict=True):
        assert (one.source_id, one.first_bin, len(one)) == (other.source_id, other.first_bin, len(other))
        for name in ("minimum", "maximum", "clipped"):
            assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name != "clipped")


@settings(max_examples=15)
@given(st.lists(st.integers(0, 1000 * SECOND), max_size=6), st.sampled_from([100, 40, Fraction(100, 3)]), st.randoms())
def test_splitting_copying_and_shuffling_change_no_bit(cuts, rate, random):
    whole = record(rate=rate)
    times = [0, *(START + cut for cut in sorted(cuts)), 2**62]
    pieces = [whole.cut(TimeSpan(a, b)) for a, b in pairwise(times)]
    pieces += pieces[:2]
    random.shuffle(pieces)
    assert_same(amplitude_tracks(pieces, channel()), amplitude_tracks([whole], channel()))


@settings(max_examples=15)
@given(st.integers(0, 500), st.integers(1, 600))
def test_shortening_changes_nothing_beyond_the_halo(first, length):
    whole = record()
    (track,) = amplitude_tracks([whole], channel())
    span = TimeSpan(START + first * SECOND, START + (first + length) * SECOND)
    for part in amplitude_tracks([whole.cut(span)], channel()):
        low = -(-(span.start + HALO) // BIN) if first else part.first_bin
        high = (span.end - round(HALO_S) * SECOND) // BIN if first + length < 1000 else part.first_bin + len(part)
        if low >= high:
            continue
        ours = slice(low - part.first_bin, high - part.first_bin)
        theirs = slice(low - track.first_bin, high - track.first_bin)
        for name in ("minimum", "maximum", "clipped"):
            one, other = getattr(part, name)[ours], getattr(track, name)[theirs]
            assert np.array_equal(one, other, equal_nan=name != "clipped")


def test_shortening_changes_little_within_the_halo():
    # The record below starts in the middle of strong motion, the worst case for the filter's start.
    whole = record()
    (track,) = amplitude_tracks([whole], channel())
    (part,) = amplitude_tracks([whole.cut(TimeSpan(START + 400 * SECOND, 2**62))], channel())
    theirs = track.maximum[part.first_bin - track.first_bin :]
    far = slice(2 * 61, None)
    np.testing.assert_allclose(part.maximum[far], theirs[far], atol=2e-3 * np.nanmax(np.abs(theirs)))


def test_bins_hold_the_extremes_of_the_filtered_record():
    whole = record(seconds=200, start=parse_time("2019-07-04T17:00:30"))
    (track,) = amplitude_tracks([whole], channel())
    filtered, _ = WoodAndersonFilter(Response(6.27e8, "m/s"), 100.0).process(whole.data)
    bins = filtered.reshape(-1, 50)
    settled = SETTLE // BIN
    np.testing.assert_array_equal(track.maximum[settled:], bins.max(axis=1)[settled:].astype(np.float32))
    np.testing.assert_array_equal(track.minimum[settled:], bins.min(axis=1)[settled:].astype(np.float32))
    assert np.isnan(track.maximum[:settled]).all()


def test_a_gap_is_nan_and_the_filter_restarts():
    whole = record(seconds=300, start=0)
    pieces = [whole.cut(TimeSpan(0, 100 * SECOND)), whole.cut(TimeSpan(130 * SECOND, 2**62))]
    (track,) = amplitude_tracks(pieces, channel())
    finite = np.isfinite(track.maximum)
    expected = np.zeros(600, bool)
    expected[60:200] = expected[320:] = True
    assert np.array_equal(finite, expected)
    (alone,) = amplitude_tracks(pieces[1:], channel())
    assert np.array_equal(track.maximum[320:], alone.maximum[60:])


@pytest.mark.parametrize("blocks", [1, 3, 20])
def test_how_many_blocks_are_looked_at_together_changes_no_bit(monkeypatch, blocks):
    whole = record(seconds=2500)
    cuts = [(0, 700), (703, 1190), (1250, 1300), (1302, 2500)]
    pieces = [whole.cut(TimeSpan(START + a * SECOND, START + b * SECOND)) for a, b in cuts]
    expected = amplitude_tracks(pieces, channel())
    monkeypatch.setattr("wadati.signal.amplitudes._AT_ONCE", blocks * BLOCK // BIN)
    assert_same(amplitude_tracks(pieces, channel()), expected)


def test_a_gap_of_hours_starts_another_track():
    early, late = record(seconds=60, start=0), record(seconds=60, start=200 * MINUTE)
    assert [len(track) for track in amplitude_tracks([late, early], channel())] == [120, 120]


def test_without_a_usable_response_there_is_nothing():
    whole = record(seconds=60)
    assert amplitude_tracks([whole], channel(None)) == []
    assert amplitude_tracks([whole], channel(Response(0.0, "m/s"))) == []
    assert amplitude_tracks([], channel()) == []
    short = SourceId.parse("FDSN:PB_B916__E_H_1")
    trace = Trace(short, 0, Fraction(100), whole.data)
    assert amplitude_tracks([trace], channel(Response(7.8e8, "m/s"), short)) == []
    slow = Trace(EAST, 0, Fraction(1), whole.data)
    assert amplitude_tracks([slow], channel()) == []


def test_other_channels_are_left_out():
    other = Trace(SourceId.parse("FDSN:XX_ABC__H_H_N"), START, Fraction(100), np.arange(6000))
    assert amplitude_tracks([other], channel()) == []


def test_clipped_samples_mark_their_bins():
    whole = record(seconds=120, start=0)
    data = (1e6 * np.sin(np.arange(len(whole)) * 0.05)).astype(np.int32)
    data[6000:7000] = np.clip(data[6000:7000], -7e5, 7e5)
    (track,) = amplitude_tracks([Trace(EAST, 0, Fraction(100), data)], channel())
    marked = np.flatnonzero(track.clipped)
    assert len(marked) > 5
    assert marked.min() >= 120
    assert marked.max() < 140


def test_real_amplitudes_agree_with_the_frequency_domain(shared):
    # Golden: ObsPy's simulation in the frequency domain, over the hour, flat sensitivities.
    folder = shared / "data" / "ridgecrest-2019" / "waveforms"
    pendulum = {"poles": [-5.49779 - 5.60886j, -5.49779 + 5.60886j], "gain": 1.0, "sensitivity": 2080.0}
    start = parse_time("2019-07-04T17:02:56")
    for name, code, sensitivity, unit in [
        ("CI.LRL", "HHE", 628306000.0, "m/s"),
        ("CI.WVP2", "HNE", 213764.0, "m/s**2"),
    ]:
        (trace,) = obspy.read(str(folder / f"{name}.mseed")).select(channel=code)
        sid = SourceId.from_nslc(*name.split("."), "", code)
        mine = Trace(sid, trace.stats.starttime.ns, Fraction(100), trace.data)
        (track,) = amplitude_tracks([mine], channel(Response(sensitivity, unit), sid))
        zeros = {"m/s": [0j], "m/s**2": []}[unit]
        part = trace.slice(obspy.UTCDateTime("2019-07-04T16:58"), obspy.UTCDateTime("2019-07-04T17:08"))
        expected = simulate_seismometer(
            part.data - part.data.mean(), 100.0, paz_simulate={**pendulum, "zeros": zeros}, taper_fraction=0.2,
        ) / sensitivity  # fmt: skip
        at = round((start / SECOND - part.stats.starttime.timestamp) * 100)
        theirs = np.ptp(expected[at : at + 3000]) / 2
        ours = track.half_peak_to_peak(start, start + 30 * SECOND)
        assert abs(np.log10(ours / theirs)) < 0.01, (name, ours, theirs)
