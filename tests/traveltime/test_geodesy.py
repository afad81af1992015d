"""Distances and azimuths against ObsPy's, and the laws of the flat frame."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.traveltime.geodesy import LocalFrame, destination, distance_azimuth

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


@given(latitudes, longitudes, st.floats(1.0, 1e6), st.floats(0, 359.9))
def test_distance_azimuth_is_the_inverse_of_destination(
    latitude: float, longitude: float, distance: float, azimuth: float
) -> None:
    there = destination(latitude, longitude, distance, azimuth)
    back, direction = distance_azimuth(latitude, longitude, *there)
    assert back == pytest.approx(distance, abs=1e-3)
    if abs(latitude) < 89.999:
        assert (float(direction) - azimuth + 180) % 360 - 180 == pytest.approx(0.0, abs=1e-3 + 0.1 / distance)


@given(latitudes, longitudes, latitudes, longitudes, st.integers(-2, 2))
def test_distance_is_symmetric_and_does_not_mind_whole_turns(
    latitude1: float, longitude1: float, latitude2: float, longitude2: float, turns: int
) -> None:
    there, _ = distance_azimuth(latitude1, longitude1, latitude2, longitude2)
    back, _ = distance_azimuth(latitude2, longitude2 + 360 * turns, latitude1, longitude1)
    if there < 1.9e7:
        assert back == pytest.approx(float(there), abs=1e-2)


@pytest.mark.filterwarnings("ignore:SelectableGroups dict interface:DeprecationWarning")
def test_against_obspy() -> None:
    """Golden: obspy.geodetics.gps2dist_azimuth (Vincenty or GeographicLib), 300 pairs within 1,000 km."""
    from obspy.geodetics import gps2dist_azimuth

    rng = np.random.default_rng(1)
    latitude, longitude = rng.uniform(-85, 85, 300), rng.uniform(-180, 180, 300)
    other = destination(latitude, longitude, 10 ** rng.uniform(0, 6, 300), rng.uniform(0, 360, 300))
    distance, azimuth = distance_azimuth(latitude, longitude, *other)
    for i in range(300):
        expected, direction, _ = gps2dist_azimuth(latitude[i], longitude[i], other[0][i], other[1][i])
        assert distance[i] == pytest.approx(expected, rel=1e-6, abs=1e-3)
        assert (azimuth[i] - direction + 180) % 360 - 180 == pytest.approx(0.0, abs=1e-3 + 0.1 / expected)


def test_equal_points_and_poles() -> None:
    distance, azimuth = distance_azimuth([10.0, 90.0], [20.0, 0.0], [10.0, 90.0], [20.0, 77.0])
    np.testing.assert_allclose(distance, 0.0, atol=1e-6)
    assert azimuth[0] == 0.0
    quarter, _ = distance_azimuth(90.0, 0.0, -0.0, 123.0)
    assert quarter == pytest.approx(10_001_965.729)


@given(latitudes, longitudes, st.floats(-3e5, 3e5), st.floats(-3e5, 3e5))
def test_frame_round_trip(latitude: float, longitude: float, x: float, y: float) -> None:
    frame = LocalFrame(latitude, longitude)
    back = frame.to_xy(*frame.to_lat_lon(x, y))
    np.testing.assert_allclose(back, (x, y), atol=1e-2)


@pytest.mark.parametrize("centre", [(35.7, -117.5), (0.0, 180.0), (-60.0, -179.9), (89.0, 10.0), (-90.0, 0.0)])
def test_frame_keeps_distances_within_300_km(centre: tuple[float, float]) -> None:
    rng = np.random.default_rng(2)
    radius, angle = 300e3 * np.sqrt(rng.uniform(0, 1, (2, 200))), rng.uniform(0, 2 * np.pi, (2, 200))
    x, y = radius * np.sin(angle), radius * np.cos(angle)
    latitude, longitude = LocalFrame(*centre).to_lat_lon(x, y)
    distance, _ = distance_azimuth(latitude[0], longitude[0], latitude[1], longitude[1])
    np.testing.assert_allclose(np.hypot(x[0] - x[1], y[0] - y[1]), distance, rtol=1e-3)
