"""Lines of fixed columns or of words, as the programs of the trade write them; an error names the file and the line.

Columns count from 1 and include both ends, as in the manuals.
"""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

from wadati.errors import InputError
from wadati.model.time import BEGINNING, END
from wadati.protocols import Problem
from wadati.units import DAY, HOUR, MINUTE, SECOND

S = TypeVar("S")
T = TypeVar("T")

_EPOCH = datetime.date(1970, 1, 1).toordinal()
_LONGEST = 1e8
_PIVOT = 60
"""Years of two digits below this are of this century, the others of the last one."""


class Line:
    """One line of a text file."""

    __slots__ = ("count", "path", "text")

    def __init__(self, path: Path, count: int, text: str) -> None:
        self.path, self.count, self.text = path, count, text

    def error(self, wrong: str, mend: str = "correct or remove the line") -> InputError:
        """An error that names the file and this line."""
        return InputError(f"{self.path}, line {self.count}", wrong, mend)

    def at(self, first: int, last: int) -> str:
        """What stands in these columns, without blanks around it."""
        return self.text[first - 1 : last].strip()

    def decimal(self, text: str, places: int = 0) -> Decimal | None:
        """A number as Fortran reads it: without a point its last `places` digits are decimals; None for blanks, stars.

        >>> Line(Path("a"), 1, "").decimal("1234", 2), Line(Path("a"), 1, "").decimal("12.3", 2)
        (Decimal('12.34'), Decimal('12.3'))
        """
        plain = text.strip()
        if not plain.strip("*"):
            return None
        try:
            value = Decimal(plain)
        except InvalidOperation:
            raise self.error(f"{plain!r} is not a number") from None
        if not value.is_finite():
            return None
        return value if "." in plain or "e" in plain.lower() else value.scaleb(-places)

    def number(
        self, first: int, last: int, places: int = 0, low: float = -math.inf, high: float = math.inf
    ) -> float | None:
        """The number in these columns, which must lie in [low, high]; None where there is none."""
        return self.within(self.decimal(self.at(first, last), places), low, high)

    def word(self, text: str, low: float = -math.inf, high: float = math.inf) -> float:
        """A word as a number within [low, high]."""
        value = self.within(self.decimal(text), low, high)
        if value is None:
            raise self.error(f"{text!r} is not a number")
        return value

    def needed(self, first: int, last: int, places: int = 0, low: float = -math.inf, high: float = math.inf) -> float:
        """The number in these columns, which must be there."""
        value = self.number(first, last, places, low, high)
        if value is None:
            raise self.error(f"columns {first} to {last} hold no number")
        return value

    def within(self, value: Decimal | None, low: float, high: float) -> float | None:
        """The value as a float; an error where it lies outside [low, high]."""
        if value is not None and not low <= value <= high:
            raise self.error(f"{value} is not between {low:g} and {high:g}")
        return None if value is None else float(value)

    def nanoseconds(self, text: str, places: int = 0) -> int | None:
        """Seconds in text as nanoseconds, exactly; None for blanks."""
        value = self.decimal(text, places)
        if value is not None and abs(value) > _LONGEST:
            raise self.error(f"{text.strip()} s is no time within a few years")
        return None if value is None else round(value * SECOND)

    def instant(self, calendar: Sequence[str], second: int | None = 0) -> int:
        """Nanoseconds since the epoch of year, month, day, hour and minute; `second` in nanoseconds is added.

        A year of two digits lies between 1960 and 2059. Hours may reach 48 and minutes and seconds may run beyond 59,
        as programs write them that count on from a reference. Hours and minutes may be blank or missing.
        """
        year, month, day, hour, minute = (*calendar, "", "")[:5]
        try:
            years, hours, minutes = int(year), int(hour or 0), int(minute or 0)
            years += 0 if years > 99 else 2000 if years < _PIVOT else 1900
            days = datetime.date(years, int(month), int(day)).toordinal() - _EPOCH
        except ValueError as error:
            raise self.error(f"there is no time {year}-{month}-{day} {hour}:{minute} ({error})") from None
        if second is None or not (0 <= hours <= 48 and 0 <= minutes <= 120 and abs(second) <= HOUR):
            raise self.error(f"there is no time {hour}:{minute} with such seconds")
        total = days * DAY + hours * HOUR + minutes * MINUTE + second
        if not BEGINNING <= total <= END:
            raise self.error(f"the year {years} is beyond the times that can be held (1823 to 2116)")
        return total

    def degrees(self, whole: str, minutes: float | None, hemisphere: str, limit: int) -> float:
        """Decimal degrees of degrees and minutes; `S` and `W`, or a minus sign, are negative."""
        value = self.word(whole or "0", -limit, limit)
        part = self.within(None if minutes is None else Decimal(minutes), 0, 60) or 0.0
        size = abs(value) + part / 60
        negative = hemisphere.upper() in ("S", "W") or whole.strip().startswith("-")
        if size > limit:
            raise self.error(f"{size:g} degrees are more than {limit}")
        return round(-size if negative else size, 7) + 0.0


def read_lines(path: Path) -> list[Line]:
    """The lines of a text file without those that are blank at its end; UTF-8, else Latin-1, any line ends.

    Raises `InputError` for a file that cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "name an existing file") from None
    return lines_of(path, content)


def lines_of(path: Path, content: bytes) -> list[Line]:
    """The lines of a content that stands at a path."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    plain = text.rstrip("\r\n \x1a\0").replace("\r\n", "\n").replace("\r", "\n")
    return [Line(path, count, line) for count, line in enumerate(plain.split("\n"), 1)] if plain else []


def first_words(lines: Iterable[Line]) -> list[list[str]]:
    """The words of the first few lines that have any: a format is known by one of them, as one may be broken."""
    return list(itertools.islice((line.text.split() for line in lines if line.text.strip()), 5))


def tell(problems: list[Problem] | None, error: InputError) -> None:
    """Note what is left out; raise it where nobody collects."""
    if problems is None:
        raise error
    problems.append(Problem(error.subject, error.wrong, error.mend))


def each(items: Iterable[S], read: Callable[[S], T], problems: list[Problem] | None) -> Iterator[T]:
    """What is read of each item; what cannot be is told, or raised where nobody collects."""
    for item in items:
        try:
            found = read(item)
        except InputError as error:
            tell(problems, error)
        else:
            yield found


def degrees_and_minutes(value: float, places: int) -> tuple[int, float]:
    """Whole degrees and minutes of an absolute value, the minutes rounded and below 60.

    >>> degrees_and_minutes(12.9999999, 2), degrees_and_minutes(-0.5, 2)
    ((13, 0.0), (0, 30.0))
    """
    step = 10**places
    whole, minutes = divmod(round(abs(value) * 60 * step), 60 * step)
    return whole, minutes / step
