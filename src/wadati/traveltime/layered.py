"""Exact first arrivals in flat layers: direct rays, and head waves along every interface below or above both ends.

A ray of parameter p covers x(p) = Σ h v p / √(1 − v²p²) in the layers it crosses and takes
t(p) = p x + Σ h √(1/v² − p²); see Aki & Richards, Quantitative Seismology. The direct ray is found by Newton's method
on q, the tangent of its angle in the fastest layer crossed: x is concave in q, so that steps from below never overshoot.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wadati.errors import UsageError
from wadati.model import VelocityModel

Floats = npt.NDArray[np.float64]

_NEWTON_STEPS = 60
_TOLERANCE = 1e-6


def first_arrival(
    model: VelocityModel,
    phase: str,
    distance: npt.ArrayLike,
    source_depth: npt.ArrayLike,
    receiver_elevation: npt.ArrayLike = 0.0,
) -> Floats:
    """Seconds from a source to the first `P` or `S` at a receiver.

    Epicentral `distance`, `source_depth` below and `receiver_elevation` above sea level, all in metres; arrays
    broadcast. Either end may lie above the other, and above sea level: the first layer reaches up. Raises
    `UsageError` for another phase.

    >>> from wadati.model import Layer
    >>> half_space = VelocityModel("half-space", (Layer(0.0, 6000.0, 3500.0),))
    >>> float(first_arrival(half_space, "P", 30000.0, 39000.0, 1000.0))
    8.333333333333334
    """
    velocities, tops = velocities_of(model, phase), np.array([layer.top for layer in model.layers])
    tops[0] = -np.inf
    x, source, elevation = np.broadcast_arrays(
        np.abs(np.asarray(distance, np.float64)),
        np.asarray(source_depth, np.float64),
        np.asarray(receiver_elevation, np.float64),
    )
    shape = x.shape
    x, source, receiver = x.ravel(), source.ravel(), -elevation.ravel()
    upper, lower = np.minimum(source, receiver), np.maximum(source, receiver)
    bottoms = np.append(tops[1:], np.inf)
    crossed = [_between(upper, lower, top, bottom) for top, bottom in zip(tops, bottoms, strict=True)]
    time = _direct(x, upper, crossed, velocities, tops)
    for n, velocity in enumerate(velocities):
        if n > 0:
            legs = [_between(source, tops[n], t, b) + _between(receiver, tops[n], t, b) for t, b in zip(tops[:n], bottoms, strict=False)]
            _head_wave(time, x, lower <= tops[n], legs, velocities[:n], velocity)
        if n < len(velocities) - 1:
            face = bottoms[n]
            legs = [_between(face, source, t, b) + _between(face, receiver, t, b) for t, b in zip(tops[n + 1 :], bottoms[n + 1 :], strict=True)]
            _head_wave(time, x, upper >= face, legs, velocities[n + 1 :], velocity)
    return time.reshape(shape)


def velocities_of(model: VelocityModel, phase: str) -> Floats:
    """Velocities (m/s) of `P` or `S`, shape (layer,). Raises `UsageError` for another phase."""
    if phase not in ("P", "S"):
        raise UsageError(f"no travel times for phase {phase!r}; there are P and S")
    return np.array([layer.p_velocity if phase == "P" else layer.s_velocity for layer in model.layers])


def _between(upper: npt.ArrayLike, lower: npt.ArrayLike, top: float, bottom: float) -> Floats:
    """How much (m) of a layer lies between two depths."""
    return np.maximum(np.minimum(lower, bottom) - np.maximum(upper, top), 0.0)


def _direct(x: Floats, upper: Floats, crossed: list[Floats], velocities: Floats, tops: Floats) -> Floats:
    """Time of the ray that crosses every layer between the two ends once."""
    own = velocities[np.searchsorted(tops, upper, side="right") - 1]
    fastest = own.copy()
    for h, v in zip(crossed, velocities, strict=True):
        np.maximum(fastest, v, out=fastest, where=h > 0)
    fastest = np.where(sum(crossed) > 0, fastest, own)
    ...
    raise NotImplementedError
