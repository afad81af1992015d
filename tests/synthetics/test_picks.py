from __future__ import annotations

import numpy as np
import pytest

from wadati.errors import UsageError
from wadati.model import Layer, VelocityModel
from wadati.synthetics.picks import PICK_ERROR, simulate_picks
from wadati.traveltime.geodesy import distance_azimuth
from wadati.traveltime.layered import first_arrival

MODEL = VelocityModel("two", (Layer(0.0, 5500.0, 3200.0), Layer(10000.0, 6500.0, 3750.0)))


def _errors(simulated, model):
    errors = {"P": [], "S": []}
    for picks, event in zip(simulated.picks, simulated.truth, strict=True):
        for pick in picks:
            station = simulated.inventory.station(*pick.source_id.station_key)
            origin = event.origin
            distance, _ = distance_azimuth(origin.latitude, origin.longitude, station.latitude, station.longitude)
            travel = first_arrival(model, pick.phase_hint, distance, origin.depth, station.elevation)
            errors[pick.phase_hint].append((pick.time - origin.time) / 1e9 - float(travel))
    return {phase: np.array(values) for phase, values in errors.items()}


def test_same_seed_same_picks_and_more_events_leave_the_first_as_they_are():
    few, many = simulate_picks(3, 5), simulate_picks(3, 20)
    assert few.picks == many.picks[:5]
    assert few.truth.events == many.truth.events[:5]
    assert simulate_picks(4, 5).picks != few.picks


def test_errors_are_gaussian_with_a_heavy_tail():
    simulated = simulate_picks(1, 80, model=MODEL)
    for phase, values in _errors(simulated, MODEL).items():
        sigma = 1.4826 * np.median(np.abs(values - np.median(values)))
        assert sigma == pytest.approx(PICK_ERROR[phase], rel=0.12)
        assert abs(np.median(values)) < 0.01
        wild = np.mean(np.abs(values) > 5 * PICK_ERROR[phase])
        assert 0.01 < wild < 0.05


def test_the_drawn_earth_differs_from_any_layers():
    simulated = simulate_picks(2, 50)
    from wadati.traveltime.models import DEFAULT

    error = _errors(simulated, DEFAULT)["P"]
    assert 1.4826 * np.median(np.abs(error - np.median(error))) > 1.3 * PICK_ERROR["P"]


def test_far_stations_miss_more_and_every_event_has_enough():
    simulated = simulate_picks(5, 100, model=MODEL)
    for picks in simulated.picks:
        phases = [pick.phase_hint for pick in picks]
        assert phases.count("P") >= 4
        assert phases.count("S") >= 1
        assert [pick.time for pick in picks] == sorted(pick.time for pick in picks)
        assert len({(pick.source_id, pick.phase_hint) for pick in picks}) == len(picks)
    counts = [len(picks) for picks in simulated.picks]
    assert min(counts) < 20 < max(counts)


def test_nothing_to_simulate_is_refused():
    with pytest.raises(UsageError, match="at least 1"):
        simulate_picks(1, 0)
