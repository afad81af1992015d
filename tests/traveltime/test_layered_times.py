"""The compiled loop against the exact solution, wherever sources and stations are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wadati.model import Channel, Inventory, Layer, SourceId, VelocityModel
from wadati.traveltime.layered import first_arrival
from wadati.traveltime.layered_times import LayeredTimes
from wadati.traveltime.models import IASP91, SOUTHERN_CALIFORNIA
from wadati.traveltime.times import Floats, Receivers

LID = VelocityModel("lid", (Layer(0.0, 5500.0, 3100.0), Layer(4000.0, 6500.0, 3700.0), Layer(8000.0, 5800.0, 3300.0)))


def receivers(elevation: Floats, seed: int = 1) -> tuple[Receivers, Inventory]:
    rng = np.random.default_rng(seed)
    count = len(elevation)
    codes = tuple(("XX", f"S{n:02d}") for n in range(count))
    x, y = rng.uniform(-60e3, 60e3, (2, count))
    inventory = Inventory.of(
        Channel(SourceId(*code, "", "H", "H", "Z"), 0.0, 0.0, float(e))
        for code, e in zip(codes, elevation, strict=True)
    )
    return Receivers(codes, x, y, elevation, tuple("PS"[n % 2] for n in range(count))), inventory


def exact(model: VelocityModel, where: Receivers, x: Floats, y: Floats, z: Floats) -> Floats:
    distance = np.hypot(x[:, None] - where.x, y[:, None] - where.y)
    columns = [
        first_arrival(model, phase, distance[:, n], z, where.elevation[n]) for n, phase in enumerate(where.phases)
    ]
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("model", [SOUTHERN_CALIFORNIA, IASP91, LID], ids=lambda model: model.name)
@pytest.mark.parametrize(
    "elevation",
    [np.array([300.0, 1500.0, 2100.0, 900.0]), np.array([-4000.0, -2500.0, -10.0, -300.0]), np.linspace(-3e3, 4e3, 6)],
    ids=["mountains", "sea floor and boreholes", "both"],
)
def test_within_8_ms_of_exact_below_and_above_sea_level(model: VelocityModel, elevation: Floats) -> None:
    where, inventory = receivers(elevation)
    rng = np.random.default_rng(2)
    x, y = rng.uniform(-80e3, 80e3, (2, 400))
    z = np.append(rng.uniform(-elevation.max(), 3e3, 200), rng.uniform(0, 45e3, 200))
    times, _, _ = LayeredTimes(model, inventory).rays(where).at(x, y, z)
    np.testing.assert_allclose(times, exact(model, where, x, y, z), atol=8e-3)


def test_slopes_are_those_of_the_times() -> None:
    where, inventory = receivers(np.array([300.0, 1500.0, -500.0]))
    rays = LayeredTimes(SOUTHERN_CALIFORNIA, inventory).rays(where)
    rng = np.random.default_rng(3)
    x, y, z = rng.uniform(-50e3, 50e3, 300), rng.uniform(-50e3, 50e3, 300), rng.uniform(1e3, 15e3, 300)
    _, along_x, along_y = rays.at(x, y, z)
    for slopes, dx, dy in ((along_x, 5.0, 0.0), (along_y, 0.0, 5.0)):
        measured = (rays.at(x + dx, y + dy, z)[0] - rays.at(x - dx, y - dy, z)[0]) / 10.0
        # Where a first arrival changes from one wave to another, there is a corner.
        assert np.quantile(np.abs(slopes - measured), 0.98) < 5e-6


@settings(max_examples=20)
@given(st.lists(st.booleans(), min_size=5, max_size=5))
def test_the_rays_of_some_arrivals_are_some_of_the_rays(keep: list[bool]) -> None:
    where, inventory = receivers(np.linspace(0, 2000.0, 5))
    rays = LayeredTimes(SOUTHERN_CALIFORNIA, inventory).rays(where)
    x, y, z = np.array([0.0, 1e4]), np.array([2e3, -3e3]), np.array([5e3, 2e4])
    kept = np.array(keep)
    for part, whole in zip(rays.subset(kept).at(x, y, z), rays.at(x, y, z), strict=True):
        np.testing.assert_array_equal(part, whole[:, kept])
