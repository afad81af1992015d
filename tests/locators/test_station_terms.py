"""Terms learned from one half of a catalog, tried on the other; what they must not take; files; wrong clocks."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.errors import InputError, UsageError
from wadati.locators.clock import clock_errors
from wadati.locators.edt import EdtLocator
from wadati.locators.learning import Learned, collect, learn_station_terms
from wadati.locators.station_terms import (
    Residuals,
    StationTerm,
    StationTerms,
    read_station_terms,
    station_terms,
    write_station_terms,
)
from wadati.model import Origin, Pick, seconds
from wadati.synthetics.picks import SimulatedPicks, simulate_picks
from wadati.traveltime.geodesy import distance_azimuth
from wadati.traveltime.layered_times import LayeredTimes
from wadati.traveltime.models import IASP91, SOUTHERN_CALIFORNIA

KEYS = tuple(("XX", f"S{n}", phase) for n in range(12) for phase in "PS")
LOCATOR = EdtLocator()


def later(pick: Pick, delay: float) -> Pick:
    return Pick.of(
        pick.source_id,
        pick.phase_hint,
        pick.time + seconds(delay),
        time_uncertainty=pick.time_uncertainty,
        probability=pick.probability,
        method=pick.method,
    )


@cache
def simulated() -> SimulatedPicks:
    return simulate_picks(13, 60, stations=20)


def western(share: float) -> set[tuple[str, str]]:
    """The westernmost stations."""
    places = {c.source_id.station_key: c.longitude for c in simulated().inventory}
    return set(sorted(places, key=lambda key: places[key])[: int(share * len(places))])


@cache
def in_a_basin() -> tuple[tuple[Pick, ...], ...]:
    """The simulated picks with the western fifth of the stations on slow ground: P 0.3 s late, S 0.9 s."""
    slow, delay = western(0.2), {"P": 0.3, "S": 0.9}
    return tuple(
        tuple(later(p, delay[p.phase_hint]) if p.source_id.station_key in slow else p for p in picks)
        for picks in simulated().picks
    )


@cache
def learned() -> Learned:
    return learn_station_terms(LOCATOR, in_a_basin()[::2], simulated().inventory, SOUTHERN_CALIFORNIA)


def errors(locator: EdtLocator) -> tuple[float, float, float, float]:
    """Medians over the events that taught nothing: epicentre and depth (m), time (s), absolute residual (s)."""
    rows, residuals = [], []
    for picks, event in zip(in_a_basin()[1::2], simulated().truth.events[1::2], strict=True):
        origin, true = locator.locate(picks, simulated().inventory, SOUTHERN_CALIFORNIA), event.origin
        apart, _ = distance_azimuth(true.latitude, true.longitude, origin.latitude, origin.longitude)
        rows.append((float(apart), abs(origin.depth - true.depth), abs(origin.time - true.time) / 1e9))
        residuals.extend(abs(arrival.time_residual) for arrival in origin.arrivals)
    apart, deeper, late = np.median(rows, axis=0)
    return float(apart), float(deeper), float(late), float(np.median(residuals))


def test_terms_of_half_the_events_improve_the_other_half() -> None:
    before, after = errors(LOCATOR), errors(LOCATOR.with_terms(learned().terms))
    assert after[0] < 0.6 * before[0]
    assert after[1] < 0.8 * before[1]
    assert after[3] < 0.8 * before[3]


def test_the_basin_is_found_where_it_is() -> None:
    terms, slow = learned().terms, western(0.2)
    for phase, delay in (("P", 0.3), ("S", 0.9)):
        inside = [t.delay for t in terms.terms if t.phase == phase and (t.network, t.station) in slow]
        outside = [t.delay for t in terms.terms if t.phase == phase and (t.network, t.station) not in slow]
        assert np.median(inside) - np.median(outside) == pytest.approx(delay, abs=0.2)
    assert not clock_errors(terms.terms)


def test_few_events_teach_nothing_and_say_so() -> None:
    few = learn_station_terms(LOCATOR, in_a_basin()[:15], simulated().inventory, SOUTHERN_CALIFORNIA)
    assert few.terms.terms == ()
    assert "too few" in few.reason


def test_small_delays_are_left_to_the_stated_errors() -> None:
    """0.05 s under a station is what the error model holds: an origin is no better for taking it off."""
    world = simulated()
    small = learn_station_terms(LOCATOR, world.picks[:40], world.inventory, SOUTHERN_CALIFORNIA)
    assert small.terms.terms == ()


def test_a_catalog_without_terms_teaches_none() -> None:
    """Picks of the very model: what is left are errors of picking, and half of them do not foretell the others."""
    clean = simulate_picks(4, 44, stations=12, model=SOUTHERN_CALIFORNIA)
    none = learn_station_terms(LOCATOR, clean.picks, clean.inventory, SOUTHERN_CALIFORNIA)
    assert none.terms.terms == ()
    assert "only" in none.reason


def test_a_clock_error_of_a_second_is_found_and_named() -> None:
    world = simulated()
    bad = world.inventory.stations()[7].key
    events = [[later(p, 1.0) if p.source_id.station_key == bad else p for p in picks] for picks in world.picks[:25]]
    origins = [LOCATOR.locate(picks, world.inventory, SOUTHERN_CALIFORNIA) for picks in events]
    earth = LayeredTimes(SOUTHERN_CALIFORNIA, world.inventory)
    found = clock_errors(station_terms(collect(origins, world.inventory, earth, StationTerms())))
    assert [(error.network, error.station) for error in found] == [bad]
    assert found[0].seconds == pytest.approx(1.0, abs=0.2)


def residuals(delay: np.ndarray, seed: int = 1, events: int = 30) -> Residuals:
    """Of events in one place, of which each sees every station."""
    rng = np.random.default_rng(seed)
    count = len(KEYS)
    angle = np.repeat(np.linspace(0, 2 * np.pi, count // 2, endpoint=False), 2)
    slow = np.tile([1.0, 1.73], count // 2) / 6000
    slopes = np.column_stack((np.ones(count), slow * np.sin(angle), slow * np.cos(angle), slow * np.cos(3 * angle)))
    key, event = np.tile(np.arange(count), events), np.repeat(np.arange(events), count)
    values = delay[key] + rng.normal(0, 0.03, len(key))
    return Residuals(KEYS, key, event, values, slopes[key], np.diag([400.0, 400.0, 600.0, 0.1]) ** 2)


def test_a_common_shift_of_all_hypocentres_is_no_term() -> None:
    delay = np.zeros(len(KEYS))
    delay[[4, 5, 6, 7]] = 0.3, 0.9, 0.3, 0.9
    plain = residuals(delay)
    # 0.05 s later, 200 m east, 100 m south, 200 m up.
    shifted = Residuals(
        plain.keys,
        plain.key,
        plain.event,
        plain.residual + plain.slopes @ np.array([0.05, 200.0, -100.0, -200.0]),
        plain.slopes,
        plain.covariance,
    )
    for one, other in zip(station_terms(plain), station_terms(shifted), strict=True):
        assert one.delay == pytest.approx(other.delay, abs=0.02)


def test_few_slow_stations_do_not_move_the_rest() -> None:
    delay = np.zeros(len(KEYS))
    delay[[4, 5, 6, 7]] = 0.3, 0.9, 0.3, 0.9
    terms = StationTerms(station_terms(residuals(delay)))
    for (network, station, phase), true in zip(KEYS, delay, strict=True):
        assert terms.delay((network, station), phase) == pytest.approx(true, abs=0.06)


@given(st.permutations(range(30)))
def test_the_order_of_events_does_not_matter(order: list[int]) -> None:
    plain = residuals(np.linspace(-0.1, 0.2, len(KEYS)))
    rows = np.concatenate([np.flatnonzero(plain.event == n) for n in order])
    for one, other in zip(station_terms(plain), station_terms(plain.subset(rows)), strict=True):
        assert one.delay == pytest.approx(other.delay, abs=1e-3)


def test_few_and_scattered_residuals_are_drawn_to_zero() -> None:
    delay = np.where(np.arange(len(KEYS)) % 4 == 0, 0.15, 0.0)
    assert station_terms(residuals(delay, events=4)) == ()
    few, many = station_terms(residuals(delay, events=5)), station_terms(residuals(delay, events=100))
    assert all(a.uncertainty > b.uncertainty for a, b in zip(few, many, strict=True))


def test_there_and_back_in_a_file(tmp_path: Path) -> None:
    terms = learned().terms
    path = tmp_path / "terms.json"
    write_station_terms(terms, path)
    assert read_station_terms(path) == terms
    assert read_station_terms(path).digest == terms.digest
    assert terms.earth_model == "southern-california"
    path.write_text(path.read_text().replace('"version": 1', '"version": 9'))
    with pytest.raises(InputError, match="version 9"):
        read_station_terms(path)
    path.write_text("{}x")
    with pytest.raises(InputError, match="no station terms"):
        read_station_terms(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_station_terms(tmp_path / "none.json")


def test_terms_of_another_earth_are_refused() -> None:
    with pytest.raises(UsageError, match=r"learned with southern-california, not with iasp91"):
        LOCATOR.with_terms(learned().terms).locate(in_a_basin()[0], simulated().inventory, IASP91)


def test_the_same_terms_give_the_same_origin_and_shift_only_what_they_name() -> None:
    picks = in_a_basin()[1]
    station = picks[0].source_id.station_key
    one = StationTerms((StationTerm(*station, picks[0].phase_hint, 0.25, 0.0, 9),), "southern-california")

    def locate(locator: EdtLocator, observed: tuple[Pick, ...]) -> Origin:
        return locator.locate(observed, simulated().inventory, SOUTHERN_CALIFORNIA)

    with_term = locate(LOCATOR.with_terms(one), (later(picks[0], 0.25), *picks[1:]))
    without = locate(LOCATOR, picks)
    assert (with_term.time, with_term.latitude, with_term.depth) == (without.time, without.latitude, without.depth)


def test_terms_leave_origin_times_as_certain_as_they_say() -> None:
    """Delays of all stations, in another earth: nine of ten true origin times lie within their 95 % interval."""
    inside = []
    for seed in range(201, 207):
        truth, random = simulate_picks(seed, 40, stations=24), np.random.default_rng(seed)
        delay = {key: random.normal(0.0, 0.15) for key in sorted({c.source_id.station_key for c in truth.inventory})}
        picks = [
            [later(p, delay[p.source_id.station_key] * (1.7 if p.phase_hint == "S" else 1.0)) for p in own]
            for own in truth.picks
        ]
        terms = learn_station_terms(LOCATOR, picks, truth.inventory, SOUTHERN_CALIFORNIA).terms
        assert terms.terms
        for own, event in zip(picks, truth.truth, strict=True):
            origin = LOCATOR.with_terms(terms).locate(own, truth.inventory, SOUTHERN_CALIFORNIA)
            assert origin.uncertainty is not None
            inside.append(abs(origin.time - event.origin.time) / 1e9 < origin.uncertainty.time_95)
    assert np.mean(inside) >= 0.9
