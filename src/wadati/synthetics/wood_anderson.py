"""The local magnitude that a network without noise or faults would measure: what a stated magnitude means here.

Hutton & Boore (1987), The ML scale in Southern California, doi:10.1785/BSSA0770062074, with a Wood–Anderson
seismograph of 0.8 s, damping 0.7 and magnification 2080.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wadati.units import KILOMETRE

_OMEGA, _DAMPING, _MAGNIFICATION = 2 * np.pi / 0.8, 0.7, 2080.0


def displacement_per_velocity(frequency: npt.NDArray[np.float64]) -> npt.NDArray[np.complex128]:
    """Metres on the Wood–Anderson record per m/s of ground velocity."""
    s = 2j * np.pi * frequency
    return np.asarray(_MAGNIFICATION * s / (s**2 + 2 * _DAMPING * _OMEGA * s + _OMEGA**2))


def local_magnitude(amplitude: float, hypocentral_distance: float) -> float:
    """ML of a half peak-to-peak amplitude (m) at a distance (m).

    >>> round(local_magnitude(1e-3, 100e3), 3)
    3.0
    """
    r = hypocentral_distance / KILOMETRE
    return float(np.log10(amplitude * 1000.0) + 1.110 * np.log10(r / 100) + 0.00189 * (r - 100) + 3.0)
