"""Moment rates and kinds of motion: laws of the operators, and what the kernel does with them."""

from __future__ import annotations

import numpy as np
import pytest

from wadati.errors import UsageError
from wadati.greens.kernel import at_times, seismograms
from wadati.greens.source_time import IDENTITY, KINDS, Operator, SourceTime, operator

RATE, STOP = 2.0, 0.8
SOURCES = [
    SourceTime(),
    SourceTime("boxcar", 3.0),
    SourceTime("triangle", 4.3),
    SourceTime("half-sine", 2.2),
    SourceTime("samples", samples=(0.0, 1.0, 3.0, 1.0, 0.0), sampling_rate_hz=2.0),
]


def applied(act: Operator, samples: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> np.ndarray:  # type: ignore[type-arg]
    """What the kernel makes of one trace that all four nodes have."""
    counts = np.zeros((2, 2, 10, len(samples)), np.int16)
    largest = np.abs(samples).max()
    counts[:, :, 0] = np.rint(samples / largest * 32767)
    scale = np.full((2, 2, 10), largest / 32767, np.float32)
    zero, half = np.zeros(1, np.int64), np.array([0.4])
    out = np.empty((1, 3, len(samples)), np.float32)
    shares = np.array([[1.0, 0, 0, 0, 0, 0]])
    seismograms(counts, scale, zero, half, zero, half, shares, np.array([[1.0, 0.0]]), act, out)
    return out[0, 0]


def response(act: Operator, frequency: float) -> complex:
    k = act.first + np.arange(len(act.weights))
    return complex((act.weights * np.exp(-2j * np.pi * frequency * k / RATE)).sum())


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.shape)
@pytest.mark.parametrize("kind", KINDS)
def test_an_operator_has_the_spectrum_of_the_moment_rate_times_that_of_the_derivatives(
    source: SourceTime, kind: str
) -> None:
    act = operator(source, kind, RATE, STOP)
    times, rate = source.rate()
    for frequency in (0.05, 0.2, 0.5, 0.75):
        spectrum = (rate / rate.sum() * np.exp(-2j * np.pi * frequency * times)).sum()
        spectrum *= np.sinc(frequency / source.sampling_rate_hz) ** 2 if source.samples else 1.0
        expected = spectrum * (2j * np.pi * frequency) ** KINDS.index(kind)
        assert abs(response(act, frequency) - expected) <= 0.01 * (2 * np.pi * 0.5) ** KINDS.index(kind)


@pytest.mark.parametrize("source", SOURCES[1:], ids=lambda source: source.shape)
def test_a_ground_that_stays_displaced_stays_so_and_does_not_move(source: SourceTime) -> None:
    step = np.where(np.arange(400) < 150, 0.0, 2.0)
    moved = applied(operator(source, "displacement", RATE, STOP), step)
    assert moved[-1] == pytest.approx(2.0, rel=1e-4)
    assert np.abs(moved[:120]).max() <= 1e-3
    assert np.abs(applied(operator(source, "velocity", RATE, STOP), step)[-100:]).max() <= 2e-3


def test_velocity_is_the_slope_of_displacement() -> None:
    times = np.arange(300) / RATE
    wave = np.exp(-(((times - 70) / 10) ** 2)) * np.sin(2 * np.pi * 0.3 * times)
    slope = applied(operator(SourceTime(), "velocity", RATE, STOP), wave)
    fine = np.gradient(np.exp(-(((times - 70) / 10) ** 2)) * np.sin(2 * np.pi * 0.3 * times), times, edge_order=2)
    dense = np.arange(3000) / (10 * RATE)
    exact = np.gradient(np.exp(-(((dense - 70) / 10) ** 2)) * np.sin(2 * np.pi * 0.3 * dense), dense)[::10]
    assert np.abs(slope - exact).max() <= 0.01 * np.abs(exact).max()
    assert np.abs(slope - exact).max() < np.abs(fine - exact).max()


def test_no_operator_changes_nothing_but_what_counts_lose() -> None:
    wave = np.random.default_rng(1).normal(size=200)
    assert np.abs(applied(IDENTITY, wave) - wave).max() <= 1e-4 * np.abs(wave).max()


def test_values_between_samples_are_those_of_the_wave() -> None:
    times = np.arange(-100, 300) / RATE
    wave = np.sin(2 * np.pi * 0.6 * times) * np.exp(-(((times - 50) / 15) ** 2))
    wanted = np.arange(20.0, 80.0, 0.13)
    out = np.empty((1, 1, len(wanted)))
    at_times(wave[None, None], np.array([times[0]]), RATE, wanted, 1.0, 16, out)
    exact = np.sin(2 * np.pi * 0.6 * wanted) * np.exp(-(((wanted - 50) / 15) ** 2))
    assert np.abs(out[0, 0] - exact).max() <= 0.01
    at_times(wave[None, None], np.array([times[0]]), RATE, times, 1.0, 16, out := np.empty((1, 1, len(times))))
    np.testing.assert_allclose(out[0, 0], wave, atol=1e-9)


@pytest.mark.parametrize(
    ("shape", "duration"), [("step", 1.0), ("triangle", 0.0), ("boxcar", -1.0), ("half-sine", np.inf), ("ramp", 1.0)]
)
def test_what_cannot_be_meant_is_refused(shape: str, duration: float) -> None:
    with pytest.raises(UsageError):
        SourceTime(shape, duration)


def test_samples_that_cannot_be_meant_are_refused() -> None:
    for samples, rate in (((1.0, -1.0), 1.0), ((1.0, 1.0), 0.0), ((np.nan, 1.0), 1.0)):
        with pytest.raises(UsageError):
            SourceTime("samples", samples=samples, sampling_rate_hz=rate)
    with pytest.raises(UsageError, match="no kind of motion"):
        operator(SourceTime(), "jerk", RATE, STOP)


def test_few_samples_are_joined_by_lines_as_the_triangle_that_they_are() -> None:
    few = operator(SourceTime("samples", samples=(0.0, 1.0, 0.0), sampling_rate_hz=0.2), "displacement", RATE, STOP)
    triangle = operator(SourceTime("triangle", 10.0), "displacement", RATE, STOP)
    for frequency in (0.05, 0.1, 0.15, 0.2, 0.4, 0.6):
        assert response(few, frequency) == pytest.approx(response(triangle, frequency), abs=2e-3)
