"""How much P, SV and SH a double couple sends which way.

Aki & Richards (2002), Quantitative Seismology, 2nd edition, equations 4.89–4.91.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def double_couple(
    strike: float, dip: float, rake: float, azimuth: npt.ArrayLike, takeoff: npt.ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Radiation factors of P, SV and SH; root mean square over the sphere 0.52 for P, 0.63 for S.

    All in degrees: `azimuth` at the source clockwise from north, `takeoff` from straight down.

    >>> p, sv, sh = double_couple(0.0, 90.0, 0.0, azimuth=45.0, takeoff=90.0)
    >>> round(float(p), 6), abs(round(float(sv), 6)), abs(round(float(sh), 6))
    (1.0, 0.0, 0.0)
    """
    delta, rake_angle = np.radians(dip), np.radians(rake)
    phi, i = np.radians(np.subtract(azimuth, strike)), np.radians(takeoff)
    strike_slip, dip_slip_45 = np.cos(rake_angle) * np.sin(delta), np.sin(rake_angle) * np.sin(2 * delta)
    vertical_along, vertical_across = np.cos(rake_angle) * np.cos(delta), np.sin(rake_angle) * np.cos(2 * delta)
    sin_i, cos_i, sin_2i, cos_2i = np.sin(i), np.cos(i), np.sin(2 * i), np.cos(2 * i)
    sin_phi, cos_phi, sin_2phi, cos_2phi = np.sin(phi), np.cos(phi), np.sin(2 * phi), np.cos(2 * phi)
    p = (
        strike_slip * sin_i**2 * sin_2phi
        - vertical_along * sin_2i * cos_phi
        + dip_slip_45 * (cos_i**2 - sin_i**2 * sin_phi**2)
        + vertical_across * sin_2i * sin_phi
    )
    sv = (
        vertical_across * cos_2i * sin_phi
        - vertical_along * cos_2i * cos_phi
        + strike_slip * sin_2i * sin_2phi / 2
        - dip_slip_45 * sin_2i * (1 + sin_phi**2) / 2
    )
    sh = (
        vertical_along * cos_i * sin_phi
        + strike_slip * sin_i * cos_2phi
        + vertical_across * cos_i * cos_phi
        - dip_slip_45 * sin_i * sin_2phi / 2
    )
    return np.asarray(p), np.asarray(sv), np.asarray(sh)
