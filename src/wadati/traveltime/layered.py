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

NO_HEAD_WAVE = 1e12
"""An offset (m) beyond any distance."""

_NEWTON_STEPS = 60
_TOLERANCE = 1e-2
_DIGITS = 9


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
    ends = np.broadcast_arrays(np.abs(distance), source_depth, receiver_elevation)
    x, source, elevation = (np.ravel(end).astype(np.float64) for end in ends)
    source, receiver = source.round(_DIGITS), -elevation.round(_DIGITS)
    upper, lower = np.minimum(source, receiver), np.maximum(source, receiver)
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
    level = slope < 10.0**-_DIGITS / 2
    thick = np.where(level, 1.0, thick)
    # Both bounds lie below the root: x(q) ≤ slope · q and x(q) ≤ thick · q + most.
    q = np.maximum(x / np.where(level, 1.0, slope), (x - most) / thick)
    active = np.flatnonzero(~level)
    goal, straight, square = x[active], thick[active], fastest[active] ** 2
    bent = [(h[active] * v, rest[active]) for h, v, rest in slower]
    for _ in range(_NEWTON_STEPS if slower else 0):
        now = q[active]
        reach, growth = straight * now, straight.copy()
        for hv, rest in bent:
            root2 = square + rest * now**2
            term = hv / np.sqrt(root2)
            reach += term * now
            growth += term * square / root2
        missing = goal - reach
        q[active] = now + missing / growth
        left = missing > _TOLERANCE
        if not left.any():
            break
        active = active[left]
        goal, straight, square = goal[left], straight[left], square[left]
        bent = [(hv[left], rest[left]) for hv, rest in bent]
    secant = np.sqrt(1 + q**2)
    time = (q * x + thick) / (fastest * secant)
    for h, v, rest in slower:
        time += h / (v * fastest) * np.sqrt(fastest**2 + rest * q**2) / secant
    return np.where(level, x / fastest, time).reshape(ends[0].shape)


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
    array([  inf, 30.34])
    """
    x = np.abs(np.asarray(distance, np.float64))
    velocities, source_offset, source_delay = head_wave_terms(model, phase, source_depth)
    _, receiver_offset, receiver_delay = head_wave_terms(model, phase, -np.asarray(receiver_elevation, np.float64))
    first = np.full(np.broadcast_shapes(x.shape, source_offset.shape[1:], receiver_offset.shape[1:]), np.inf)
    for n, velocity in enumerate(velocities):
        time = x / velocity + source_delay[n] + receiver_delay[n]
        first = np.where(x >= source_offset[n] + receiver_offset[n], np.minimum(first, time), first)
    return first


def head_wave_terms(model: VelocityModel, phase: str, depth: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    """What one end at a depth (m) adds to each head wave of a model.

    Returns the velocities (m/s) along the interfaces, shape (wave,), and offsets (m) and delays (s), shape
    (wave, *depth). A head wave exists from the sum of the offsets of both ends on and takes distance over velocity and
    the sum of the delays. The offset is `NO_HEAD_WAVE` where no such ray reaches the end: it lies on the other side of
    the interface, or a layer on the way is not slower than the velocity along it.
    """
    end = np.asarray(depth, np.float64).round(_DIGITS)
    velocities, tops, bottoms = _layers(model, phase)
    along, offsets, delays = [], [], []
    for n in range(1, len(velocities)):
        # The wave runs along the faster side; its ends lie on the slower.
        is_below = velocities[n] > velocities[n - 1]
        velocity, way = (velocities[n], slice(0, n)) if is_below else (velocities[n - 1], slice(n, None))
        if velocities[n] == velocities[n - 1]:
            continue
        offset = np.where(end <= tops[n] if is_below else end >= tops[n], 0.0, NO_HEAD_WAVE)
        delay = np.zeros_like(end)
        for top, bottom, v in zip(tops[way], bottoms[way], velocities[way], strict=True):
            h = _between(np.minimum(end, tops[n]), np.maximum(end, tops[n]), top, bottom)
            if v >= velocity:
                offset = np.where(h > 0, NO_HEAD_WAVE, offset)
            else:
                cosine = np.sqrt(1 - (v / velocity) ** 2)
                offset = offset + h * (v / velocity) / cosine
                delay = delay + h * cosine / v
        along.append(velocity)
        offsets.append(offset)
        delays.append(delay)
    shape = (len(along), *end.shape)
    return np.array(along), np.reshape(offsets, shape), np.reshape(delays, shape)


def _layers(model: VelocityModel, phase: str) -> tuple[Floats, Floats, Floats]:
    """Velocities, tops and bottoms, each of shape (layer,)."""
    if phase not in ("P", "S"):
        raise UsageError(f"no travel times for phase {phase!r}; there are P and S")
    velocities = np.array([layer.p_velocity if phase == "P" else layer.s_velocity for layer in model.layers])
    tops = np.array([layer.top for layer in model.layers])
    return velocities, np.append(-np.inf, tops[1:]), np.append(tops[1:], np.inf)


def _between(upper: Floats, lower: Floats, top: float, bottom: float) -> Floats:
    """How much (m) of a layer lies between two depths."""
    h: Floats = np.maximum(np.minimum(lower, bottom) - np.maximum(upper, top), 0.0)
    return h
