"""Frames of NonLinLoc grids: there and back, and the coordinates that NonLinLoc itself states."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.traveltime.geodesy import distance_azimuth
from wadati.traveltime.projections import LambertFrame, SimpleFrame

FRAMES = {
    "simple": SimpleFrame(35.7, -117.5),
    "on the date line": SimpleFrame(-20.0, 179.5),
    "two parallels": LambertFrame("WGS-84", 46.0, 8.0, 45.0, 48.0),
    "one parallel": LambertFrame("Clarke-1880", -22.27, -67.16, -22.0, -22.0),
}


@pytest.mark.parametrize("name", FRAMES)
@given(north=st.floats(-2.0, 2.0), east=st.floats(-2.0, 2.0))
def test_there_and_back(name: str, north: float, east: float) -> None:
    frame = FRAMES[name]
    latitude, longitude = frame.latitude + north, (frame.longitude + east + 180) % 360 - 180
    back = frame.to_lat_lon(*frame.to_xy(latitude, longitude))
    assert float(distance_azimuth(latitude, longitude, *back)[0]) < 1e-3


@pytest.mark.parametrize("name", FRAMES)
def test_distances_near_the_origin_are_true(name: str) -> None:
    frame = FRAMES[name]
    x, y = frame.to_xy(frame.latitude + 0.03, frame.longitude + 0.04)
    true, _ = distance_azimuth(frame.latitude, frame.longitude, frame.latitude + 0.03, frame.longitude + 0.04)
    assert float(x) > 0
    assert float(y) > 0
    assert (float(x) ** 2 + float(y) ** 2) ** 0.5 == pytest.approx(float(true), rel=4e-3)


def test_nonlinlocs_own_coordinates(shared: Path) -> None:
    """Golden: 50 solutions of NonLinLoc 7 state their hypocentre both ways, to 1 m and to 0.1 m."""
    frame = LambertFrame("WGS-84", -22.27, -67.16, -22.28, -22.26)
    paths = sorted((shared / "data/uturuncu-2011/nlloc").glob("*.hyp"))
    assert len(paths) == 50
    for path in paths:
        text = path.read_text()
        x, y = (float(v) for v in re.findall(r"HYPOCENTER\s+x (\S+) y (\S+)", text)[0])
        latitude, longitude = (float(v) for v in re.findall(r"Lat (\S+) Long (\S+) Depth", text)[0])
        east, north = frame.to_xy(latitude, longitude)
        assert float(east) == pytest.approx(x * 1e3, abs=0.5)
        assert float(north) == pytest.approx(y * 1e3, abs=0.5)
