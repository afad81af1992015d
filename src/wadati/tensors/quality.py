"""A letter for a moment tensor, by stated rules: each of six figures has a grade, and the worst of them counts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

_RULES = {
    "stations": (8, 5, 4),
    "gap": (120.0, 180.0, 270.0),
    "variance_reduction": (0.6, 0.4, 0.25),
    "condition": (6.0, 10.0, 20.0),
    "depth_range": (8e3, 15e3, 25e3),
    "bootstrap_angle": (15.0, 25.0, 40.0),
}
"""The limits of A, B and C; stations and variance reduction at least, the others at most."""
_AT_LEAST = ("stations", "variance_reduction")


class Quality(msgspec.Struct, frozen=True):
    """`grade` A to D, and what it rests on: stations used, azimuthal gap (degrees), share of the variance explained,
    condition number, the range of depths (m) that explain nearly as much as the best (see `open_range`), and the angle
    (degrees) within which nine tenths of bootstrapped mechanisms lie. `because` names the figures that kept it from
    a better one."""

    grade: str
    because: tuple[str, ...]
    stations: int
    gap: float
    variance_reduction: float
    condition: float
    depth_range: float
    bootstrap_angle: float


def quality(
    *,
    stations: int,
    gap: float,
    variance_reduction: float,
    condition: float,
    depth_range: float,
    bootstrap_angle: float,
) -> Quality:
    """The quality of these figures.

    >>> figures = dict(stations=9, gap=90.0, variance_reduction=0.8, condition=3.0, depth_range=6e3)
    >>> quality(**figures, bootstrap_angle=5.0).grade
    'A'
    >>> found = quality(**figures, bootstrap_angle=30.0)
    >>> found.grade, found.because
    ('C', ('bootstrap_angle',))
    """
    figures: dict[str, float] = {
        "stations": stations,
        "gap": gap,
        "variance_reduction": variance_reduction,
        "condition": condition,
        "depth_range": depth_range,
        "bootstrap_angle": bootstrap_angle,
    }
    grades = {name: _grade(name, value) for name, value in figures.items()}
    worst = max(grades.values())
    because = tuple(name for name, grade in grades.items() if grade == worst) if worst else ()
    return Quality("ABCD"[worst], because, stations, gap, variance_reduction, condition, depth_range, bootstrap_angle)


def _grade(name: str, value: float) -> int:
    sign = -1.0 if name in _AT_LEAST else 1.0
    return next((k for k, limit in enumerate(_RULES[name]) if sign * value <= sign * limit), len(_RULES[name]))


def open_range(good: Sequence[float], tried: Sequence[float]) -> float:
    """The range (m) of depths that are `good` of those `tried`: what lies beyond the last one tried is good, too.

    It reaches up to the surface where the shallowest tried is good, and without end where the deepest is.

    >>> open_range([8e3, 12e3], [4e3, 8e3, 12e3, 20e3]), open_range([4e3, 8e3], [4e3, 8e3, 12e3])
    (4000.0, 8000.0)
    >>> open_range([8e3, 12e3], [4e3, 8e3, 12e3])
    inf
    """
    if max(good) >= max(tried):
        return math.inf
    return max(good) - (min(good) if min(good) > min(tried) else min(0.0, *good))


def azimuthal_gap(azimuths: npt.ArrayLike) -> float:
    """The largest angle (degrees) between neighbouring azimuths (degrees).

    >>> azimuthal_gap([0.0, 90.0, 200.0])
    160.0
    """
    ordered = np.sort(np.asarray(azimuths, np.float64) % 360.0)
    return float(np.diff(np.append(ordered, ordered[0] + 360.0)).max())
