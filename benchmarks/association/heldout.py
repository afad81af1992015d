"""Are events real? Stations that had no part in an event should have picks where it says.

One station in five is held out. Picks of the others are associated, each event is located from its own picks by the
house's locator (for every associator the same), and P and S are predicted at held-out stations no farther away than
half of those that were used. A *hit* is a pick of the phase within the tolerance. Chance is the same with predictions
moved by half a minute to two. What exceeds chance is what the events explain: it grows with true events and
falls with nothing, while the share of hits falls with false and with badly located ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.association.real import RealTable
from benchmarks.association.run import Result
from wadati import registry
from wadati.errors import InputError
from wadati.model import Origin, Pick, Station
from wadati.protocols import Candidate
from wadati.traveltime.geodesy import distance_azimuth
from wadati.traveltime.layered import first_arrival
from wadati.units import SECOND

_SHIFTS = (-120.0, -75.0, -45.0, -30.0, 30.0, 45.0, 75.0, 120.0)


@dataclass(frozen=True)
class HeldOut:
    """Counts over folds: located events, predicted arrivals, those with a pick, and how many of these by chance."""

    events: int
    predicted: int
    hits: int
    by_chance: float

    @property
    def explained(self) -> float:
        """Hits beyond chance."""
        return self.hits - self.by_chance


def held_out(table: RealTable, associate: Callable[[Sequence[Pick]], Result], folds: Sequence[int] = (0, 1)) -> HeldOut:
    """Associate picks without each fold of stations in turn, and look for what these picked."""
    stations = {station.key: station for station in table.inventory.stations()}
    order = np.random.default_rng(0).permutation(len(stations))
    fold_of = {key: int(order[i]) % 5 for i, key in enumerate(sorted(stations))}
    inside = [pick for pick in table.picks if pick.time in table.held_out_span]
    total = np.zeros(4)
    for fold in folds:
        left_out = [station for key, station in stations.items() if fold_of[key] == fold]
        kept = [pick for pick in inside if fold_of[pick.source_id.station_key] != fold]
        times = _times([pick for pick in inside if fold_of[pick.source_id.station_key] == fold])
        by_id = {pick.pick_id: pick for pick in kept}
        result = associate(kept)
        if result.failure:
            raise RuntimeError(result.failure)
        for candidate in result.candidates:
            total += _count(table, candidate, [by_id[i] for i in candidate.pick_ids], stations, left_out, times)
    return HeldOut(int(total[0]), int(total[1]), int(total[2]), float(total[3]))


def _times(picks: Sequence[Pick]) -> dict[tuple[str, str, str], np.ndarray]:
    """Sorted pick times (s) by network, station and phase."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for pick in picks:
        found.setdefault((*pick.source_id.station_key, pick.phase_hint), []).append(pick.time / SECOND)
    return {key: np.sort(times) for key, times in found.items()}


def _count(
    table: RealTable,
    candidate: Candidate,
    picks: Sequence[Pick],
    stations: dict[tuple[str, str], Station],
    left_out: Sequence[Station],
    times: dict[tuple[str, str, str], np.ndarray],
) -> np.ndarray:
    """Located (0 or 1), predicted, hits, hits by chance."""
    try:
        origin = registry.make("locators", "edt").locate(picks, table.inventory, table.model, near=candidate)
    except InputError:
        return np.zeros(4)
    used = {stations[pick.source_id.station_key] for pick in picks}
    reach = np.median([_distance(origin, station) for station in used])
    predicted = hits = by_chance = 0.0
    for station in left_out:
        distance = _distance(origin, station)
        for phase, tolerance in zip("PS", table.held_out_tolerances, strict=True):
            own = times.get((*station.key, phase))
            if distance > reach or own is None:
                continue
            travel = float(first_arrival(table.model, phase, distance, origin.depth, station.elevation))
            expected = origin.time / SECOND + travel + np.array((0.0, *_SHIFTS))
            near = np.searchsorted(own, expected + tolerance) > np.searchsorted(own, expected - tolerance)
            predicted, hits, by_chance = predicted + 1, hits + near[0], by_chance + near[1:].mean()
    return np.array([1.0, predicted, hits, by_chance])


def _distance(origin: Origin, station: Station) -> float:
    return float(distance_azimuth(origin.latitude, origin.longitude, station.latitude, station.longitude)[0])
