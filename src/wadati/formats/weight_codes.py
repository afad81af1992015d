"""What weights of phases say about their times.

HYPO71, HypoInverse and SEISAN weigh a residual by 1, 3/4, 1/2, 1/4 and 0 for the codes 0 to 4. As a residual is weighed
by the inverse of its standard error, that of a weight w is taken as `FULL` / w. A weight of 0 says nothing about the
time: its standard error is infinite, the probability of the pick is 0 and the arrival does not count.
"""

from __future__ import annotations

import math

FULL = 0.05
"""Standard error (s) of a time of full weight."""

_WEIGHTS = (1.0, 0.75, 0.5, 0.25, 0.0)


def weight_of_code(code: str) -> float:
    """The weight of a code; a blank or an unknown letter is full weight, 5 to 9 are none.

    >>> [weight_of_code(code) for code in (" ", "1", "4", "9")]
    [1.0, 0.75, 0.0, 0.0]
    """
    return _WEIGHTS[min(int(code), 4)] if code.strip().isdigit() else 1.0


def code_of(uncertainty: float, probability: float = 1.0) -> int:
    """The code of a pick: that whose standard error is nearest by ratio, 4 only for a probability of 0.

    An unknown uncertainty is written as full weight, lest programs drop the pick.

    >>> [code_of(value) for value in (0.01, 0.07, 0.1, 5.0, math.inf)], code_of(0.1, 0.0)
    ([0, 1, 2, 3, 0], 4)
    """
    if probability == 0:
        return 4
    if not FULL < uncertainty < math.inf:
        return 0
    return min(range(4), key=lambda code: abs(math.log(FULL / uncertainty / _WEIGHTS[code])))


def uncertainty_of_weight(weight: float) -> float:
    """The standard error (s) of a time of some weight between 0 and 1.

    >>> uncertainty_of_weight(1.0), uncertainty_of_weight(0.5), uncertainty_of_weight(0.0)
    (0.05, 0.1, inf)
    """
    return FULL / weight if weight > 0 else math.inf
