"""Early picks: what follows decides how high an onset has to stand."""

from __future__ import annotations

import math

from wadati.pickers.streaming import EarlyRules


def test_less_is_asked_for_the_more_follows() -> None:
    rules = EarlyRules()
    for phase in "PS":
        asked = [rules.least(phase, after) for after in (0.0, 0.2, 0.5, 3.9, 4.1, 11.0)]
        assert asked == sorted(asked, reverse=True)
        assert asked[0] == math.inf
        assert asked[-1] == rules.lowest


def test_an_s_has_to_stand_higher_than_a_p() -> None:
    assert EarlyRules().least("S", 1.0) > EarlyRules().least("P", 1.0)
