from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.synthetics.attenuation import constant_q
from wadati.synthetics.brune import corner_frequency, moment, moment_rate, radius
from wadati.synthetics.radiation import double_couple
from wadati.synthetics.scattering import coda_envelope
from wadati.synthetics.streams import stream

ANGLES = st.floats(0.0, 360.0)


@given(st.floats(0.0, 6.0), st.floats(5e5, 5e7))
def test_brune_spectrum_is_flat_below_the_corner_half_at_it_and_falls_with_its_square_above(size, stress_drop):
    corner = corner_frequency(moment(size), stress_drop, 3500.0)
    plateau, at, above = np.abs(moment_rate(np.array([corner / 1e4, corner, corner * 1e3]), moment(size), corner))
    assert plateau == pytest.approx(moment(size), rel=1e-6)
    assert at == pytest.approx(moment(size) / 2)
    assert above == pytest.approx(moment(size) * 1e-6, rel=1e-5)


def test_brune_spectrum_is_that_of_the_analytic_pulse():
    corner, rate, count = 2.0, 2000.0, 20000
    time = np.arange(count) / rate
    omega = 2 * np.pi * corner
    pulse = omega**2 * time * np.exp(-omega * time)
    frequency = np.fft.rfftfreq(count, 1 / rate)
    np.testing.assert_allclose(np.fft.rfft(pulse)[:200] / rate, moment_rate(frequency, 1.0, corner)[:200], atol=2e-3)


def test_moment_of_the_stress_drop_on_the_crack_is_the_moment():
    assert 16 / 7 * 3e6 * radius(1e15, 3e6) ** 3 == pytest.approx(1e15)


def _unit(azimuth: float, takeoff: float) -> np.ndarray:
    """North, east, down."""
    i, phi = np.radians(takeoff), np.radians(azimuth)
    return np.array([np.sin(i) * np.cos(phi), np.sin(i) * np.sin(phi), np.cos(i)])


@given(ANGLES, st.floats(0.0, 90.0), st.floats(-180.0, 180.0), ANGLES, st.floats(0.0, 180.0))
def test_radiation_is_the_moment_tensor_seen_along_the_ray(strike, dip, rake, azimuth, takeoff):
    phi, delta, lam = np.radians([strike, dip, rake])
    slip = np.array(
        [
            np.cos(lam) * np.cos(phi) + np.cos(delta) * np.sin(lam) * np.sin(phi),
            np.cos(lam) * np.sin(phi) - np.cos(delta) * np.sin(lam) * np.cos(phi),
            -np.sin(lam) * np.sin(delta),
        ]
    )
    normal = np.array([-np.sin(delta) * np.sin(phi), np.sin(delta) * np.cos(phi), -np.cos(delta)])
    tensor = np.outer(slip, normal) + np.outer(normal, slip)
    ray, sv, sh = _unit(azimuth, takeoff), _unit(azimuth, takeoff + 90.0), _unit(azimuth + 90.0, 90.0)
    expected = [ray @ tensor @ ray, sv @ tensor @ ray, sh @ tensor @ ray]
    np.testing.assert_allclose(double_couple(strike, dip, rake, azimuth, takeoff), expected, atol=1e-9)


@given(st.floats(0.01, 0.1))
def test_constant_q_loses_what_it_should_and_no_wave_comes_early(t_star):
    rate, count = 400.0, 8192
    frequency = np.fft.rfftfreq(count, 1 / rate)
    factor = np.exp(t_star * constant_q(frequency))
    np.testing.assert_allclose(np.abs(factor), np.exp(-np.pi * frequency * t_star))
    pulse = np.fft.irfft(factor * moment_rate(frequency, 1.0, 10.0) * np.exp(-2j * np.pi * frequency), count)
    early = np.abs(pulse[: int(0.99 * rate)]).max()
    assert early < 0.02 * np.abs(pulse).max()


@given(st.floats(1.0, 20.0), st.floats(0.1, 0.3))
def test_coda_begins_with_the_direct_wave_and_dies_away(arrival, rate):
    lapse = np.arange(0.0, 100.0, 0.05)
    envelope = coda_envelope(lapse, arrival, rate, 0.05, 0.4)
    assert not envelope[lapse <= arrival].any()
    behind = envelope[lapse > arrival]
    assert (np.diff(behind) < 0).all()


def test_late_coda_has_the_decay_of_aki_and_chouet():
    lapse = np.array([60.0, 90.0])
    first, second = coda_envelope(np.append(np.arange(0.0, 5.0), lapse), 4.0, 0.2, 0.05, 0.4)[-2:]
    assert second / first == pytest.approx(60 / 90 * np.exp(-0.05 * 30), rel=0.01)


def test_streams_differ_by_purpose_and_index():
    numbers = {float(stream(seed, purpose, k).random()) for seed in (1, 2) for purpose in "ab" for k in (0, 1)}
    assert len(numbers) == 8
