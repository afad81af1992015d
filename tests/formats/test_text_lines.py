"""Fixed columns, times and degrees as old programs write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.errors import InputError
from wadati.formats.text_lines import Line, degrees_and_minutes, lines_of, tell
from wadati.model import parse_time
from wadati.protocols import Problem

LINE = Line(Path("file"), 7, "")


@pytest.mark.parametrize(
    ("calendar", "second", "is_time"),
    [
        (("2016", "10", "14", "0", "0"), "8.88", "2016-10-14T00:00:08.88"),
        (("2016", "10", "14", "23", "59"), "60.0", "2016-10-15T00:00:00"),
        (("2016", "10", "14", "23", "59"), "100.24", "2016-10-15T00:00:40.24"),
        (("2016", "2", "29", "24", "0"), "3.33", "2016-03-01T00:00:03.33"),
        (("2016", "12", "31", "23", "60"), "0", "2017-01-01T00:00:00"),
        (("71", "1", "2", "", ""), "0", "1971-01-02T00:00:00"),
        (("59", "1", "2"), "0", "2059-01-02T00:00:00"),
        (("60", " 1", " 2"), "-0.5", "1960-01-01T23:59:59.5"),
    ],
)
def test_times_run_over_and_years_of_two_digits(calendar, second, is_time):
    assert LINE.instant(calendar, LINE.nanoseconds(second)) == parse_time(is_time)


@pytest.mark.parametrize(
    ("calendar", "second"),
    [
        (("2015", "2", "29"), 0),
        (("2015", "13", "1"), 0),
        (("2015", "1", "1", "49"), 0),
        (("2999", "1", "1"), 0),
        (("x", "1", "1"), 0),
        (("2015", "1", "1"), None),
    ],
)
def test_what_is_no_time_names_file_and_line(calendar, second):
    with pytest.raises(InputError, match=r"file, line 7: (there is no time|the year 2999)"):
        LINE.instant(calendar, second)


@pytest.mark.parametrize(
    ("text", "places", "value"),
    [
        ("  1234", 2, 12.34),
        ("12.3", 2, 12.3),
        ("  -50", 2, -0.5),
        ("", 2, None),
        ("****", 2, None),
        ("nan", 0, None),
        ("1e3", 2, 1000.0),
    ],
)
def test_implied_decimals(text, places, value):
    assert LINE.within(LINE.decimal(text, places), -1e9, 1e9) == value


def test_what_is_no_number():
    with pytest.raises(InputError, match="'1x' is not a number"):
        LINE.decimal("1x")
    with pytest.raises(InputError, match="no time within a few years"):
        LINE.nanoseconds("1e9")
    with pytest.raises(InputError, match="not between 0 and 5"):
        LINE.within(LINE.decimal("6"), 0, 5)


@pytest.mark.parametrize(
    ("whole", "minutes", "hemisphere", "degrees"),
    [
        ("42", 48.74, "", 42.812333),
        ("42", 48.74, "S", -42.812333),
        ("-42", 48.74, "", -42.812333),
        ("0", 30.0, "W", -0.5),
        ("-0", 30.0, "", -0.5),
        ("117", None, "W", -117.0),
    ],
)
def test_degrees_and_minutes_keep_their_sign(whole, minutes, hemisphere, degrees):
    assert LINE.degrees(whole, minutes, hemisphere, 180) == pytest.approx(degrees, abs=1e-6)


@given(st.floats(-180, 180), st.integers(0, 4))
def test_minutes_stay_below_sixty(value, places):
    whole, minutes = degrees_and_minutes(value, places)
    assert 0 <= minutes < 60
    assert whole + minutes / 60 == pytest.approx(abs(value), abs=0.51 / 60 / 10**places)


@pytest.mark.parametrize("content", [b"a\r\nb\r\n\r\n", b"a\nb", b"\xef\xbb\xbfa\rb\n \n\x1a"])
def test_lines_of_any_ending(content):
    assert [(line.count, line.text) for line in lines_of(Path("file"), content)] == [(1, "a"), (2, "b")]


def test_lines_that_are_not_utf8_are_latin1():
    assert lines_of(Path("file"), "Océane".encode("latin-1"))[0].text == "Océane"
    assert lines_of(Path("file"), "Océane".encode())[0].text == "Océane"
    assert lines_of(Path("file"), b"") == []


def test_what_nobody_collects_is_raised():
    problems: list[Problem] = []
    tell(problems, LINE.error("is wrong", "mend it"))
    assert problems == [Problem("file, line 7", "is wrong", "mend it")]
    with pytest.raises(InputError, match="mend it"):
        tell(None, LINE.error("is wrong", "mend it"))
