"""Elevations as an ESRI ASCII grid, which every GIS writes (`.asc`).

A header of names and numbers, `ncols`, `nrows`, `xllcorner` or `xllcenter`, `yllcorner` or `yllcenter`, `cellsize` (or
`dx` and `dy`), perhaps `nodata_value`, then the rows of numbers from north to south. Here coordinates are degrees,
elevations metres above sea level.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wadati.errors import InputError, UsageError
from wadati.formats.text_lines import Line, read_lines
from wadati.model import Topography

_NAMES = (
    "ncols",
    "nrows",
    "xllcorner",
    "xllcenter",
    "yllcorner",
    "yllcenter",
    "cellsize",
    "dx",
    "dy",
    "nodata_value",
)
_MEND = "give an ESRI ASCII grid of elevations in metres, its coordinates in degrees"
_LARGEST = 12_000.0


def read_ascii_grid(path: Path) -> Topography:
    """The ground of a file; its name is that of the file.

    >>> import tempfile
    >>> header = "ncols 2\\nnrows 2\\nxllcenter 7\\nyllcenter 45\\ncellsize 0.5\\nNODATA_value -9999\\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "slope.asc"
    ...     _ = path.write_text(header + "0 3000\\n0 1000\\n")
    ...     ground = read_ascii_grid(path)
    >>> ground.name, float(ground.elevation(45.5, 7.5))
    ('slope', 3000.0)

    Raises `InputError` for a file that is no such grid, and for elevations that no ground has.
    """
    lines = read_lines(path)
    header = _header(lines)
    numbers, values = lines[len(header) :], dict(header)
    columns, rows = (_count(path, values, name) for name in ("ncols", "nrows"))
    step_x, step_y = (_given(path, values, name, "cellsize") for name in ("dx", "dy"))
    west, south = (
        _given(path, values, f"{axis}llcenter")
        if f"{axis}llcenter" in values
        else _given(path, values, f"{axis}llcorner") + step / 2
        for axis, step in (("x", step_x), ("y", step_y))
    )
    elevations = _elevations(path, numbers, rows, columns)
    if "nodata_value" in values:
        elevations[elevations == np.float32(values["nodata_value"])] = np.nan
    if (np.abs(elevations) > _LARGEST).any():
        worst = float(elevations[np.abs(elevations) > _LARGEST][0])
        raise InputError(path, f"has an elevation of {worst:g} m", "state it as NODATA_value, or give metres")
    try:
        return Topography(path.stem, south, west, step_y, step_x, elevations[::-1])
    except UsageError as error:
        raise InputError(path, str(error), _MEND) from None


def _header(lines: Sequence[Line]) -> list[tuple[str, float]]:
    """Names and numbers of the first lines, as far as they begin with a name."""
    found = []
    for line in lines:
        words = line.text.split()
        if len(words) != 2 or words[0].lower() not in _NAMES:
            break
        found.append((words[0].lower(), line.word(words[1])))
    return found


def _given(path: Path, values: dict[str, float], *names: str) -> float:
    for name in names:
        if name in values:
            return values[name]
    raise InputError(path, f"has no {' or '.join(names)} at its beginning", _MEND)


def _count(path: Path, values: dict[str, float], name: str) -> int:
    count = _given(path, values, name)
    if count != int(count) or count < 1:
        raise InputError(path, f"{name} is {count:g}", _MEND)
    return int(count)


def _elevations(path: Path, lines: Sequence[Line], rows: int, columns: int) -> np.ndarray:
    """The numbers of a grid, rows as they stand, shape (row, column); lines may be broken anywhere."""
    parts = []
    for line in lines:
        try:
            parts.append(np.array(line.text.split(), np.float32))
        except ValueError:
            raise line.error("holds something that is no number", "correct the line") from None
    found = np.concatenate([*parts, np.empty(0, np.float32)])
    if len(found) != rows * columns:
        raise InputError(
            path,
            f"holds {len(found)} elevations where its {rows} rows of {columns} need {rows * columns}",
            "correct ncols and nrows, or fetch the file again",
        )
    return found.reshape(rows, columns)
