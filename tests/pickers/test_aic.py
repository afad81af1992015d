import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wadati.pickers.aic import onsets


@given(st.integers(0, 2**16), st.integers(-30, 60), st.integers(1, 3))
def test_a_clear_onset_is_found_to_a_few_samples(seed, off, components):
    noise = np.random.default_rng(seed).normal(size=(2, components, 600))
    noise[..., 300:] *= 15
    assert np.abs(onsets(noise, np.array([300 + off] * 2)) - 300).max() <= 5


@given(st.integers(-300, 300), st.integers(0, 9))
def test_the_unit_does_not_matter(exponent, seed):
    records = np.random.default_rng(seed).normal(size=(3, 2, 500))
    near = np.array([250, 200, 300])
    scaled = onsets(np.ldexp(records, min(exponent, 200)), near)
    np.testing.assert_array_equal(scaled, onsets(records, near))


def test_silence_gives_some_onset_without_a_warning():
    assert onsets(np.zeros((1, 1, 500)), np.array([250])).shape == (1,)
