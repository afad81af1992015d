import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.magnitudes.censored_median import censored_median

VALUES = st.lists(st.integers(-100, 100).map(float), min_size=1, max_size=12)


@given(VALUES)
def test_without_bounds_it_is_the_median(values):
    assert censored_median(values, [True] * len(values)) == pytest.approx(float(np.median(values)))


@given(st.lists(st.tuples(st.integers(-50, 50).map(float), st.booleans()), min_size=1, max_size=10), st.randoms())
def test_order_does_not_matter(pairs, random):
    shuffled = pairs.copy()
    random.shuffle(shuffled)
    assert censored_median(*zip(*pairs, strict=True)) == censored_median(*zip(*shuffled, strict=True))


@given(VALUES, st.integers(1, 5))
def test_bounds_above_everything_say_nothing(values, more):
    known = [True] * len(values) + [False] * more
    assert censored_median([*values, *[1000.0] * more], known) == pytest.approx(float(np.median(values)))


@given(VALUES)
def test_as_many_bounds_below_everything_hide_the_lower_half(values):
    known = [True] * len(values) + [False] * (len(values) + 1)
    assert censored_median([*values, *[-1000.0] * (len(values) + 1)], known) is None


def test_a_textbook_case():
    # By hand: survival from above 4/5 at 5, 3/5 at 4, then 3/5 × 1/2 at 2 (3 is a bound).
    assert censored_median([5, 4, 3, 2, 1], [True, True, False, True, True]) == 2.0
