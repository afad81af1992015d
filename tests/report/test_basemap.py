"""Known places are on land or at sea, and cutting loses nothing."""

from __future__ import annotations

import numpy as np
import pytest

from wadati.report.basemap import Box, cut


def on_land(longitude: float, latitude: float, size: float = 1.0) -> bool:
    """Whether a place lies within an odd number of outlines (crossings of a ray to the east)."""
    box = Box(longitude - size, latitude - size, longitude + size, latitude + size)
    crossings = 0
    for ring in cut(box).land:
        following = np.roll(ring, -1, axis=0)
        spans = (ring[:, 1] > latitude) != (following[:, 1] > latitude)
        a, b = ring[spans], following[spans]
        x = a[:, 0] + (latitude - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
        crossings += int((x > longitude).sum())
    return crossings % 2 == 1


@pytest.mark.parametrize(
    ("longitude", "latitude", "land"),
    [
        (2.35, 48.85, True),  # Paris
        (-117.5, 35.7, True),  # Ridgecrest
        (139.3, 36.0, True),  # Kanto
        (-117.7, 32.5, False),  # off San Diego
        (-30.0, 40.0, False),  # the Atlantic
        (51.0, 42.0, False),  # the Caspian Sea
        (178.0, -17.8, True),  # Fiji, west of the date line
        (-179.97, -16.85, True),  # Taveuni, on the date line
        (-179.97, 68.5, True),  # Chukotka, on the date line
        (180.5, 68.0, True),  # the same, counted on past 180 degrees
        (0.0, -85.0, True),  # Antarctica
        (179.9, -80.0, False),  # the Ross Ice Shelf, beyond the coast of the map
    ],
)
@pytest.mark.parametrize("size", [0.4, 3.0])
def test_land_and_sea(longitude: float, latitude: float, land: bool, size: float) -> None:
    assert on_land(longitude, latitude, size) == land


def test_borders_are_told_from_coasts() -> None:
    alps, ocean = cut(Box(6.0, 45.0, 8.0, 47.0)), cut(Box(-31.0, 34.0, -30.0, 35.0))
    assert alps.borders
    assert not alps.coasts
    assert (ocean.land, ocean.coasts, ocean.borders) == ((), (), ())


def test_no_line_runs_across_the_map_at_the_date_line() -> None:
    fiji = cut(Box(177.0, -19.0, 182.0, -15.0))
    assert fiji.coasts
    assert max(float(np.abs(np.diff(line[:, 0])).max()) for line in fiji.coasts) < 0.5


def test_outlines_stay_within_the_box() -> None:
    box = Box(-123.0, 37.0, -121.0, 39.0)
    for ring in cut(box).land:
        assert all(box.holds(x, y) for x, y in np.round(ring, 9))
