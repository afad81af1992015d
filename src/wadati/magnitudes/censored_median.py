"""The median of values of which some are known only to lie below a bound.

The product-limit estimator: E. L. Kaplan and P. Meier (1958), Nonparametric estimation from incomplete observations,
J. Am. Stat. Assoc. 53, 457–481, doi 10.1080/01621459.1958.10501452; here read from the largest value down.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def censored_median(values: npt.ArrayLike, known: npt.ArrayLike) -> float | None:
    """The median of `values` where `known`, the others being upper bounds; both of shape (value,).

    None where so many are bounds that the median cannot be told. Without bounds it is the ordinary median.

    >>> censored_median([3.0, 1.0, 2.0], [True, True, True]), censored_median([3.0, 2.0, 1.0], [True, True, False])
    (2.0, 2.0)
    """
    size, certain = np.asarray(values, np.float64), np.asarray(known, bool)
    order = np.lexsort((~certain, -size))
    size, certain = size[order], certain[order]
    below = 1.0
    for at in range(len(size)):
        if not certain[at]:
            continue
        below *= 1 - 1 / (len(size) - at)
        if below < 0.5 - 1e-9:
            return float(size[at])
        if below < 0.5 + 1e-9:
            rest = size[at + 1 :][certain[at + 1 :]]
            return float(size[at] + rest[0]) / 2 if len(rest) else None
    return None
