"""Point sources: six moments in north, east, down."""

from __future__ import annotations

import math

import msgspec


class MomentTensor(msgspec.Struct, frozen=True):
    """A symmetric moment tensor in N m, axes north, east, down.

    In the spherical axes of the Global CMT (r up, t south, p east): Mrr = dd, Mtt = nn, Mpp = ee, Mrt = nd,
    Mrp = −ed, Mtp = −ne.
    """

    nn: float
    ee: float
    dd: float
    ne: float
    nd: float
    ed: float

    @classmethod
    def of_fault(cls, strike: float, dip: float, rake: float, moment: float) -> MomentTensor:
        """A double couple of a fault (degrees) with a scalar moment (N m).

        Aki & Richards (2002), Quantitative Seismology, box 4.4: strike clockwise from north, the fault dips to its
        right, rake from the strike to the slip of the hanging wall.

        >>> thrust = MomentTensor.of_fault(0.0, 45.0, 90.0, 1.0)
        >>> round(thrust.ee, 6), round(thrust.dd, 6), round(thrust.moment, 6)
        (-1.0, 1.0, 1.0)
        """
        phi, delta, lam = math.radians(strike), math.radians(dip), math.radians(rake)
        sin_2phi, cos_2phi, sin_phi, cos_phi = math.sin(2 * phi), math.cos(2 * phi), math.sin(phi), math.cos(phi)
        across, along = math.sin(delta) * math.cos(lam), math.sin(2 * delta) * math.sin(lam)
        level, steep = math.cos(delta) * math.cos(lam), math.cos(2 * delta) * math.sin(lam)
        return cls(
            nn=-moment * (across * sin_2phi + along * sin_phi**2),
            ee=moment * (across * sin_2phi - along * cos_phi**2),
            dd=moment * along,
            ne=moment * (across * cos_2phi + 0.5 * along * sin_2phi),
            nd=-moment * (level * cos_phi + steep * sin_phi),
            ed=-moment * (level * sin_phi - steep * cos_phi),
        )

    @property
    def components(self) -> tuple[float, float, float, float, float, float]:
        """(nn, ee, dd, ne, nd, ed), the order of all arrays over tensor components."""
        return self.nn, self.ee, self.dd, self.ne, self.nd, self.ed

    @property
    def moment(self) -> float:
        """The scalar moment (N m), by Silver & Jordan (1982), doi:10.1111/j.1365-246X.1982.tb05982.x."""
        diagonal = self.nn**2 + self.ee**2 + self.dd**2
        return math.sqrt(diagonal / 2 + self.ne**2 + self.nd**2 + self.ed**2)

    @property
    def magnitude(self) -> float:
        """Mw = 2/3 (log10 M0 − 9.1), M0 in N m (IASPEI 2013, doi:10.2312/GFZ.NMSOP-2_IS_3.3)."""
        return moment_magnitude(self.moment)


def moment_magnitude(moment: float) -> float:
    """Mw of a scalar moment (N m).

    >>> round(moment_magnitude(1.1e15), 2)
    3.96
    """
    return 2 / 3 * (math.log10(moment) - 9.1)


def scalar_moment(magnitude: float) -> float:
    """The scalar moment (N m) of an Mw.

    >>> round(moment_magnitude(scalar_moment(4.2)), 6)
    4.2
    """
    return float(10 ** (1.5 * magnitude + 9.1))
