"""Waveforms in few bytes: what goes in comes out, exactly or nearly."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wadati.formats.waveform_blocks import Block, pack, unpack


@given(arrays(np.int32, st.integers(0, 40), elements=st.integers(-30_000, 30_000)), st.integers(-(2**30), 2**30))
def test_integers_of_a_small_swing_are_exact(values: np.ndarray, offset: int) -> None:
    block = Block("XX.ABC..HHZ", 1_772_409_600_000_001_000, 100.0, values + offset)
    head, (found,) = unpack(pack([block], cursor=3))
    assert head == {"cursor": 3}
    assert found.values.tolist() == (values + offset).tolist()
    assert found[:3] == block[:3]


@given(arrays(np.float64, st.tuples(st.integers(1, 20), st.just(2)), elements=st.floats(-1e12, 1e12)))
def test_others_to_a_part_of_their_swing(values: np.ndarray) -> None:
    _, (first, second) = unpack(pack([Block("a", 0, 20.0, values), Block("b", 1000, 1.0, values[:1])]))
    swing = float(np.ptp(values)) + 1
    np.testing.assert_allclose(first.values, values, atol=swing / 60_000)
    assert second.values.shape == (1, 2)


def test_what_is_no_number_is_nothing() -> None:
    _, (found,) = unpack(pack([Block("a", 0, 1.0, np.array([np.nan, 4.0, np.inf]))]))
    assert found.values.tolist() == [0.0, 4.0, 0.0]
