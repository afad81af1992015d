"""How large the motion of one earthquake is while another is measured: a model of envelopes.

On the logarithmic scale of Wood–Anderson amplitudes an event has its full level from S on for as long as it radiates,
before that, from P, `P_BELOW_S` less; afterwards the coda falls with the square of the time since the origin (the
observation of Aki and Chouet 1975, Origin of coda waves, J. Geophys. Res. 80, 3322–3342, doi 10.1029/JB080i023p03322,
with the exponent that the seconds to a minute after small local earthquakes show).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wadati.units import SECOND

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]

P_BELOW_S = 0.6
"""By how much the P waves are smaller on horizontals (log10)."""

DECAY = 2.0
"""The coda falls with the time since the origin to this power."""

PLATEAU_S = 2.5
"""How long after S a small event keeps its level (s); a large one as long as its rupture more."""

LONGEST = 120 * SECOND
"""Origins farther apart than this (ns) do not touch each other but through what is recorded before P."""

NOTHING = -30.0
"""The level of no motion (log10 m)."""


def full_until(origin_time: Times, s: Times, magnitude: Floats) -> Floats:
    """Seconds after the origin at which the coda begins; shapes (event, 1), (event, station), (event, 1).

    An earthquake of ML 5 radiates for about a second, and for ten times as long two units above.
    """
    rupture = 10 ** (0.5 * (np.minimum(magnitude, 7.0) - 5.0))
    return np.asarray((s - origin_time) / SECOND + PLATEAU_S + rupture)


def coda_level(peak: Floats, until: Floats, lapse: Floats) -> Floats:
    """The level (log10 m) at so many seconds after the origin, at or after S."""
    return np.asarray(peak - DECAY * np.log10(np.maximum(lapse / until, 1.0)))


def fall(until: Floats, lapse_then: Floats, lapse_now: Floats) -> Floats:
    """By how much the coda falls between two times (log10, 0 or less)."""
    since = np.maximum(lapse_then, until)
    return np.asarray(-DECAY * np.log10(np.maximum(lapse_now / since, 1.0)))


def arriving_level(
    peak: Floats, origin_time: Times, p: Times, s: Times, until: Floats, since: Times, start: Times, end: Times
) -> Floats:
    """The level of events in [start, end) as far as their phases arrive after `since`; what came before is recorded.

    Shapes broadcast to (event, station, ...); `NOTHING` where nothing arrives.
    """
    lapse = (np.maximum(start, s) - origin_time) / SECOND
    from_s = np.where((s > since) & (s < end), coda_level(peak, until, lapse), NOTHING)
    from_p = np.where((p > since) & (p < end), peak - P_BELOW_S, NOTHING)
    return np.asarray(np.maximum(from_s, from_p))


def sum_of_squares(levels: Floats, axis: int) -> Floats:
    """The level of several motions together: the root of the sum of their squares (log10 in, log10 out).

    >>> sum_of_squares(np.array([0.0, 0.0]), 0).round(4)
    np.float64(0.1505)
    """
    return np.asarray(0.5 * np.log10(np.sum(10 ** (2 * levels), axis=axis) + 10 ** (2 * NOTHING)))
