"""Stations whose clock is wrong: P and S late, or early, by the same time, far more than at other stations."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np

from wadati.locators.station_terms import StationTerm

_LEAST = 0.4
_TIMES_SPREAD = 5.0
_LEAST_SPREAD = 0.03
_ALIKE = 0.25
_SIGMAS = 3.0


class ClockError(msgspec.Struct, frozen=True):
    """A station (codes) whose times are late by `seconds` (early where negative), give or take `uncertainty` (1 σ)."""

    network: str
    station: str
    seconds: float
    uncertainty: float


def clock_errors(terms: Iterable[StationTerm]) -> tuple[ClockError, ...]:
    """The stations of a catalog's terms that have a clock error, the largest first.

    Slow ground delays S about twice as much as P, a clock delays both alike. A station is named where its P and S
    terms agree (within three standard errors or a quarter of them), and exceed 0.4 s and five times the robust
    spread of all P terms. A station without S terms cannot be told from one on slow ground and is not named.

    >>> ground = [StationTerm("XX", f"S{n}", p, d, 0.01, 30) for n in range(9) for p, d in (("P", 0.05), ("S", 0.1))]
    >>> [e.station for e in clock_errors([*ground, *(StationTerm("XX", "BAD", p, 1.02, 0.01, 30) for p in "PS")])]
    ['BAD']
    """
    by_phase: dict[str, dict[tuple[str, str], StationTerm]] = {"P": {}, "S": {}}
    for term in terms:
        by_phase[term.phase][term.network, term.station] = term
    every_p = np.array([term.delay for term in by_phase["P"].values()])
    if not len(every_p):
        return ()
    middle = float(np.median(every_p))
    spread = max(1.4826 * float(np.median(np.abs(every_p - middle))), _LEAST_SPREAD)
    found = []
    for key in sorted(by_phase["P"].keys() & by_phase["S"].keys()):
        p, s = by_phase["P"][key], by_phase["S"][key]
        precision = 1 / np.maximum([p.uncertainty, s.uncertainty], 1e-3) ** 2
        late = float(precision @ [p.delay, s.delay] / precision.sum())
        apart = abs(p.delay - s.delay)
        is_alike = apart < max(_SIGMAS * float(np.hypot(p.uncertainty, s.uncertainty)), _ALIKE * abs(late))
        if is_alike and abs(late - middle) > max(_LEAST, _TIMES_SPREAD * spread):
            error = max(float(precision.sum() ** -0.5), apart / 2)
            found.append(ClockError(*key, round(late, 3), round(error, 3)))
    return tuple(sorted(found, key=lambda clock: -abs(clock.seconds)))
