"""Loss and dispersion along a path of constant Q.

Azimi, Kalinin, Kalinin & Pivovarov (1968); Aki & Richards (2002), Quantitative Seismology, 2nd edition, section 5.5.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

REFERENCE_HZ = 100.0
"""Arrival times are those of this frequency; lower ones come later, as causality wants."""


def constant_q(frequency: npt.NDArray[np.float64]) -> npt.NDArray[np.complex128]:
    """The factor on a spectrum is exp(t* × this) after a path of t* = travel time / Q seconds, site κ included in t*.

    >>> bool(np.isclose(abs(np.exp(0.05 * constant_q(np.array([10.0]))[0])), np.exp(-np.pi * 10 * 0.05)))
    True
    """
    logarithm = np.log(np.maximum(frequency, 1e-6) / REFERENCE_HZ)
    return np.asarray(frequency * (-np.pi + 2j * logarithm))
