"""The ground: between its nodes, at its edges, around the Earth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.errors import UsageError
from wadati.model import Topography

PLANE = Topography("plane", 40.0, 170.0, 0.5, 0.25, 100.0 * np.arange(5)[:, None] - 40.0 * np.arange(81)[None, :] + 0.0)


@given(st.floats(40.0, 42.0), st.floats(170.0, 190.0))
def test_a_plane_is_a_plane_at_every_place_across_the_date_line_too(latitude: float, longitude: float) -> None:
    expected = 100.0 * (latitude - 40.0) / 0.5 - 40.0 * (longitude - 170.0) / 0.25
    for same in (longitude, longitude - 360.0):
        found = PLANE.elevation(np.array(latitude), np.array(same))
        assert found == pytest.approx(expected, abs=1e-6) or same < -170.0 + 1e-9 or same > 190.0 - 1e-9


def test_outside_and_beside_what_is_missing_there_is_no_elevation() -> None:
    elevations = np.full((4, 4), 500.0)
    elevations[0, 0] = np.nan
    grid = Topography("hole", 0.0, 0.0, 1.0, 1.0, elevations)
    latitude = np.array([0.5, 2.5, 3.0, 3.001, -0.001, 1.0, 1.0, 1.0])
    longitude = np.array([0.5, 2.5, 3.0, 1.0, 1.0, -0.001, 3.001, 359.0])
    assert np.isnan(grid.elevation(latitude, longitude)).tolist() == [True, False, False, *[True] * 5]


def test_a_grid_that_goes_around_has_no_seam() -> None:
    columns = np.sin(np.radians(np.arange(0.0, 360.0, 10.0)))
    grid = Topography("globe", -90.0, 0.0, 10.0, 10.0, np.tile(columns, (19, 1)))
    closed = Topography("globe", -90.0, 0.0, 10.0, 10.0, np.tile(np.append(columns, columns[0]), (19, 1)))
    longitude = np.linspace(-720.0, 720.0, 999)
    latitude = np.linspace(-90.0, 90.0, 999)
    found = grid.elevation(latitude, longitude)
    assert np.isfinite(found).all()
    assert np.allclose(found, np.sin(np.radians(longitude)), atol=0.005)
    assert np.array_equal(found, closed.elevation(latitude, longitude))


def test_equal_content_has_an_equal_digest_and_other_content_another() -> None:
    same = Topography("other name", 40.0, 170.0, 0.5, 0.25, PLANE.elevations.copy())
    higher = Topography("plane", 40.0, 170.0, 0.5, 0.25, PLANE.elevations + 1.0)
    assert same.digest == PLANE.digest
    assert len({PLANE.digest, higher.digest, Topography("plane", 40.5, 170.0, 0.5, 0.25, PLANE.elevations).digest}) == 3


@pytest.mark.parametrize(
    ("south", "step", "elevations", "words"),
    [
        (0.0, 1.0, np.zeros((1, 5)), "2 × 2"),
        (0.0, 0.0, np.zeros((5, 5)), "positive"),
        (500_000.0, 30.0, np.zeros((5, 5)), "degrees"),
        (0.0, 1.0, np.full((5, 5), np.nan), "no elevation"),
    ],
)
def test_what_is_no_ground_is_refused(south: float, step: float, elevations: np.ndarray, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Topography("bad", south, 0.0, step, step, elevations)
