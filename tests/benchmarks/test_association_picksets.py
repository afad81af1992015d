"""Laws of the simulated pick tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.association.cases import CASES, CLAIM_SEEDS, TUNING_SEEDS
from benchmarks.association.picksets import (
    LEAST_BOTH,
    LEAST_P,
    LEAST_PICKS,
    LEAST_STATIONS,
    START,
    PickSet,
    load,
)
from benchmarks.association.shuffled import station_shuffled
from wadati.traveltime.geodesy import distance_azimuth
from wadati.traveltime.layered import first_arrival
from wadati.units import DAY, SECOND


@pytest.fixture(scope="module", params=["local", "regional", "burst-200"])
def table(request) -> PickSet:
    return load(request.param, 3)


def channels(picks):
    found = defaultdict(list)
    for pick in picks:
        found[pick.source_id.station_key, pick.phase_hint].append(pick.time)
    return found


def test_claims_rest_on_seeds_of_their_own():
    assert len(CLAIM_SEEDS) >= 10
    assert not set(CLAIM_SEEDS) & set(TUNING_SEEDS)


def test_the_same_every_time_and_another_for_another_seed():
    assert load("local", 3) == load("local", 3)
    assert load("local", 3).picks != load("local", 4).picks


def test_picks_are_in_order_within_the_day_and_unlike(table):
    times = [pick.time for pick in table.picks]
    assert times == sorted(times)
    assert times[0] >= START
    assert times[-1] < START + DAY
    assert len({pick.pick_id for pick in table.picks}) == len(table.picks)
    known = {station.key for station in table.inventory.stations()}
    assert {pick.source_id.station_key for pick in table.picks} <= known


def test_one_pick_of_a_phase_within_half_a_second(table):
    gaps = [b - a for times in channels(table.picks).values() for a, b in pairwise(sorted(times))]
    assert min(gaps) >= 0.5 * SECOND - 2


def test_a_pick_belongs_to_one_event_at_most(table):
    ids = [pick_id for event in table.truth for pick_id in event.pick_ids]
    assert len(ids) == len(set(ids))
    assert set(ids) <= {pick.pick_id for pick in table.picks}


def test_required_events_have_what_is_asked(table):
    by_id = {pick.pick_id: pick for pick in table.picks}
    assert table.required
    for event in table.required:
        own = [by_id[pick_id] for pick_id in event.pick_ids]
        phases = Counter(pick.phase_hint for pick in own)
        assert len(own) >= event.sound >= LEAST_PICKS
        assert len({pick.source_id.station_key for pick in own}) >= event.stations >= LEAST_STATIONS
        assert phases["P"] >= LEAST_P
        assert event.both >= LEAST_BOTH


def test_events_are_as_many_as_the_case_says():
    case, table = CASES["burst-200"], load("burst-200", 3)
    quiet = [event for event in table.required if not event.in_burst]
    assert 0.8 * case.events <= len(quiet) <= 1.5 * case.events
    burst = [event for event in table.required if event.in_burst]
    assert 0.6 * case.burst <= len(burst) <= 1.5 * case.burst
    assert table.burst is not None
    assert all(event.time in table.burst for event in burst)


def test_noise_is_as_frequent_as_the_case_says(table):
    case = CASES[table.case]
    own = {pick_id for event in table.truth for pick_id in event.pick_ids}
    noise = [pick for pick in table.picks if pick.pick_id not in own]
    assert 0.75 * case.noise <= len(noise) / case.stations <= 1.35 * case.noise


def test_arrivals_are_those_of_another_earth_but_not_of_another_planet(table):
    stations = {station.key: station for station in table.inventory.stations()}
    by_id = {pick.pick_id: pick for pick in table.picks}
    misfits = {"P": [], "S": []}
    for event in table.required[:60]:
        for pick_id in event.pick_ids:
            pick = by_id[pick_id]
            station = stations[pick.source_id.station_key]
            distance, _ = distance_azimuth(event.latitude, event.longitude, station.latitude, station.longitude)
            travel = first_arrival(table.model, pick.phase_hint, distance, event.depth, station.elevation)
            misfits[pick.phase_hint].append((pick.time - event.time) / SECOND - float(travel))
    for phase, least, most in (("P", 0.08, 1.2), ("S", 0.12, 2.0)):
        typical = np.median(np.abs(misfits[phase]))
        assert least < typical < most


def test_probabilities_of_noise_are_lower_but_overlap(table):
    own = {pick_id for event in table.truth for pick_id in event.pick_ids}
    true = [pick.probability for pick in table.picks if pick.pick_id in own]
    noise = [pick.probability for pick in table.picks if pick.pick_id not in own]
    assert np.median(true) > np.median(noise) + 0.1
    assert np.percentile(noise, 95) > np.percentile(true, 25)


def test_amplitudes_follow_the_magnitude_at_a_distance():
    table = load("regional", 3)
    by_id = {pick.pick_id: pick for pick in table.picks}
    sizes = [
        np.nanmedian(
            [
                by_id[pick_id].amplitude or np.nan
                for event in table.required
                if low <= event.magnitude < high
                for pick_id in event.pick_ids
            ]
        )
        for low, high in ((2.5, 9.0), (0.0, 2.0))
    ]
    assert sizes[0] > 2 * sizes[1]


def test_shuffled_stations_keep_their_own_rhythm_and_lose_each_others():
    table = load("local", 3)
    moved = station_shuffled(table.picks, 1)
    assert sorted(pick.pick_id for pick in moved) == sorted(pick.pick_id for pick in table.picks)
    before, after = ({pick.pick_id: pick.time for pick in picks} for picks in (table.picks, moved))
    station = {pick.pick_id: pick.source_id.station_key for pick in table.picks}
    shifts = defaultdict(set)
    for pick_id, time in after.items():
        shifts[station[pick_id]].add((time - before[pick_id]) % DAY)
    assert all(len(one) == 1 for one in shifts.values())
    assert len({min(one) for one in shifts.values()}) == len(shifts)
    for event in table.required[:50]:
        times = [after[pick_id] for pick_id in event.pick_ids]
        assert max(times) - min(times) > 300 * SECOND
