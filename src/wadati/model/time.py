"""Time: integer nanoseconds UTC since 1970-01-01, spans half open, sampling rates rational.

A leap second has no number of its own (as in POSIX time): 23:59:60 is read as the 00:00:00 that follows, so
every time stamp is comparable and a day has 86,400 s. A record that runs through a leap second is
therefore late by up to one second until its next time stamp.
"""

from __future__ import annotations

import datetime
import re
from fractions import Fraction
from typing import Annotated

import msgspec

from wadati.errors import UsageError
from wadati.units import SECOND

Nanoseconds = Annotated[int, msgspec.Meta(title="time", description="nanoseconds UTC since 1970-01-01")]
"""An instant: an integer in Python, MessagePack and SQL, ISO 8601 text in JSON (2^53 is too small)."""

_ISO = re.compile(
    r"^\s*(\d{4})-?(\d{2})-?(\d{2})(?:[T ](\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d+))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?\s*$"
)
_EPOCH = datetime.date(1970, 1, 1).toordinal()


def parse_time(text: str) -> int:
    """Nanoseconds of an ISO 8601 time; without a zone it is UTC.

    >>> parse_time("1970-01-01T00:00:01.5Z")
    1500000000
    >>> parse_time("2016-12-31T23:59:60Z") == parse_time("2017-01-01")
    True

    Raises `UsageError` for text that is no time, and for times that do not fit.
    """
    match = _ISO.match(text)
    if match is None:
        raise UsageError(f"{text!r} is not a time; write it as 2019-07-04T17:33:49.123Z")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        days = datetime.date(int(year), int(month), int(day)).toordinal() - _EPOCH
    except ValueError as error:
        raise UsageError(f"{text!r} is not a time: {error}") from None
    hours, minutes, seconds = int(hour or 0), int(minute or 0), int(second or 0)
    if hours > 24 or minutes > 59 or seconds > 60:
        raise UsageError(f"{text!r} is not a time: the hour, minute or second is out of range")
    total = days * 86400 + hours * 3600 + minutes * 60 + seconds
    if zone and zone != "Z":
        sign = 1 if zone[0] == "+" else -1
        total -= sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)
    time = total * SECOND + int((fraction or "0")[:9].ljust(9, "0"))
    if not -(2**63) <= time < 2**63:
        raise UsageError(f"{text!r} is not a time: it is farther from 1970 than 292 years")
    return time


def format_time(time: int, digits: int = 6) -> str:
    """ISO 8601 text with `Z` and `digits` decimals (0 to 9), rounded to nearest.

    >>> format_time(1500000000)
    '1970-01-01T00:00:01.500000Z'
    >>> format_time(-1, digits=9)
    '1969-12-31T23:59:59.999999999Z'
    """
    step = 10 ** (9 - digits)
    rounded = (time + step // 2) // step * step
    seconds, fraction = divmod(rounded, SECOND)
    days, rest = divmod(seconds, 86400)
    date = datetime.date.fromordinal(days + _EPOCH).isoformat()
    text = f"{date}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    return f"{text}.{fraction:09d}"[: len(text) + 1 + digits] + "Z" if digits else text + "Z"


def seconds(duration: float) -> int:
    """A duration in seconds as integer nanoseconds, rounded to nearest.

    >>> seconds(0.01)
    10000000
    """
    return round(duration * SECOND)


def sampling_rate(hertz: float) -> Fraction:
    """The rational sampling rate nearest to a number from a header (denominator at most 10,000).

    >>> sampling_rate(100.0), sampling_rate(0.1), sampling_rate(33.333333)
    (Fraction(100, 1), Fraction(1, 10), Fraction(100, 3))

    Raises `UsageError` for a rate that is not positive.
    """
    if not hertz > 0:
        raise UsageError(f"a sampling rate of {hertz} Hz is not positive")
    return (
        Fraction(hertz).limit_denominator(10_000) if hertz >= 1 else 1 / Fraction(1 / hertz).limit_denominator(10_000)
    )


BEGINNING, END = -(2**62), 2**62
"""Instants before and after everything, for spans that are open on a side."""

_FIRST_YEAR, _LAST_YEAR = 1850, 2100


def parse_open_time(text: str) -> int:
    """As `parse_time`, but years so far away that they can only mean "for ever" are `BEGINNING` and `END`.

    >>> parse_open_time("2599-12-31T23:59:59") == END, parse_open_time("1970-01-01")
    (True, 0)

    Raises `UsageError` for text that is no time.
    """
    year = text.strip()[:4]
    if _ISO.match(text) and year.isdigit() and not _FIRST_YEAR <= int(year) <= _LAST_YEAR:
        return BEGINNING if int(year) < _FIRST_YEAR else END
    return parse_time(text)


class TimeSpan(msgspec.Struct, frozen=True, order=True):
    """The half-open span [start, end) in nanoseconds.

    >>> hour = TimeSpan(parse_time("2019-07-04T17:00"), parse_time("2019-07-04T18:00"))
    >>> hour.seconds, parse_time("2019-07-04T18:00") in hour
    (3600.0, False)
    """

    start: Nanoseconds
    end: Nanoseconds

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return (self.end - self.start) / SECOND

    def __contains__(self, time: int) -> bool:
        return self.start <= time < self.end

    def overlaps(self, other: TimeSpan) -> bool:
        """Whether the two spans share an instant."""
        return self.start < other.end and other.start < self.end

    def widen(self, before: int, after: int) -> TimeSpan:
        """The span with `before` and `after` nanoseconds more; an open side stays open."""
        return TimeSpan(max(self.start - before, BEGINNING), min(self.end + after, END))

    def __str__(self) -> str:
        start = ".." if self.start <= BEGINNING else format_time(self.start)
        end = ".." if self.end >= END else format_time(self.end)
        return f"{start}/{end}"
