"""Laws and examples of association; truth comes from exact travel times and a seeded random generator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wadati import registry
from wadati.associators.evidence import weigh
from wadati.associators.hypocentre import refine
from wadati.associators.network import Network
from wadati.associators.pickset import PickSet
from wadati.associators.stack import StackAssociator
from wadati.model import Channel, Inventory, Layer, Pick, SourceId, VelocityModel
from wadati.protocols import Associator, Candidate
from wadati.synthetics.picks import simulate_picks
from wadati.traveltime.geodesy import LocalFrame
from wadati.traveltime.models import DEFAULT
from wadati.traveltime.table import travel_time_table
from wadati.units import HOUR, MINUTE, SECOND

ORIGIN = 1_562_256_000 * SECOND
FRAME = LocalFrame(35.7, -117.5)
SLOWER = VelocityModel(
    "slower", (Layer(0.0, 5200.0, 2940.0), Layer(5500.0, 6100.0, 3470.0), Layer(16000.0, 6600.0, 3780.0))
)


def place(rows: int, columns: int, spacing: float, seed: int = 0) -> Inventory:
    """A jittered lattice of stations."""
    random = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(columns) - (columns - 1) / 2, np.arange(rows) - (rows - 1) / 2)
    east, north = (spacing * (axis.ravel() + random.normal(0, 0.15, axis.size)) for axis in (x, y))
    latitude, longitude = FRAME.to_lat_lon(east, north)
    return Inventory.of(
        Channel(SourceId.from_nslc("XX", f"S{i:02d}", "", "HHZ"), float(latitude[i]), float(longitude[i]), 300.0)
        for i in range(rows * columns)
    )


@dataclass
class Truth:
    """Where an event is (m) and when (ns)."""

    time: int
    x: float
    y: float
    depth: float
    picks: tuple[str, ...] = ()


def arrivals(
    inventory: Inventory,
    event: Truth,
    *,
    model: VelocityModel = DEFAULT,
    error: float = 0.05,
    seen: float = 1.0,
    seed: int = 0,
) -> list[Pick]:
    """Picks of one event at all stations, a part of them missed."""
    random = np.random.default_rng(seed)
    table = travel_time_table(model)
    picks = []
    for channel in inventory:
        x, y = FRAME.to_xy(channel.latitude, channel.longitude)
        distance = np.hypot(x - event.x, y - event.y)
        for phase, scale in (("P", 1.0), ("S", 2.0)):
            late = float(table.times(phase, distance, event.depth, channel.elevation)) + random.normal(0, error * scale)
            if random.random() < seen:
                picks.append(pick(channel.source_id, phase, event.time + round(late * SECOND)))
    event.picks = tuple(p.pick_id for p in picks)
    return picks


def pick(source_id: SourceId, phase: str, time: int) -> Pick:
    return Pick.of(source_id, phase, time, time_uncertainty=0.05 if phase == "P" else 0.1, probability=0.7)


def noise(inventory: Inventory, start: int, end: int, each: int, seed: int) -> list[Pick]:
    """Picks that belong to nothing."""
    random = np.random.default_rng(seed)
    return [
        pick(channel.source_id, "PS"[random.integers(2)], int(random.integers(start, end)))
        for channel in inventory
        for _ in range(each)
    ]


SMALL = place(3, 4, 8000.0)
EVENTS = (
    Truth(ORIGIN + 60 * SECOND, 2000.0, -3000.0, 8000.0),
    Truth(ORIGIN + 69 * SECOND, -6000.0, 1000.0, 5000.0),
    Truth(ORIGIN + 200 * SECOND, 9000.0, 4000.0, 12000.0),
)


@pytest.fixture(scope="module")
def burst() -> list[Pick]:
    picks = noise(SMALL, ORIGIN, ORIGIN + 5 * MINUTE, 3, seed=1)
    for seed, event in enumerate(EVENTS):
        picks += arrivals(SMALL, event, error=0.08, seen=0.85, seed=seed)
    return picks


def associate(picks: list[Pick], inventory: Inventory = SMALL) -> tuple[Candidate, ...]:
    return StackAssociator().associate(picks, inventory, DEFAULT)


def apart(candidate: Candidate, event: Truth) -> tuple[float, float]:
    """Seconds and metres between a candidate's and the true epicentre."""
    x, y = FRAME.to_xy(candidate.latitude, candidate.longitude)
    return abs(candidate.time - event.time) / SECOND, float(np.hypot(x - event.x, y - event.y))


def test_it_fills_the_contract() -> None:
    part = registry.make("associators", "stack")
    assert isinstance(part, StackAssociator)
    assert isinstance(part, Associator)


def test_nothing_gives_nothing(burst: list[Pick]) -> None:
    assert associate([]) == ()
    assert associate(burst, Inventory()) == ()
    assert associate(burst[:5]) == ()


def test_events_are_found_where_they_were(burst: list[Pick]) -> None:
    found = associate(burst)
    assert len(found) == len(EVENTS)
    for candidate, event in zip(found, EVENTS, strict=True):
        late, far = apart(candidate, event)
        assert late < 0.5
        assert far < 2000.0
        assert len(set(candidate.pick_ids) & set(event.picks)) > 0.9 * max(len(candidate.pick_ids), len(event.picks))


def test_candidates_come_in_order_and_share_no_pick(burst: list[Pick]) -> None:
    found = associate(burst)
    assert [c.time for c in found] == sorted(c.time for c in found)
    ids = [pick_id for candidate in found for pick_id in candidate.pick_ids]
    assert len(ids) == len(set(ids))
    assert set(ids) <= {p.pick_id for p in burst}


@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_order_and_repetition_change_nothing(burst: list[Pick], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(burst))
    repeated = data.draw(st.lists(st.sampled_from(burst), max_size=20))
    assert associate([*shuffled, *repeated]) == associate(burst)


def test_stations_without_picks_and_picks_without_stations_change_nothing(burst: list[Pick]) -> None:
    silent = [Channel(SourceId.from_nslc("YY", f"Q{i}", "", "HHZ"), 35.7 + 0.1 * i, -117.5, 0.0) for i in range(-3, 4)]
    stranger = [pick(SourceId.from_nslc("ZZ", "NONE", "", "HHZ"), "P", ORIGIN + i * SECOND) for i in range(60, 90)]
    other = [pick(SMALL.channels[0].source_id, "Lg", ORIGIN + i * SECOND) for i in range(60, 90)]
    inventory = Inventory.of([*SMALL, *silent])
    assert associate([*burst, *stranger, *other], inventory) == associate(burst)


@settings(max_examples=4, deadline=None)
@given(gap=st.integers(90 * MINUTE, 30 * HOUR))
def test_bursts_far_apart_do_not_see_each_other(burst: list[Pick], gap: int) -> None:
    later = [pick(p.source_id, p.phase_hint, p.time + gap) for p in burst]
    together, one, two = associate([*burst, *later]), associate(burst), associate(later)
    assert [c.pick_ids for c in together] == [c.pick_ids for c in (*one, *two)]
    for joint, alone in zip(together, (*one, *two), strict=True):
        assert abs(joint.time - alone.time) < SECOND // 1000
        assert (joint.latitude, joint.longitude) == pytest.approx((alone.latitude, alone.longitude), abs=1e-6)


def test_a_large_event_with_late_second_picks_is_one_event() -> None:
    event = Truth(ORIGIN, 1000.0, 1000.0, 9000.0)
    first = arrivals(SMALL, event, error=0.03)
    random = np.random.default_rng(3)
    coda = [
        pick(p.source_id, p.phase_hint, p.time + round(random.uniform(0.7, 2.5) * SECOND))
        for p in first
        if random.random() < 0.6
    ]
    (found,) = associate([*first, *coda])
    assert set(found.pick_ids) == {p.pick_id for p in first}


def test_noise_alone_is_no_event() -> None:
    assert associate(noise(SMALL, ORIGIN, ORIGIN + 30 * MINUTE, 20, seed=5)) == ()


def test_misses_of_near_stations_speak_against_an_event() -> None:
    event = Truth(ORIGIN, 0.0, 0.0, 8000.0)
    inventory = place(5, 5, 8000.0)
    picks = arrivals(inventory, event, error=0.02)
    near = {
        channel.source_id
        for channel in inventory
        if np.hypot(*FRAME.to_xy(channel.latitude, channel.longitude)) < 10_000.0
    }
    alive = [pick(p.source_id, p.phase_hint, p.time + 5 * MINUTE) for p in picks]

    def total(chosen: list[Pick]) -> float:
        stations = inventory.stations()
        number = {station.key: i for i, station in enumerate(stations)}
        network = Network(stations, DEFAULT, 20_000.0, (0.0, 30_000.0), (0.2, 0.4), (0.02, 0.035))
        pick_set = PickSet(chosen, [number[p.source_id.station_key] for p in chosen], 30.0, 1 / 30)
        x, y = network.frame.to_xy(*FRAME.to_lat_lon(0.0, 0.0))
        start = np.array([[float(x), float(y), 8000.0, ORIGIN / SECOND]])
        every = np.arange(len(network))[None]
        return float(weigh(network, pick_set, refine(network, pick_set, start, every, 2.5), 2.5).total[0])

    far_only = [p for p in picks if p.source_id not in near]
    silent = total(far_only)
    blamed = total([*far_only, *alive])
    assert total([*picks, *alive]) > blamed
    assert silent > blamed + 5


@pytest.mark.parametrize("seed", [11, 12])
def test_aftershocks_that_overlap_are_told_apart(seed: int) -> None:
    """30 stations 5 km apart, 40 events in 10 minutes, picks missed, noise, wrong labels, another velocity model."""
    random = np.random.default_rng(seed)
    inventory = place(5, 6, 5000.0, seed)
    times = np.cumsum(random.exponential(14.0, 40)) + 2.5 * np.arange(40)
    events = [
        Truth(ORIGIN + round(t * SECOND), *random.normal(0, 4000.0, 2), depth=random.uniform(4000.0, 13_000.0))
        for t in times
    ]
    picks = noise(inventory, ORIGIN, ORIGIN + round(times[-1] * SECOND), 12, seed)
    for i, event in enumerate(events):
        picks += arrivals(
            inventory, event, model=SLOWER, error=0.06, seen=random.uniform(0.35, 0.9), seed=1000 * seed + i
        )
    swap = {p.pick_id: p for p in picks if random.random() < 0.03}
    picks = [p for p in picks if p.pick_id not in swap] + [
        pick(p.source_id, "S" if p.phase_hint == "P" else "P", p.time) for p in swap.values()
    ]
    found = associate(picks, inventory)
    owner = {pick_id: i for i, event in enumerate(events) for pick_id in event.picks}
    right = set()
    for candidate in found:
        votes = [owner[pick_id] for pick_id in candidate.pick_ids if pick_id in owner]
        best = max(set(votes), key=votes.count) if votes else None
        if best is not None and votes.count(best) > 0.5 * len(candidate.pick_ids):
            late, far = apart(candidate, events[best])
            assert late < 1.5
            if far < 5000.0:
                right.add(best)
    assert len(right) >= 0.9 * len(events)
    assert len(found) - len(right) <= 1


def test_a_small_network_has_events_too() -> None:
    simulated = simulate_picks(4, 20, stations=6)
    found = StackAssociator().associate([pick for own in simulated.picks for pick in own], simulated.inventory, DEFAULT)
    true = [{pick.pick_id for pick in own} for own in simulated.picks]
    heard = [
        ids for ids, own in zip(true, simulated.picks, strict=True) if len({p.source_id.station for p in own}) >= 5
    ]
    hits = sum(any(len(ids & set(one.pick_ids)) >= 0.7 * len(ids) for one in found) for ids in heard)
    assert len(heard) >= 8
    assert hits >= 0.7 * len(heard)
