import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.magnitudes import coda
from wadati.units import SECOND


def arriving(since, start, end):
    p, s = np.array([10 * SECOND]), np.array([14 * SECOND])
    until = coda.full_until(np.zeros(1, np.int64), s, np.array([2.0]))
    moments = (np.array([round(t * SECOND)]) for t in (since, start, end))
    return float(coda.arriving_level(np.array([-4.0]), np.zeros(1, np.int64), p, s, until, *moments)[0])


def test_what_arrives_later_or_is_recorded_already_does_not_count():
    assert arriving(0, 2, 9) == coda.NOTHING
    assert arriving(15, 16, 30) == coda.NOTHING


def test_p_then_s_then_coda():
    assert arriving(0, 8, 12) == pytest.approx(-4.0 - coda.P_BELOW_S)
    assert arriving(0, 12, 15) == arriving(12, 13, 15) == -4.0
    assert arriving(12, 33.06, 40) == pytest.approx(-4.0 - 2 * np.log10(2), abs=0.01)


@given(st.floats(14, 100), st.floats(0, 100))
def test_codas_only_fall(start, later):
    assert arriving(12, start + later, 300) <= arriving(12, start, 300) <= -4.0


@given(st.floats(1, 50), st.floats(0, 60), st.floats(0, 60))
def test_falls_add_up(until, first, second):
    until = np.array([until])
    a, b, c = (until + x for x in (0.0, first, first + second))
    assert coda.fall(until, a, c)[0] == pytest.approx(coda.fall(until, a, b)[0] + coda.fall(until, b, c)[0], abs=1e-9)
    assert coda.fall(until, a, a / 2)[0] == 0.0


def test_large_earthquakes_radiate_longer():
    zero = np.zeros(1, np.int64)
    small, large = (float(coda.full_until(zero, zero, np.array([m]))[0]) for m in (1.0, 7.0))
    assert small == pytest.approx(2.51)
    assert large == pytest.approx(12.5)
