from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.model import SourceId, Trace
from wadati.signal.axis import assemble

Z, N, E = (SourceId.from_nslc("XX", "ABC", "", f"HH{c}") for c in "ZNE")
LETTERS = {Z: "Z", N: "N", E: "E"}
DT = 10_000_000


def held(records, gap=50):
    """Everything an axis says: per section its times, samples and missing samples."""
    out = []
    for section in assemble(records, LETTERS, "ZNE", longest_gap=gap):
        first, end = section.axis.first, section.axis.end
        data, missing = section.read(first, end)
        times = [section.axis.time_of(k) for k in range(first, end)]
        sources = [section.axis.piece_of(k).source_id for k in range(first, end)]
        out.append((times, sources, data.tolist(), missing.tolist()))
    return out


@st.composite
def records_of_a_sensor(draw):
    """Records that jitter, tear, overlap, repeat and leave gaps, on three components."""
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    records = []
    for source_id in (Z, N, E):
        time = draw(st.sampled_from([0, 3, 70 * DT, 40 * DT + 4_000_000]))
        for _ in range(draw(st.integers(0, 4))):
            count = draw(st.integers(1, 60))
            data = rng.integers(-1000, 1000, count)
            records.append(Trace(source_id, time, Fraction(100), data))
            if draw(st.integers(0, 5)) == 0:
                records.append(Trace(source_id, time + draw(st.sampled_from([0, 1_000_000])), Fraction(100), data))
            steps = draw(st.sampled_from([0, 0, 0, 1, 30, 70, -5]))
            jitter = draw(st.sampled_from([0, 0, 7, -1200, 4_900_000, -4_000_000]))
            time += (count + steps) * DT + jitter
    return records


@st.composite
def cut_up(draw, records):
    parts = []
    for record in records:
        places = sorted(draw(st.sets(st.integers(1, max(len(record) - 1, 1)), max_size=4)) | {0, len(record)})
        parts += [
            Trace(record.source_id, record.time_of(a), record.sampling_rate, record.data[a:b])
            for a, b in pairwise(places)
            if b <= len(record)
        ]
    return draw(st.permutations(parts + parts[: draw(st.integers(0, 2))]))


@given(st.data())
def test_splitting_shuffling_and_repeating_change_nothing(data):
    records = data.draw(records_of_a_sensor())
    assert held(data.draw(cut_up(records))) == held(records)


@given(records_of_a_sensor(), st.integers(0, 2**20))
def test_an_index_holds_a_sample_where_reading_finds_one(records, seed):
    rng = np.random.default_rng(seed)
    holed = [
        Trace(r.source_id, r.start, r.sampling_rate, np.where(rng.random(len(r)) < 0.2, np.nan, r.data))
        for r in records
    ]
    for section in assemble([*records, *holed], LETTERS, "ZNE", longest_gap=50):
        _, missing = section.read(section.axis.first - 3, section.axis.end + 3)
        indices = range(section.axis.first - 3, section.axis.end + 3)
        assert [section.holds(index) for index in indices] == (~missing.all(axis=0)).tolist()


@given(st.data())
def test_cutting_changes_nothing_a_few_samples_away(data):
    records = data.draw(records_of_a_sensor())
    cut = data.draw(st.integers(0, 250)) * DT + data.draw(st.integers(0, DT - 1))
    later = [record for record in records if record.end > cut]
    later = [
        Trace(r.source_id, r.time_of(r.index_at_or_after(cut)), r.sampling_rate, r.data[r.index_at_or_after(cut) :])
        for r in later
    ]

    def samples(some):
        return {
            (time, source, *(None if gone else value for value, gone in zip(column, lost, strict=True)))
            for times, sources, values, missing in held(some)
            for time, source, column, lost in zip(times, sources, np.array(values).T, np.array(missing).T, strict=True)
            if time > cut + 5 * DT and not all(lost)
        }

    assert samples(later) == samples(records)


@given(st.data())
def test_no_sample_is_moved_by_half_an_interval(data):
    records = data.draw(records_of_a_sensor())
    own = {(r.source_id, int(v)): set() for r in records for v in r.data}
    for record in records:
        for k, value in enumerate(record.data):
            own[record.source_id, int(value)].add(record.time_of(k))
    for times, _, data_, missing in held(records):
        for source_id, values, lost in zip((Z, N, E), data_, missing, strict=True):
            for time, value, gone in zip(times, values, lost, strict=True):
                assert gone or min(abs(time - t) for t in own[source_id, int(value)]) <= DT // 2


def test_times_are_those_of_the_record():
    records = [Trace(Z, 0, Fraction(100), np.arange(10)), Trace(Z, 10 * DT + 1234, Fraction(100), np.arange(10))]
    ((times, _, _, missing),) = held(records)
    assert times[9:12] == [9 * DT, 10 * DT + 1234, 11 * DT + 1234]
    assert not np.array(missing)[0].any()


@pytest.mark.parametrize(("shift", "count"), [(0.49, 20), (-0.49, 20), (0.51, 21), (1.49, 21), (1.51, 22)])
def test_half_a_sample_divides_going_on_from_a_gap(shift, count):
    records = [
        Trace(Z, 0, Fraction(100), np.arange(10)),
        Trace(Z, int((10 + shift) * DT), Fraction(100), np.arange(10)),
    ]
    ((times, *_),) = held(records)
    assert len(times) == count


def test_where_two_records_disagree_neither_is_believed():
    records = [Trace(Z, 0, Fraction(100), np.arange(10)), Trace(Z, 8 * DT, Fraction(100), np.array([8, 0, 10]))]
    ((_, _, data, missing),) = held(records)
    assert np.flatnonzero(np.array(missing)[0]).tolist() == [9]
    assert data[0] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 10]


def test_horizontals_carry_the_axis_through_a_gap_of_the_vertical():
    shift = 2_000_000
    records = [
        Trace(Z, 0, Fraction(100), np.arange(10)),
        Trace(N, shift, Fraction(100), np.arange(100)),
        Trace(Z, 60 * DT, Fraction(100), np.arange(40)),
    ]
    ((times, sources, _, missing),) = held(records)
    assert times == [k * DT + (shift if 10 <= k < 60 else 0) for k in range(100)]
    assert sources == [N if 10 <= k < 60 else Z for k in range(100)]
    assert not np.array(missing)[1].any()
    assert np.array(missing)[2].all()


def test_a_long_gap_begins_a_section():
    records = [Trace(Z, k * DT, Fraction(100), np.arange(10)) for k in (0, 61, 120)]
    assert [len(times) for times, *_ in held(records, gap=50)] == [10, 69]


def test_what_is_not_finite_is_missing():
    records = [Trace(Z, 0, Fraction(100), np.array([1, np.nan, 3, np.inf]))]
    ((_, _, data, missing),) = held(records)
    assert missing[0] == [False, True, False, True]
    assert data[0] == [1, 0, 3, 0]


def test_integers_keep_every_digit():
    data = np.array([2**31 - 1, 2**31 - 2, -(2**31)], np.int32)
    ((_, _, read, _),) = held([Trace(Z, 0, Fraction(100), data)])
    assert read[0] == data.tolist()


@pytest.mark.parametrize("start", [0, 1])
def test_cut_records_of_a_rate_without_whole_nanoseconds_go_on(start):
    rate = Fraction(30)
    whole = Trace(Z, start, rate, np.arange(1000))
    parts = [Trace(Z, whole.time_of(k), rate, whole.data[k : k + 7]) for k in range(0, 1000, 7)]
    one, many = (assemble(r, {Z: "Z"}, "Z", longest_gap=10)[0] for r in ([whole], parts[::-1]))
    assert len(many.axis.pieces) == 1
    assert [many.axis.time_of(k) for k in range(1000)] == [one.axis.time_of(k) for k in range(1000)]


def test_many_jittered_records_are_assembled_in_time_that_grows_with_their_number():
    rng = np.random.default_rng(0)
    starts = np.arange(20_000) * 4 * DT + rng.integers(-900, 900, 20_000)
    records = [Trace(Z, int(start), Fraction(100), np.arange(4)) for start in starts]
    (section,) = assemble(records, LETTERS, "ZNE", longest_gap=10)
    assert section.axis.end == 80_000
    assert not section.read(0, 80_000)[1][0].any()
