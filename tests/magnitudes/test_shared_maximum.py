import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.magnitudes.shared_maximum import COMMON, size, without_interference

LEVELS = st.lists(st.integers(-20, 20).map(lambda x: x / 100), min_size=3, max_size=9)


def ask(level, interference, *, correction=7.0, error=0.15, interference_error=0.15, least=2):
    level = np.asarray(level, float)
    return size(
        level,
        np.full(len(level), correction),
        np.full(len(level), error),
        np.broadcast_to(np.asarray(interference, float), level.shape),
        np.full(len(level), interference_error),
        least,
    )


@given(LEVELS)
def test_far_above_interference_it_is_near_mean_and_median(scatter):
    found = ask(np.array(scatter) - 4, -8.0)
    assert (
        min(np.mean(scatter), np.median(scatter)) - 0.03
        <= found.value - 3
        <= max(np.mean(scatter), np.median(scatter)) + 0.03
    )
    assert found.own.all()
    assert found.error == pytest.approx(0.15 / np.sqrt(len(scatter)), rel=0.5)


@given(LEVELS, st.randoms())
def test_order_does_not_matter(scatter, random):
    order = list(range(len(scatter)))
    random.shuffle(order)
    level, interference = np.array(scatter) - 4, np.linspace(-6, -3.8, len(scatter))
    one, other = ask(level, interference), ask(level[order], interference[order])
    assert (one.value is None) == (other.value is None)
    assert one.limit == pytest.approx(other.limit, abs=1e-6)
    assert list(one.own[order]) == list(other.own)


@given(LEVELS, st.integers(-3, 3))
def test_levels_and_interference_may_move_together(scatter, shift):
    level, interference = np.array(scatter) - 4, np.linspace(-5, -4.2, len(scatter))
    one, other = ask(level, interference), ask(level + shift, interference + shift)
    assert one.limit + shift == pytest.approx(other.limit, abs=1e-6)
    if one.value is not None:
        assert one.value + shift == pytest.approx(other.value, abs=1e-5)


def test_stations_that_hear_nothing_pull_down():
    hear = ask([-4.0, -4.0, -4.0], [-6.0, -6.0, -6.0])
    some_do_not = ask([-4.0, -4.0, -4.0, -4.6, -4.6, -4.6], [-6.0, -6.0, -6.0, -4.6, -4.6, -4.6])
    assert some_do_not.value < hear.value
    assert not some_do_not.own[3:].any()


def test_one_station_that_is_wrong_does_not_rule():
    right = ask([-4.0] * 8, -6.0)
    for wrong in (-9.0, 0.0):
        found = ask([*[-4.0] * 8, wrong], -12.0)
        assert found.value == pytest.approx(right.value, abs=0.05)


def test_where_interference_explains_all_there_is_a_limit():
    found = ask([-4.0] * 6, -4.0)
    assert found.value is None
    assert 2.6 < found.limit < 3.4
    assert ask([-4.0] * 6, -2.0).value is None


def test_too_few_stations_of_its_own():
    assert ask([-4.0], -6.0).value is None
    assert ask([-4.0], -6.0, least=1).value == pytest.approx(3.0, abs=0.01)


def test_interference_is_taken_out():
    level = np.array([-4.0, -4.0, -4.0])
    left = without_interference(level, np.array([-9.0, -4.3, -3.0]))
    assert left[0] == pytest.approx(-4.0, abs=1e-6)
    assert -4.2 < left[2] < left[1] < -4.0


def test_uncertainties_cover_and_limits_hold():
    rng = np.random.default_rng(1)
    within, limits = [], []
    for _ in range(300):
        true, count = rng.uniform(-0.4, 1.0), int(rng.integers(4, 20))
        common = rng.normal(0, COMMON)
        own = true + rng.normal(0, 0.15, count)
        other = rng.normal(0, 0.15, count) + common
        found = ask(np.maximum(own, other), 0.0, correction=0.0)
        if found.value is None:
            limits.append(found.limit > true)
        else:
            within.append(abs(found.value - true) / found.error)
    assert len(within) > 150
    assert np.mean(np.array(within) < 1) > 0.6
    assert np.mean(np.array(within) < 1.96) > 0.9
    assert np.mean(limits) > 0.93
