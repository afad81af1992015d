"""What is done to records changes what it says and nothing else."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from benchmarks.pickers.conditions import CONDITIONS
from benchmarks.pickers.records import Record, generator
from benchmarks.pickers.split import is_held_back
from wadati.model import SourceId

IDS = tuple(SourceId.from_nslc("XX", "ABC", "", f"HH{letter}") for letter in "ENZ")


def record(window: str = "one", seed: int = 1) -> Record:
    data = np.random.default_rng(seed).normal(size=(3, 9000))
    data[:, 3000:] *= 50 * np.exp(-np.arange(6000) / 800)
    return Record(window, IDS, "ENZ", Fraction(100), data, (("P", 30.0), ("S", 33.0)))


def spoilt(name: str, one: Record | None = None) -> Record:
    some = [record("other", 2), record("third", 3)]
    fresh = CONDITIONS[name](one or record(), generator(name), [record(), *some])
    assert fresh is not None
    return fresh


@pytest.mark.parametrize("name", CONDITIONS)
def test_every_condition_changes_the_data_alone_and_twice_the_same(name: str) -> None:
    before = record()
    kept = before.data.copy()
    fresh, again = spoilt(name, before), spoilt(name, before)
    np.testing.assert_array_equal(before.data, kept)
    np.testing.assert_array_equal(fresh.data, again.data)
    assert fresh.data.shape != kept.shape or not np.array_equal(fresh.data, kept)
    assert fresh.labels[:2] == before.labels
    assert fresh.seconds == pytest.approx(before.seconds, abs=0.05)
    assert len(fresh.data) == len(fresh.letters) == len(fresh.source_ids)


def test_noise_is_ten_times_as_strong_before_p() -> None:
    ratio = spoilt("10 dB more noise").data[:, :2900].var() / record().data[:, :2900].var()
    assert ratio == pytest.approx(10, rel=0.15)


def test_the_second_event_has_labels_three_seconds_later() -> None:
    assert spoilt("two events 3 s apart").labels[2:] == (("P", 33.0), ("S", 36.0))


def test_gaps_spare_the_labels() -> None:
    data = spoilt("gaps, missing").data
    missing = np.flatnonzero(np.isnan(data).all(axis=0)) / 100
    assert 1.0 <= len(missing) / 100 <= 6.1
    assert all(np.abs(missing - time).min() >= 0.29 for time in (30.0, 33.0))


def test_resampled_records_keep_their_onsets() -> None:
    data = spoilt("40 Hz").data
    assert np.abs(data[:, 1205:1400]).mean() > 5 * np.abs(data[:, 800:1195]).mean()


def test_about_half_of_all_stations_are_held_back() -> None:
    share = np.mean([is_held_back("XX", f"S{k}") for k in range(1000)])
    assert 0.45 < share < 0.55
