"""What an event must have, and how closely it is looked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class JointSettings:
    """Limits of association by likelihood ratios (`joint`).

    An event has `min_stations` stations, `min_picks` picks, `min_p` of them P, and a quality of `quality`: its evidence
    (the logarithm of a likelihood ratio) times √((1 + stations with P and S) / stations). `crowding` times the binary
    logarithm of 1 + the number of events within 15 s is asked for on top, as many arrivals combine by chance in many
    ways.

    `error` (s) is a + b·√(travel time) of the velocity model for P and for S, one standard deviation; a pick fits
    within `sigmas` of it. Unrelated picks come at least `least_rate` times a second in every channel. `belief` is how
    much of the logarithm of the odds that a picker states is believed. Hypocentres lie within `depth_range` (m below
    sea level; by default down from the median station) and down to half the aperture at most. Nodes of the search are
    `spacing` of the distance to the fourth nearest station apart (half of that in small networks); events are made
    final in steps of `step` seconds.
    """

    min_stations: int = 4
    min_picks: int = 6
    min_p: int = 2
    quality: float = 10.5
    crowding: float = 1.75
    error: tuple[tuple[float, float], tuple[float, float]] = ((0.03, 0.06), (0.05, 0.10))
    sigmas: float = 3.0
    least_rate: float = 0.01
    belief: float = 0.5
    depth_range: tuple[float | None, float] = (None, 250_000.0)
    spacing: float = 0.25
    step: int = 120
