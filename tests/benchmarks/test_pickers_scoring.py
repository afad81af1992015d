"""Laws of the judge's scoring: what must hold for any picks and labels."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.pickers.chain import Picks
from benchmarks.pickers.judge import compare
from benchmarks.pickers.matched import Labelled, Quiet
from benchmarks.pickers.records import Record, generator, moved
from benchmarks.pickers.scoring import MEASURES, draws, residuals, sums
from wadati.model import SourceId

ID = SourceId.from_nslc("XX", "ABC", "", "HHZ")
BOTH = {"P": 0.3, "S": 0.3}

times = st.lists(st.integers(0, 900), max_size=6, unique=True).map(lambda some: np.array(sorted(some)) / 10)


@st.composite
def picks(draw: st.DrawFn) -> Picks:
    at = draw(times)
    return Picks(at, np.array(draw(st.lists(st.floats(0.02, 1), min_size=len(at), max_size=len(at)))))


def record(window: str = "one", labels: tuple[tuple[str, float], ...] = (("P", 30.0), ("S", 35.0))) -> Record:
    return Record(window, (ID,), "Z", Fraction(100), np.zeros((1, 9000)), labels)


def value(total: np.ndarray, name: str) -> float:
    above, below = total[MEASURES.index(name)]
    return float(above / below)


@given(picks(), picks())
def test_shares_are_shares_and_the_wider_tolerance_finds_no_less(p: Picks, s: Picks) -> None:
    total = sums(record(), {"P": p, "S": s}, BOTH)
    for phase in "PS":
        rows = [total[MEASURES.index(f"{phase} {name}")] for name in ("recall 0.1 s", "recall 0.5 s")]
        assert 0 <= rows[0][0] <= rows[1][0] <= rows[1][1] == 1
        near, whole = (total[MEASURES.index(f"{phase} precision {name}")] for name in ("near", "whole"))
        assert near[0] == whole[0] <= near[1] <= whole[1] == (p if phase == "P" else s).heights.__ge__(0.3).sum()


@given(picks(), st.randoms())
def test_the_order_of_picks_does_not_matter(p: Picks, random: object) -> None:
    order = list(range(len(p.times)))
    random.shuffle(order)  # type: ignore[attr-defined]
    other = Picks(p.times[order], p.heights[order])
    np.testing.assert_array_equal(
        sums(record(), {"P": p, "S": p}, BOTH), sums(record(), {"P": other, "S": other}, BOTH)
    )


@given(picks(), st.floats(0.02, 1), st.floats(0.02, 1))
def test_a_higher_threshold_finds_no_more(p: Picks, one: float, other: float) -> None:
    low, high = sorted((one, other))
    found = [np.abs(residuals(record(), "P", p, threshold)) <= 0.5 for threshold in (low, high)]
    assert found[0].sum() >= found[1].sum()


def test_exact_picks_are_all_right_and_a_second_beside_one_is_wrong() -> None:
    exact = {"P": Picks(np.array([30.0]), np.ones(1)), "S": Picks(np.array([35.0, 35.4]), np.ones(2))}
    total = sums(record(), exact, BOTH)
    assert value(total, "P recall 0.1 s") == value(total, "P precision near") == value(total, "S recall 0.1 s") == 1
    assert value(total, "S precision near") == 0.5
    assert value(total, "S mean residual (ms)") == 0


def test_a_late_pick_has_a_positive_residual() -> None:
    late = {"P": Picks(np.array([30.25]), np.ones(1)), "S": Picks(np.zeros(0), np.zeros(0))}
    total = sums(record(), late, BOTH)
    assert value(total, "P mean residual (ms)") == pytest.approx(250)
    assert total[MEASURES.index("P recall 0.1 s")][0] == 0
    assert total[MEASURES.index("S recall 0.5 s")].tolist() == [0, 1]


def test_picks_of_a_phase_without_labels_are_not_judged() -> None:
    found = {"P": Picks(np.array([30.0]), np.ones(1)), "S": Picks(np.array([33.0]), np.ones(1))}
    total = sums(record(labels=(("P", 30.0),)), found, BOTH)
    assert total[MEASURES.index("S precision whole")].tolist() == [0, 0]


def test_a_picker_equals_itself() -> None:
    rng = np.random.default_rng(1)
    records = [record(f"{k}") for k in range(20) for _ in range(3)]
    scores = [
        sums(one, {phase: Picks(rng.uniform(28, 37, 4), rng.uniform(0, 1, 4)) for phase in "PS"}, BOTH)
        for one in records
    ]
    for between in compare(records, [scores, scores]).values():
        assert between.value == between.low == between.high == 0


def test_windows_are_drawn_whole_so_that_repeating_a_record_narrows_nothing() -> None:
    rng = np.random.default_rng(2)
    some = [record(f"{k}") for k in range(30)]
    found = [
        [
            sums(one, {phase: Picks(np.array([30.0, 35.0]), rng.uniform(0, 0.6, 2)) for phase in "PS"}, BOTH)
            for one in some
        ]
        for _ in range(2)
    ]
    once = compare(some, found)["P recall 0.5 s"]
    thrice = compare(some * 3, [side * 3 for side in found])["P recall 0.5 s"]
    assert (once.value, once.low, once.high) == pytest.approx((thrice.value, thrice.low, thrice.high))
    assert thrice.n == 3 * once.n
    assert once.low < once.high


def test_the_first_draw_is_the_sample_and_every_draw_has_as_many_windows() -> None:
    weights = draws(7)
    assert weights[0].tolist() == [1] * 7
    assert set(weights.sum(axis=1)) == {7}
    np.testing.assert_array_equal(weights, draws(7))


@settings(max_examples=15)
@given(st.lists(st.floats(0.03, 1), min_size=3, max_size=12), st.lists(st.floats(0.03, 1), max_size=12))
def test_matched_recall_is_reached_and_matched_false_picks_are_not_exceeded(
    tall: list[float], false: list[float]
) -> None:
    records = [record(f"{k}", (("P", 30.0),)) for k in range(len(tall))]
    found = [{"P": Picks(np.array([30.1]), np.array([height]))} for height in tall]
    labelled = Labelled.of(records, found, "P", 0.5)
    still = [record("still", ())]
    quiet = Quiet.of(still, [{"P": Picks(np.arange(len(false)) * 7.0, np.array(false))}], "P")
    wanted = np.full(len(draws(len(tall))), 2 / 3)
    limit = labelled.threshold(wanted)
    assert (labelled.recall(limit) >= wanted - 1e-6).all()
    assert (labelled.recall(limit, above=True) < wanted).all()
    assert (labelled.reach() == 1).all()
    rate = np.full(len(wanted), 80.0)
    limits = quiet.threshold(rate)
    assert sum(height > limits[0] for height in false) / 0.025 <= 80 + 1e-6
    assert quiet.clean(np.full(len(wanted), 2.0))[0] == 1
    assert quiet.rate(np.full(len(wanted), 0.02))[0] == pytest.approx(len(false) / 0.025)


def test_a_record_moves_in_time_without_change_and_always_to_the_same_place() -> None:
    data = np.arange(300.0).reshape(1, -1)
    data[0, 100:120] = np.nan
    here = moved(Record("w", (ID,), "Z", Fraction(100), data), 1)
    assert here.start == moved(here, 1).start != moved(here, 2).start
    first, second = here.traces()
    assert (len(first), len(second), second.start - first.start) == (100, 180, 1_200_000_000)
    assert generator("a").uniform() == generator("a").uniform() != generator("b").uniform()
