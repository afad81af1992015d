"""Columns for screens, and the filter before them: parts are as the whole."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.model import SourceId, TimeSpan, Trace
from wadati.signal.extremes import extremes
from wadati.signal.high_pass import HighPass
from wadati.units import SECOND

ID = SourceId.parse("FDSN:XX_ABC__H_H_Z")
START = 1_772_409_600 * SECOND

times = st.integers(START, START + SECOND)
rates = st.sampled_from([Fraction(100), Fraction(250, 3), Fraction(40), Fraction(1), Fraction(1, 10)])
columns_a_second = st.sampled_from([1, 7, 20, 50])


def trace(start: int, sampling: Fraction, count: int) -> Trace:
    return Trace(ID, start, sampling, np.random.default_rng(count).normal(size=count))


def joined(parts: list[Trace], rate: int) -> dict[int, tuple[float, float]]:
    found: dict[int, tuple[float, float]] = {}
    for part in parts:
        made = extremes(part, rate)
        for k, (low, high) in enumerate([] if made is None else made.values.tolist()):
            column = made.first + k  # type: ignore[union-attr]
            before = found.get(column, (low, high))
            found[column] = min(low, before[0]), max(high, before[1])
    return found


@given(times, rates, columns_a_second, st.integers(1, 300), st.integers(0, 300))
def test_columns_of_parts_are_those_of_the_whole(
    start: int, sampling: Fraction, rate: int, count: int, cut: int
) -> None:
    whole = trace(start, sampling, count)
    at = min(cut, count)
    parts = [
        Trace(ID, start, sampling, whole.data[:at]),
        Trace(ID, whole.time_of(at), sampling, whole.data[at:]),
    ]
    assert joined(parts, rate) == joined([whole], rate)


@given(times, rates, columns_a_second, st.integers(1, 300))
def test_a_column_has_the_extremes_of_its_samples(start: int, sampling: Fraction, rate: int, count: int) -> None:
    one = trace(start, sampling, count)
    made = extremes(one, rate)
    assert made is not None
    data = one.data.astype(np.float32)
    numbers = [one.time_of(k) * rate // SECOND for k in range(count)]
    for column in set(numbers):
        own = data[[number == column for number in numbers]]
        assert made.values[column - made.first].tolist() == [own.min(), own.max()]
    assert made.first == numbers[0]
    assert made.start <= one.start
    assert made.end >= one.time_of(count - 1)


def test_nothing_gives_nothing() -> None:
    assert extremes(Trace(ID, START, Fraction(100), np.zeros(0)), 20) is None


@given(st.integers(1, 999))
def test_the_filter_of_parts_is_that_of_the_whole(cut: int) -> None:
    whole = trace(START, Fraction(100), 1000)
    parts = HighPass(1.0)
    spans = TimeSpan(whole.start, whole.time_of(cut)), TimeSpan(whole.time_of(cut), whole.end)
    done = [parts(whole.cut(span)).data for span in spans]
    np.testing.assert_allclose(np.concatenate(done), HighPass(1.0)(whole).data, atol=1e-12)


@pytest.mark.parametrize(("frequency", "least", "most"), [(0.1, 0.0, 0.02), (10.0, 0.98, 1.02)])
def test_the_filter_takes_what_is_slow_and_keeps_what_is_fast(frequency: float, least: float, most: float) -> None:
    seconds = np.arange(6000) / 100
    out = HighPass(1.0)(Trace(ID, START, Fraction(100), np.sin(2 * np.pi * frequency * seconds))).data[3000:]
    assert least <= np.abs(out).max() <= most


def test_a_gap_begins_anew_and_slow_channels_are_left_alone() -> None:
    one = HighPass(1.0)
    one(Trace(ID, START, Fraction(100), np.full(100, 5.0)))
    later = one(Trace(ID, START + 60 * SECOND, Fraction(100), np.full(100, 900.0)))
    assert np.abs(later.data).max() < 1e-6
    slow = Trace(ID, START, Fraction(1), np.arange(5))
    assert one(slow) is slow
