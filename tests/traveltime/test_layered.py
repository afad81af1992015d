"""First arrivals: laws, formulas of simple earths, and an independent shortest-path solution."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.errors import UsageError
from wadati.model import Layer, VelocityModel
from wadati.traveltime.layered import direct_wave, first_arrival, head_wave
from wadati.traveltime.models import GIL7, SOUTHERN_CALIFORNIA

LOW_VELOCITY = VelocityModel(
    "low-velocity",
    (
        Layer(0.0, 5000.0, 2900.0),
        Layer(3000.0, 6500.0, 3700.0),
        Layer(8000.0, 4500.0, 2500.0),
        Layer(15000.0, 7000.0, 4000.0),
    ),
)
MODELS = (SOUTHERN_CALIFORNIA, GIL7, LOW_VELOCITY)

models = st.sampled_from(MODELS)
phases = st.sampled_from("PS")
distances = st.floats(0, 300e3)
depths = st.floats(-4e3, 60e3)


@given(models, phases, distances, depths, depths)
def test_source_and_receiver_may_be_swapped(
    model: VelocityModel, phase: str, distance: float, depth: float, other: float
) -> None:
    there = first_arrival(model, phase, distance, depth, -other)
    assert first_arrival(model, phase, distance, other, -depth) == pytest.approx(float(there), rel=1e-9)


@given(models, phases, depths, depths)
def test_time_grows_with_distance_and_never_faster_than_the_slowest(
    model: VelocityModel, phase: str, depth: float, other: float
) -> None:
    x = np.linspace(0, 200e3, 401)
    step = np.diff(first_arrival(model, phase, x, depth, -other)) / np.diff(x)
    velocities = [model.velocity(phase, layer.top) for layer in model.layers]
    assert (step > 0).all()
    assert (step <= (1 + 1e-6) / min(velocities)).all()


@given(models, phases, distances, depths, depths, st.floats(-1, 1), st.floats(-1, 1))
def test_no_jumps(
    model: VelocityModel, phase: str, distance: float, depth: float, other: float, dx: float, dz: float
) -> None:
    slowest = min(model.velocity(phase, layer.top) for layer in model.layers)
    here = first_arrival(model, phase, distance, depth, -other)
    moved = first_arrival(model, phase, abs(distance + dx), depth + dz, -other)
    assert abs(float(moved - here)) <= 1.001 * np.hypot(dx, dz) / slowest + 1e-9


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("phase", ["P", "S"])
def test_no_jump_across_a_boundary(model: VelocityModel, phase: str) -> None:
    x = np.linspace(0, 150e3, 301)
    for layer, receiver in itertools.product(model.layers[1:], (-1000.0, 500.0, 12000.0)):
        above, on, below = (first_arrival(model, phase, x, layer.top + dz, -receiver) for dz in (-1e-3, 0.0, 1e-3))
        np.testing.assert_allclose(above, on, atol=2e-6)
        np.testing.assert_allclose(below, on, atol=2e-6)


@given(phases, distances, depths, depths)
def test_straight_in_a_half_space_however_it_is_cut(phase: str, distance: float, depth: float, other: float) -> None:
    whole = VelocityModel("whole", (Layer(0.0, 6000.0, 3500.0),))
    cut = VelocityModel("cut", tuple(Layer(top, 6000.0, 3500.0) for top in (0.0, 2000.0, 7000.0, 30000.0)))
    straight = np.hypot(distance, depth - other) / whole.velocity(phase, 0.0)
    for model in (whole, cut):
        assert first_arrival(model, phase, distance, depth, -other) == pytest.approx(straight, rel=1e-9, abs=1e-9)


def test_delay_against_ray_parameter_is_concave_and_falls() -> None:
    x = np.linspace(1e3, 100e3, 400)
    for depth in (3e3, 12e3, 25e3):
        time = direct_wave(SOUTHERN_CALIFORNIA, "P", x, depth)
        p = np.gradient(time, x)[1:-1]
        tau = time[1:-1] - p * x[1:-1]
        order = np.argsort(p)
        slope = np.diff(tau[order]) / np.diff(p[order])
        np.testing.assert_allclose(slope, -(x[1:-1][order][:-1] + x[1:-1][order][1:]) / 2, rtol=0.02)
        assert (np.diff(slope) < 0).all()


def test_two_layers_by_formula() -> None:
    """Surface to surface: direct x/v1, head wave x/v2 + 2 h √(1/v1² − 1/v2²) from 2 h v1/√(v2² − v1²) on."""
    v1, v2, h = 5000.0, 8000.0, 30000.0
    model = VelocityModel("two", (Layer(0.0, v1, v1 / 1.7), Layer(h, v2, v2 / 1.7)))
    x = np.linspace(0, 400e3, 81)
    head = x / v2 + 2 * h * np.sqrt(v1**-2 - v2**-2)
    expected = np.where(x >= 2 * h * v1 / np.sqrt(v2**2 - v1**2), np.minimum(x / v1, head), x / v1)
    np.testing.assert_allclose(first_arrival(model, "P", x, 0.0), expected, rtol=1e-12)


def test_many_layers_approach_a_gradient() -> None:
    """v = v0 + g z; from the surface to depth z the time is acosh(1 + g² (x² + z²) / 2 v0 (v0 + g z)) / g."""
    v0, g, step = 4000.0, 0.15, 100.0
    tops = np.arange(0, 30e3, step)
    layers = tuple(Layer(float(z), v0 + g * (z + step / 2), (v0 + g * (z + step / 2)) / 1.7) for z in tops)
    model = VelocityModel("gradient", layers)
    x = np.array([1e3, 5e3, 20e3, 50e3])
    for z in (0.0, 8050.0):
        expected = np.arccosh(1 + g**2 * (x**2 + z**2) / (2 * v0 * (v0 + g * z))) / g
        np.testing.assert_allclose(first_arrival(model, "P", x, z), expected, atol=1.2e-3)


@pytest.mark.parametrize("source", [1500.0, 5000.0, 10000.0, 17000.0])
def test_low_velocity_layer_against_fermat(source: float) -> None:
    """Independent: the fastest of all paths over a grid of crossing points on the boundaries (Bellman and Ford)."""
    tops = [layer.top for layer in LOW_VELOCITY.layers]
    velocities = [layer.p_velocity for layer in LOW_VELOCITY.layers]
    x = np.arange(0, 40.1e3, 100.0)
    lines = sorted({*tops[1:], 0.0, source})
    time = [np.full(len(x), np.inf) for _ in lines]
    time[lines.index(source)][0] = 0.0
    span = np.abs(x[:, None] - x)
    along = [
        max(v for v, top, low in zip(velocities, tops, [*tops[1:], 1e9], strict=True) if top <= z <= low) for z in lines
    ]
    for _ in range(6):
        for n, line in enumerate(lines):
            time[n] = np.minimum(time[n], (time[n][:, None] + span / along[n]).min(axis=0))
            for other in (n - 1, n + 1):
                if 0 <= other < len(lines):
                    between = LOW_VELOCITY.velocity("P", (line + lines[other]) / 2)
                    leg = np.hypot(span, line - lines[other]) / between
                    time[other] = np.minimum(time[other], (time[n][:, None] + leg).min(axis=0))
    exact = first_arrival(LOW_VELOCITY, "P", x, source)
    found = time[lines.index(0.0)]
    assert (found >= exact - 1e-9).all()
    np.testing.assert_allclose(found, exact, atol=1.5e-3)


def test_head_waves_above_both_ends() -> None:
    """Both ends in the slow layer: the wave along the lid comes first far away."""
    x = 60e3
    velocities = (6500.0, 4500.0)
    delay = (1000.0 + 3000.0) * np.sqrt(velocities[1] ** -2 - velocities[0] ** -2)
    deeper = 10e3 * np.sqrt(velocities[1] ** -2 - 7000.0**-2)
    assert x / 6500.0 + delay < x / 7000.0 + deeper
    assert head_wave(LOW_VELOCITY, "P", x, 9000.0, -11000.0) == pytest.approx(x / velocities[0] + delay)


def test_shapes_broadcast_and_other_phases_are_refused() -> None:
    times = first_arrival(SOUTHERN_CALIFORNIA, "S", np.ones((3, 5)) * 1e4, np.ones((3, 1)) * 5e3, np.zeros(5))
    assert times.shape == (3, 5)
    with pytest.raises(UsageError, match="PKP"):
        first_arrival(SOUTHERN_CALIFORNIA, "PKP", 1e3, 1e3)
