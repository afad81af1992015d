"""Coda: energy scattered once on the way, isotropically, by heterogeneities everywhere.

Aki & Chouet (1975), doi:10.1029/JB080i023p03322, for lapse times far beyond the direct wave; Sato (1977), Energy
propagation including scattering effects: single isotropic scattering approximation, for those close behind it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def coda_envelope(lapse: Floats, arrival: float, rate: float, decay: float, spread: float) -> Floats:
    """Root mean square amplitude, per square root of a second, beside a direct wave of unit impulse; 0 before it.

    `lapse` counts from the origin time (s), the direct wave comes at `arrival` (s). `rate` (1/s) is the scattering
    coefficient times the velocity, `decay` (1/s) is πf/Qc. Forward scattering adds as much energy as the direct wave
    has within some `spread` seconds behind it.
    """
    first = int(np.searchsorted(lapse, arrival, side="right"))
    behind = lapse[first:] - arrival
    x = 1 + (behind + 0.05) / arrival
    power = rate * np.log((x + 1) / (x - 1)) / x * np.exp(-2 * decay * behind) + np.exp(-behind / spread) / spread
    return np.concatenate([np.zeros(first), np.sqrt(power)])
