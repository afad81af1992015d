"""Grids as NonLinLoc writes them: read back, equal to the layers they were made of, whatever their shape and turn."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from wadati.errors import InputError
from wadati.locators.edt import EdtLocator
from wadati.model import Channel, Inventory, Pick, SourceId, seconds
from wadati.traveltime.geodesy import distance_azimuth
from wadati.traveltime.gridded_times import GriddedTimes
from wadati.traveltime.layered import first_arrival
from wadati.traveltime.models import SOUTHERN_CALIFORNIA
from wadati.traveltime.projections import LambertFrame, SimpleFrame
from wadati.traveltime.times import Floats, Receivers

SIMPLE = "TRANSFORM  SIMPLE LatOrig 35.700000  LongOrig -117.500000  RotCW {:f}"
LAMBERT = (
    "TRANSFORM  LAMBERT RefEllipsoid WGS-84  LatOrig 35.700000  LongOrig -117.500000  "
    "FirstStdParal 35.000000  SecondStdParal 36.000000  RotCW {:f}"
)
FRAMES = {
    "simple": (SIMPLE, SimpleFrame(35.7, -117.5)),
    "lambert": (LAMBERT, LambertFrame("WGS-84", 35.7, -117.5, 35.0, 36.0)),
}
PLACES = {"A": (-12e3, -9e3, 500.0), "B": (11e3, -10e3, 1200.0), "C": (2e3, 13e3, -300.0), "D": (-3e3, 1e3, 800.0)}


def write(folder: Path, kind: str, frame: str, rotation: float = 0.0, number: str = "FLOAT") -> Inventory:
    """Grids of southern California for four stations, 0.5 km apart, to 16 km depth; the stations."""
    transform, projection = FRAMES[frame]
    angle, z = math.radians(rotation), np.arange(-1500.0, 16001.0, 500.0)
    channels = []
    for code, (east, north, elevation) in PLACES.items():
        x, y = east * math.cos(angle) + north * math.sin(angle), north * math.cos(angle) - east * math.sin(angle)
        if kind == "TIME":
            axis = np.arange(-20e3, 20001.0, 500.0)
            distance = np.hypot(axis[:, None] - x, axis - y)
            start = "-20 -20 -1.5"
        else:
            distance = np.arange(0.0, 60001.0, 500.0)[None]
            start = "0 0 -1.5"
        for phase in "PS":
            times = first_arrival(SOUTHERN_CALIFORNIA, phase, distance[..., None], z, elevation)
            root = folder / f"layer.{phase}.{code}.time"
            times.astype("<f4" if number == "FLOAT" else "<f8").tofile(root.with_name(root.name + ".buf"))
            shape = " ".join(str(n) for n in times.shape)
            root.with_name(root.name + ".hdr").write_text(
                f"{shape}  {start}  0.5 0.5 0.5 {kind} {number}\n"
                f"{code} {x / 1e3:f} {y / 1e3:f} {-elevation / 1e3:f}\n{transform.format(rotation)}\n"
            )
        latitude, longitude = (float(v) for v in projection.to_lat_lon(east, north))
        channels.append(Channel(SourceId("XX", code, "", "H", "H", "Z"), latitude, longitude, elevation))
    return Inventory.of(channels)


def receivers() -> Receivers:
    east, north, elevation = np.array([place for place in PLACES.values() for _ in "PS"]).T
    codes = tuple(("XX", code) for code in PLACES for _ in "PS")
    return Receivers(codes, east, north, elevation, ("P", "S") * len(PLACES))


def exact(x: Floats, y: Floats, z: Floats) -> Floats:
    where = receivers()
    distance = np.hypot(x[:, None] - where.x, y[:, None] - where.y)
    columns = [
        first_arrival(SOUTHERN_CALIFORNIA, phase, distance[:, n], z, where.elevation[n])
        for n, phase in enumerate(where.phases)
    ]
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("kind", ["TIME", "TIME2D"])
@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("rotation", [0.0, 30.0])
def test_times_and_slopes_are_those_of_the_model(tmp_path: Path, kind: str, frame: str, rotation: float) -> None:
    write(tmp_path, kind, frame, rotation, number="DOUBLE" if rotation else "FLOAT")
    rays = GriddedTimes(tmp_path).rays(receivers())
    rng = np.random.default_rng(1)
    x, y, z = rng.uniform(-12e3, 12e3, 200), rng.uniform(-12e3, 12e3, 200), rng.uniform(4e3, 15e3, 200)
    times, along_x, along_y = rays.at(x, y, z)
    # Between nodes 0.5 km apart lies the corner where a head wave takes over.
    error = np.abs(times - exact(x, y, z))
    assert np.quantile(error, 0.98) < 0.005
    assert error.max() < 0.04
    for slopes, dx, dy in ((along_x, 10.0, 0.0), (along_y, 0.0, 10.0)):
        measured = (rays.at(x + dx, y + dy, z)[0] - rays.at(x - dx, y - dy, z)[0]) / 20.0
        assert np.quantile(np.abs(slopes - measured), 0.95) < 5e-6


@pytest.mark.parametrize("kind", ["TIME", "TIME2D"])
def test_an_event_is_located_where_it_was(tmp_path: Path, kind: str) -> None:
    inventory = write(tmp_path, kind, "simple", 30.0)
    earth = GriddedTimes(tmp_path / "layer")
    frame = earth.frame(np.zeros(1), np.zeros(1))
    place = receivers()
    times = exact(np.array([1e3]), np.array([-2e3]), np.array([8e3]))[0]
    picks = [
        Pick.of(SourceId(*code, "", "H", "H", "Z"), phase, seconds(float(time)), time_uncertainty=0.05, probability=0.9)
        for code, phase, time in zip(place.stations, place.phases, times, strict=True)
    ]
    stranger = Pick.of(SourceId("XX", "NOGRID", "", "H", "H", "Z"), "P", 0, time_uncertainty=0.05, probability=0.9)
    origin = EdtLocator(travel_times=earth).locate([*picks, stranger], inventory, SOUTHERN_CALIFORNIA)
    latitude, longitude = frame.to_lat_lon(1e3, -2e3)
    assert float(distance_azimuth(latitude, longitude, origin.latitude, origin.longitude)[0]) < 150.0
    assert origin.depth == pytest.approx(8e3, abs=150.0)
    assert (origin.earth_model, len(origin.arrivals)) == ("layer", 8)


def header(folder: Path, change: tuple[str, str]) -> None:
    path = folder / "layer.P.A.time.hdr"
    path.write_text(path.read_text().replace(*change))


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (("TIME2D", "SLOW_LEN"), "of travel times"),
        (("SIMPLE", "SDC"), "transform SDC"),
        (("LatOrig 35.7", "LatOrig 35.8"), "another frame"),
        (("RotCW", "Turn"), "incomplete"),
        (("121", "120"), "bytes"),
        (("TRANSFORM", "FORM"), "no header"),
        (("0.5", "half"), "no header"),
    ],
)
def test_unusable_grids_are_refused(tmp_path: Path, change: tuple[str, str], wrong: str) -> None:
    write(tmp_path, "TIME2D", "simple")
    header(tmp_path, change)
    with pytest.raises(InputError, match=rf"layer\.P.*{wrong}"):
        GriddedTimes(tmp_path)


def test_missing_grids_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no travel-time grids"):
        GriddedTimes(tmp_path)
    write(tmp_path, "TIME2D", "simple")
    (tmp_path / "layer.P.A.time.buf").unlink()
    with pytest.raises(InputError, match="is missing"):
        GriddedTimes(tmp_path)
