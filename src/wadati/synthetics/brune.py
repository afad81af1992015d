"""The far-field spectrum of a circular shear crack, and how its size follows from moment and stress drop.

Brune (1970), Tectonic stress and the spectra of seismic shear waves from earthquakes, doi:10.1029/JB075i026p04997;
moment magnitude after Hanks & Kanamori (1979), doi:10.1029/JB084iB05p02348.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

P_CORNER_RATIO = 1.3
"""Corner frequency of P over that of S."""


def moment(moment_magnitude: float) -> float:
    """Seismic moment in N m.

    >>> f"{moment(4.0):.3g}"
    '1.26e+15'
    """
    return float(10.0 ** (1.5 * moment_magnitude + 9.1))


def radius(seismic_moment: float, stress_drop: float) -> float:
    """Radius (m) of the crack with a moment (N m) and a stress drop (Pa): (7/16 M0/Δσ)^(1/3)."""
    return float((7 / 16 * seismic_moment / stress_drop) ** (1 / 3))


def corner_frequency(seismic_moment: float, stress_drop: float, s_velocity: float) -> float:
    """Corner frequency (Hz) of S: 2.34 β / 2πr.

    >>> round(corner_frequency(moment(5.0), 3e6, 3500.0), 2)
    0.73
    """
    return 2.34 * s_velocity / (2 * math.pi * radius(seismic_moment, stress_drop))


def moment_rate(frequency: npt.NDArray[np.float64], seismic_moment: float, corner: float) -> npt.NDArray[np.complex128]:
    """Spectrum (N m) of the moment rate M0 ωc² t exp(−ωc t): causal, flat below the corner (Hz), ω⁻² above it."""
    return np.asarray(seismic_moment / (1 + 1j * frequency / corner) ** 2)
