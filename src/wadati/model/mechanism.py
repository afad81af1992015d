"""What a moment tensor says of faulting: principal axes, nodal planes, parts, and how far two tensors are apart.

Vectors are (north, east, down). Aki & Richards (2002), Quantitative Seismology, section 3.3 and box 4.4; Jost &
Herrmann (1989), A student's guide to and review of moment tensors, doi:10.1785/gssrl.60.2.37.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.model.moment_tensor import MomentTensor

Floats = npt.NDArray[np.float64]


class NodalPlane(msgspec.Struct, frozen=True):
    """Strike (0 ≤ strike < 360), dip (0 to 90) and rake (−180 < rake ≤ 180) in degrees, as `MomentTensor.of_fault`."""

    strike: float
    dip: float
    rake: float


class PrincipalAxis(msgspec.Struct, frozen=True):
    """An axis pointing down: `azimuth` from north (0 ≤ azimuth < 360) and `plunge` below the horizontal in degrees,
    `length` in N m."""

    azimuth: float
    plunge: float
    length: float


class Decomposition(msgspec.Struct, frozen=True):
    """Shares of a tensor that add up to 1: double couple, CLVD and isotropic; the latter two are signed.

    With M the deviatoric eigenvalue of largest modulus and m the mean of the eigenvalues, the isotropic share is
    m / (|m| + |M|); of the rest the CLVD takes 2 |ε|, ε being minus the smallest deviatoric eigenvalue in modulus over
    |M|. Shares of moduli add up: double couple + |CLVD| + |isotropic| = 1. Hudson, Pearce & Rogers (1989),
    doi:10.1029/JB094iB01p00765; compared with others by Vavryčuk (2015), doi:10.1007/s10950-014-9463-y.
    """

    double_couple: float
    clvd: float
    isotropic: float


class FocalMechanism(msgspec.Struct, frozen=True):
    """How an earthquake moved: by a moment tensor from waveforms, or by planes from first motions.

    `origin_id` names the origin it was made from, `derived_origin_id` the centroid. `planes` are both nodal planes,
    one as good as the other. `variance_reduction` is 1 where all of the waveforms is explained; `gap` in degrees;
    `misfit` is the share of polarities that contradict the planes; `quality` A (best) to D.
    """

    mechanism_id: str
    origin_id: str
    planes: tuple[NodalPlane, NodalPlane]
    tensor: MomentTensor | None = None
    derived_origin_id: str | None = None
    magnitude_id: str | None = None
    variance_reduction: float | None = None
    stations: int | None = None
    polarities: int | None = None
    misfit: float | None = None
    gap: float | None = None
    quality: str = ""
    method: str = ""


def matrix(tensor: MomentTensor) -> Floats:
    """The tensor (N m) with shape (axis, axis).

    >>> matrix(MomentTensor(1.0, 2.0, 3.0, 4.0, 5.0, 6.0))[0]
    array([1., 4., 5.])
    """
    nn, ee, dd, ne, nd, ed = tensor.components
    return np.array([[nn, ne, nd], [ne, ee, ed], [nd, ed, dd]])


def eigen_system(tensor: MomentTensor) -> tuple[Floats, Floats]:
    """Eigenvalues (N m) in falling order, shape (3,), and their unit vectors, shape (vector, axis): T, B, P."""
    values, vectors = np.linalg.eigh(matrix(tensor))
    return values[::-1], vectors.T[::-1]


def principal_axes(tensor: MomentTensor) -> tuple[PrincipalAxis, PrincipalAxis, PrincipalAxis]:
    """The axes T (tension), B and P (pressure).

    >>> t, b, p = principal_axes(MomentTensor.of_fault(0.0, 45.0, 90.0, 1.0))
    >>> round(t.plunge), round(b.plunge), round(p.plunge), round(p.azimuth) % 180
    (90, 0, 0, 90)
    """
    values, vectors = eigen_system(tensor)
    axes = []
    for value, vector in zip(values, vectors, strict=True):
        north, east, down = vector if vector[2] >= 0 else -vector
        azimuth = _turned(math.atan2(east, north))
        axes.append(PrincipalAxis(azimuth, math.degrees(math.asin(min(down, 1.0))), float(value)))
    return axes[0], axes[1], axes[2]


def nodal_planes(tensor: MomentTensor) -> tuple[NodalPlane, NodalPlane]:
    """Both planes of the tensor's double couple, in order of strike.

    >>> tensor = MomentTensor.of_fault(233.0, 66.0, -6.0, 1e15)
    >>> [(round(plane.strike), round(plane.dip), round(plane.rake)) for plane in nodal_planes(tensor)]
    [(233, 66, -6), (325, 85, -156)]
    """
    _, (t, _, p) = eigen_system(tensor)
    across, along = (t + p) / math.sqrt(2), (t - p) / math.sqrt(2)
    first, second = _plane(across, along), _plane(along, across)
    return (first, second) if first.strike <= second.strike else (second, first)


def decompose(tensor: MomentTensor) -> Decomposition:
    """The shares of double couple, CLVD and isotropic source.

    >>> decompose(MomentTensor(1.0, 1.0, 1.0, 0.0, 0.0, 0.0))
    Decomposition(double_couple=0.0, clvd=0.0, isotropic=1.0)
    >>> round(decompose(MomentTensor(-0.5, -0.5, 1.0, 0.0, 0.0, 0.0)).clvd, 6)
    1.0
    """
    values, _ = eigen_system(tensor)
    mean = float(values.mean())
    deviatoric = values - mean
    largest = float(deviatoric[np.argmax(np.abs(deviatoric))])
    total = abs(mean) + abs(largest)
    if total == 0 or abs(largest) <= 1e-12 * total:
        return Decomposition(0.0, 0.0, math.copysign(1.0, mean) if total else 0.0)
    isotropic = mean / total
    epsilon = float(np.abs(deviatoric).min()) / abs(largest)
    rest = 1 - abs(isotropic)
    clvd = math.copysign(2 * epsilon * rest, largest)
    return Decomposition(rest - abs(clvd), clvd, isotropic)


def deviatoric_part(tensor: MomentTensor) -> MomentTensor:
    """The tensor without its change of volume."""
    nn, ee, dd, ne, nd, ed = tensor.components
    mean = (nn + ee + dd) / 3
    return MomentTensor(nn - mean, ee - mean, dd - mean, ne, nd, ed)


def kagan_angle(first: MomentTensor, second: MomentTensor) -> float:
    """The smallest rotation (degrees, at most 120) that turns the double couple of one tensor into the other's.

    Kagan (1991), doi:10.1111/j.1365-246X.1991.tb06343.x.

    >>> a, b = MomentTensor.of_fault(30.0, 60.0, 10.0, 1.0), MomentTensor.of_fault(50.0, 60.0, 10.0, 3.0)
    >>> round(kagan_angle(a, b), 3), round(kagan_angle(a, a), 3)
    (20.0, 0.0)
    """
    along = np.sum(_right_handed(first) * _right_handed(second), axis=1)
    signs = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    cosine = (float((signs @ along).max()) - 1) / 2
    return math.degrees(math.acos(min(max(cosine, -1.0), 1.0)))


def _right_handed(tensor: MomentTensor) -> Floats:
    _, vectors = eigen_system(tensor)
    return vectors if np.linalg.det(vectors) > 0 else -vectors


def _plane(normal: Floats, slip: Floats) -> NodalPlane:
    """The plane of a unit normal and a unit slip, of which either may point up or down."""
    if normal[2] > 0:
        normal, slip = -normal, -slip
    dip = math.acos(min(max(-normal[2], -1.0), 1.0))
    strike = math.atan2(-normal[0], normal[1])
    level = slip[0] * math.cos(strike) + slip[1] * math.sin(strike)
    up = -slip[2] * math.sin(dip) + math.cos(dip) * (slip[0] * math.sin(strike) - slip[1] * math.cos(strike))
    rake = math.degrees(math.atan2(up, level))
    return NodalPlane(_turned(strike), math.degrees(dip), 180.0 if rake <= -180.0 else rake)


def _turned(radians: float) -> float:
    """Degrees from 0 to below 360: the remainder of what is hardly below 0 rounds to 360 itself."""
    degrees = math.degrees(radians) % 360.0
    return 0.0 if degrees >= 360.0 else degrees
