"""Tables as text: rows with typed fields, and errors that name file, line, column and mend."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from wadati.errors import InputError, UsageError
from wadati.formats.atomic import atomic_write
from wadati.model import parse_time


class Row:
    """One line of a table; its fields by column, an absent optional column as an empty field."""

    __slots__ = ("_fields", "_line", "_path")

    def __init__(self, path: Path, line: int, fields: dict[str, str]) -> None:
        self._path, self._line, self._fields = path, line, fields

    def error(self, column: str, wrong: str, mend: str) -> InputError:
        """An error that names the file, this line and a column."""
        return InputError(f"{self._path}, line {self._line}, column {column}", wrong, mend)

    def text(self, column: str) -> str:
        """The field without surrounding blanks; empty where unknown."""
        return self._fields.get(column, "").strip()

    def required(self, column: str) -> str:
        """The field, which must not be empty."""
        text = self.text(column)
        if not text:
            raise self.error(column, "is empty", "give a value or remove the line")
        return text

    def number(self, column: str, low: float = -math.inf, high: float = math.inf) -> float:
        """The field as a finite number within [low, high]."""
        text = self.required(column)
        try:
            value = float(text)
        except ValueError:
            raise self.error(column, f"{text!r} is not a number", "write a decimal number") from None
        if not math.isfinite(value) or not low <= value <= high:
            raise self.error(column, f"{text} is not between {low:g} and {high:g}", "check columns and units")
        return value

    def optional(self, column: str, low: float = -math.inf, high: float = math.inf) -> float | None:
        """The field as a number; None where it is empty."""
        return self.number(column, low, high) if self.text(column) else None

    def time(self, column: str) -> int:
        """The field as nanoseconds UTC."""
        text = self.required(column)
        try:
            return parse_time(text)
        except UsageError as error:
            raise self.error(column, str(error), "times are ISO 8601 in UTC") from None

    def choice(self, column: str, among: Sequence[str]) -> str | None:
        """The field, one of the given words; None where it is empty."""
        text = self.text(column)
        if text and text not in among:
            raise self.error(column, f"{text!r} is unknown", f"write one of {', '.join(among)}, or nothing")
        return text or None


def read_rows(path: Path, required: Sequence[str]) -> Iterator[Row]:
    """The lines of a CSV file with a header, in order; blank lines are passed over.

    Columns may stand in any order, and more columns than required do not matter. Raises `InputError`.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            missing = [name for name in required if name not in header]
            if missing:
                raise InputError(
                    f"{path}, line 1",
                    f"column {', '.join(missing)} is missing" if header else "the file is empty",
                    f"the header needs {','.join(required)}",
                )
            for fields in reader:
                if not any(field.strip() for field in fields):
                    continue
                if len(fields) != len(header):
                    raise InputError(
                        f"{path}, line {reader.line_num}",
                        f"has {len(fields)} fields where the header names {len(header)}",
                        "give every column, quoting fields that hold a comma",
                    )
                yield Row(path, reader.line_num, dict(zip(header, fields, strict=True)))
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "name an existing CSV file") from None
    except UnicodeDecodeError:
        raise InputError(path, "is not UTF-8 text", "name a CSV file, saved as UTF-8") from None
    except csv.Error as error:
        raise InputError(path, f"is not CSV ({error})", "name a comma-separated file with a header") from None


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table atomically; the same rows give the same bytes."""
    with atomic_write(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def fixed(value: float | None, decimals: int) -> str:
    """A number with so many decimals; empty where it is None or not finite. Never `-0.0`.

    >>> fixed(1.25, 1), fixed(-0.01, 1), fixed(None, 1)
    ('1.2', '0.0', '')
    """
    if value is None or not math.isfinite(value):
        return ""
    return f"{round(value, decimals) + 0.0:.{decimals}f}"
