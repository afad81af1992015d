import numpy as np
import obspy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.signal.clipping import HALO_S, _judged, clipped_samples

RATE = 100.0


def noise(n=6000, size=3e5, seed=0):
    """Band-limited noise, smooth at 100 Hz, in counts."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.normal(size=n))
    frequencies = np.fft.rfftfreq(n, 1 / RATE)
    spectrum *= np.exp(-(((frequencies - 3) / 3) ** 2))
    wave = np.fft.irfft(spectrum, n)
    return np.round(size * wave / np.abs(wave).max()).astype(np.int32)


@given(st.integers(0, 10_000), st.sampled_from([30, 900, 3e4, 1e6, 7e6]))
def test_noise_is_not_clipped(seed, size):
    assert not clipped_samples(noise(2000, size, seed), RATE).any()


@given(st.integers(0, 10_000), st.sampled_from([2e3, 3e4, 1e6, 5e6]), st.floats(0.3, 0.6))
def test_flat_tops_at_any_level_are_found(seed, size, part):
    wave = noise(2000, size, seed)
    limit = int(part * size)
    clipped = clipped_samples(np.clip(wave, -limit, limit), RATE)
    beyond = np.abs(wave) >= limit
    edges = np.flatnonzero(np.diff(np.concatenate([[0], beyond[1:-1], [0]]).astype(int)))
    long = [(a + 1, b + 1) for a, b in edges.reshape(-1, 2) if b - a >= 12 and a > 60 and b < 1900]
    # A plateau beside which the record hardly leaves the limit is no flat top with steep sides.
    beside = [(wave[a - (b - a) // 2 : a], wave[b : b + (b - a) // 2]) for a, b in long]
    steep = [max(np.abs(side).min() for side in sides) < 0.9 * limit for sides in beside]
    assert all(clipped[a:b].mean() > 0.9 for (a, b), sure in zip(long, steep, strict=True) if sure)
    # Now and then a wave has a crest that is flat by nature.
    assert clipped[np.abs(wave) < 0.9 * limit].mean() < 0.01


@given(st.integers(0, 5000), st.integers(500, 3000))
def test_a_cut_changes_nothing_beyond_the_halo(first, length):
    wave = np.clip(noise(9000, 8e5), -4e5, 5e5)
    whole = clipped_samples(wave, RATE)
    part = clipped_samples(wave[first : first + length], RATE)
    halo = int(HALO_S * RATE)
    inner = slice(halo if first else 0, max(length - halo, 0))
    assert np.array_equal(part[inner], whole[first : first + length][inner])


@given(st.integers(0, 10_000), st.sampled_from([500, 3e3, 1e6, 7e6]), st.floats(0.2, 1.2), st.integers(0, 5000))
def test_looking_closely_only_where_something_may_be_found_finds_the_same(seed, size, part, quiet):
    wave = np.clip(noise(9000, size, seed), -part * size, 0.9 * part * size)
    wave[quiet : quiet + 2500] = np.round(wave[quiet : quiet + 2500] / 500)
    assert np.array_equal(clipped_samples(wave, RATE), _judged(wave.astype(float), 500))


def test_a_record_that_stands_at_full_scale_is_clipped_only_where_it_moves():
    wave = np.full(9000, 2.0**23)
    wave[:4000] = noise(4000, 1e6)
    assert np.flatnonzero(clipped_samples(wave, RATE)).tolist() == list(range(4000, 4500))


def test_silence_steps_of_one_count_and_long_stillness_are_not_clipped():
    assert not clipped_samples(np.zeros(1000, np.int32), RATE).any()
    assert not clipped_samples(np.full(1000, 8388607), RATE)[:0].any()
    assert not clipped_samples(np.random.default_rng(0).integers(-3, 4, 5000), RATE).any()
    held = noise(4000)
    held[1500:2500] = held[1499]
    assert not clipped_samples(held, RATE)[1600:2400].any()
    assert len(clipped_samples([], RATE)) == 0


@pytest.mark.parametrize("period", [0.2, 1.0, 5.0, 30.0])
def test_smooth_crests_are_not_flat_tops(period):
    wave = np.round(5e6 * np.sin(2 * np.pi * np.arange(12_000) / (period * RATE)))
    assert not clipped_samples(wave, RATE).any()


def test_near_full_scale_is_clipped_even_where_the_top_rings():
    wave = noise(size=7e6).astype(float)
    ringing = np.random.default_rng(3).uniform(0.97, 1.4, 60)
    wave[3000:3060] = 2.0**23 * ringing
    assert clipped_samples(wave, RATE)[3000:3060].all()


def test_a_digitizer_of_more_bits_is_not_judged_by_24():
    wave = noise(size=3e7)
    assert not clipped_samples(wave, RATE).any()
    assert clipped_samples(np.clip(wave, -(2**24), 2**24), RATE).any()


def test_clipped_sensors_of_real_records(shared):
    folder = shared / "data" / "strong-motion" / "clipping_samples"
    for file in sorted(folder.rglob("*.mseed")):
        (trace,) = obspy.read(str(file))
        found = clipped_samples(trace.data, trace.stats.sampling_rate)
        assert found.any() != (trace.id == "HV.HOVE..HHN"), trace.id


def test_the_mainshock_clips_broadband_sensors_and_nothing_else_does(shared):
    folder = shared / "data" / "ridgecrest-2019" / "waveforms"
    mainshock = obspy.UTCDateTime("2019-07-04T17:33:49")
    for name, code, clips in [
        ("CI.CCC", "HHE", True),
        ("CI.WMF", "HHE", True),  # at 90 % of full scale
        ("CI.DTP", "HHE", True),  # at 120 %
        ("CI.WMF", "HHZ", False),
        ("CI.WNM", "HNE", False),
        ("PB.B916", "EH1", False),
    ]:
        (trace,) = obspy.read(str(folder / f"{name}.mseed")).select(channel=code)
        found = clipped_samples(trace.data, trace.stats.sampling_rate)
        at = int((mainshock - trace.stats.starttime) * trace.stats.sampling_rate)
        assert not found[:at].any()
        assert found[at:].any() == clips, (name, code)
