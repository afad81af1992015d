"""How far it may be felt: from magnitude and depth, by a published relation of intensity with distance.

Relation: Atkinson, Worden & Wald (2014), doi:10.1785/0120140178, intensity prediction for California,
MMI = 0.309 + 1.864 M − 1.672 log10 R − 0.00219 R + 1.77 max(0, log10(R / 50)) − 0.383 M log10 R,
R = √(distance² + 14²) km with the hypocentral distance. Felt means MMI 3 here. Magnitudes 2 to 8; it says
nothing of the ground at a place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wadati.model import Event

FELT = 3.0
"""The Modified Mercalli Intensity from which many notice it."""

MAGNITUDES = (2.0, 8.0)


def intensity(magnitude: float, hypocentral_km: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Expected MMI at hypocentral distances (km).

    >>> [round(float(value), 1) for value in intensity(6.0, [10.0, 100.0])]
    [6.5, 3.9]
    """
    r = np.hypot(np.asarray(hypocentral_km, float), 14.0)
    log_r = np.log10(r)
    return np.asarray(
        0.309
        + 1.864 * magnitude
        - 1.672 * log_r
        - 0.00219 * r
        + 1.77 * np.maximum(0.0, np.log10(r / 50.0))
        - 0.383 * magnitude * log_r
    )


class FeltRadius:
    """A decorator that adds the radius (km) within which MMI 3 is expected; 0 where it is not felt at all."""

    name = "felt_radius"

    def decorate(self, event: Event) -> dict[str, Any]:
        """The radius; nothing without a magnitude or outside the relation's range."""
        size = event.magnitude
        if size is None or not MAGNITUDES[0] <= size.value <= MAGNITUDES[1]:
            return {}
        epicentral = np.arange(0.0, 1001.0)
        depth = max(event.origin.depth, 0.0) / 1000
        felt = intensity(size.value, np.hypot(epicentral, depth)) >= FELT
        radius = float(epicentral[felt][-1]) if felt.any() else 0.0
        return {"radius_km": radius, "intensity": FELT, "magnitude": round(size.value, 2), "doi": "10.1785/0120140178"}
