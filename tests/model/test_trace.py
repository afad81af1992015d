from __future__ import annotations

import itertools
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.model import SourceId, TimeSpan, Trace

SID = SourceId.parse("FDSN:XX_ABC__H_H_Z")
rates = st.fractions(min_value=Fraction(1, 10), max_value=1000, max_denominator=30)
starts = st.integers(min_value=-(10**18), max_value=2 * 10**18)


@given(starts, rates, st.integers(0, 500), st.integers(0, 500))
def test_the_index_at_or_after_a_sample_is_that_sample(start: int, rate: Fraction, count: int, index: int) -> None:
    trace = Trace(SID, start, rate, np.arange(count))
    index = min(index, count)
    assert trace.index_at_or_after(trace.time_of(index)) == index
    if index < count:
        assert trace.index_at_or_after(trace.time_of(index) + 1) == index + 1


@given(starts, rates, st.integers(1, 300), st.lists(st.integers(0, 300), max_size=5))
def test_pieces_of_a_cut_hold_every_sample_once(start: int, rate: Fraction, count: int, cuts: list[int]) -> None:
    trace = Trace(SID, start, rate, np.arange(count))
    edges = [trace.start, *(trace.time_of(cut) for cut in sorted(min(cut, count) for cut in cuts)), trace.end]
    pieces = [trace.cut(TimeSpan(a, b)) for a, b in itertools.pairwise(edges)]
    np.testing.assert_array_equal(np.concatenate([piece.data for piece in pieces]), trace.data)
    offset = 0
    for piece in pieces:
        if len(piece):
            assert piece.start == trace.time_of(offset)
        offset += len(piece)


def test_a_trace_is_frozen_and_its_samples_are_read_only() -> None:
    own = np.arange(5)
    trace = Trace(SID, 0, Fraction(100), own)
    with pytest.raises(AttributeError, match="frozen"):
        trace.start = 1
    with pytest.raises(ValueError, match="read-only"):
        trace.data[0] = 7
    own[0] = 7  # the array's maker keeps the right to write; whoever shares an array must not


def test_equality_is_by_content_and_survives_another_process() -> None:
    trace = Trace(SID, 5, Fraction(100), np.arange(5))
    assert pickle.loads(pickle.dumps(trace)) == trace
    assert trace != Trace(SID, 6, Fraction(100), np.arange(5))
    assert trace != Trace(SID, 5, Fraction(100), np.arange(5.0))


def test_two_axes_are_refused() -> None:
    with pytest.raises(ValueError, match="one axis"):
        Trace(SID, 0, Fraction(100), np.zeros((3, 5)))
