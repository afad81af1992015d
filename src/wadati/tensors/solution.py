"""The tensor of normal equations: deviatoric, full, or a double couple; and whether an isotropic part is called for."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from wadati.model import MomentTensor
from wadati.model.mechanism import nodal_planes

Floats = npt.NDArray[np.float64]
Kind = Literal["deviatoric", "full", "double-couple"]

_HALF, _SIXTH, _THIRD = 1 / math.sqrt(2), 1 / math.sqrt(6), 1 / math.sqrt(3)
_ALL = np.array(
    [
        [_HALF, _SIXTH, 0, 0, 0, _THIRD],
        [-_HALF, _SIXTH, 0, 0, 0, _THIRD],
        [0, -2 * _SIXTH, 0, 0, 0, _THIRD],
        [0, 0, _HALF, 0, 0, 0],
        [0, 0, 0, _HALF, 0, 0],
        [0, 0, 0, 0, _HALF, 0],
    ]
)
BASES = {"deviatoric": _ALL[:, :5], "full": _ALL}
"""Tensors of unit norm that make up a solution, as columns; the sixth is the isotropic one."""

SIGNIFICANCE = 0.01
"""Chance, at most, that noise alone gives as much to an isotropic part that is believed."""


_ROUNDING = 1e-9
"""A misfit smaller than this share of the data's energy is none: of data without noise only rounding is left."""


class Solution(NamedTuple):
    """`tensor` in the order of `MomentTensor.components` (N m); `misfit` is the weighted squared residual that is left,
    `energy` the data's; `condition` the ratio of the largest to the smallest singular value of the design."""

    tensor: Floats
    misfit: float
    energy: float
    condition: float

    @property
    def variance_reduction(self) -> float:
        """1 where everything is explained."""
        return 1 - self.misfit / self.energy


def solve(squares: Floats, products: Floats, energy: float, kind: Kind = "deviatoric") -> Solution:
    """The tensor of least squares, of summed normal equations with shapes (tensor, tensor) and (tensor,).

    A double couple is searched from that of the deviatoric solution on, by strike, dip and rake; its moment is linear.
    Aki & Richards (2002); Minson & Dreger (2008), doi:10.1111/j.1365-246X.2008.03797.x.

    >>> thrust = np.array(MomentTensor.of_fault(30.0, 40.0, 80.0, 2.0).components)
    >>> solve(np.eye(6), thrust, float(thrust @ thrust)).tensor.round(6).tolist() == thrust.round(6).tolist()
    True
    """
    if kind == "double-couple":
        return _double_couple(squares, products, energy)
    basis = BASES[kind]
    design, seen = basis.T @ squares @ basis, basis.T @ products
    eigenvalues = np.linalg.eigvalsh(design)
    if not eigenvalues[-1] > 0:
        return Solution(np.zeros(6), energy, energy, math.inf)
    tensor = basis @ np.linalg.lstsq(design, seen, rcond=1e-12)[0]
    return Solution(tensor, _misfit(tensor, squares, products, energy), energy, _condition(eigenvalues))


def isotropic_is_called_for(deviatoric: Solution, full: Solution, independent: float) -> tuple[bool, float]:
    """Whether one more unknown explains more than noise would, and the chance that noise does (F-test).

    `independent` is how many independent numbers the data are. What a wrong earth leaves is no white noise: it goes
    through a whole record alike, so a component has one amplitude and one phase however long it is.
    """
    from scipy.stats import f as fisher

    free = independent - 6
    if free <= 0 or deviatoric.misfit <= _ROUNDING * deviatoric.energy:
        return False, 1.0
    left = max(full.misfit, _ROUNDING * full.energy)
    gained = max(deviatoric.misfit - left, 0.0) / (left / free)
    chance = float(fisher.sf(gained, 1, free))
    return chance < SIGNIFICANCE, chance


def _misfit(tensor: Floats, squares: Floats, products: Floats, energy: float) -> float:
    return max(float(energy - 2 * products @ tensor + tensor @ squares @ tensor), 0.0)


def _condition(eigenvalues: Floats) -> float:
    smallest = max(float(eigenvalues[0]), 0.0)
    return math.sqrt(float(eigenvalues[-1]) / smallest) if smallest > 1e-15 * eigenvalues[-1] else math.inf


def _double_couple(squares: Floats, products: Floats, energy: float) -> Solution:
    from scipy.optimize import minimize

    start = solve(squares, products, energy)
    planes = nodal_planes(MomentTensor(*start.tensor.tolist()))

    def shape(angles: Floats) -> Floats:
        strike, dip, rake = angles.tolist()
        return np.array(MomentTensor.of_fault(strike, dip, rake, 1.0).components)

    def gained(angles: Floats) -> float:
        unit = shape(angles)
        along = float(products @ unit)
        return -(along * abs(along)) / float(unit @ squares @ unit)

    found = [
        minimize(
            gained,
            np.array([plane.strike, plane.dip, plane.rake]) + turn,
            method="Nelder-Mead",
            options={"xatol": 1e-4, "fatol": 1e-9 * energy},
        )
        for plane in planes
        for turn in ([0.0, 0.0, 0.0], [10.0, -10.0, 15.0])
    ]
    unit = shape(min(found, key=lambda one: float(one.fun)).x)
    tensor = unit * max(float(products @ unit), 0.0) / float(unit @ squares @ unit)
    return Solution(tensor, _misfit(tensor, squares, products, energy), energy, start.condition)
