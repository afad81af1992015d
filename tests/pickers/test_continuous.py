"""The laws of picking: how data were cut, ordered, repeated or dated changes no pick."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wadati.model import Pick, SourceId, Trace
from wadati.pickers.continuous import pick_station
from wadati.protocols import Grid, Picker

SECOND = 1_000_000_000
few = settings(max_examples=8)


def cut_up(records, places):
    """The records cut at places given as parts of their length."""
    parts = []
    for record in records:
        at = [0, *sorted({int(place * len(record)) for place in places} - {0, len(record)}), len(record)]
        parts += [
            Trace(record.source_id, record.time_of(a), record.sampling_rate, record.data[a:b]) for a, b in pairwise(at)
        ]
    return parts


@pytest.fixture(scope="module")
def whole(earthquakes, traces):
    return traces(earthquakes())


def test_pickers_fill_the_contract(picker):
    assert isinstance(picker, Picker)
    assert picker.grid.hop <= picker.grid.samples - 2 * picker.grid.edge


def test_there_is_something_to_compare(picker, whole):
    assert {pick.phase_hint for pick in pick_station(whole, picker)} == {"P", "S"}


@few
@given(st.data())
def test_splitting_shuffling_and_repeating_change_no_pick(picker, whole, data):
    parts = cut_up(whole, data.draw(st.lists(st.floats(0, 1), max_size=6)))
    parts += parts[: data.draw(st.integers(0, 3))]
    assert pick_station(data.draw(st.permutations(parts)), picker) == pick_station(whole, picker)


@few
@given(st.data())
def test_overlapping_copies_change_no_pick(picker, whole, data):
    copies = [cut_up([record], sorted(data.draw(st.tuples(st.floats(0, 1), st.floats(0, 1)))))[0] for record in whole]
    assert pick_station(whole + copies, picker) == pick_station(whole, picker)


@few
@given(st.floats(0.05, 0.95), st.booleans())
def test_shortening_changes_only_picks_within_a_halo_of_the_end(picker, whole, place, keep_the_end):
    parts = cut_up(whole, [place])
    kept = parts[1::2] if keep_the_end else parts[0::2]
    halo = round(picker.grid.halo * SECOND / picker.grid.sampling_rate_hz)
    cut = kept[0].start if keep_the_end else kept[0].end

    def far(picks):
        return [p for p in picks if (p.time > cut + halo if keep_the_end else p.time < cut - halo)]

    assert far(pick_station(kept, picker)) == far(pick_station(whole, picker))


def test_midnight_is_nothing_special(picker, whole):
    hop = round(picker.grid.hop * SECOND / picker.grid.sampling_rate_hz)
    midnight = 1_562_284_800 * SECOND
    shift = (midnight - whole[0].start - 65 * SECOND) // hop * hop
    later = [Trace(record.source_id, record.start + shift, record.sampling_rate, record.data) for record in whole]
    expected = [(p.time + shift, p.phase_hint, p.probability) for p in pick_station(whole, picker)]
    assert [(p.time, p.phase_hint, p.probability) for p in pick_station(later, picker)] == expected
    assert any(time > midnight for time, *_ in expected)
    assert any(time < midnight for time, *_ in expected)


@pytest.mark.parametrize("exponent", [-90, -66, 30])
def test_the_unit_of_a_record_does_not_matter(picker, whole, exponent):
    scaled = [Trace(r.source_id, r.start, r.sampling_rate, np.ldexp(r.data.astype(float), exponent)) for r in whole]
    assert pick_station(scaled, picker) == pick_station(whole, picker)


@pytest.mark.parametrize("size", [1, 3, 7])
def test_the_batch_does_not_matter(picker, whole, monkeypatch, size):
    expected = pick_station(whole, picker)
    monkeypatch.setattr("wadati.pickers.continuous._BATCH", size)
    assert pick_station(whole, picker) == expected


def test_a_window_does_not_hear_its_neighbours(picker):
    rng = np.random.default_rng(0)
    windows = rng.normal(size=(5, 3, picker.grid.samples)).astype(np.float32)
    windows[2] *= 1e9
    missing = np.zeros(windows.shape, bool)
    missing[3, 1] = missing[1, :, 300:] = True
    windows[missing] = 0
    together = picker.curves(windows, missing)
    alone = np.concatenate([picker.curves(windows[k : k + 1], missing[k : k + 1]) for k in range(5)])
    np.testing.assert_array_equal(together, alone)
    assert together.shape == (5, len(picker.phases), picker.grid.samples)
    assert together.min() >= 0
    assert together.max() <= 1


def test_components_may_start_at_different_times_and_at_different_rates(picker, whole, earthquakes, traces):
    z, n, e = whole
    fast = traces(np.repeat(earthquakes(), 2, axis=1))
    n = Trace(n.source_id, n.start, Fraction(200), fast[1].data).cut(n.span.widen(-20 * SECOND, 0))
    picks = pick_station([z, n, e], picker)
    assert {pick.phase_hint for pick in picks} == {"P", "S"}
    assert {pick.source_id for pick in picks} == {z.source_id}
    assert pick_station(cut_up([n, e, z], [0.3, 0.31]), picker) == picks


def test_resampled_records_keep_the_laws(loudness):
    rng = np.random.default_rng(4)
    sid = SourceId.from_nslc("XX", "ABC", "", "BHZ")
    whole = [Trace(sid, 1_234_567, Fraction(40), rng.normal(size=4000) * (1 + 9 * (np.arange(4000) % 700 < 5)))]
    picks = pick_station(whole, loudness)
    assert len(picks) > 5
    assert pick_station(cut_up(whole, [0.1, 0.5, 0.77]), loudness) == picks
    later = cut_up(whole, [0.5])[1:]
    limit = later[0].start + 4 * SECOND + 600_000_000
    assert [p for p in pick_station(later, loudness) if p.time > limit] == [p for p in picks if p.time > limit]


@pytest.mark.parametrize("picker", ["stalta", "neural"], indirect=True)
def test_times_do_not_depend_on_the_sampling_rate(picker, earthquakes):
    spectrum = np.fft.rfft(earthquakes(events=((60.0, 4.0, 80.0), (140.0, 3.0, 200.0))))
    spectrum[:, int(0.38 * spectrum.shape[1]) :] = 0
    data = np.fft.irfft(spectrum)
    ids = [SourceId.from_nslc("XX", "ABC", "", f"HH{code}") for code in "ZNE"]
    here = pick_station([Trace(s, 0, Fraction(100), x) for s, x in zip(ids, data, strict=True)], picker)
    there = pick_station([Trace(s, 0, Fraction(50), x[::2]) for s, x in zip(ids, data, strict=True)], picker)
    strong = [pick for pick in here if pick.probability > picker.thresholds[0] + 0.1]
    assert {pick.phase_hint for pick in strong} == {"P", "S"}
    for pick in strong:
        assert min(abs(p.time - pick.time) for p in there if p.phase_hint == pick.phase_hint) < 10_000_000


def test_one_band_is_picked_on_whatever_part_is_given(loudness, whole):
    slower = [Trace(SourceId.from_nslc("XX", "ABC", "", "BHZ"), whole[0].start, Fraction(100), whole[0].data)]
    ids = {record.source_id for record in whole}
    assert {pick.source_id for pick in pick_station(whole + slower, loudness)} == {whole[0].source_id}
    assert pick_station(slower, loudness, source_ids=ids | {slower[0].source_id}) == ()
    assert pick_station(slower, loudness) != ()


def test_horizontals_are_picked_on_where_the_vertical_is_missing(loudness, whole):
    z, n, e = whole
    picks = pick_station([z.cut(z.span.widen(0, -120 * SECOND)), n, e], loudness)
    last = z.start + 120 * SECOND
    assert {p.source_id for p in picks if p.time < last} == {z.source_id}
    assert {p.source_id for p in picks if p.time > last} == {n.source_id}


def test_records_slower_than_10_hz_are_not_picked_on_whatever_they_are_called(loudness, whole):
    at = {rate: [Trace(r.source_id, r.start, Fraction(rate), r.data) for r in whole] for rate in (1, 9, 10)}
    assert pick_station(at[1], loudness) == pick_station(at[9], loudness) == ()
    assert pick_station(at[10], loudness) != ()
    assert pick_station(whole + at[9], loudness) == pick_station(whole, loudness)


def test_nothing_gives_nothing(loudness):
    assert pick_station([], loudness) == ()
    sid = SourceId.from_nslc("XX", "ABC", "", "LHZ")
    assert pick_station([Trace(sid, 0, Fraction(1), np.arange(99))], loudness) == ()
    high = SourceId.from_nslc("XX", "ABC", "", "HHZ")
    assert pick_station([Trace(high, 0, Fraction(100), np.empty(0))], loudness) == ()


def test_times_and_probabilities_are_rounded(picker, whole):
    for pick in pick_station(whole, picker):
        assert pick.time % 100_000 == 0
        assert pick.probability == round(pick.probability, 4)
        assert pick.method == picker.name
        assert pick == Pick.of(
            pick.source_id,
            pick.phase_hint,
            pick.time,
            time_uncertainty=pick.time_uncertainty,
            probability=pick.probability,
            method=picker.name,
        )


class Compass:
    """A picker for tests that also says which way a P moves: the sign of the largest sample of the vertical."""

    name = "compass"
    grid = Grid(samples=400, hop=150, edge=60)
    components = "Z"
    phases = ("S", "P")
    thresholds = (0.2, 0.2)
    time_uncertainty = (0.1, 0.05)
    first_motion = 0.8

    def curves(self, windows, missing):
        size = np.abs(windows[:, 0]).max(axis=-1, keepdims=True)
        data = windows[:, 0] / np.where(size > 0, size, 1)
        return np.stack([np.abs(data), np.abs(data), np.maximum(data, 0), np.maximum(-data, 0)], axis=1)


def test_polarity_is_that_of_the_rows_after_the_phases():
    data = np.zeros(2000)
    data[[500, 1000, 1500]] = 100.0, -100.0, 50.0
    sid = SourceId.from_nslc("XX", "ABC", "", "HHZ")
    picks = pick_station([Trace(sid, 0, Fraction(100), data)], Compass())
    assert [(p.phase_hint, p.polarity) for p in picks if p.time == 5 * SECOND] == [("P", "positive"), ("S", None)]
    assert [(p.phase_hint, p.polarity) for p in picks if p.time == 10 * SECOND] == [("P", "negative"), ("S", None)]
