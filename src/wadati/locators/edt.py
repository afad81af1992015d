"""Probabilistic absolute location: equal differential times to begin, a robust posterior with shared errors to end.

The posterior of place and time (Tarantola & Valette 1982, Inverse problems = quest for information, Journal of
Geophysics 50, 159–170) is evaluated on a grid that follows it. Wrong picks lose their weight by how badly the other
arrivals predict them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wadati.errors import InputError, UsageError
from wadati.locators.error_model import ErrorModel
from wadati.locators.observations import Floats, Observations
from wadati.locators.robust import Solution, solve
from wadati.locators.station_terms import StationTerms
from wadati.model import Arrival, Inventory, Origin, Pick, Topography, Uncertainty, VelocityModel, seconds
from wadati.protocols import Candidate
from wadati.traveltime.geodesy import distance_azimuth
from wadati.traveltime.gridded_times import GriddedTimes
from wadati.traveltime.layered_times import LayeredTimes
from wadati.traveltime.times import Frame, Receivers, TravelTimes
from wadati.units import SECOND

_FEWEST_ARRIVALS = 4
_FEWEST_STATIONS = 3
_UNUSED = 0.05

_Position = tuple[float, float, float]


class EdtLocator:
    """Locates one event; see the module. Depths are below sea level, from the ground down to 60 km.

    Nothing is located above the ground: that of `topography`, the sea floor included, and where there is none that of
    the highest of the three stations near the source. The hypocentre is the place of greatest posterior density (least
    misfit): unlike the mean it does not drift downwards where the ground cuts the posterior off. Where that place is at
    an end of the depths, or the depth is not resolved, it is the best place at the median depth, so that depths do not
    gather there. The uncertainty holds errors of picks, sites and the velocity model (`ErrorModel`); where stations
    stand in a line, the ellipse holds both sides of it. `depth_resolved` is False where the 95 % interval takes half of
    the range of depths or reaches its bottom.

    `terms` are taken off the picks before, and their errors added; residuals are then without them. `travel_times`
    serve in place of the layers of a model. Both stay as they are for all events of a locator.

    >>> from wadati.traveltime.layered import first_arrival
    >>> from wadati.model import Channel, SourceId
    >>> from wadati.traveltime.models import SOUTHERN_CALIFORNIA
    >>> channels, picks = [], []
    >>> for code, latitude, longitude in (("A", 35.0, 10.0), ("B", 35.2, 10.1), ("C", 35.1, 10.3), ("D", 34.9, 10.2)):
    ...     channel = Channel(SourceId("XX", code, "", "H", "H", "Z"), latitude, longitude, 0.0)
    ...     distance, _ = distance_azimuth(35.05, 10.15, latitude, longitude)
    ...     for phase in "PS":
    ...         onset = seconds(float(first_arrival(SOUTHERN_CALIFORNIA, phase, distance, 9000.0)))
    ...         picks.append(Pick.of(channel.source_id, phase, onset, time_uncertainty=0.05, probability=0.9))
    ...     channels.append(channel)
    >>> origin = EdtLocator().locate(picks, Inventory.of(channels), SOUTHERN_CALIFORNIA)
    >>> round(origin.latitude, 3), round(origin.longitude, 3), round(origin.depth / 100) * 100, len(origin.arrivals)
    (35.05, 10.15, 9000, 8)
    """

    name = "edt"

    def __init__(
        self,
        errors: ErrorModel | None = None,
        terms: StationTerms | None = None,
        travel_times: TravelTimes | None = None,
        topography: Topography | None = None,
    ) -> None:
        self.errors = errors or ErrorModel()
        self.terms = terms or StationTerms()
        self._travel_times = travel_times
        self._topography = topography
        self._summit = topography.highest if topography else -math.inf
        self._by_key = {(term.network, term.station, term.phase): term for term in self.terms.terms}

    def with_terms(self, terms: StationTerms) -> EdtLocator:
        """The same locator with station terms."""
        return EdtLocator(self.errors, terms, self._travel_times, self._topography)

    def with_topography(self, topography: Topography) -> EdtLocator:
        """The same locator under the ground of a grid."""
        return EdtLocator(self.errors, self.terms, self._travel_times, topography)

    def earth(self, model: VelocityModel, inventory: Inventory) -> TravelTimes:
        """The travel times used: those of the layers of a model, or the grids the locator was made with.

        Raises `UsageError` where the station terms are for another earth.
        """
        earth = self._travel_times or LayeredTimes(model, inventory, self._summit)
        if self.terms.terms and self.terms.earth_model != earth.name:
            raise UsageError(
                f"station terms {self.terms.digest} were learned with {self.terms.earth_model}, not with {earth.name}: "
                "locate with that model, or learn them anew"
            )
        return earth

    @property
    def _method(self) -> str:
        """The name, and what else bears on an origin."""
        used = [self.terms.digest] if self.terms.terms else []
        return " ".join([self.name, *used, *([self._topography.digest] if self._topography else [])])

    def locate(
        self,
        picks: Sequence[Pick],
        inventory: Inventory,
        model: VelocityModel,
        near: Candidate | None = None,  # noqa: ARG002
    ) -> Origin:
        """The origin of picks of one event.

        The order of the picks does not matter, nor does `near`: the whole volume around the stations is searched.
        Of several picks of one phase at one station the most probable counts, the others get weight 0. Picks at
        stations that are not in the inventory, or without travel times, are left out. Raises `InputError` for fewer
        than 4 arrivals at 3 stations, for stations at fewer than 3 different coordinates, and for an uncertainty of a
        pick that is no number; `UsageError` for station terms of another earth.
        """
        earth = self.earth(model, inventory)
        chosen, spare, positions = _select(picks, inventory, earth)
        count, all_picks = len(chosen), chosen + spare
        place = np.array([positions[pick.source_id.station_key] for pick in all_picks])
        frame, start = earth.frame(place[:count, 0], place[:count, 1]), min(pick.time for pick in chosen)
        receivers = _receivers(all_picks, place, frame)
        terms = [self._by_key.get((*pick.source_id.station_key, pick.phase_hint)) for pick in all_picks]
        delay, doubt = np.array([(term.delay, term.uncertainty) if term else (0.0, 0.0) for term in terms]).T
        obs = Observations(
            receivers.x,
            receivers.y,
            receivers.elevation,
            np.array([(pick.time - start) / SECOND for pick in all_picks]) - delay,
            np.hypot([pick.time_uncertainty for pick in all_picks], doubt),
            np.array([pick.phase_hint == "S" for pick in all_picks]),
            earth.rays(receivers),
        )
        is_chosen = np.arange(len(all_picks)) < count
        low, high = earth.box(receivers)
        highest = max(float(receivers.elevation.max()), self._summit)
        low[2] = min(max(low[2], -highest), high[2] - 1.0)
        solution = solve(obs.subset(is_chosen), self.errors, low, high, frame, self._topography)
        return _origin(solution, obs, all_picks, place, frame, start, earth.name, self._method)


def on_grids(path: str) -> EdtLocator:
    """A locator with the travel times of NonLinLoc grids in a folder, or with names that begin with a path.

    Raises `InputError` as `GriddedTimes`.
    """
    return EdtLocator(travel_times=GriddedTimes(Path(path)))


def _receivers(picks: Sequence[Pick], place: Floats, frame: Frame) -> Receivers:
    x, y = frame.to_xy(place[:, 0], place[:, 1])
    stations = tuple(pick.source_id.station_key for pick in picks)
    return Receivers(stations, x, y, place[:, 2], tuple(pick.phase_hint for pick in picks))


def _select(
    picks: Sequence[Pick], inventory: Inventory, earth: TravelTimes
) -> tuple[list[Pick], list[Pick], dict[tuple[str, str], _Position]]:
    """Picks to use (P before S, then by station), picks in excess, and where the stations are."""
    wanted = {pick.source_id.station_key for pick in picks}
    positions: dict[tuple[str, str], _Position] = {}
    for channel in inventory.channels:
        key = channel.source_id.station_key
        if key in wanted and key not in positions:
            positions[key] = (channel.latitude, channel.longitude, channel.elevation)
    best: dict[tuple[str, str, str], Pick] = {}
    spare = []
    unique = {
        pick.pick_id: pick
        for pick in picks
        if pick.phase_hint in ("P", "S") and earth.knows(pick.source_id.station_key, pick.phase_hint)
    }
    for pick in sorted(unique.values(), key=lambda pick: (-pick.probability, pick.time, pick.pick_id)):
        key = pick.source_id.station_key
        if key not in positions:
            continue
        if (pick.phase_hint, *key) in best:
            spare.append(pick)
        else:
            best[(pick.phase_hint, *key)] = pick
    chosen = [best[key] for key in sorted(best)]
    stations = {pick.source_id.station_key for pick in chosen}
    if len(chosen) < _FEWEST_ARRIVALS or len(stations) < _FEWEST_STATIONS:
        unknown = sorted(".".join(key) for key in wanted - positions.keys())
        if unknown:
            raise InputError(
                ", ".join(unknown), "not in the station file, and without it too few picks are left", "add it"
            )
        raise InputError(
            f"event with picks at {', '.join(sorted('.'.join(key) for key in stations)) or 'no station'}",
            f"{len(chosen)} P and S picks at {len(stations)} stations do not determine a hypocentre",
            f"give at least {_FEWEST_ARRIVALS} at {_FEWEST_STATIONS} stations",
        )
    _check(chosen, positions)
    return chosen, spare, positions


def _check(chosen: list[Pick], positions: dict[tuple[str, str], _Position]) -> None:
    """Raises `InputError` for picks and stations that no hypocentre can come from."""
    stations = {pick.source_id.station_key for pick in chosen}
    for pick in chosen:
        if not 0 <= pick.time_uncertainty < math.inf:
            raise InputError(
                f"{pick.phase_hint} pick at {'.'.join(pick.source_id.station_key)}",
                f"its time uncertainty is {pick.time_uncertainty}",
                "give a number of seconds",
            )
    places = {positions[key][:2] for key in stations}
    if len(places) < _FEWEST_STATIONS:
        raise InputError(
            f"event with picks at {', '.join(sorted('.'.join(key) for key in stations))}",
            f"these {len(stations)} stations stand at {len(places)} different coordinates, "
            "which do not determine a hypocentre",
            f"correct the coordinates in the station file, or give picks at {_FEWEST_STATIONS} different places",
        )


def _origin(
    solution: Solution,
    obs: Observations,
    picks: list[Pick],
    place: Floats,
    frame: Frame,
    start: int,
    earth: str,
    method: str,
) -> Origin:
    x, y, depth = (float(value) for value in solution.place)
    latitude, longitude = (float(value) for value in frame.to_lat_lon(x, y))
    distance, azimuth = distance_azimuth(latitude, longitude, place[:, 0], place[:, 1])
    residual = obs.time - solution.time - obs.rays.at(*solution.place[:, None])[0][0]
    weight = np.zeros(len(picks))
    weight[: len(solution.weights)] = solution.weights
    weight[weight < _UNUSED] = 0.0
    arrivals = [
        Arrival(pick.pick_id, *pick.source_id.station_key, pick.phase_hint, *(float(value) for value in values))
        for pick, *values in zip(picks, np.round(distance, 3), azimuth, residual, weight, strict=True)
    ]
    arrivals.sort(
        key=lambda arrival: (arrival.distance, arrival.network, arrival.station, arrival.phase, arrival.pick_id)
    )
    shape = solution.posterior
    semi_major, semi_minor, direction = shape.ellipse(x, y)
    uncertainty = Uncertainty(
        _rows(shape.covariance),
        semi_major,
        semi_minor,
        direction,
        shape.depth_half_width(depth),
        shape.time_half_width(solution.time),
        depth_resolved=solution.depth_resolved,
    )
    return Origin.of(
        start + seconds(solution.time),
        latitude,
        longitude,
        depth,
        arrivals=tuple(arrivals),
        uncertainty=uncertainty,
        azimuthal_gap=_gap(azimuth[weight > 0]),
        standard_error=float(np.sqrt((weight * residual**2).sum() / weight.sum())),
        earth_model=earth,
        method=method,
    )


def _rows(covariance: Floats) -> tuple[tuple[float, float, float, float], ...]:
    return tuple((float(x), float(y), float(z), float(t)) for x, y, z, t in covariance)


def _gap(azimuth: Floats) -> float:
    """The largest angle (degrees) without a station."""
    around = np.sort(azimuth)
    return float(np.diff(np.append(around, around[0] + 360.0)).max())
