"""Long periods of simulated earthquakes: those of the Green's functions, and nothing of theirs above the crossover."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from wadati.model import MomentTensor
from wadati.protocols import GreensFunctions
from wadati.synthetics.instruments import anti_alias
from wadati.synthetics.long_period import above, below, crossover, long_periods
from wadati.synthetics.network import SimulatedStation
from wadati.synthetics.scenario import prepare, simulate
from wadati.synthetics.sequence import SimulatedEvent
from wadati.testing.full_space import FullSpace


@pytest.fixture(scope="module")
def greens() -> GreensFunctions:
    return FullSpace(band=(0.001, 0.25))


@pytest.fixture(scope="module")
def mainshock() -> tuple[SimulatedEvent, tuple[SimulatedStation, ...]]:
    simulation = prepare(1, stations=6, minutes=6, spacing_km=8)
    return max(simulation.events, key=lambda event: event.magnitude), simulation.stations


def unity(frequency: np.ndarray) -> np.ndarray:
    return np.ones(len(frequency), np.complex128)


def test_the_displacement_left_behind_is_that_of_the_green_functions(greens, mainshock) -> None:
    event, stations = mainshock
    found = long_periods(event, stations, greens)
    assert found is not None
    for station in stations:
        velocity, first = found.through(station, 50, event.time, unity)
        moved = velocity.sum(axis=1) / 50
        (answer,) = greens.tensor_responses(
            event.latitude, event.longitude, event.depth, [station], sampling_rate_hz=2, start_s=100.0, samples=1
        )
        tensor = MomentTensor.of_fault(event.strike, event.dip, event.rake, event.seismic_moment)
        expected = answer[:, :, 0] @ np.array(tensor.components)
        np.testing.assert_allclose(moved, expected, atol=1e-3 * np.abs(expected).max())
        assert first == -60 * 50


@pytest.mark.parametrize("late", [0, 3_000_000, 7_777_000])
def test_a_station_whose_samples_come_later_sees_the_same_ground(greens, mainshock, late: int) -> None:
    event, stations = mainshock
    found = long_periods(event, stations, greens)
    assert found is not None
    start = event.time - 100 * 10**9
    usual, first = found.through(stations[0], 100, start, unity)
    moved, then = found.through(stations[0], 100, start + late, unity)
    times = (np.arange(usual.shape[1]) + first) / 100
    at = (np.arange(usual.shape[1]) + then) / 100 + late / 1e9
    inside = (at > times[0] + 5) & (at < times[-1] - 5)
    for one, other in zip(usual, moved, strict=True):
        np.testing.assert_allclose(np.interp(at[inside], times, one), other[inside], atol=1e-3 * np.abs(one).max())


def test_nothing_is_left_above_the_crossover_and_all_below_it(greens) -> None:
    corner = crossover(greens)
    assert corner == pytest.approx(0.2)
    low, high = np.array([0.02, 0.05]), np.array([0.8, 5.0])
    np.testing.assert_allclose(below(low, corner), 1.0, atol=1e-4)
    np.testing.assert_allclose(below(high, corner), 0.0, atol=1e-4)
    assert np.abs(above(low, corner)).max() < 0.005
    np.testing.assert_allclose(np.abs(above(high, corner)), 1.0, atol=1e-3)


def test_the_filter_of_rays_is_causal() -> None:
    frequency = np.fft.rfftfreq(4000, 1 / 20)
    answer = np.fft.irfft(above(frequency, 0.2) * anti_alias(frequency, 20), 4000)
    assert np.abs(answer[2000:3900]).max() < 1e-3 * np.abs(answer).max()


def test_without_green_functions_nothing_changes_and_with_them_only_large_events_do(greens) -> None:
    asked = {"stations": 4, "minutes": 4, "noise": False, "defects": False}
    plain, long = simulate(1, **asked), simulate(1, **asked, greens=greens)
    assert plain.inventory == long.inventory
    assert [msgspec.structs.replace(event, mechanisms=(), preferred_mechanism_id=None) for event in long.truth] == list(
        plain.truth
    )
    assert all(event.mechanism is None for event in plain.truth)
    assert all(event.mechanism is not None for event in long.truth)
    main = max(plain.truth, key=lambda event: event.magnitude.value)
    for one, other in zip(plain.traces, long.traces, strict=True):
        assert (one.source_id, one.start, len(one)) == (other.source_id, other.start, len(other))
        before = one.index_at_or_after(main.origin.time - 70 * 10**9)
        np.testing.assert_array_equal(one.data[:before], other.data[:before])
    assert any(not np.array_equal(one.data, other.data) for one, other in zip(plain.traces, long.traces, strict=True))


def test_small_events_and_places_that_are_unknown_have_those_of_rays(mainshock, greens) -> None:
    event, stations = mainshock
    assert long_periods(msgspec.structs.replace(event, magnitude=2.9), stations, greens) is None
    assert long_periods(event, stations, None) is None
