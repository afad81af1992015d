import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.magnitudes.pick_amplitude import with_amplitudes
from wadati.model import AmplitudeTrack, Pick, SourceId
from wadati.units import SECOND


def sid(code, station="ABC"):
    return SourceId.from_nslc("XX", station, "", code)


def pick(time, phase="P", station="ABC"):
    return Pick.of(sid("HHZ", station), phase, time, time_uncertainty=0.1, probability=0.5)


def track(code, high, clipped=False, station="ABC"):
    high = np.asarray(high, float)
    return AmplitudeTrack(sid(code, station), 0, -high, high, np.full(len(high), clipped))


STEPS = np.repeat([1.0, 2.0, 3.0, 4.0], 10)  # five seconds each


def test_the_stretch_ends_at_the_next_pick():
    picks = [pick(0), pick(4 * SECOND, "S"), pick(8 * SECOND, station="DEF")]
    found = with_amplitudes(picks, [track("HHN", STEPS)])
    assert [one.amplitude for one in found] == [1.0, 3.0, None]


def test_and_after_ten_seconds():
    (found,) = with_amplitudes([pick(0)], [track("HHN", STEPS)])
    assert found.amplitude == 2.0


def test_the_larger_horizontal_counts_and_the_vertical_does_not():
    some = [track("HHN", STEPS), track("HHE", 2 * STEPS), track("HHZ", 9 * STEPS)]
    assert with_amplitudes([pick(0)], some)[0].amplitude == 4.0


def test_the_first_unclipped_band_counts():
    some = [track("HHN", STEPS, clipped=True), track("HHE", STEPS), track("HNE", 5 * STEPS)]
    assert with_amplitudes([pick(0)], some)[0].amplitude == 10.0
    assert with_amplitudes([pick(0)], some[:2])[0].amplitude is None
    assert with_amplitudes([pick(0)], [track("HHN", np.full(40, np.nan)), some[2]])[0].amplitude == 10.0


@given(st.lists(st.integers(0, 19), max_size=8), st.randoms())
def test_order_twice_and_identifiers(seconds, random):
    picks = [pick(second * SECOND) for second in seconds]
    some = [track("HHN", STEPS), track("HHE", 2 * STEPS)]
    once = with_amplitudes(picks, some)
    assert [one.pick_id for one in once] == [one.pick_id for one in picks]
    assert with_amplitudes(once, some) == once
    shuffled = list(picks)
    random.shuffle(shuffled)
    assert set(with_amplitudes(shuffled, some[::-1])) == set(once)


def test_nothing_in_nothing_out():
    assert with_amplitudes([], []) == ()
    assert with_amplitudes([pick(0)], [])[0].amplitude is None
    assert with_amplitudes([pick(100 * SECOND)], [track("HHN", STEPS)])[0].amplitude is None
    assert pytest.approx(1.0) == with_amplitudes([pick(0), pick(SECOND)], [track("HHN", STEPS)])[0].amplitude
