import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from wadati.errors import UsageError
from wadati.model import SourceId, Trace
from wadati.signal.axis import assemble
from wadati.signal.resample import LOBES, Resampled

Z = SourceId.from_nslc("XX", "ABC", "", "BHZ")
OUT = Fraction(100)
DT = 10_000_000


def resampled(*traces):
    (section,) = assemble(traces, {Z: "Z"}, "Z", longest_gap=10_000)
    return Resampled(section, Z, OUT)


def times(record):
    return record.start + DT * np.arange(len(record))


@pytest.mark.parametrize(
    "rate", [20, 40, 50, Fraction(125, 2), 80, 120, 125, 128, 200, 250, 500, Fraction(1000013, 10000)]
)
@pytest.mark.parametrize("part", [0.05, 0.5, 0.8])
def test_sinusoids_keep_amplitude_and_time(rate, part):
    rate = Fraction(rate)
    frequency = part * float(min(rate, OUT)) / 2
    start = 1_562_259_600_003_141_592
    trace = Trace(Z, start, rate, np.sin(2 * np.pi * frequency * np.arange(int(20 * rate)) / float(rate)))
    record = resampled(trace)
    data = record[0 : len(record)]
    expected = np.sin(2 * np.pi * frequency * (times(record) - start) / 1e9)
    there = np.isfinite(data)
    assert there.sum() > 2000 - 2 * LOBES * max(100 / rate, 1) - 5
    assert np.abs(data - expected)[there].max() < 0.005
    assert (times(record) % DT == 0).all()


@pytest.mark.parametrize("rate", [13412, 5900, 40_000])
def test_a_rate_that_no_instrument_has_costs_no_memory(rate):
    # A broken header of 64 bytes may state any.
    data = np.sin(2 * np.pi * 3 * np.arange(2 * rate) / rate)
    record = resampled(Trace(Z, 0, Fraction(rate), data))
    tracemalloc.start()
    found = record[0 : len(record)]
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    there = np.isfinite(found)
    assert there.sum() > 100
    assert np.abs(found - np.sin(2 * np.pi * 3 * times(record) / 1e9))[there].max() < 0.005
    assert most < 250e6


def test_what_is_above_half_the_rate_is_damped():
    record = resampled(Trace(Z, 0, Fraction(200), np.sin(2 * np.pi * 57 * np.arange(4000) / 200)))
    assert np.nanmax(np.abs(record[0 : len(record)])) < 1e-3


def test_an_offset_stays_exact():
    record = resampled(Trace(Z, 5, Fraction(40), np.full(400, 2**31 - 1, np.int32)))
    data = record[0 : len(record)]
    np.testing.assert_allclose(data[np.isfinite(data)], 2**31 - 1, rtol=1e-14)


def test_agrees_with_scipy_in_the_passband():
    rng = np.random.default_rng(3)
    low = scipy.signal.firwin(201, 30, fs=200)
    data = scipy.signal.lfilter(low, 1, rng.normal(size=8000))
    record = resampled(Trace(Z, 0, Fraction(200), data))
    ours, theirs = record[500:3500], scipy.signal.resample_poly(data, 1, 2, window=("kaiser", 8.0))[500:3500]
    assert np.abs(ours - theirs).max() < 0.01 * np.abs(theirs).max()


@given(st.data())
@settings(max_examples=25)
def test_cutting_and_reading_in_blocks_give_the_same_bits(data):
    rate = Fraction(data.draw(st.sampled_from([40, 50, 125, 200, Fraction(1000013, 10000)])))
    values = np.random.default_rng(0).normal(size=1200)
    whole = Trace(Z, data.draw(st.integers(0, 10**9)), rate, values)
    record = resampled(whole)
    everything = record[0 : len(record)]
    a = data.draw(st.integers(0, len(record)))
    b = data.draw(st.integers(a, len(record)))
    np.testing.assert_array_equal(record[a:b], everything[a:b])
    cut = data.draw(st.integers(1, 1199))
    pieces = [Trace(Z, whole.time_of(k), rate, v) for k, v in ((cut, values[cut:]), (0, values[:cut]))]
    np.testing.assert_array_equal(resampled(*pieces)[0 : len(record)], everything)
    if rate.denominator == 1 and 10**9 % rate.numerator == 0 and cut < 1100:
        later = resampled(pieces[0])
        part = later[0 : len(later)]
        there = np.isfinite(part)
        shift = (later.start - record.start) // DT
        np.testing.assert_array_equal(part[there], everything[shift : shift + len(part)][there])


def test_samples_with_a_gap_in_reach_are_missing():
    rate = Fraction(50)
    record = resampled(Trace(Z, 0, rate, np.ones(500)), Trace(Z, 10_200_000_000, rate, np.ones(500)))
    data = record[0 : len(record)]
    seconds = times(record) / 1e9
    gone = np.isnan(data)
    assert gone[(seconds > 9.98 - LOBES / 50 + 0.05) & (seconds < 10.2 + LOBES / 50 - 0.05)].all()
    assert not gone[(seconds > 1) & (seconds < 9.98 - LOBES / 50 - 0.05)].any()
    np.testing.assert_allclose(data[~gone], 1, rtol=1e-12)


def test_a_rate_without_whole_nanoseconds_cannot_be_made():
    (section,) = assemble([Trace(Z, 0, OUT, np.arange(9))], {Z: "Z"}, "Z", longest_gap=0)
    with pytest.raises(UsageError, match="30"):
        Resampled(section, Z, Fraction(30))
