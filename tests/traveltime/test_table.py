"""The table against the exact solution, and its bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.errors import UsageError
from wadati.model import Layer, VelocityModel
from wadati.traveltime import models
from wadati.traveltime.layered import first_arrival
from wadati.traveltime.table import TravelTimeTable, travel_time_table


@pytest.mark.parametrize("name", ["southern-california", "iasp91", "ak135"])
@pytest.mark.parametrize("phase", ["P", "S"])
def test_within_5_ms_of_exact(name: str, phase: str) -> None:
    model = models.named(name)
    table = travel_time_table(model)
    rng = np.random.default_rng(1)
    for reach, deep in ((200e3, 60e3), (30e3, 20e3), (3e3, 5e3)):
        x, z, e = rng.uniform(0, reach, 20000), rng.uniform(-3e3, deep, 20000), rng.uniform(0, 3e3, 20000)
        np.testing.assert_allclose(table.times(phase, x, z, e), first_arrival(model, phase, x, z, e), atol=5e-3)


def test_slow_thin_layers_within_10_ms_and_mostly_2() -> None:
    table = travel_time_table(models.GIL7)
    rng = np.random.default_rng(1)
    x, z, e = rng.uniform(0, 30e3, 50000), rng.uniform(-3e3, 20e3, 50000), rng.uniform(0, 3e3, 50000)
    error = np.abs(table.times("S", x, z, e) - first_arrival(models.GIL7, "S", x, z, e))
    assert error.max() < 0.010
    assert np.quantile(error, 0.99) < 0.0025


@given(
    st.floats(0, 400e3),
    st.one_of(st.floats(-6e3, 70e3), st.sampled_from([5500.0, 16000.0, 32000.0, 0.0])),
    st.one_of(st.floats(-8e3, 5e3), st.sampled_from([-5500.0, 0.0, 3000.0])),
)
def test_outside_and_on_boundaries_too(x: float, z: float, e: float) -> None:
    model = models.SOUTHERN_CALIFORNIA
    table = travel_time_table(model)
    np.testing.assert_allclose(table.times("P", x, z, e), first_arrival(model, "P", x, z, e), atol=5e-3)


def test_boreholes_and_low_velocity_layers() -> None:
    model = VelocityModel(
        "lid", (Layer(0.0, 5500.0, 3100.0), Layer(4000.0, 6500.0, 3700.0), Layer(8000.0, 5800.0, 3300.0))
    )
    table = TravelTimeTable(model, max_distance=80e3, depth_range=(0.0, 20e3), elevation_range=(-10e3, 0.0))
    rng = np.random.default_rng(1)
    x, z, e = rng.uniform(0, 80e3, 20000), rng.uniform(0, 20e3, 20000), rng.uniform(-10e3, 0, 20000)
    np.testing.assert_allclose(table.times("P", x, z, e), first_arrival(model, "P", x, z, e), atol=8e-3)


def test_shapes_of_the_associator() -> None:
    table = travel_time_table(models.SOUTHERN_CALIFORNIA)
    rng = np.random.default_rng(1)
    x, z, e = rng.uniform(0, 1e5, (7, 4)), rng.uniform(0, 2e4, (7, 1)), rng.uniform(0, 2e3, 4)
    times = table.times("S", x, z, e)
    assert times.shape == (7, 4)
    np.testing.assert_array_equal(times, table.receivers("S", e)(x, z))
    one = table.times("S", x[3, 2], z[3, 0], e[2])
    assert one == pytest.approx(times[3, 2], abs=1e-12)


def test_built_once() -> None:
    model = VelocityModel("again", models.SOUTHERN_CALIFORNIA.layers)
    table = travel_time_table(model)
    assert travel_time_table(VelocityModel("again", models.SOUTHERN_CALIFORNIA.layers)) is table


def test_unknown_phases_and_models_are_refused() -> None:
    with pytest.raises(UsageError, match="there are P, S"):
        travel_time_table(models.SOUTHERN_CALIFORNIA).times("Lg", 1.0, 1.0)
    with pytest.raises(UsageError, match="southern-california"):
        models.named("mars")
