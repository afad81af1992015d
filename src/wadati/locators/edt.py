"""Probabilistic absolute location: equal differential times to begin, a robust posterior with shared errors to end.

The posterior of place and time (Tarantola & Valette 1982, Inverse problems = quest for information, Journal of
Geophysics 50, 159–170) is evaluated on a grid that follows it. Wrong picks lose their weight by how badly the other
arrivals predict them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from wadati.errors import InputError
from wadati.locators.error_model import ErrorModel
from wadati.locators.observations import Floats, Observations
from wadati.locators.robust import Solution, solve
from wadati.model import Arrival, Inventory, Origin, Pick, Uncertainty, VelocityModel, seconds
from wadati.protocols import Candidate
from wadati.traveltime.geodesy import LocalFrame, distance_azimuth
from wadati.traveltime.layered import first_arrival
from wadati.traveltime.table import TravelTimeTable, travel_time_table
from wadati.units import SECOND

_FEWEST_ARRIVALS = 4
_FEWEST_STATIONS = 3
_BOTTOM = 60_000.0
_MARGIN = 150_000.0
_TABLE_REACH = 250_000.0
_ELEVATION_STEP = 500.0
_UNUSED = 0.05
_DEPTH_STEP = 10.0

_Position = tuple[float, float, float]


class EdtLocator:
    """Locates one event; see the module. Depths are below sea level, from the highest station used down to 60 km.

    The hypocentre is the place of greatest posterior density (least misfit): unlike the mean it does not drift
    downwards where the ground cuts the posterior off. The uncertainty holds errors of picks, sites and the velocity
    model (`ErrorModel`); `depth_resolved` is False where the depth may be off by a quarter of its range or ends at its
    bottom.

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

    def __init__(self, errors: ErrorModel | None = None) -> None:
        self.errors = errors or ErrorModel()

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
        stations that are not in the inventory are left out. Raises `InputError` for fewer than 4 arrivals at 3
        stations, and for stations at fewer than 3 different coordinates or an
        uncertainty of a pick that is no number.
        """
        chosen, spare, positions = _select(picks, inventory)
        place = np.array([positions[pick.source_id.station_key] for pick in chosen])
        frame, start = _frame(place), min(pick.time for pick in chosen)
        x, y = frame.to_xy(place[:, 0], place[:, 1])
        margin = max(_MARGIN, 0.5 * float(np.ptp(x)), 0.5 * float(np.ptp(y)))
        low = np.array([x.min() - margin, y.min() - margin, -place[:, 2].max()])
        high = np.array([x.max() + margin, y.max() + margin, _BOTTOM])
        table = _table(model, inventory, float(np.hypot(*(high - low)[:2])))
        time = np.array([(pick.time - start) / SECOND for pick in chosen])
        sigma = np.array([pick.time_uncertainty for pick in chosen])
        p_count = sum(pick.phase_hint == "P" for pick in chosen)
        solution = solve(Observations(x, y, place[:, 2], time, sigma, p_count, table), self.errors, low, high)
        return _origin(solution, chosen, spare, positions, frame, start, model, self.name)


def _select(
    picks: Sequence[Pick], inventory: Inventory
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
    unique = {pick.pick_id: pick for pick in picks if pick.phase_hint in ("P", "S")}
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


def _frame(place: Floats) -> LocalFrame:
    """A flat frame in the middle of the stations."""
    latitude, longitude = np.radians(np.unique(place, axis=0)[:, :2]).T
    x, y, z = (
        (np.cos(latitude) * np.cos(longitude)).mean(),
        (np.cos(latitude) * np.sin(longitude)).mean(),
        np.sin(latitude).mean(),
    )
    return LocalFrame(math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x)))


def _table(model: VelocityModel, inventory: Inventory, reach: float) -> TravelTimeTable:
    """A table that serves all events of a network: its ranges come in few sizes."""
    elevations = [channel.elevation for channel in inventory.channels]
    ground = math.ceil(max(elevations) / _ELEVATION_STEP) * _ELEVATION_STEP
    floor = math.floor(min(elevations) / _ELEVATION_STEP) * _ELEVATION_STEP
    return travel_time_table(
        model,
        max_distance=_TABLE_REACH * 2 ** max(math.ceil(math.log2(reach / _TABLE_REACH)), 0),
        depth_range=(-ground, _BOTTOM),
        elevation_range=(floor, ground),
    )


def _origin(
    solution: Solution,
    chosen: list[Pick],
    spare: list[Pick],
    positions: dict[tuple[str, str], _Position],
    frame: LocalFrame,
    start: int,
    model: VelocityModel,
    method: str,
) -> Origin:
    x, y, depth = (float(value) for value in solution.place)
    latitude, longitude = (float(value) for value in frame.to_lat_lon(x, y))
    picks = chosen + spare
    place = np.array([positions[pick.source_id.station_key] for pick in picks])
    distance, azimuth = distance_azimuth(latitude, longitude, place[:, 0], place[:, 1])
    expected = np.zeros(len(picks))
    for phase in ("P", "S"):
        same = np.array([pick.phase_hint == phase for pick in picks])
        expected[same] = first_arrival(model, phase, distance[same], depth, place[same, 2])
    observed = np.array([(pick.time - start) / SECOND for pick in picks])
    residual = observed - solution.time - expected
    weight = np.append(solution.weights, np.zeros(len(spare)))
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
    depth_95 = shape.depth_half_width(depth)
    uncertainty = Uncertainty(
        _rows(shape.covariance),
        semi_major,
        semi_minor,
        direction,
        depth_95,
        shape.time_half_width(solution.time),
        depth_resolved=depth_95 < _BOTTOM / 4 and depth < _BOTTOM - _DEPTH_STEP,
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
        earth_model=model.name,
        method=method,
    )


def _rows(covariance: Floats) -> tuple[tuple[float, float, float, float], ...]:
    return tuple((float(x), float(y), float(z), float(t)) for x, y, z, t in covariance)


def _gap(azimuth: Floats) -> float:
    """The largest angle (degrees) without a station."""
    around = np.sort(azimuth)
    return float(np.diff(np.append(around, around[0] + 360.0)).max())
