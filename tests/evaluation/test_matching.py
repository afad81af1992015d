"""Laws of one-to-one matching."""

from __future__ import annotations

import itertools
import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wadati.evaluation.matching import match_origins
from wadati.model import Origin
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import SECOND

TIME, DISTANCE = 2.5, 15_000.0


@st.composite
def origins(draw: st.DrawFn, most: int = 6) -> list[Origin]:
    values = draw(
        st.lists(st.tuples(st.integers(0, 80), st.integers(0, 5), st.integers(0, 5)), max_size=most, unique=True)
    )
    return [Origin.of(t * SECOND // 10, 35.0 + 0.05 * y, -117.0 + 0.05 * x, 5000.0) for t, y, x in values]


def pairs(
    first: list[Origin], second: list[Origin], time: float = TIME, distance: float = DISTANCE
) -> list[tuple[int, int]]:
    return match_origins(first, second, time_tolerance=time, distance_tolerance=distance)


def cost(a: Origin, b: Origin) -> float:
    """Of a pair; infinite beyond the tolerances."""
    distance = float(distance_azimuth(a.latitude, a.longitude, b.latitude, b.longitude)[0])
    apart = abs(a.time - b.time) / SECOND
    return float(np.hypot(apart / TIME, distance / DISTANCE)) if apart <= TIME and distance <= DISTANCE else np.inf


def brute_force(first: list[Origin], second: list[Origin]) -> tuple[int, float]:
    """The most pairs and their least cost, by trying every assignment."""
    table = [[cost(a, b) for b in second] for a in first]
    best = (0, 0.0)
    for choice in itertools.product([None, *range(len(second))], repeat=len(first)):
        chosen = [j for j in choice if j is not None]
        if len(set(chosen)) < len(chosen):
            continue
        total = sum(table[i][j] for i, j in enumerate(choice) if j is not None)
        if np.isfinite(total):
            best = min(best, (-len(chosen), total))
    return -best[0], best[1]


@given(origins(4), origins(4))
def test_as_many_and_as_close_as_brute_force(first: list[Origin], second: list[Origin]) -> None:
    found = pairs(first, second)
    count, least = brute_force(first, second)
    assert len(found) == count
    assert abs(sum(cost(first[i], second[j]) for i, j in found) - least) < 1e-6


@given(origins(), origins())
def test_sides_can_be_exchanged(first: list[Origin], second: list[Origin]) -> None:
    assert len(pairs(first, second)) == len(pairs(second, first))


@given(origins(), origins(), st.randoms())
def test_order_does_not_matter(first: list[Origin], second: list[Origin], chance: random.Random) -> None:
    shuffled = sorted(first, key=lambda _: chance.random())
    assert len(pairs(first, second)) == len(pairs(shuffled, second))


@given(origins(), origins(), st.floats(1.0, 3.0), st.floats(1.0, 3.0))
def test_wider_tolerances_lose_nothing(first: list[Origin], second: list[Origin], a: float, b: float) -> None:
    assert len(pairs(first, second, TIME * a, DISTANCE * b)) >= len(pairs(first, second))


@given(origins())
def test_a_catalog_matches_itself(events: list[Origin]) -> None:
    assert pairs(events, events) == [(i, i) for i in range(len(events))]


@given(origins(), origins())
def test_no_event_stands_in_two_pairs(first: list[Origin], second: list[Origin]) -> None:
    found = pairs(first, second)
    assert len({i for i, _ in found}) == len({j for _, j in found}) == len(found)
    assert all(np.isfinite(cost(first[i], second[j])) for i, j in found)


def test_more_pairs_come_before_closer_pairs() -> None:
    a, b = Origin.of(0, 35.0, -117.0, 0.0), Origin.of(2 * SECOND, 35.0, -117.0, 0.0)
    c, d = Origin.of(2 * SECOND, 35.0, -117.0, 0.0), Origin.of(4 * SECOND, 35.0, -117.0, 0.0)
    assert pairs([a, b], [c, d]) == [(0, 0), (1, 1)]


def test_tolerances_are_inclusive() -> None:
    a, b = Origin.of(0, 35.0, -117.0, 0.0), Origin.of(2_500_000_000, 35.0, -117.0, 0.0)
    assert pairs([a], [b]) == [(0, 0)]
    assert pairs([a], [b], time=2.499) == []


def test_the_date_line_is_nothing_special() -> None:
    assert pairs([Origin.of(0, 0.0, 179.99, 0.0)], [Origin.of(0, 0.0, -179.99, 0.0)]) == [(0, 0)]


def test_a_day_of_thousands_is_quick_enough() -> None:
    generator = np.random.default_rng(0)
    times = generator.integers(0, 86400 * SECOND, 3000)
    events = [Origin.of(int(t), 35.0, -117.0, 0.0) for t in times]
    assert len(pairs(events, events)) == 3000
