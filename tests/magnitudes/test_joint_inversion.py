import re

import numpy as np
import pytest

from wadati.magnitudes.attenuation import HuttonBoore1987
from wadati.magnitudes.joint_inversion import JointLocalMagnitude
from wadati.magnitudes.station_terms import StationTerm, StationTerms
from wadati.model import AmplitudeTrack

from .network import Recorded, origin, record


def solve(recorded: Recorded, **settings):
    return JointLocalMagnitude(**settings).magnitudes(
        recorded.origins, recorded.stations, recorded.tracks, recorded.onsets
    )


def apart(rng, count, low=1.5, high=4.0):
    """Events that have nothing to do with each other."""
    return [(origin(150.0 * k, *rng.uniform(-0.15, 0.15, 2)), rng.uniform(low, high)) for k in range(count)]


def sequence(rng, count=40):
    """A mainshock and events in its coda and in each other's."""
    events = [(origin(20.0), 4.8)]
    times = 20.0 + np.cumsum(rng.exponential(9.0, count) + 3.0)
    return events + [(origin(t, *rng.uniform(-0.08, 0.08, 2)), 2.8 + rng.exponential(0.4)) for t in times]


def test_sizes_and_terms_put_in_come_out():
    recorded = record(np.random.default_rng(1), apart(np.random.default_rng(2), 30))
    found = solve(recorded)
    errors = recorded.errors(found)
    assert np.abs(errors).max() < 0.2
    assert abs(errors.mean()) < 0.06
    assert np.std(errors) < 0.06
    corrections = found.terms.corrections([station.key for station in recorded.stations])[:, 0]
    assert np.corrcoef(corrections, -recorded.terms)[0, 1] > 0.97
    assert np.abs(corrections + recorded.terms).max() < 0.15
    assert all(found.terms.digest in one.magnitude.method for one in found.events)


def test_terms_give_more_small_events_a_size():
    rng = np.random.default_rng(3)
    loud = apart(rng, 25, 3.0, 4.0)
    small = [(origin(150.0 * (25 + k)), 0.6) for k in range(10)]
    recorded = record(rng, [*loud, *small], noise=2e-5, spread=0.3)
    with_terms, without = (recorded.errors(solve(recorded, learns=learns))[25:] for learns in (True, False))
    assert np.isfinite(with_terms).sum() >= np.isfinite(without).sum() + 3
    assert np.nanmax(np.abs(with_terms)) < 0.15


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6])
def test_terms_never_make_small_catalogs_worse(count):
    rng = np.random.default_rng(count)
    squares = {True: [], False: []}
    for _ in range(12):
        recorded = record(rng, apart(rng, count), stations=8)
        errors = {learns: recorded.errors(solve(recorded, learns=learns)) for learns in squares}
        both = np.isfinite(errors[True]) & np.isfinite(errors[False])
        for learns, own in errors.items():
            squares[learns].extend(own[both] ** 2)
    assert np.sqrt(np.mean(squares[True])) <= np.sqrt(np.mean(squares[False])) + 0.01


def test_a_mainshock_does_not_lend_its_amplitude():
    rng = np.random.default_rng(4)
    recorded = record(rng, sequence(rng))
    found = solve(recorded)
    errors = recorded.errors(found)
    known = np.isfinite(errors)
    assert known.sum() >= 20
    assert np.median(np.abs(errors[known])) < 0.06
    assert np.abs(errors[known]).max() < 0.3
    assert abs(np.mean(errors[known])) < 0.05
    limits = np.array([one.upper_limit for one in found.events])
    assert (limits[~known] >= recorded.magnitudes[~known] - 0.1).all()
    drowned = [one for one in found.events if one.magnitude is None]
    assert all(re.search(r"it is at most ML -?\d\.\d \(95 %\)$", one.why) for one in drowned)


def test_stated_uncertainties_cover():
    within: list[float] = []
    for seed in range(6):
        rng = np.random.default_rng(100 + seed)
        recorded = record(rng, sequence(rng, 25))
        found = solve(recorded)
        errors = recorded.errors(found)
        spread = np.array([one.magnitude.uncertainty if one.magnitude else np.nan for one in found.events])
        within.extend((np.abs(errors) / spread)[np.isfinite(errors)])
    share68, share95 = np.mean(np.array(within) < 1), np.mean(np.array(within) < 1.96)
    assert len(within) > 60
    assert share68 > 0.64
    assert share95 > 0.92


@pytest.mark.parametrize(("first", "second"), [(3.0, 2.2), (2.2, 3.0), (2.6, 2.6)])
def test_two_events_three_seconds_apart(first, second):
    rng = np.random.default_rng(6)
    recorded = record(rng, [(origin(0.0), first), (origin(3.0, 0.02), second)], scatter=0.05, spread=0.1)
    found = solve(recorded)
    for one, true in zip(found.events, recorded.magnitudes, strict=True):
        if one.magnitude:
            assert one.magnitude.value == pytest.approx(true, abs=0.25)
        else:
            assert one.upper_limit > true - 0.1
    assert max(recorded.magnitudes) == pytest.approx(
        max(e.magnitude.value for e in found.events if e.magnitude), abs=0.2
    )


def test_order_does_not_matter():
    rng = np.random.default_rng(7)
    recorded = record(rng, sequence(rng, 12))
    found = solve(recorded)
    events, stations, tracks = (rng.permutation(len(x)) for x in (recorded.origins, recorded.stations, recorded.tracks))
    shuffled = JointLocalMagnitude().magnitudes(
        [recorded.origins[k] for k in events],
        [recorded.stations[k] for k in stations],
        [recorded.tracks[k] for k in tracks],
        recorded.onsets[events][:, stations],
    )
    assert [shuffled.events[k] for k in np.argsort(events)] == list(found.events)
    assert shuffled.terms == found.terms


def test_given_terms_stay_as_they_are():
    rng = np.random.default_rng(8)
    recorded = record(rng, apart(rng, 10))
    learned = solve(recorded).terms
    again = solve(recorded, terms=learned)
    assert again.terms is learned
    other = StationTerms("hutton-boore-1987", (StationTerm("XX", "S00", 3.0, 0.05, 9),))
    assert solve(recorded, terms=other).terms is other


def test_far_events_do_not_touch_each_other():
    rng = np.random.default_rng(9)
    recorded = record(rng, apart(rng, 2))
    both = solve(recorded).events
    alone = JointLocalMagnitude().magnitudes(
        recorded.origins[:1], recorded.stations, recorded.tracks, recorded.onsets[:1]
    )
    assert alone.events == both[:1]


def test_a_station_with_a_wrong_gain_has_a_term_and_one_wild_reading_no_weight():
    rng = np.random.default_rng(10)
    recorded = record(rng, apart(rng, 15, 2.5, 3.5))
    loud = [
        AmplitudeTrack(t.source_id, t.first_bin, 10 * t.minimum, 10 * t.maximum, t.clipped)
        if t.source_id.station == "S03"
        else t
        for t in recorded.tracks
    ]
    found = JointLocalMagnitude().magnitudes(recorded.origins, recorded.stations, loud, recorded.onsets)
    assert np.abs(recorded.errors(found)).max() < 0.25
    (term,) = (term for term in found.terms.terms if term.station == "S03")
    assert term.correction == pytest.approx(-1.0 - recorded.terms[3], abs=0.2)
    alone = JointLocalMagnitude(learns=False).magnitudes(recorded.origins, recorded.stations, loud, recorded.onsets)
    weights = {m.source_id.station: m.weight for m in alone.events[0].magnitude.station_magnitudes}
    assert weights.pop("S03") == 0.0
    assert sum(weights.values()) >= 9


def test_above_six_it_is_saturated_and_clipped_stations_have_no_part():
    rng = np.random.default_rng(11)
    recorded = record(rng, [(origin(0.0), 6.3)])
    assert solve(recorded).events[0].magnitude.saturated
    clipped = [AmplitudeTrack(t.source_id, t.first_bin, t.minimum, t.maximum, t.maximum > 0) for t in recorded.tracks]
    (found,) = JointLocalMagnitude().magnitudes(recorded.origins, recorded.stations, clipped, recorded.onsets).events
    assert found.magnitude is None
    assert re.search("of 1[0-2] stations .* 0 recorded it whole and unclipped$", found.why)


def test_out_of_range_is_told():
    rng = np.random.default_rng(12)
    recorded = record(rng, [(origin(0.0), 3.0)])
    far = [origin(0.0, 9.0)]
    (found,) = JointLocalMagnitude().magnitudes(far, recorded.stations, recorded.tracks, recorded.onsets).events
    assert found.why == "none of the 12 stations with amplitudes is 10 to 700 km away"


def test_nothing_in_nothing_out():
    rng = np.random.default_rng(13)
    recorded = record(rng, [(origin(0.0), 3.0)])
    method = JointLocalMagnitude()
    assert method.magnitudes([], recorded.stations, recorded.tracks, recorded.onsets[:0]).events == ()
    for tracks, stations in (([], recorded.stations), (recorded.tracks, [])):
        onsets = recorded.onsets[:, : len(stations)]
        (found,) = method.magnitudes(recorded.origins, stations, tracks, onsets).events
        assert found.magnitude is None
        assert found.why.startswith("no station has amplitudes")


def test_the_magnification_of_the_relation_counts():
    class Old:
        name, doi, magnification = "old", "", 2800.0
        distance_range = HuttonBoore1987.distance_range

        def correction(self, hypocentral_distance):
            return HuttonBoore1987().correction(hypocentral_distance)

    rng = np.random.default_rng(14)
    recorded = record(rng, [(origin(0.0), 3.0)])
    new, old = (solve(recorded, relation=relation).events[0].magnitude.value for relation in (None, Old()))
    assert old - new == pytest.approx(np.log10(2800 / 2080), abs=1e-5)
