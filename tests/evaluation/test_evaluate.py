"""Recall, precision, residuals and what they rest on."""

from __future__ import annotations

import math
import random

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.errors import UsageError
from wadati.evaluation.coverage import coverage
from wadati.evaluation.evaluate import Evaluation, evaluate
from wadati.evaluation.statistics import Residuals, Share
from wadati.evaluation.table import coverage_rows, rows
from wadati.model import Catalog, Event, Magnitude, Origin, TimeSpan, Uncertainty, decode_json, encode_json
from wadati.model.time import BEGINNING, END
from wadati.units import SECOND


def event(
    name: str,
    seconds: float,
    *,
    north: float = 0.0,
    depth: float = 8000.0,
    size: float | None = 2.0,
    kind: str = "ML",
    uncertainty: Uncertainty | None = None,
) -> Event:
    origin = Origin.of(round(seconds * SECOND), 35.7 + north, -117.5, depth, uncertainty=uncertainty)
    if size is None:
        return Event(name, (origin,))
    return Event(name, (origin,), (Magnitude(f"m-{name}", origin.origin_id, kind, size),), None, f"m-{name}")


def sequence(count: int, *, shift: float = 0.0, prefix: str = "r") -> Catalog:
    return Catalog(tuple(event(f"{prefix}{k}", 60.0 * k + shift, size=1.0 + 0.1 * k) for k in range(count)))


def bounds(axis: float, depth: float, time: float) -> Uncertainty:
    return Uncertainty(((0.0,) * 4,) * 4, axis, axis, 0.0, depth, time)


@pytest.mark.parametrize("count", [1, 2, 30])
def test_a_catalog_beside_itself_is_perfect(count: int) -> None:
    result = evaluate(sequence(count), sequence(count))
    assert result.recall.value == result.precision.value == 1.0
    assert result.time.median == result.depth.median == result.magnitude.median == 0.0
    assert not result.missed
    assert not result.unmatched


@given(st.integers(0, 100))
def test_the_order_of_events_does_not_matter(seed: int) -> None:
    generator = np.random.default_rng(seed)
    found = [
        event(f"c{k}", float(generator.uniform(0, 600)), north=float(generator.normal(0, 0.05))) for k in range(20)
    ]
    shuffled = random.Random(seed).sample(found, len(found))
    reference = sequence(10)
    assert evaluate(Catalog(tuple(found)), reference) == evaluate(Catalog(tuple(shuffled)), reference)


def test_a_small_example() -> None:
    reference = Catalog((event("a", 0, size=1.5), event("b", 100, size=2.5), event("c", 200, size=2.9, kind="Mw")))
    found = Catalog((event("x", 1.0, depth=9000.0, size=1.6), event("y", 99.0, size=2.4), event("z", 400)))
    result = evaluate(found, reference)
    assert (result.recall.count, result.recall.total) == (2, 3)
    assert (result.precision.count, result.precision.total) == (2, 3)
    assert (result.missed, result.unmatched) == (("c",), ("z",))
    assert result.time.median == 0.0
    assert result.time.median_absolute == 1.0
    assert result.depth.median == 500.0
    assert [(part.low, part.recall.count, part.recall.total) for part in result.recall_by_magnitude] == [
        (1.0, 1, 1),
        (2.0, 1, 2),
    ]
    assert math.isclose(result.magnitude.median or 0.0, 0.0, abs_tol=1e-9)


def test_differences_are_candidate_minus_reference() -> None:
    match = evaluate(
        Catalog((event("x", 1.5, depth=9000.0, size=2.5),)), Catalog((event("a", 0.5, depth=8000.0, size=2.0),))
    ).matches[0]
    assert (match.time, match.depth, match.magnitude) == (1.0, 1000.0, 0.5)


def test_events_at_the_ends_of_the_span_cost_nothing() -> None:
    span = TimeSpan(0, 100 * SECOND)
    result = evaluate(Catalog((event("x", 100.1),)), Catalog((event("a", 99.9),)), span=span)
    assert (result.recall.count, result.recall.total, result.precision.total) == (1, 1, 0)
    turned = evaluate(Catalog((event("x", 99.9),)), Catalog((event("a", 100.1),)), span=span)
    assert (turned.recall.total, turned.precision.count, turned.precision.total) == (0, 1, 1)


def test_what_lies_outside_the_span_does_not_count() -> None:
    result = evaluate(sequence(10), sequence(10), span=TimeSpan(0, 301 * SECOND))
    assert result.recall.total == result.precision.total == 6


def test_required_events_alone_count_for_recall_but_others_are_right() -> None:
    result = evaluate(sequence(2), sequence(3), required={"r1", "r2"})
    assert (result.recall.count, result.recall.total) == (1, 2)
    assert result.precision.value == 1.0
    assert result.missed == ("r2",)


def test_local_magnitudes_are_told_apart() -> None:
    reference = Catalog((event("a", 0, size=2.0, kind="ml"), event("b", 60, size=4.0, kind="Mw")))
    found = Catalog((event("x", 0, size=2.1), event("y", 60, size=3.0)))
    result = evaluate(found, reference)
    assert result.local_magnitude.count == 1
    assert result.local_magnitude.median == pytest.approx(0.1)
    assert result.magnitude_by_type["Mw"].median == pytest.approx(-1.0)


def test_a_reference_without_depth_gives_no_depth_residual() -> None:
    free = Uncertainty(((0.0,) * 4,) * 4, 1.0, 1.0, 0.0, 1.0, 1.0, depth_resolved=False)
    result = evaluate(sequence(1), Catalog((event("a", 0, depth=0.0, uncertainty=free),)))
    assert (result.time.count, result.depth.count) == (1, 0)


def test_chance_recall_of_sparse_catalogs_is_small_and_of_dense_ones_large() -> None:
    generator = np.random.default_rng(0)
    sparse = Catalog(tuple(event(f"s{k}", float(t)) for k, t in enumerate(generator.uniform(0, 86400, 50))))
    dense = Catalog(tuple(event(f"d{k}", float(t)) for k, t in enumerate(generator.uniform(0, 600, 600))))
    few, many = evaluate(sparse, sparse).chance_recall, evaluate(dense, dense).chance_recall
    assert few is not None
    assert many is not None
    assert few < 0.02
    assert many > 0.7


def test_a_span_too_short_has_no_chance_recall() -> None:
    assert evaluate(sequence(1), sequence(1)).chance_recall is None


def test_empty_catalogs_are_no_error() -> None:
    for candidate, reference in ((Catalog(), Catalog()), (sequence(3), Catalog()), (Catalog(), sequence(3))):
        result = evaluate(candidate, reference)
        assert result.matches == ()
        assert rows(result)
    assert evaluate(Catalog(), sequence(3)).recall.value == 0.0


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
@pytest.mark.parametrize("name", ["time", "distance"])
def test_a_tolerance_that_cannot_be_is_named(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=f"{name} tolerance {value:g}: give"):
        evaluate(Catalog(), Catalog(), **{f"{name}_tolerance": value})


def test_what_is_no_earthquake_is_left_out_of_both_sides() -> None:
    blast = msgspec.structs.replace(event("blast", 30.0), event_type="quarry blast")
    other = msgspec.structs.replace(event("other", 31.0), event_type="explosion")
    triggered = msgspec.structs.replace(event("deep", 500.0), event_type="induced or triggered event")
    plain = evaluate(sequence(3, prefix="c"), Catalog((*sequence(3), triggered)))
    mixed = evaluate(Catalog((*sequence(3, prefix="c"), other)), Catalog((*sequence(3), triggered, blast)))
    assert (plain.left_out, plain.recall.total) == (0, 4)
    assert mixed == msgspec.structs.replace(plain, left_out=2)
    assert ("left out, no earthquakes", "2") in rows(mixed)
    assert not any("left out" in name for name, _ in rows(plain))
    assert evaluate(Catalog((other,)), Catalog((blast,)), span=TimeSpan(0, 31 * SECOND)).left_out == 1


def test_a_span_open_on_a_side() -> None:
    times = np.random.default_rng(0).uniform(0, 600, 200)
    whole = Catalog(tuple(event(f"r{k}", float(time)) for k, time in enumerate(sorted(times))))
    after = evaluate(whole, whole, span=TimeSpan(0, END))
    before = evaluate(whole, whole, span=TimeSpan(BEGINNING, 600 * SECOND))
    assert after.recall == before.recall == evaluate(whole, whole).recall
    for result in (after, before):
        assert result.chance_recall == pytest.approx(evaluate(whole, whole).chance_recall, abs=0.05)
        assert result.chance_recall > 0.3
    assert dict(rows(after))["events"] == "from 1970-01-01T00:00:00.000000Z"
    assert dict(rows(before))["events"] == "until 1970-01-01T00:10:00.000000Z"
    both = evaluate(whole, whole, span=TimeSpan(0, SECOND))
    assert dict(rows(both))["events"] == "from 1970-01-01T00:00:00.000000Z until 1970-01-01T00:00:01.000000Z"


def test_json_and_back() -> None:
    result = evaluate(sequence(4, shift=0.3, prefix="c"), sequence(5), span=TimeSpan(0, 400 * SECOND))
    assert decode_json(encode_json(result), Evaluation) == result
    assert b'"1970-01-01T00:00:00.000000000Z"' in encode_json(result)


def test_coverage_counts_truths_within_the_bounds() -> None:
    reference = sequence(3)
    stated = [bounds(2000.0, 1500.0, 0.2), bounds(500.0, 500.0, 0.2), bounds(2000.0, 1500.0, 0.05)]
    found = Catalog(
        tuple(
            event(f"c{k}", 60.0 * k + 0.1, north=0.009, depth=9000.0, uncertainty=stated[k]) for k in range(3)
        )
    )  # fmt: skip
    result = coverage(found, reference, evaluate(found, reference).matches)
    assert (result.horizontal.count, result.depth.count, result.time.count) == (2, 2, 2)
    assert result.median_semi_major == 2000.0
    assert len(coverage_rows(result)) == 3


def test_wilson_interval_against_published_numbers() -> None:
    """Newcombe (1998), doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E, table I, method 3."""
    for count, total, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        share = Share.of(count, total)
        assert share.low == pytest.approx(low, abs=5e-5)
        assert share.high == pytest.approx(high, abs=5e-5)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=40), st.integers(0, 5))
def test_residuals_are_in_order_and_repeatable(values: list[float], seed: int) -> None:
    result = Residuals.of(values, seed=seed, resamples=200)
    assert result == Residuals.of(values[::-1], seed=seed, resamples=200)
    assert result.median is not None
    assert result.low is not None
    assert result.high is not None
    assert min(values) <= result.low <= result.high <= max(values)


def test_bootstrap_interval_agrees_with_order_statistics() -> None:
    """The distribution-free 95 % interval of the median of n values: ranks from the binomial distribution."""
    from scipy.stats import binom

    sample = np.sort(np.random.default_rng(3).normal(size=200))
    result = Residuals.of(sample.tolist())
    rank = int(binom.ppf(0.025, 200, 0.5))
    assert result.low == pytest.approx(sample[rank - 1], abs=0.05)
    assert result.high == pytest.approx(sample[200 - rank], abs=0.05)
