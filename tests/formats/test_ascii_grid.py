"""Grids of elevations as GIS programs write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wadati.errors import InputError
from wadati.formats.ascii_grid import read_ascii_grid

HEADER = "ncols 3\nnrows 2\nxllcorner 10\nyllcorner -45\ncellsize 0.5\nNODATA_value -9999\n"


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    elevations=arrays(np.float32, st.tuples(st.integers(2, 6), st.integers(2, 7)), elements=st.integers(-8000, 8000)),
    broken=st.integers(1, 9),
    center=st.booleans(),
)
def test_what_was_written_is_read_however_lines_are_broken(
    tmp_path: Path, elevations: np.ndarray, broken: int, center: bool
) -> None:
    rows, columns = elevations.shape
    words = [f"{value:g}" for value in elevations[::-1].ravel()]
    lines = [" ".join(words[first : first + broken]) for first in range(0, len(words), broken)]
    corner = "xllcenter 10.05\nyllcenter 20.05" if center else "XLLCORNER 10\nYLLCORNER 20"
    text = f"ncols {columns}\nnrows {rows}\n{corner}\ncellsize 0.1\n" + "\n".join(lines) + "\n"
    grid = read_ascii_grid(written(tmp_path / "grid.asc", text))
    assert np.array_equal(grid.elevations, elevations)
    assert (grid.south, grid.west) == (pytest.approx(20.05), pytest.approx(10.05))
    assert (grid.latitude_step, grid.longitude_step) == (0.1, 0.1)


def test_cells_may_be_oblong_and_empty(tmp_path: Path) -> None:
    text = HEADER.replace("cellsize 0.5", "dx 0.5\ndy 0.25") + "1 2 3\n4 -9999 6\n"
    grid = read_ascii_grid(written(tmp_path / "grid.asc", text))
    assert (grid.longitude_step, grid.latitude_step) == (0.5, 0.25)
    assert (grid.west, grid.south) == (10.25, -44.875)
    assert np.array_equal(grid.elevations, [[4, np.nan, 6], [1, 2, 3]], equal_nan=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "ncols"),
        ("1 2 3\n", "ncols"),
        (HEADER.replace("nrows 2\n", ""), "nrows"),
        (HEADER.replace("cellsize 0.5\n", ""), "cellsize"),
        (HEADER.replace("ncols 3", "ncols 2.5"), "2.5"),
        (HEADER.replace("yllcorner -45", "yllcorner x"), "line 4"),
        (HEADER + "1 2 3\n4 5\n", "5 elevations"),
        (HEADER + "1 2 3\n4 five 6\n", "line 8"),
        (HEADER + "1 2 3\n4 1e9 6\n", "NODATA_value"),
        (HEADER.replace("-45", "4500000") + "1 2 3\n4 5 6\n", "degrees"),
        (HEADER + "-9999 -9999 -9999\n" * 2, "no elevation"),
    ],
)
def test_what_is_no_grid_is_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as told:
        read_ascii_grid(written(tmp_path / "grid.asc", text))
    assert "grid.asc" in str(told.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.asc"):
        read_ascii_grid(tmp_path / "none.asc")
