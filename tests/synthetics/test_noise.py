from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from wadati.synthetics.bursts import bursts
from wadati.synthetics.instruments import BROADBAND, SHORT_PERIOD, STRONG_MOTION, counts_per_velocity
from wadati.synthetics.noise import background, noise_level


def test_noise_models_are_those_that_obspy_carries():
    """Golden numbers: `get_nlnm` and `get_nhnm` of ObsPy 1.4, from Peterson's tables."""
    from obspy.signal.spectral_estimation import get_nhnm, get_nlnm

    for position, (period, level) in ((0.0, get_nlnm()), (1.0, get_nhnm())):
        inside = (period >= 0.1) & (period <= 100.0)
        ours = noise_level(1 / period[inside], position, position)
        np.testing.assert_allclose(ours, level[inside], atol=0.6)


@pytest.mark.parametrize("instrument", [BROADBAND, SHORT_PERIOD, STRONG_MOTION])
def test_power_of_the_ground_is_restored_by_the_response(instrument):
    rate, count = 100.0, 60_000
    frequency = np.fft.rfftfreq(count, 1 / rate)
    level = noise_level(frequency, 0.5, 0.5)
    response = counts_per_velocity(instrument.response, frequency)
    samples = background(np.random.default_rng(1), (1, count), rate, response, level[None], -300.0)[0]
    at, power = scipy.signal.welch(samples, rate, nperseg=4096)
    at, power = at[1:], power[1:]
    ground = 10 * np.log10(power * (2 * np.pi * at) ** 2 / np.abs(counts_per_velocity(instrument.response, at)) ** 2)
    band = (at > 0.1) & (at < 40.0)
    difference = ground[band] - np.interp(at[band], frequency, level)
    assert abs(np.median(difference)) < 0.5
    for low, high in ((0.1, 0.5), (0.5, 2.0), (2.0, 10.0), (10.0, 40.0)):
        part = (at[band] >= low) & (at[band] < high)
        assert abs(np.median(difference[part])) < 1.0


@pytest.mark.parametrize("instrument", [BROADBAND, SHORT_PERIOD, STRONG_MOTION])
def test_sensitivity_holds_at_its_frequency(instrument):
    response = instrument.response
    at = response.sensitivity_frequency_hz
    per_velocity = abs(counts_per_velocity(response, np.array([at]))[0])
    factor = 2 * np.pi * at if response.unit == "m/s**2" else 1.0
    assert per_velocity == pytest.approx(response.sensitivity * factor)


def test_bursts_are_louder_than_the_noise_and_rare():
    motion = bursts(np.random.default_rng(3), 60_000, 100.0, per_minute=0.5, loudness=1e-8)
    assert motion.shape == (3, 60_000)
    assert np.abs(motion).max() > 3e-8
    assert np.mean(np.abs(motion[0]) > 1e-8) < 0.25
