"""Laws of the scoring: what is right, false, split; and of comparing two associators."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.association import agreement, rivals
from benchmarks.association.cases import CASES
from benchmarks.association.heldout import held_out
from benchmarks.association.picksets import START, load
from benchmarks.association.real import TABLES, RealTable
from benchmarks.association.run import Result, associate
from benchmarks.association.score import find, score
from wadati.model import Catalog, Event, Origin, TimeSpan
from wadati.protocols import Candidate
from wadati.units import HOUR, MINUTE, SECOND

TABLE = load("local", 3)
NOISE = sorted(
    {pick.pick_id for pick in TABLE.picks} - {pick_id for event in TABLE.truth for pick_id in event.pick_ids}
)


def perfect():
    return [
        Candidate(event.time, event.latitude, event.longitude, event.depth, event.pick_ids) for event in TABLE.required
    ]


def with_picks(candidate, pick_ids):
    return Candidate(candidate.time, candidate.latitude, candidate.longitude, candidate.depth, tuple(pick_ids))


def test_the_truth_is_perfect():
    one = score(TABLE, perfect())
    assert one.recall == 1.0
    assert one.false == one.splits == 0
    assert one.near == one.near_right == one.required == one.candidates
    assert one.picks == one.own_picks
    assert max(one.epicentre) == 0.0


def test_nothing_finds_nothing():
    one = score(TABLE, [])
    assert one.recall == 0.0
    assert one.false_share == 0.0


@given(st.randoms(use_true_random=False))
def test_order_does_not_matter(random):
    candidates = perfect()
    random.shuffle(candidates)
    one = score(TABLE, candidates)
    assert (one.found, one.false) == (one.required, 0)


@given(st.integers(1, 20))
def test_half_of_the_picks_must_be_the_events_own(strangers):
    candidate = perfect()[0]
    mixed = with_picks(candidate, [*candidate.pick_ids, *NOISE[:strangers]])
    finds, _ = find(TABLE.truth, [mixed])
    assert bool(finds) == (len(candidate.pick_ids) >= strangers)


def test_a_candidate_of_noise_is_false():
    candidate = perfect()[0]
    one = score(TABLE, [candidate, with_picks(candidate, NOISE[:10])])
    assert (one.found, one.false, one.splits) == (1, 1, 0)


def test_the_smaller_half_of_a_split_event_is_false():
    candidate = max(perfect(), key=lambda one: len(one.pick_ids))
    assert len(candidate.pick_ids) >= 12
    halves = [with_picks(candidate, candidate.pick_ids[:5]), with_picks(candidate, candidate.pick_ids[5:])]
    finds, splits = find(TABLE.truth, halves)
    assert list(finds) == [1]
    assert splits == {0}
    one = score(TABLE, halves)
    assert (one.found, one.false, one.splits) == (1, 1, 1)


def test_two_events_in_one_candidate_are_one():
    first, second = perfect()[:2]
    both = with_picks(first, [*first.pick_ids, *second.pick_ids])
    assert score(TABLE, [both]).found == 1


def test_an_association_in_a_process_of_its_own():
    picks = [pick for pick in TABLE.picks if pick.time < START + HOUR // 2]
    result = associate("joint", picks, TABLE.inventory, TABLE.model)
    assert result.failure == ""
    assert result.candidates
    assert result.cpu > 0
    assert 20 < result.memory < 2000


def test_a_failure_is_told():
    assert "no associator is called 'nobody'" in associate("nobody", (), TABLE.inventory, TABLE.model).failure


def test_what_takes_too_long_is_ended():
    result = associate("joint", TABLE.picks, TABLE.inventory, TABLE.model, cap=0)
    assert "CPU s" in result.failure


@pytest.mark.parametrize("case", [*CASES, *TABLES])
def test_the_rival_has_settings_for_every_table(case):
    assert rivals.homogeneous(case)["homogeneous"]
    assert "homogeneous" not in rivals.layered(case)
    assert json.dumps(rivals.tuned(case))
    if case in CASES:
        assert rivals.layered(case) | rivals.tuned(case) in rivals.grid(case)


def real_table(reference=()) -> RealTable:
    span = TimeSpan(START, START + 2 * HOUR)
    return RealTable(
        "simulated",
        TABLE.picks,
        TABLE.inventory,
        TABLE.model,
        Catalog(tuple(reference)),
        span,
        span,
        held_out_tolerances=(0.5, 0.75),
    )


def test_true_events_explain_held_out_stations_and_false_ones_do_not():
    table = real_table()

    def truth(picks):
        ids = {pick.pick_id for pick in picks}
        kept = [with_picks(one, [i for i in one.pick_ids if i in ids]) for one in perfect()]
        return Result(tuple(one for one in kept if len(one.pick_ids) >= 8))

    def scrambled(picks):
        ids = [pick.pick_id for pick in picks]
        rng = np.random.default_rng(1)
        return Result(
            tuple(with_picks(one, rng.choice(ids, len(one.pick_ids), replace=False)) for one in truth(picks).candidates)
        )

    true, false = held_out(table, truth, folds=(0,)), held_out(table, scrambled, folds=(0,))
    assert true.events >= 10
    assert true.hits > 0.6 * true.predicted
    assert true.by_chance < 0.3 * true.predicted
    assert abs(false.explained) < 0.3 * max(false.predicted, 10)


def events_at(times):
    return Catalog(tuple(Event(f"e{i}", (Origin.of(time, 35.0, -117.0, 5000.0),)) for i, time in enumerate(times)))


def test_an_associator_is_no_better_than_itself_and_better_than_one_that_misses():
    times = [START + i * MINUTE for i in range(100)]
    table = real_table(events_at(times).events)
    sides = []
    for own in (times, times[::2]):
        events = events_at(own)
        sides.append((events, agreement.compare(table, events)))
    same, better = agreement.difference(table, sides[0], sides[0]), agreement.difference(table, sides[0], sides[1])
    assert same.recall == same.precision == (0.0, 0.0, 0.0)
    assert better.recall[0] == 0.5
    assert 0.3 < better.recall[1] <= 0.5 <= better.recall[2] < 0.7
    assert better.precision == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("name", "picks", "stations", "events"),
    [("italy-phasenet", 115_440, 56, 102), ("italy-stalta", 85_289, 60, 102), ("ceus-2017", 81_930, 575, 107)],
)
def test_real_tables_are_read_whole(shared, monkeypatch, name, picks, stations, events):
    monkeypatch.setattr("benchmarks.common.SHARED", shared)
    table = TABLES[name]()
    assert len(table.picks) == picks
    assert len({pick.source_id.station_key for pick in table.picks}) == stations
    assert len(table.reference.events) == events
    assert table.picks[0].time < table.picks[-1].time
    assert abs(table.reference.events[0].origin.time - table.span.start) < 10 * MINUTE + SECOND
