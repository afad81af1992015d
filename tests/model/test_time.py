from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.errors import UsageError
from wadati.model import TimeSpan, format_time, parse_time, sampling_rate
from wadati.units import SECOND

instants = st.integers(min_value=-(2**61), max_value=2**61)


@given(instants)
def test_text_with_nine_digits_is_the_identity(time: int) -> None:
    assert parse_time(format_time(time, digits=9)) == time


@given(instants, st.integers(0, 9))
def test_text_is_the_nearest_time_with_that_many_digits(time: int, digits: int) -> None:
    step = 10 ** (9 - digits)
    assert abs(parse_time(format_time(time, digits)) - time) * 2 <= step


@pytest.mark.parametrize(
    "text",
    [
        "2019-07-04T17:33:49.123Z",
        "2019-07-04 17:33:49.123",
        "20190704T173349.123Z",
        "2019-07-04T19:33:49.123+02:00",
        "2019-07-04T12:03:49,123-0530",
    ],
)
def test_ways_to_write_one_instant(text: str) -> None:
    assert format_time(parse_time(text), 3) == "2019-07-04T17:33:49.123Z"


def test_a_leap_second_is_the_second_after_it() -> None:
    leap = parse_time("2016-12-31T23:59:60.250Z")
    assert leap == parse_time("2017-01-01T00:00:00.250Z")
    assert leap - parse_time("2016-12-31T23:59:59.250Z") == SECOND


@pytest.mark.parametrize("text", ["", "yesterday", "2019-13-01", "2019-02-30", "2019-07-04T25:00", "1562261629"])
def test_what_is_no_time_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match="is not a time"):
        parse_time(text)


@given(st.fractions(min_value=Fraction(1, 100), max_value=5000, max_denominator=100))
def test_sampling_rates_survive_a_header_of_double_precision(rate: Fraction) -> None:
    assert abs(sampling_rate(float(rate)) / rate - 1) < Fraction(1, 10**7)


@pytest.mark.parametrize(("header", "rate"), [(100.0, 100), (31.25, Fraction(125, 4)), (33.333333, Fraction(100, 3))])
def test_rates_of_real_headers_are_rational(header: float, rate: Fraction) -> None:
    assert sampling_rate(header) == rate


def test_spans_are_half_open() -> None:
    first, second = TimeSpan(0, 10), TimeSpan(10, 20)
    assert 10 not in first
    assert 10 in second
    assert not first.overlaps(second)
    assert first.overlaps(TimeSpan(9, 10))
