"""Rows of tables that other programs wrote: names of columns in any case, any of the usual delimiters, or Parquet.

`None`, `NaN` and `NaT` count as empty. A line that cannot be read costs no other.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from wadati.errors import InputError
from wadati.formats.csv_rows import Row, read_rows
from wadati.formats.text_lines import tell
from wadati.model import format_time
from wadati.model.time import BEGINNING, END
from wadati.protocols import Problem
from wadati.units import MICROSECOND, MILLISECOND, SECOND

_DELIMITERS = ",\t;|"
_EMPTY = frozenset(("nan", "none", "nat", "null", "<na>"))
_PARQUET = b"PAR1"
_UNITS = ((11, SECOND), (14, MILLISECOND), (17, MICROSECOND), (20, 1))
"""Digits of the whole part up to which a number counts seconds, milliseconds, microseconds, nanoseconds."""


class ForeignRow(Row):
    """A row that knows the names of its columns."""

    __slots__ = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names, in lower case."""
        return tuple(self._fields)

    def time(self, column: str) -> int:
        """The field as nanoseconds UTC, within the times that can be held."""
        found = super().time(column)
        if not BEGINNING <= found <= END:
            wrong = f"{self.text(column)} is beyond the times that can be held (1823 to 2116)"
            raise self.error(column, wrong, "correct or remove the line")
        return found


def columns_of(path: Path, head: bytes) -> tuple[str, ...]:
    """The names of the columns, in lower case; none where the file is no table."""
    if head.startswith(_PARQUET):
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return tuple(name.lower() for name in pq.ParquetFile(path).schema_arrow.names)
        except (OSError, pa.ArrowInvalid):
            return ()
    return _names(_text(head))


def read_foreign_rows(
    path: Path, problems: list[Problem] | None = None, *, required: Sequence[str] = (), fold: bool = True
) -> Iterator[ForeignRow]:
    """The rows of a table; broken lines are told in `problems`, or raised.

    Names of columns are in lower case, unless `fold` is False. Raises `InputError` where a required column is missing.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "name an existing table") from None
    if content.startswith(_PARQUET):
        yield from _parquet_rows(path)
        return
    text = _text(content)
    names = _names(text, fold=fold)
    missing = [name for name in required if name not in names]
    if missing:
        wrong = f"column {', '.join(missing)} is missing"
        raise InputError(f"{path}, line 1", wrong, f"the header needs {','.join(required)}")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    header = True
    try:
        for fields in reader:
            if not any(field.strip() for field in fields):
                continue
            if header:
                header = False
            elif len(fields) != len(names):
                wrong = f"has {len(fields)} fields where the header names {len(names)}"
                tell(problems, InputError(f"{path}, line {reader.line_num}", wrong, "correct or remove the line"))
            else:
                yield ForeignRow(path, reader.line_num, _fields(names, fields))
    except csv.Error as error:
        tell(problems, InputError(f"{path}, line {reader.line_num}", f"is not CSV ({error})", "correct the line"))


def read_told_rows(path: Path, required: Sequence[str], problems: list[Problem] | None) -> Iterator[Row]:
    """The rows of one of our own tables, as `read_rows` gives them; with `problems` a broken line costs no other."""
    if problems is None:
        return read_rows(path, required)
    return read_foreign_rows(path, problems, required=required, fold=False)


def instant(row: Row, column: str) -> int:
    """A time as ISO 8601 text or as a number since 1970: seconds, or by their size milli-, micro- or nanoseconds."""
    text = row.text(column)
    whole, _, fraction = text.lstrip("-").partition(".")
    if not whole.isdigit() or not (fraction.isdigit() or not fraction) or (len(whole) == 8 and not fraction):
        return row.time(column)
    unit = next((unit for digits, unit in _UNITS if len(whole) <= digits), None)
    if unit is None:
        raise row.error(column, f"{text} is no time", "write ISO 8601 or seconds since 1970")
    scaled = int(whole) * unit + int(fraction[:18].ljust(18, "0")) * unit // 10**18
    if scaled > END:
        raise row.error(column, f"{text} is too late to be a time", "write ISO 8601 or seconds since 1970")
    return -scaled if text.startswith("-") else scaled


def first_of(columns: Sequence[str], *names: str) -> str:
    """The first of the names that is a column; empty where none is."""
    return next((name for name in names if name in columns), "")


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.end >= len(content) - 3:  # a character cut by the end of what was read
            return content[: error.start].decode("utf-8-sig")
        return content.decode("latin-1")


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "")


def _delimiter(text: str) -> str:
    line = _first_line(text)
    return max(_DELIMITERS, key=line.count)


def _names(text: str, *, fold: bool = True) -> tuple[str, ...]:
    try:
        found = next(csv.reader([_first_line(text)], delimiter=_delimiter(text)), [])
    except csv.Error:
        return ()
    plain = (name.strip().lstrip("#").strip() for name in found)
    return tuple(name.lower() if fold else name for name in plain)


def _fields(names: Sequence[str], fields: Sequence[str]) -> dict[str, str]:
    """Fields by name; a column without one is the index of a data frame and means nothing."""
    pairs = ((name, field) for name, field in zip(names, fields, strict=True) if name)
    return {name: "" if field.strip().lower() in _EMPTY else field for name, field in pairs}


def _parquet_rows(path: Path) -> Iterator[ForeignRow]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path).read()
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(path, f"cannot be read as Parquet ({error})", "name a whole Parquet file") from None
    columns = [_texts(table.column(name)) for name in table.column_names]
    names = [name.lower() for name in table.column_names]
    for count, fields in enumerate(zip(*columns, strict=True), 1):
        yield ForeignRow(path, count, _fields(names, fields))


def _texts(column: object) -> list[str]:
    """The values of a column as text; times as ISO 8601 with nanoseconds."""
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):  # type: ignore[attr-defined]
        values = column.cast(pa.timestamp("ns", tz=column.type.tz)).cast(pa.int64()).to_pylist()  # type: ignore[attr-defined]
        return ["" if value is None else format_time(value, 9) for value in values]
    return ["" if value is None else str(value) for value in column.to_pylist()]  # type: ignore[attr-defined]
