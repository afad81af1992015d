"""Exact first arrivals in flat layers: direct rays, and head waves along every interface below or above both ends.

A ray of parameter p covers x(p) = Σ h v p / √(1 − v²p²) in the layers it crosses and takes
t(p) = p x + Σ h √(1/v² − p²); see Aki & Richards, Quantitative Seismology. The direct ray is found by Newton's method
on q, the tangent of its angle in the fastest layer crossed: x is concave in q, so steps from below never overshoot.
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
    >>> round(float(first_arrival(half_space, "P", 30000.0, 39000.0, 1000.0)), 6)
    8.333333
    """
    direct = direct_wave(model, phase, distance, source_depth, receiver_elevation)
    return np.minimum(direct, head_wave(model, phase, distance, source_depth, receiver_elevation))


def direct_wave(
    model: VelocityModel,
    phase: str,
    distance: npt.ArrayLike,
    source_depth: npt.ArrayLike,
    receiver_elevation: npt.ArrayLike = 0.0,
) -> Floats:
    """Seconds on the ray that crosses each layer between source and receiver once; arguments as `first_arrival`.

    >>> from wadati.traveltime.models import SOUTHERN_CALIFORNIA
    >>> round(float(direct_wave(SOUTHERN_CALIFORNIA, "P", 0.0, 8650.0)), 3)
    1.5
    """
    x, source, elevation = np.broadcast_arrays(
        np.abs(np.asarray(distance, np.float64)),
        np.asarray(source_depth, np.float64),
        np.asarray(receiver_elevation, np.float64),
    )
    upper, lower = np.minimum(source, -elevation), np.maximum(source, -elevation)
    velocities, tops, bottoms = _layers(model, phase)
    crossed = [_between(upper, lower, top, bottom) for top, bottom in zip(tops, bottoms, strict=True)]
    fastest = velocities[np.searchsorted(tops, upper, side="right") - 1]
    for h, v in zip(crossed, velocities, strict=True):
        fastest = np.where(h > 0, np.maximum(fastest, v), fastest)
    thick, slope, most = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    slower = []
    for h, v in zip(crossed, velocities, strict=True):
        is_fastest = fastest <= v
        thick += np.where(is_fastest, h, 0.0)
        slope += h * v / fastest
        h = np.where(is_fastest, 0.0, h)
        if h.any():
            rest = np.where(is_fastest, 1.0, fastest**2 - v**2)
            most += h * v / np.sqrt(rest)
            slower.append((h, v, rest))
    level = slope == 0
    thick = np.where(level, 1.0, thick)
    # Both bounds lie below the root: x(q) ≤ slope · q and x(q) ≤ thick · q + most.
    q = np.maximum(x / np.where(level, 1.0, slope), (x - most) / thick)
    square = fastest**2
    for _ in range(_NEWTON_STEPS if slower else 0):
        reach, growth = thick * q, thick.copy()
        for h, v, rest in slower:
            root2 = square + rest * q**2
            term = h * v / np.sqrt(root2)
            reach += term * q
            growth += term * square / root2
        missing = np.where(level, 0.0, x - reach)
        q += missing / growth
        if np.all(missing < _TOLERANCE):
            break
    secant = np.sqrt(1 + q**2)
    time = (q * x + thick) / (fastest * secant)
    for h, v, rest in slower:
        time += h / (v * fastest) * np.sqrt(square + rest * q**2) / secant
    return np.asarray(np.where(level, x / fastest, time), np.float64)


def head_wave(
    model: VelocityModel,
    phase: str,
    distance: npt.ArrayLike,
    source_depth: npt.ArrayLike,
    receiver_elevation: npt.ArrayLike = 0.0,
) -> Floats:
    """Seconds of the first head wave, infinite where there is none; arguments as `first_arrival`.

    >>> from wadati.traveltime.models import SOUTHERN_CALIFORNIA
    >>> head_wave(SOUTHERN_CALIFORNIA, "P", [10e3, 200e3], 10e3).round(2)
    array([  inf, 30.74])
    """
    x = np.abs(np.asarray(distance, np.float64))
    source, receiver = np.asarray(source_depth, np.float64), -np.asarray(receiver_elevation, np.float64)
    velocities, tops, bottoms = _layers(model, phase)
    first = np.full(np.broadcast_shapes(x.shape, source.shape, receiver.shape), np.inf)
    for n in range(1, len(velocities)):
        upper, lower = slice(None, n), slice(n, None)
        for along, way in ((n, upper), (n - 1, lower)):
            # A head wave runs along the faster side only.
            if velocities[along] <= velocities[2 * n - 1 - along]:
                continue
            ends = [
                _way(end, tops[n], tops[way], bottoms[way], velocities[way], velocities[along])
                for end in (source, receiver)
            ]
            offset, delay = ends[0][0] + ends[1][0], ends[0][1] + ends[1][1]
            np.minimum(first, x / velocities[along] + delay, out=first, where=x >= offset)
    return first


def _layers(model: VelocityModel, phase: str) -> tuple[Floats, Floats, Floats]:
    """Velocities, tops and bottoms, each of shape (layer,)."""
    if phase not in ("P", "S"):
        raise UsageError(f"no travel times for phase {phase!r}; there are P and S")
    velocities = np.array([layer.p_velocity if phase == "P" else layer.s_velocity for layer in model.layers])
    tops = np.array([layer.top for layer in model.layers])
    return velocities, np.append(-np.inf, tops[1:]), np.append(tops[1:], np.inf)


def _between(upper: npt.ArrayLike, lower: npt.ArrayLike, top: float, bottom: float) -> Floats:
    """How much (m) of a layer lies between two depths."""
    return np.maximum(np.minimum(lower, bottom) - np.maximum(upper, top), 0.0)


def _way(
    end: Floats, interface: float, tops: Floats, bottoms: Floats, velocities: Floats, along: float
) -> tuple[Floats, Floats]:
    """Offset (m) and delay (s) of the critical ray between an end and an interface, through the layers of one side.

    The offset is infinite where there is no such ray: the end lies on the other side, or a layer on the way is not
    slower than the velocity along the interface.
    """
    side = end <= interface if tops[0] < interface else end >= interface
    offset, delay = np.where(side, 0.0, np.inf), np.zeros_like(end)
    for top, bottom, v in zip(tops, bottoms, velocities, strict=True):
        h = _between(np.minimum(end, interface), np.maximum(end, interface), top, bottom)
        if v >= along:
            offset = np.where(h > 0, np.inf, offset)
        else:
            cosine = np.sqrt(1 - (v / along) ** 2)
            offset = offset + h * (v / along) / cosine
            delay = delay + h * cosine / v
    return offset, delay
