"""The ten elementary sources of a layered earth, and what a moment tensor takes of each.

Jost & Herrmann (1989), A student's guide to and review of moment tensors, Seismol. Res. Lett. 60(2), 37–57,
doi:10.1785/gssrl.60.2.37, equations A5.1 to A5.5, without their conversion of units: a vertical strike slip (SS), a
vertical dip slip (DS), a 45° dip slip (DD) and an explosion (EX), each at the azimuth where it is largest; Z is up, R
away from the source, T clockwise from R seen from above. SS and DS alone have a transverse part.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FUNCTIONS = ("ZSS", "ZDS", "ZDD", "ZEX", "RSS", "RDS", "RDD", "REX", "TSS", "TDS")
"""Order of the function axis of all arrays of Green's functions: component, then source."""

CONVENTION = "Jost & Herrmann (1989), doi:10.1785/gssrl.60.2.37: Z up, R away from the source, T clockwise from R"


def radiation(tensors: npt.ArrayLike, azimuths: npt.ArrayLike) -> Floats:
    """How much of SS, DS, DD, EX goes into Z and R, then of SS, DS into T; shape (..., 6).

    `tensors` of shape (..., tensor component) in the order of `MomentTensor.components`, azimuths from the source to
    the station in degrees clockwise from north; they broadcast.

    >>> explosion = radiation((1.0, 1.0, 1.0, 0.0, 0.0, 0.0), 30.0)
    >>> explosion.round(9).tolist()
    [0.0, 0.0, 0.0, 1.0, 0.0, 0.0]
    """
    nn, ee, dd, ne, nd, ed = np.moveaxis(np.asarray(tensors, np.float64), -1, 0)
    azimuth = np.radians(azimuths)
    cos, sin, cos_2, sin_2 = np.cos(azimuth), np.sin(azimuth), np.cos(2 * azimuth), np.sin(2 * azimuth)
    half = (nn - ee) / 2
    parts = (
        half * cos_2 + ne * sin_2,
        nd * cos + ed * sin,
        dd / 3 - (nn + ee) / 6,
        (nn + ee + dd) / 3,
        half * sin_2 - ne * cos_2,
        nd * sin - ed * cos,
    )
    return np.stack(np.broadcast_arrays(*parts), axis=-1)


def to_north_east(radial: Floats, transverse: Floats, azimuths: Floats) -> tuple[Floats, Floats]:
    """Radial and transverse motion, shape (station, ...), as north and east; azimuths (degrees) at the station."""
    angle = np.radians(azimuths).reshape(-1, *(1,) * (radial.ndim - 1))
    return radial * np.cos(angle) - transverse * np.sin(angle), radial * np.sin(angle) + transverse * np.cos(angle)
