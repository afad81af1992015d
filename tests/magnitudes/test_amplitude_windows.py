import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.magnitudes.amplitude_windows import LONG, TO_NEXT_P, TO_NEXT_S, USUAL, read_station
from wadati.model import AmplitudeTrack, SourceId
from wadati.units import SECOND

AT = 100 * SECOND


def track(code, high, clipped=(), first=0):
    high = np.asarray(high, float)
    flags = np.zeros(len(high), bool)
    flags[list(clipped)] = True
    return AmplitudeTrack(SourceId.from_nslc("XX", "ABC", "", code), first, -high, high, flags)


def steps():
    """1 until 100 s, 10 until 104 s, 100 until 107.5 s, then 1000."""
    seconds = np.arange(400) / 2
    return 1e-6 * 10 ** np.digitize(seconds, [100, 104, 107.5]).astype(float)


def onsets(*pairs):
    return np.array([[AT + round(p * SECOND), AT + round(s * SECOND)] for p, s in pairs])


def test_windows_begin_before_s_and_end_as_stated():
    found = read_station([track("HHN", steps()), track("HHE", 100 * steps())], onsets((0, 4)))
    # Mean of the logarithms of the two horizontals. 5 + 4/2 s after S reach the last step, 3 + 0.3 · 4 s too.
    assert found.level[0] == pytest.approx([-2, -2, -2, -2])
    assert found.before[0] == pytest.approx(-5)
    assert (found.end[0] - AT) / SECOND == pytest.approx([11, 8.2, 8.2, 8.2])
    assert (found.start[0] - AT) / SECOND == pytest.approx(3.5)


def test_the_next_event_cuts():
    found = read_station([track("HHN", steps())], onsets((0, 4), (6, 8), (5.2, 20)))
    assert (found.end[0] - AT) / SECOND == pytest.approx([11, 8.2, 7.5, -AT / SECOND])
    assert found.end[0, TO_NEXT_P] == -1
    assert found.level[0, [LONG, USUAL, TO_NEXT_S]] == pytest.approx([-3, -3, -4])
    assert np.isnan(found.level[0, TO_NEXT_P])


def test_the_next_band_stands_in_for_a_clipped_one():
    clipped = [track("HHN", steps(), clipped=[210]), track("HHE", steps())]
    assert (read_station(clipped, onsets((0, 4))).channel == -1).all()
    found = read_station([*clipped, track("HNN", 10 * steps())], onsets((0, 4)))
    assert found.level[0, LONG] == pytest.approx(-2)
    assert found.channels[found.channel[0]].channel == "HNN"
    before = [track("HHN", steps(), clipped=[190])]
    assert read_station(before, onsets((0, 4))).level[0, LONG] == pytest.approx(-3)


def test_gaps_and_dead_components_say_nothing():
    gap = steps()
    gap[212] = np.nan
    found = read_station([track("HHN", gap)], onsets((0, 4)))
    assert np.isnan(found.level).all()
    assert found.channel[0] == -1
    dead = read_station([track("HHN", steps()), track("HHE", np.zeros(400))], onsets((0, 4)))
    assert dead.level[0, LONG] == pytest.approx(-3)


def test_verticals_and_nothing_at_all():
    for tracks in ([], [track("HHZ", steps())]):
        assert np.isnan(read_station(tracks, onsets((0, 4))).level).all()
    assert read_station([track("HHN", steps())], onsets()[:0].reshape(0, 2)).level.shape == (0, 4)


def test_a_record_that_ends_or_begins_too_soon_gives_nothing():
    whole = steps()
    assert np.isnan(read_station([track("HHN", whole[:220])], onsets((0, 4))).level[0, LONG])
    assert np.isfinite(read_station([track("HHN", whole[:220])], onsets((0, 4))).level[0, USUAL])
    late = read_station([track("HHN", whole[196:], first=196)], onsets((0, 4)))
    assert np.isnan(late.before).all()


@given(st.lists(st.tuples(st.floats(0, 40), st.floats(0, 20)), min_size=1, max_size=8), st.randoms())
def test_order_of_events_and_tracks_does_not_matter(pairs, random):
    times = onsets(*[(p, p + d) for p, d in pairs])
    tracks = [track("HHN", steps()), track("HHE", 3 * steps()), track("HNN", steps())]
    found = read_station(tracks, times)
    order = list(range(len(pairs)))
    random.shuffle(order)
    random.shuffle(tracks)
    again = read_station(tracks, times[order])
    np.testing.assert_array_equal(again.level, found.level[order])
    np.testing.assert_array_equal(again.before, found.before[order])


@given(st.integers(250, 390))
def test_a_track_in_pieces_far_away_is_as_good_as_whole(cut):
    whole = steps()
    pieces = [track("HHN", whole[:cut]), track("HHN", whole[cut:], first=cut)]
    one, other = (read_station(tracks, onsets((0, 4))) for tracks in (pieces, [track("HHN", whole)]))
    np.testing.assert_array_equal(one.level, other.level)
