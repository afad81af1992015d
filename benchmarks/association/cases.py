"""The six simulated cases and the sizes of everything that is wrong with their picks."""

from __future__ import annotations

from dataclasses import dataclass

from wadati.model import VelocityModel
from wadati.traveltime.models import IASP91, SOUTHERN_CALIFORNIA

TUNING_SEEDS = range(1, 10)
"""Seeds that settings may be chosen on."""

CLAIM_SEEDS = range(101, 113)
"""Seeds that nothing is chosen on."""


@dataclass(frozen=True)
class Case:
    """One kind of network and day. Lengths in m, times in s.

    `events` is how many events a day would be well recorded (at least 10 picks expected in quiet); smaller ones are
    there as well, down to `smallest` (magnitude; Gutenberg–Richter, b = 1). `burst` is the same for one hour on one
    fault, `mainshock` the magnitude that opens it. `noise` is picks per station and day of no event. `extent` is the
    size of the network to the east and north, `depths` the range of crustal events. `station_term` (s) is one standard
    deviation of P; `pick_error` (s) that of P and S in good signal. Events are seen to about `fade`.
    """

    name: str
    stations: int
    extent: tuple[float, float]
    events: int
    smallest: float
    burst: int = 0
    mainshock: float = 0.0
    noise: float = 200.0
    depths: tuple[float, float] = (2_000.0, 18_000.0)
    slab: bool = False
    model: VelocityModel = SOUTHERN_CALIFORNIA
    station_term: float = 0.12
    pick_error: tuple[float, float] = (0.06, 0.13)
    fade: float = 250_000.0
    teleseisms: int = 2


_STATE = {"stations": 500, "extent": (500_000.0, 400_000.0), "events": 100, "smallest": 0.3}

CASES = {
    case.name: case
    for case in (
        Case("quiet", **_STATE),  # type: ignore[arg-type]
        Case("burst-200", **_STATE, burst=200, mainshock=3.8),  # type: ignore[arg-type]
        Case("burst-1000", **_STATE, burst=1000, mainshock=4.5),  # type: ignore[arg-type]
        Case("local", 12, (20_000.0, 20_000.0), 300, -0.4, depths=(1_500.0, 12_000.0), station_term=0.06),
        Case(
            "regional",
            60,
            (800_000.0, 550_000.0),
            100,
            1.7,
            depths=(2_000.0, 35_000.0),
            slab=True,
            model=IASP91,
            station_term=0.3,
            pick_error=(0.1, 0.2),
            fade=700_000.0,
        ),
        Case("volcano", 8, (5_000.0, 5_000.0), 300, -1.0, depths=(300.0, 6_000.0), station_term=0.04),
    )
}
"""By name: `quiet`, `burst-200`, `burst-1000` of 500 stations, `local` of 12, `regional` of 60, `volcano` of 8."""
