"""The parts of the associator against plain definitions."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wadati.associators.network import PHASES, Network
from wadati.associators.pickset import PickSet
from wadati.model import Pick, SourceId, Station
from wadati.traveltime.models import DEFAULT
from wadati.traveltime.table import travel_time_table
from wadati.units import SECOND

START = 1_562_256_000
IDS = [SourceId.from_nslc("XX", f"S{i}", "", "HHZ") for i in range(3)]
STATIONS = [Station("XX", "A", 35.6, -117.6, 812.0), Station("XX", "B", 35.9, -117.4, -40.0)]

observed = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(PHASES), st.integers(0, 400_000)), min_size=1, max_size=30, unique=True
)


def pick_set(rows: list[tuple[int, str, int]]) -> PickSet:
    picks = [
        Pick.of(IDS[s], phase, START * SECOND + ms * 1_000_000, time_uncertainty=0.1, probability=0.5)
        for s, phase, ms in rows
    ]
    return PickSet(picks, [s for s, _, _ in rows], 30.0, 0.01)


@settings(max_examples=60, deadline=None)
@given(
    rows=observed, station=st.integers(0, 2), phase=st.integers(0, 1), ms=st.integers(-9000, 409_000), taken=st.data()
)
def test_nearest_is_the_nearest_free_pick(
    rows: list[tuple[int, str, int]], station: int, phase: int, ms: int, taken: st.DataObject
) -> None:
    picks = pick_set(rows)
    free = np.array(taken.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    picks.set_free(free)
    pick, residual = picks.nearest(np.array([station]), np.array([phase]), np.array([START + ms / 1000]))
    mine = free & (picks.station == station) & (picks.phase == phase)
    if mine.any():
        expected = (picks.time[mine] - START - ms / 1000)[np.abs(picks.time[mine] - START - ms / 1000).argmin()]
        assert mine[pick[0]]
        assert abs(abs(residual[0]) - abs(expected)) < 1e-5
        assert abs(residual[0] - (picks.time[pick[0]] - START - ms / 1000)) < 1e-5
    else:
        assert abs(residual[0]) > 1e6


@settings(max_examples=40, deadline=None)
@given(rows=observed, station=st.integers(0, 2), phase=st.integers(0, 1), ms=st.integers(0, 400_000))
def test_rates_count_the_picks_of_a_channel(
    rows: list[tuple[int, str, int]], station: int, phase: int, ms: int
) -> None:
    picks = pick_set(rows)
    inside = [abs(t - ms) <= 30_000 for s, p, t in rows if s == station and p == PHASES[phase]]
    rate = picks.rates(np.array([station]), np.array([phase]), np.array([START + ms / 1000]))
    assert rate[0] == max(sum(inside) / 60.0, 0.01)


def test_network_times_are_those_of_the_table_and_slopes_their_differences() -> None:
    network = Network(STATIONS, DEFAULT, 30_000.0, (0.0, 30_000.0), (0.2, 0.4), (0.02, 0.035))
    random = np.random.default_rng(0)
    place = np.column_stack([random.uniform(network.low, network.high, (200, 3)), np.zeros(200)])
    station = np.broadcast_to(np.arange(2), (200, 2))
    times, slopes = network.slopes(place, station)
    np.testing.assert_allclose(times, network.times(place, station), atol=1e-12)
    table = travel_time_table(DEFAULT)
    distance = network.distances(place, station)
    for phase, name in enumerate(PHASES):
        for i, elevation in enumerate((812.0, -40.0)):
            exact = table.times(name, distance[:, i], place[:, 2], elevation)
            np.testing.assert_allclose(times[:, i, phase], exact, atol=0.06)
    step = np.array([1.0, -1.0, 2.0, 0.0])
    change = network.times(place + step, station) - times
    along = slopes @ step[:3]
    assert np.median(np.abs(change - along)) < 2e-6
