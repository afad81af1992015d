"""Laws and examples of association; truth comes from exact travel times and a seeded random generator."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wadati import registry
from wadati.associators.joint import JointAssociator
from wadati.model import Channel, Inventory, Layer, Pick, SourceId, VelocityModel
from wadati.protocols import Associator, Candidate
from wadati.synthetics.picks import simulate_picks
from wadati.traveltime.geodesy import LocalFrame
from wadati.traveltime.models import DEFAULT
from wadati.traveltime.table import travel_time_table
from wadati.units import MINUTE, SECOND

ORIGIN = 1_562_256_000 * SECOND
EVEN = 1 / (1 + math.exp(-0.2))
"""The probability that counts neither for nor against a pick."""
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
    phases: Iterable[str] = "PS",
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
            if random.random() < seen and phase in phases:
                picks.append(pick(channel.source_id, phase, event.time + round(late * SECOND)))
    event.picks = tuple(p.pick_id for p in picks)
    return picks


def pick(source_id: SourceId, phase: str, time: int, amplitude: float | None = None) -> Pick:
    error = 0.05 if phase == "P" else 0.1
    return Pick.of(source_id, phase, time, time_uncertainty=error, probability=0.7, amplitude=amplitude)


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
    return JointAssociator().associate(picks, inventory, DEFAULT)


def greatest_quality(picks: list[Pick], inventory: Inventory = SMALL) -> float:
    """The quality that can be asked for and still be had."""
    asked = np.arange(1.0, 150.0, 2.0)
    return max((q for q in asked if JointAssociator(quality=q).associate(picks, inventory, DEFAULT)), default=0.0)


def apart(candidate: Candidate, event: Truth) -> tuple[float, float]:
    """Seconds and metres between a candidate's and the true epicentre."""
    x, y = FRAME.to_xy(candidate.latitude, candidate.longitude)
    return abs(candidate.time - event.time) / SECOND, float(np.hypot(x - event.x, y - event.y))


def test_it_fills_the_contract() -> None:
    part = registry.make("associators", "joint")
    assert isinstance(part, JointAssociator)
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
        assert late < 2
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


@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_a_stream_fed_in_any_portions_ends_as_the_whole(burst: list[Pick], data: st.DataObject) -> None:
    """Each pick comes up to half a minute late, in portions of any size; results are asked for in between."""
    sizes = itertools.cycle([None, *np.random.default_rng(5).lognormal(-14.0, 1.0, 7)])
    both = [(p.source_id, p.phase_hint, p.time + late) for late in (0, 20 * MINUTE) for p in burst]
    picks = [pick(*one, amplitude) for one, amplitude in zip(both, sizes, strict=False)]
    lateness = data.draw(st.lists(st.integers(0, 30 * SECOND), min_size=len(picks), max_size=len(picks)))
    coming = sorted(zip((p.time + late for p, late in zip(picks, lateness, strict=True)), picks, strict=True))
    stream = JointAssociator().stream(picks, SMALL, DEFAULT)
    assert stream is not None
    found: list[Candidate] = []
    while coming:
        portion = data.draw(st.integers(1, 60))
        stream.add(p for _, p in coming[:portion])
        now, coming = coming[min(portion, len(coming)) - 1][0], coming[portion:]
        found += stream.until(now - 30 * SECOND)
    found += stream.until(None)
    assert tuple(found) == associate(picks)
    assert stream.late == 0
    assert stream.until(None) == ()


def test_what_is_provisional_comes_early_and_binds_nothing(burst: list[Pick]) -> None:
    stream = JointAssociator().stream(burst, SMALL, DEFAULT)
    assert stream is not None
    early = [p for p in burst if p.time < EVENTS[0].time + 8 * SECOND]
    stream.add(early)
    assert stream.until(EVENTS[0].time + 8 * SECOND) == ()
    (first,) = stream.provisional()
    assert apart(first, EVENTS[0])[0] < 0.5
    assert stream.provisional() == (first,)
    stream.add(burst)
    assert stream.until(None) == associate(burst)


def test_four_p_are_an_event_until_what_should_follow_does_not(burst: list[Pick]) -> None:
    stream = JointAssociator().stream(burst, SMALL, DEFAULT)
    assert stream is not None
    own = [p for p in burst if p.pick_id in EVENTS[0].picks and p.phase_hint == "P"]
    four = sorted(own, key=lambda p: p.time)[:4]
    stations = {channel.source_id.station_key for channel in SMALL}
    now = dict.fromkeys(stations, four[-1].time + SECOND // 2)
    (first,) = stream.provisional(four, now)
    assert set(first.pick_ids) == {p.pick_id for p in four}
    late, metres = apart(first, EVENTS[0])
    assert late < 2
    assert metres < 5000
    assert stream.provisional(four) == ()
    assert stream.provisional(four, {key: time + MINUTE for key, time in now.items()}) == ()
    assert stream.provisional(four, {}) != ()
    stream.add(burst)
    assert stream.until(None) == associate(burst)


def test_a_quick_look_finds_an_event_once_and_changes_nothing(burst: list[Pick]) -> None:
    stream = JointAssociator().stream(burst, SMALL, DEFAULT)
    assert stream is not None
    own = [p for p in burst if p.pick_id in EVENTS[0].picks]
    four = sorted((p for p in own if p.phase_hint == "P"), key=lambda p: p.time)[:4]
    now = dict.fromkeys({channel.source_id.station_key for channel in SMALL}, four[-1].time + SECOND // 2)
    (first,) = stream.fresh(four, now, ())
    assert set(first.pick_ids) == {p.pick_id for p in four}
    assert apart(first, EVENTS[0])[1] < 5000
    after = {key: time + MINUTE for key, time in now.items()}
    assert stream.fresh(own, after, [first]) == ()
    assert stream.fresh(own, after, ()) != ()
    assert stream.fresh([], now, ()) == ()
    stream.add(burst)
    assert stream.until(None) == associate(burst)


def test_picks_that_come_after_their_time_is_final_are_counted(burst: list[Pick]) -> None:
    stream = JointAssociator().stream(burst, SMALL, DEFAULT)
    assert stream is not None
    stream.add(burst[1:])
    before = stream.until(None)
    stream.add(burst)
    assert stream.late == 1
    assert before
    assert stream.until(None) == ()


def test_a_large_event_with_late_second_picks_is_one_event() -> None:
    event = Truth(ORIGIN, 1000.0, 1000.0, 9000.0)
    first = arrivals(SMALL, event, error=0.03)
    random = np.random.default_rng(3)
    coda = [
        pick(p.source_id, p.phase_hint, p.time + round(random.uniform(0.7, 2.5) * SECOND))
        for p in first
        if random.random() < 0.3
    ]
    (found,) = associate([*first, *coda])
    assert set(found.pick_ids) == {p.pick_id for p in first}


def test_noise_alone_is_no_event() -> None:
    assert associate(noise(SMALL, ORIGIN, ORIGIN + 30 * MINUTE, 20, seed=5)) == ()


def test_misses_of_near_stations_speak_against_an_event() -> None:
    """An event that only far stations picked is believed less where the near ones hear other things."""
    inventory = place(5, 5, 8000.0)
    event = Truth(ORIGIN, 0.0, 0.0, 8000.0)
    picks = arrivals(inventory, event, error=0.02, seen=0.5, seed=4)
    away = {channel.source_id: np.hypot(*FRAME.to_xy(channel.latitude, channel.longitude)) for channel in inventory}
    far = [p for p in picks if away[p.source_id] > 16_000.0]
    alive = [
        pick(source_id, phase, ORIGIN + minutes * MINUTE)
        for source_id, distance in away.items()
        if distance <= 16_000.0
        for phase in "PS"
        for minutes in (-9, 9)
    ]
    assert greatest_quality(far, inventory) > greatest_quality([*far, *alive], inventory) + 3.0


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
    assert len(found) - len(right) <= 0.05 * len(found)


@pytest.mark.parametrize(("dx", "dy"), [(0.0, 0.0), (6000.0, -4000.0)])
def test_two_events_three_seconds_apart_are_two(dx: float, dy: float) -> None:
    inventory = place(5, 6, 8000.0)
    one = Truth(ORIGIN, 3000.0, 2000.0, 8000.0)
    two = Truth(ORIGIN + 3 * SECOND, 3000.0 + dx, 2000.0 + dy, 8000.0)
    picks = arrivals(inventory, one, error=0.06, seen=0.9, seed=1) + arrivals(
        inventory, two, error=0.06, seen=0.9, seed=2
    )
    found = associate(picks, inventory)
    assert len(found) == 2
    for candidate, event in zip(found, (one, two), strict=True):
        late, far = apart(candidate, event)
        assert late < 2
        assert far < 2500.0
        assert len(set(candidate.pick_ids) & set(event.picks)) > 0.8 * len(candidate.pick_ids)


def test_a_station_where_s_comes_before_p_does_no_harm() -> None:
    event = Truth(ORIGIN, 1000.0, 1000.0, 9000.0)
    picks = arrivals(SMALL, event, error=0.03)
    pair = [p for p in picks if p.source_id == picks[0].source_id]
    swapped = [pick(p.source_id, "S" if p.phase_hint == "P" else "P", p.time) for p in pair]
    rest = [p for p in picks if p not in pair]
    (found,) = associate([*rest, *swapped])
    assert not {p.pick_id for p in swapped} & set(found.pick_ids)
    late, far = apart(found, event)
    assert late < 0.3
    assert far < 1500.0


def test_a_teleseism_is_no_local_event() -> None:
    inventory = place(6, 6, 20_000.0)
    random = np.random.default_rng(7)
    picks = noise(inventory, ORIGIN - 20 * MINUTE, ORIGIN + 30 * MINUTE, 6, seed=7)
    for slowness, toward, time in ((0.06e-3, 0.4, 0.0), (0.08e-3, 2.2, 600.0)):
        for channel in inventory:
            x, y = FRAME.to_xy(channel.latitude, channel.longitude)
            late = time + slowness * (x * np.sin(toward) + y * np.cos(toward)) + random.normal(0, 0.2)
            if random.random() < 0.7:
                phase = "PS"[int(random.random() < 0.15)]
                picks.append(pick(channel.source_id, phase, ORIGIN + round(float(late) * SECOND)))
    assert associate(picks, inventory) == ()


@pytest.mark.parametrize("distance", [300_000.0, 600_000.0])
def test_an_event_far_outside_is_not_placed_within(distance: float) -> None:
    inventory = place(4, 5, 15_000.0)
    picks = arrivals(inventory, Truth(ORIGIN, distance, 40_000.0, 10_000.0), error=0.1, seen=0.8, seed=3)
    for candidate in associate(picks, inventory):
        x, _ = FRAME.to_xy(candidate.latitude, candidate.longitude)
        assert x > 30_000.0, "within the network"


def test_a_blast_at_the_surface_is_an_event_near_the_surface() -> None:
    event = Truth(ORIGIN, 2500.0, -1500.0, -200.0)
    (found,) = associate(arrivals(SMALL, event, error=0.04, seen=0.9, seed=2))
    assert apart(found, event)[1] < 2000.0
    assert found.depth < 4000.0


@pytest.mark.parametrize("wrong", [math.nan, -1.0, math.inf, 0.0])
def test_a_number_that_cannot_be_is_as_good_as_none(burst: list[Pick], wrong: float) -> None:
    """No amplitude, and a probability that is even."""
    known = [msgspec.structs.replace(p, amplitude=1e-6, probability=0.9) for p in burst]
    spoilt = [msgspec.structs.replace(p, amplitude=wrong, probability=math.nan) for p in known[::7]]
    unknown = [msgspec.structs.replace(p, amplitude=None, probability=EVEN) for p in known[::7]]
    rest = [p for n, p in enumerate(known) if n % 7]
    assert associate([*rest, *spoilt]) == associate([*rest, *unknown])


def test_amplitudes_that_contradict_one_another_speak_against_an_event() -> None:
    """The same times with the amplitudes of one magnitude, and with those of anything."""
    event = Truth(ORIGIN, 1000.0, 1000.0, 9000.0)
    bare = arrivals(SMALL, event, error=0.15, seen=0.5, seed=8)
    random = np.random.default_rng(2)
    steady = [pick(p.source_id, p.phase_hint, p.time, 1e-5) for p in bare]
    wild = [pick(p.source_id, p.phase_hint, p.time, 10.0 ** random.uniform(-9.0, -2.0)) for p in bare]

    assert greatest_quality(steady) > greatest_quality(bare) > greatest_quality(wild)


def test_a_small_network_has_events_too() -> None:
    simulated = simulate_picks(4, 20, stations=6)
    found = associate([pick for own in simulated.picks for pick in own], simulated.inventory)
    true = [{pick.pick_id for pick in own} for own in simulated.picks]
    heard = [
        ids for ids, own in zip(true, simulated.picks, strict=True) if len({p.source_id.station for p in own}) >= 5
    ]
    hits = sum(any(len(ids & set(one.pick_ids)) >= 0.7 * len(ids) for one in found) for ids in heard)
    assert len(heard) >= 8
    assert hits >= 0.7 * len(heard)


def test_events_of_p_alone_are_found() -> None:
    inventory = place(4, 5, 10_000.0)
    event = Truth(ORIGIN, 4000.0, -6000.0, 9000.0)
    (found,) = associate(arrivals(inventory, event, error=0.05, phases="P"), inventory)
    assert apart(found, event)[1] < 3000.0


def test_the_limit_that_kept_picks_from_being_an_event_is_told(burst: list[Pick]) -> None:
    def why(picks: list[Pick], inventory: Inventory = SMALL, **limits: float) -> str:
        return JointAssociator(**limits).why_none(picks, inventory, DEFAULT)  # type: ignore[arg-type]

    assert why([]) == "there are no picks"
    assert "is of a station of the inventory" in why(burst, Inventory())
    assert "named P or S" in why([pick(p.source_id, "Lg", p.time) for p in burst])
    three = {channel.source_id for channel in SMALL.channels[:3]}
    assert "3 stations have picks, 4 are needed (`min_stations`)" in why([p for p in burst if p.source_id in three])
    event = arrivals(SMALL, Truth(ORIGIN, 0.0, 0.0, 8000.0), error=0.02)
    assert "picks, 99 are needed (`min_picks`)" in why(event, min_picks=99)
    assert "a quality of" in why(event, quality=1e6)
    assert "at 2019-07-04T15:59:59" in why(event, quality=1e6)
    assert "nowhere do picks of 4 stations agree" in why(
        [pick(c.source_id, "P", ORIGIN + i * 10 * MINUTE) for i, c in enumerate(SMALL)]
    )
    assert why(burst) == "there are events"


def test_a_stream_forgets_what_no_later_step_asks_for() -> None:
    settings = JointAssociator()
    stream = settings.stream(noise(SMALL, ORIGIN, ORIGIN + MINUTE, 2, seed=1), SMALL, DEFAULT)
    assert stream is not None
    for hour in range(9):
        start = ORIGIN + hour * 60 * MINUTE
        stream.add(noise(SMALL, start, start + 60 * MINUTE, 10, seed=hour))
        stream.until(start + 60 * MINUTE)
    assert len(stream._picks) <= 12 * 10 * 8
