from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wadati.pickers.peaks import find_peaks

curves = st.lists(st.sampled_from([0.0, 0.2, 0.5, 0.5, 0.7, 0.9]), min_size=1, max_size=60)


@given(curves, st.integers(1, 6))
def test_a_peak_is_what_nothing_near_exceeds(values, separation):
    found = [peak.sample for peak in find_peaks([(100, np.array([values]))], [0.4], separation)]
    expected = []
    for k, value in enumerate(values):
        before, after = values[max(k - separation, 0) : k], values[k + 1 : k + 1 + separation]
        if value >= 0.4 and all(v < value for v in before) and all(v <= value for v in after):
            expected.append(100 + k)
    assert found == expected


@given(curves, st.integers(1, 6), st.sets(st.integers(1, 59)))
def test_blocks_do_not_matter(values, separation, cuts):
    curve = np.array([values, values[::-1]])
    places = [0, *sorted(k for k in cuts if k < len(values)), len(values)]
    blocks = [(a, curve[:, a:b]) for a, b in pairwise(places)]
    whole = sorted(find_peaks([(0, curve)], [0.4, 0.6], separation))
    assert sorted(find_peaks(blocks, [0.4, 0.6], separation)) == whole


def test_the_top_of_a_parabola_is_found_between_samples():
    curve = 0.9 - 0.01 * (np.arange(20) - 10.3) ** 2
    (peak,) = find_peaks([(0, curve[None])], [0.3], 5)
    assert (peak.sample, round(peak.rest, 9)) == (10, 0.3)


def test_a_curve_of_zeros_has_no_peak_even_at_threshold_0():
    assert list(find_peaks([(0, np.zeros((1, 50)))], [0.0], 3)) == []


def test_nothing_gives_nothing():
    assert list(find_peaks([], [0.3], 3)) == []


def test_rows_after_the_phases_are_read_at_the_peaks():
    curves = np.array([[0, 0.2, 0.8, 0.1], [0.9, 0.1, 0.7, 0.9], [0.0, 0.0, 0.3, 0.1]])
    whole = list(find_peaks([(0, curves)], [0.4], 1))
    assert [(peak.sample, peak.beside) for peak in whole] == [(2, (0.7, 0.3))]
    assert list(find_peaks([(k, curves[:, k : k + 1]) for k in range(4)], [0.4], 1)) == whole
