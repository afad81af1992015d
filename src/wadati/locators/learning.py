"""Station terms from a catalog: locate, take what residuals have in common at a station, locate again until stable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from wadati.errors import InputError
from wadati.locators.edt import EdtLocator
from wadati.locators.station_terms import Residuals, StationTerms, gain, size, station_terms
from wadati.model import Arrival, Inventory, Origin, Pick, VelocityModel
from wadati.model.ids import content_id
from wadati.traveltime.times import Receivers, TravelTimes

FEWEST_EVENTS = 20
"""Terms are not learned from fewer well-located events."""
LEAST_GAIN = 0.1
"""What half of the events teaches must make the residuals of the other half smaller by this part."""
LEAST_SIZE = 2.0
"""Terms are not used unless their root mean square exceeds the error model's site error by this factor."""

_MOST_EVENTS = 300
_ROUNDS = 6
_STABLE = 0.01
_MOST_UNCERTAIN = 5000.0
_FEWEST_ARRIVALS = 6
_DOWN = 200.0


class Learned(msgspec.Struct, frozen=True):
    """Terms, empty where none could be learned, and in words what they rest on or why there are none."""

    terms: StationTerms
    reason: str


def learn_station_terms(
    locator: EdtLocator, events: Sequence[Sequence[Pick]], inventory: Inventory, model: VelocityModel
) -> Learned:
    """Learn terms from the picks of events; `locator` has none yet. The order of the events does not matter.

    The rule: of the events, those with 6 used arrivals, a 95 % semi-major axis of at most 5 km and a resolved depth
    count, at most the 300 with most arrivals. There must be 20. The mean residuals of the events of odd rank in time
    must make the median absolute residual of those of even rank at least 10 % smaller, and the other way round.
    And the terms must be larger than what the errors stated by the locator allow for without them: smaller ones do
    not make origins better. Otherwise there are no terms.
    """
    earth = locator.earth(model, inventory)
    used = sorted(
        ((origin, picks) for origin, picks in _located(locator, events, inventory, model) if _is_good(origin)),
        key=lambda pair: (-_used(pair[0]), pair[0].time, pair[0].origin_id),
    )
    used = sorted(used[:_MOST_EVENTS], key=lambda pair: (pair[0].time, pair[0].origin_id))
    nothing = StationTerms(earth_model=earth.name)
    if len(used) < FEWEST_EVENTS:
        return Learned(nothing, f"{len(used)} well-located events are too few for station terms ({FEWEST_EVENTS})")
    origins = [origin for origin, _ in used]
    residuals = collect(origins, inventory, earth, nothing)
    smaller = gain(residuals)
    if smaller < LEAST_GAIN:
        return Learned(nothing, f"half the events lower the residuals of the others by {smaller:.0%} only")
    if size(station_terms(residuals)) < (allowed := LEAST_SIZE * locator.errors.site):
        return Learned(nothing, f"station terms would be below {allowed:.2f} s, which the stated errors hold already")
    digest = content_id("catalog", sorted(arrival.pick_id for origin in origins for arrival in origin.arrivals))
    terms = nothing
    for _ in range(_ROUNDS):
        before = terms
        terms = StationTerms(station_terms(residuals), earth.name, f"{len(used)} events, {digest}")
        now, then = ({(t.network, t.station, t.phase): t.delay for t in some.terms} for some in (terms, before))
        if max((abs(delay - then.get(key, 0.0)) for key, delay in now.items()), default=0.0) < _STABLE:
            break
        better = locator.with_terms(terms)
        origins = [better.locate(picks, inventory, model) for _, picks in used]
        residuals = collect(origins, inventory, earth, terms)
    return Learned(terms, f"{len(terms.terms)} station terms of {len(used)} events; residuals {smaller:.0%} smaller")


def collect(origins: Sequence[Origin], inventory: Inventory, earth: TravelTimes, terms: StationTerms) -> Residuals:
    """The residuals of origins that were located with these terms, as without. Raises `ValueError` for no origins."""
    stations = {station.key: station for station in inventory.stations()}
    keys: dict[tuple[str, str, str], int] = {}
    key, number, residual, slopes = [], [], [], []
    for n, origin in enumerate(origins):
        arrivals = [a for a in _first_of_each(origin) if (a.network, a.station) in stations]
        seen = [stations[a.network, a.station] for a in arrivals]
        latitude, longitude = (np.array([getattr(s, name) for s in seen]) for name in ("latitude", "longitude"))
        frame = earth.frame(latitude, longitude)
        height = np.array([station.elevation for station in seen])
        phases = tuple(arrival.phase for arrival in arrivals)
        rays = earth.rays(Receivers(tuple(s.key for s in seen), *frame.to_xy(latitude, longitude), height, phases))
        x, y = (np.atleast_1d(value) for value in frame.to_xy(origin.latitude, origin.longitude))
        times, east, north = rays.at(x, y, np.array([origin.depth]))
        deeper = rays.at(x, y, np.array([origin.depth + _DOWN]))[0]
        slopes.append(np.stack((np.ones_like(times), east, north, (deeper - times) / _DOWN))[:, 0].T)
        for a in arrivals:
            key.append(keys.setdefault((a.network, a.station, a.phase), len(keys)))
            residual.append(a.time_residual + terms.delay((a.network, a.station), a.phase))
            number.append(n)
    spread = np.median([o.uncertainty.covariance for o in origins if o.uncertainty is not None], axis=0)
    return Residuals(tuple(keys), np.array(key), np.array(number), np.array(residual), np.concatenate(slopes), spread)


def _located(
    locator: EdtLocator, events: Sequence[Sequence[Pick]], inventory: Inventory, model: VelocityModel
) -> Iterator[tuple[Origin, Sequence[Pick]]]:
    for picks in events:
        try:
            yield locator.locate(picks, inventory, model), picks
        except InputError:  # what cannot be located teaches nothing; the location stage tells why
            continue


def _is_good(origin: Origin) -> bool:
    known = origin.uncertainty
    return (
        known is not None
        and known.depth_resolved
        and known.semi_major <= _MOST_UNCERTAIN
        and _used(origin) >= _FEWEST_ARRIVALS
    )


def _used(origin: Origin) -> int:
    return sum(arrival.weight > 0 for arrival in origin.arrivals)


def _first_of_each(origin: Origin) -> list[Arrival]:
    """One arrival of each phase at each station: the one used, else that of least residual."""
    found: dict[tuple[str, str, str], Arrival] = {}
    for arrival in sorted(origin.arrivals, key=lambda a: (-a.weight, abs(a.time_residual), a.pick_id)):
        found.setdefault((arrival.network, arrival.station, arrival.phase), arrival)
    return [found[key] for key in sorted(found)]
