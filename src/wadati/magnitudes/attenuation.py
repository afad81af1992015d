"""Published relations for the decay of Wood–Anderson amplitudes with distance.

ML = log10(A) + correction, A the half peak-to-peak amplitude in mm on a horizontal Wood–Anderson seismograph.
"""

from __future__ import annotations

from typing import final

import numpy as np
import numpy.typing as npt

from wadati.units import KILOMETRE

Floats = npt.NDArray[np.float64]


@final
class HuttonBoore1987:
    """Southern California, 10 to 700 km: 1.110 log10(R / 100 km) + 0.00189 (R / km − 100) + 3.

    L. K. Hutton and D. M. Boore (1987), The ML scale in southern California, Bull. Seism. Soc. Am. 77, 2074–2094,
    doi 10.1785/BSSA0770062074. The amplitudes were those of torsion seismographs, whose true magnification is near
    2080 rather than the 2800 long assumed, so 1 mm at 100 km on a seismograph of 2080 is ML 3.

    >>> float(HuttonBoore1987().correction(np.array([100e3]))[0])
    3.0
    """

    name = "hutton-boore-1987"
    doi = "10.1785/BSSA0770062074"
    distance_range = (10 * KILOMETRE, 700 * KILOMETRE)
    magnification = 2080.0

    def correction(self, hypocentral_distance: Floats) -> Floats:
        """−log10 A0 at hypocentral distances (m)."""
        r = hypocentral_distance / KILOMETRE
        return np.asarray(1.110 * np.log10(r / 100) + 0.00189 * (r - 100) + 3.0)


@final
class Iaspei:
    """The IASPEI standard for ML, 10 to 700 km: log10(a) + 1.11 log10(R) + 0.00189 R − 2.09.

    Here a is the amplitude in nm of ground motion: that on the record divided by the magnification of 2080. Information
    sheet IS 3.3 of the New Manual of Seismological Observatory Practice, doi 10.2312/GFZ.NMSOP-2_IS_3.3. It is the
    relation of Hutton and Boore with rounded constants, 0.001 higher.

    >>> round(float(Iaspei().correction(np.array([100e3]))[0]), 3)
    3.001
    """

    name = "iaspei"
    doi = "10.2312/GFZ.NMSOP-2_IS_3.3"
    distance_range = (10 * KILOMETRE, 700 * KILOMETRE)
    magnification = 2080.0

    def correction(self, hypocentral_distance: Floats) -> Floats:
        """−log10 A0 at hypocentral distances (m)."""
        r = hypocentral_distance / KILOMETRE
        nanometres_per_millimetre = 1e6 / self.magnification
        return np.asarray(np.log10(nanometres_per_millimetre) + 1.11 * np.log10(r) + 0.00189 * r - 2.09)


@final
class BakunJoyner1984:
    """Central California, to 400 km: log10(R / km) + 0.00301 R / km + 0.7.

    W. H. Bakun and W. B. Joyner (1984), The ML scale in central California, Bull. Seism. Soc. Am. 74, 1827–1843,
    doi 10.1785/BSSA0740051827.

    >>> round(float(BakunJoyner1984().correction(np.array([100e3]))[0]), 3)
    3.001
    """

    name = "bakun-joyner-1984"
    doi = "10.1785/BSSA0740051827"
    distance_range = (0.0, 400 * KILOMETRE)
    magnification = 2080.0

    def correction(self, hypocentral_distance: Floats) -> Floats:
        """−log10 A0 at hypocentral distances (m)."""
        r = hypocentral_distance / KILOMETRE
        return np.asarray(np.log10(r) + 0.00301 * r + 0.7)


@final
class Luckett2019:
    """British Isles, also nearer than 10 km: log10(a) + 1.11 log10(R) + 0.00189 R − 1.16 exp(−0.2 R) − 2.09.

    Here a is the amplitude in nm of ground motion, as in the IASPEI standard, from which it differs by the exponential,
    which takes back what shallow layers add nearby (the authors find the same in Italy and Norway). R. Luckett,
    L. Ottemöller, A. Butcher and B. Baptie (2019), Extending local magnitude ML to short distances, Geophys. J. Int.
    216, 1145–1156, doi 10.1093/gji/ggy484. The near end of the range is ours; the far end is that of the standard.

    >>> round(float(Luckett2019().correction(np.array([5e3]))[0] - Iaspei().correction(np.array([5e3]))[0]), 3)
    -0.427
    """

    name = "luckett-2019"
    doi = "10.1093/gji/ggy484"
    distance_range = (1 * KILOMETRE, 700 * KILOMETRE)
    magnification = 2080.0

    def correction(self, hypocentral_distance: Floats) -> Floats:
        """−log10 A0 at hypocentral distances (m)."""
        near = 1.16 * np.exp(-0.2 * hypocentral_distance / KILOMETRE)
        return np.asarray(Iaspei().correction(hypocentral_distance) - near)
