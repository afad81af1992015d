from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.model import SourceId, Trace
from wadati.protocols import Grid
from wadati.signal.axis import assemble
from wadati.signal.windows import combine, cut_windows

Z = SourceId.from_nslc("XX", "ABC", "", "HHZ")
DT = 10_000_000
GRID = Grid(samples=40, hop=15, edge=5)


def section(*traces):
    (one,) = assemble(traces, {Z: "Z"}, "Z", longest_gap=1000)
    return one


@given(st.integers(-(10**12), 10**18), st.integers(1, 300))
def test_a_window_begins_with_the_first_sample_at_or_after_a_multiple_of_the_hop(start, count):
    one = section(Trace(Z, start, Fraction(100), np.arange(count)))
    firsts = [k for batch in cut_windows(one, GRID, batch=3) for k in batch.firsts]
    hop = 15 * DT
    for first in firsts:
        time = one.axis.time_of(first)
        assert time // hop * hop in range(time - DT + 1, time + 1)
    assert set(np.diff(firsts)) <= {15}
    assert firsts[0] < 0 + 15 - 40 + 15
    assert firsts[-1] >= count - 15


def test_start_of_real_data_off_the_grid():
    one = section(Trace(Z, 997_986_000, Fraction(100), np.arange(200)))
    (batch,) = cut_windows(one, Grid(samples=100, hop=100))
    assert [one.axis.time_of(k) for k in batch.firsts] == [7_986_000, 1_007_986_000, 2_007_986_000]


def test_gap_shifts_no_sample():
    tear = 3_000_000
    one = section(Trace(Z, 0, Fraction(100), np.arange(50)), Trace(Z, 80 * DT + tear, Fraction(100), np.arange(50)))
    for batch in cut_windows(one, GRID):
        for first in batch.firsts:
            time = one.axis.time_of(first)
            assert time % (15 * DT) in (0, tear)


@given(st.integers(1, 9), st.integers(0, 3))
def test_batches_do_not_matter(batch, seed):
    rng = np.random.default_rng(seed)
    one = section(*(Trace(Z, k * 70 * DT, Fraction(100), rng.integers(0, 99, 45)) for k in range(3)))
    alone = [part for parts in cut_windows(one, GRID, batch=1) for part in zip(*parts, strict=True)]
    together = [part for parts in cut_windows(one, GRID, batch=batch) for part in zip(*parts, strict=True)]
    assert [part[0] for part in alone] == [part[0] for part in together]
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a[1], b[1])
        np.testing.assert_array_equal(a[2], b[2])


def test_windows_have_no_mean_and_no_lost_digits():
    rng = np.random.default_rng(0)
    counts = (2**31 - 1 - rng.integers(0, 100, 200)).astype(np.int64)
    for batch in cut_windows(section(Trace(Z, 0, Fraction(100), counts)), GRID):
        for window, missing, first in zip(batch.windows, batch.missing, batch.firsts, strict=True):
            there = ~missing[0]
            values = counts[first + np.flatnonzero(there)]
            np.testing.assert_allclose(window[0][there], values - values.mean(), atol=1e-4)
            assert not window[0][~there].any()


@pytest.mark.parametrize("value", [0, 7, 0.1, 1e9 + 0.1])
def test_what_does_not_move_is_exactly_0(value):
    for batch in cut_windows(section(Trace(Z, 0, Fraction(100), np.full(100, value))), GRID):
        assert not batch.windows.any()


def test_windows_in_a_gap_are_left_out():
    one = section(Trace(Z, 0, Fraction(100), np.arange(50)), Trace(Z, 200 * DT, Fraction(100), np.arange(50)))
    firsts = [k for batch in cut_windows(one, GRID) for k in batch.firsts]
    assert not [k for k in firsts if 50 <= k <= 160]


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.integers(1, 4), st.integers(0, 5))
def test_the_mean_of_what_covers_a_sample(steps, size, seed):
    grid = Grid(samples=30, hop=10, edge=4)
    firsts = np.cumsum(steps).tolist()
    curves = np.random.default_rng(seed).random((len(firsts), 2, 30)).astype(np.float32)
    total, cover = np.zeros((2, 600)), np.zeros(600)
    for first, curve in zip(firsts, curves, strict=True):
        total[:, first + 4 : first + 26] += curve[:, 4:26]
        cover[first + 4 : first + 26] += 1
    batches = [(firsts[k : k + size], curves[k : k + size]) for k in range(0, len(firsts), size)]
    at = firsts[0] + 4
    for first, block in combine(batches, grid):
        assert first == at
        np.testing.assert_array_equal(block, (total / np.maximum(cover, 1))[:, first : first + block.shape[1]])
        at += block.shape[1]
    assert at == firsts[-1] + 26
