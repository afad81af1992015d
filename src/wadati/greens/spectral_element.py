"""One element of a spectral-element mesh of a half plane: places, values and slopes by Lagrange polynomials.

Everything is interpolated from the element's own nodes, its shape too, whatever mapping the mesher bent it by.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_STEPS = 30


class Within(NamedTuple):
    """A place in an element: what each node (eta, xi) counts for a value there, and for its slopes by s and z."""

    value: Floats
    by_s: Floats
    by_z: Floats


def lagrange(nodes: Floats, at: float) -> tuple[Floats, Floats]:
    """The polynomials that are 1 at one node and 0 at the others, at a place, and their slopes.

    >>> values, slopes = lagrange(np.array([-1.0, 0.0, 1.0]), 0.5)
    >>> values.tolist(), slopes.tolist()
    ([-0.125, 0.75, 0.375], [0.0, -1.0, 1.0])
    """
    values, slopes = np.ones(len(nodes)), np.zeros(len(nodes))
    for i, own in enumerate(nodes):
        others = np.delete(nodes, i)
        factors = (at - others) / (own - others)
        values[i] = factors.prod()
        slopes[i] = sum(np.delete(factors, j).prod() / (own - other) for j, other in enumerate(others))
    return values, slopes


def within(place: Floats, corners: Floats, xi: Floats, eta: Floats, tolerance: float = 1e-3) -> Within | None:
    """Where (s, z) lies in an element whose nodes are at `corners` (eta, xi, axis); None where it is outside.

    `xi` and `eta` are the nodes of the reference square. A Newton iteration inverts the mapping.
    """
    at = np.zeros(2)
    for _ in range(_STEPS):
        (x, x_slope), (y, y_slope) = lagrange(xi, at[0]), lagrange(eta, at[1])
        value = np.outer(y, x)
        slopes = np.stack([np.outer(y, x_slope), np.outer(y_slope, x)])
        jacobian = np.einsum("dij,ija->da", slopes, corners)
        step = np.linalg.solve(jacobian.T, place - np.einsum("ij,ija->a", value, corners))
        if np.abs(step).max() < 1e-10:
            break
        # Beyond the square its polynomials bend; whoever leaves it is outside.
        at = np.clip(at + step, -1.5, 1.5)
    if np.abs(at).max() > 1 + tolerance:
        return None
    by_s, by_z = np.einsum("ad,dij->aij", np.linalg.inv(jacobian), slopes)
    return Within(value, by_s, by_z)
