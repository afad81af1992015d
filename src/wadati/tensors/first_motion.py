"""The planes of a small earthquake from whether P first moves up or down.

All mechanisms on a grid of 5° are compared with the polarities, for take-off angles in several earths and at depths
within the location's error, as in Hardebeck & Shearer (2002), doi:10.1785/0120010200: what is preferred is the middle
of all mechanisms that contradict few more polarities than the best, and how far those lie apart is its uncertainty.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wadati.errors import InputError
from wadati.model import MomentTensor, NodalPlane, VelocityModel
from wadati.model.mechanism import kagan_angle, nodal_planes
from wadati.tensors.quality import azimuthal_gap
from wadati.traveltime.layered import first_arrival

Floats = npt.NDArray[np.float64]

LEAST = 8
"""Polarities without which no mechanism is sought."""

_STEP = 5.0
_MORE = 0.05
_DRAWN = 400
_AT_ONCE = 8192
_NEAR = 50.0
_SEED = 2002
_LIMITS = ((0.15, 25.0, 0.5), (0.20, 35.0, 0.4), (0.30, 45.0, 0.3))
"""Share of contradicting polarities, spread (degrees) and station distribution that A, B and C ask for."""


class FirstMotion(NamedTuple):
    """`planes` of the preferred mechanism; `misfit` the share of polarities that contradict it, `spread` the
    root mean square of the angles (Kagan, degrees) from it to all acceptable ones, `distribution` how far on average
    polarities lie from its nodal planes (0 to 1), `quality` A to D."""

    planes: tuple[NodalPlane, NodalPlane]
    misfit: float
    spread: float
    distribution: float
    gap: float
    polarities: int
    quality: str


def takeoff_angles(
    model: VelocityModel, distances: npt.ArrayLike, depth: float, elevations: npt.ArrayLike = 0.0
) -> Floats:
    """Angles from straight down (degrees) at which first P waves leave a source at a depth (m) for distances (m).

    From the slopes of the travel time with distance and depth, so that head waves and direct waves are told apart.

    >>> from wadati.model import Layer
    >>> half_space = VelocityModel("half-space", (Layer(0.0, 6000.0, 3500.0),))
    >>> takeoff_angles(half_space, [10e3, 100e3], 10e3).round(1).tolist()
    [135.0, 95.7]
    """
    away = np.asarray(distances, np.float64)
    out, back = (first_arrival(model, "P", np.abs(away + move), depth, elevations) for move in (_NEAR, -_NEAR))
    deeper, higher = (first_arrival(model, "P", away, depth + move, elevations) for move in (_NEAR, -_NEAR))
    return np.asarray(np.degrees(np.arctan2(np.maximum(out - back, 0.0), higher - deeper)))


def mechanism(azimuths: npt.ArrayLike, takeoffs: npt.ArrayLike, up: npt.ArrayLike) -> FirstMotion:
    """The mechanism of polarities.

    `azimuths` (degrees, station) at the source, `takeoffs` (degrees from straight down, (trial, station)) in each
    earth and at each depth that is tried, `up` (station,) whether P first moves up. Raises `InputError` for fewer than
    eight polarities.
    """
    north = np.radians(np.asarray(azimuths, np.float64))
    angle = np.radians(np.atleast_2d(np.asarray(takeoffs, np.float64)))
    sign = np.where(np.asarray(up, bool), 1.0, -1.0)
    count = len(sign)
    if count < LEAST:
        raise InputError("first motions", f"{count} polarities are too few", f"{LEAST} are needed")
    tensors = _grid()
    wrong = _contradicted(tensors, north, angle, sign)
    accepted = (wrong <= wrong.min(axis=0) + max(_MORE, 1.0 / count) * count + 1e-6).sum(axis=1).astype(np.float64)
    chosen = np.flatnonzero(accepted)
    mean = tensors[chosen].T @ accepted[chosen]
    preferred = MomentTensor(*mean.tolist())
    planes = nodal_planes(preferred)
    pure = np.array(MomentTensor.of_fault(planes[0].strike, planes[0].dip, planes[0].rake, 1.0).components)
    amplitudes = np.array([_amplitudes(pure[None], north, trial)[0] for trial in angle])
    misfit = float(np.mean(amplitudes * sign < 0))
    spread = _spread(preferred, tensors[chosen], accepted[chosen])
    distribution = float(np.mean(np.abs(amplitudes)))
    found = (misfit, spread, -distribution)
    grade = next(
        (
            letter
            for letter, (most, widest, least) in zip("ABC", _LIMITS, strict=True)
            if all(value <= limit for value, limit in zip(found, (most, widest, -least), strict=True))
        ),
        "D",
    )
    return FirstMotion(planes, misfit, spread, distribution, azimuthal_gap(np.degrees(north)), count, grade)


def _contradicted(tensors: Floats, azimuth: Floats, takeoffs: Floats, sign: Floats) -> npt.NDArray[np.int64]:
    """How many polarities each mechanism contradicts in each trial, shape (mechanism, trial).

    Some mechanisms at a time, so that what is between stays in the processor's cache.
    """
    rays = np.concatenate([_rays(azimuth, trial) * sign for trial in takeoffs], axis=1)
    found = np.empty((len(tensors), len(takeoffs)), np.int64)
    for first in range(0, len(tensors), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        against = tensors[part] @ rays < 0
        found[part] = against.reshape(-1, len(takeoffs), len(sign)).sum(axis=2)
    return found


@cache
def _grid() -> Floats:
    """Tensors of unit moment of all mechanisms, shape (mechanism, tensor component).

    Dips are drawn evenly in their cosine, so that mechanisms cover the sphere evenly.
    """
    dips = np.degrees(np.arccos(np.linspace(0.0, 1.0, 19)))
    strikes, rakes = np.arange(0.0, 360.0, _STEP), np.arange(-180.0, 180.0, _STEP)
    faults = np.stack(np.meshgrid(strikes, dips, rakes, indexing="ij"), axis=-1).reshape(-1, 3)
    phi, delta, lam = np.radians(faults).T
    across, along = np.sin(delta) * np.cos(lam), np.sin(2 * delta) * np.sin(lam)
    level, steep = np.cos(delta) * np.cos(lam), np.cos(2 * delta) * np.sin(lam)
    return np.stack(
        [
            -across * np.sin(2 * phi) - along * np.sin(phi) ** 2,
            across * np.sin(2 * phi) - along * np.cos(phi) ** 2,
            along,
            across * np.cos(2 * phi) + 0.5 * along * np.sin(2 * phi),
            -level * np.cos(phi) - steep * np.sin(phi),
            -level * np.sin(phi) + steep * np.cos(phi),
        ],
        axis=-1,
    )


def _amplitudes(tensors: Floats, azimuth: Floats, takeoff: Floats) -> Floats:
    """P radiation (−1 to 1) of tensors of unit moment along rays (radians), shape (mechanism, station)."""
    return np.asarray(tensors @ _rays(azimuth, takeoff))


def _rays(azimuth: Floats, takeoff: Floats) -> Floats:
    """What P along rays (radians) takes of each component of a tensor, shape (tensor component, station)."""
    n, e, d = np.sin(takeoff) * np.cos(azimuth), np.sin(takeoff) * np.sin(azimuth), np.cos(takeoff)
    return np.array([n * n, e * e, d * d, 2 * n * e, 2 * n * d, 2 * e * d])


def _spread(preferred: MomentTensor, tensors: Floats, times: Floats) -> float:
    """The root mean square angle of a drawn lot of acceptable mechanisms."""
    random = np.random.default_rng(_SEED)
    drawn = random.choice(len(tensors), min(_DRAWN, len(tensors)), replace=False, p=times / times.sum())
    angles = [kagan_angle(preferred, MomentTensor(*tensors[k].tolist())) for k in drawn]
    return float(np.sqrt(np.mean(np.square(angles))))
