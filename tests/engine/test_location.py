from __future__ import annotations

from tests.conftest import Small
from wadati.engine import local
from wadati.engine.flow import Flow
from wadati.engine.location import onsets as onsets_of
from wadati.model import Arrival, Origin, Pick, SourceId, Station
from wadati.traveltime.geodesy import distance_azimuth
from wadati.traveltime.layered import first_arrival
from wadati.traveltime.models import SOUTHERN_CALIFORNIA
from wadati.units import SECOND

TIME = 1_500_000_000 * SECOND
STATIONS = [Station("XX", f"S{k}", 35.0 + 0.1 * k, -117.0, 300.0 * k) for k in range(4)]


def test_onsets_are_as_picked_where_used_else_as_the_model_says() -> None:
    sid = SourceId("XX", "S1", "", "H", "H", "Z")
    picks = [
        Pick.of(sid, phase, TIME + at * SECOND, time_uncertainty=0.1, probability=0.9)
        for phase, at in (("P", 3), ("S", 6))
    ]
    arrivals = tuple(
        Arrival(pick.pick_id, "XX", "S1", pick.phase_hint, 0.0, 0.0, 0.0, weight)
        for pick, weight in zip(picks, (1.0, 0.0), strict=True)
    )
    origins = [Origin.of(TIME, 35.0, -117.0, 8000.0, arrivals=arrivals), Origin.of(TIME, 35.2, -117.1, 3000.0)]
    onsets = onsets_of(origins, {pick.pick_id: pick for pick in picks}, STATIONS, SOUTHERN_CALIFORNIA)
    assert onsets.shape == (2, 4, 2)
    for event, origin in enumerate(origins):
        for column, station in enumerate(STATIONS):
            away, _ = distance_azimuth(origin.latitude, origin.longitude, station.latitude, station.longitude)
            for row, phase in enumerate("PS"):
                travel = first_arrival(SOUTHERN_CALIFORNIA, phase, away, origin.depth, station.elevation)
                is_picked = (event, column, phase) == (0, 1, "P")
                expected = 3 * SECOND if is_picked else float(travel) * SECOND
                assert abs(onsets[event, column, row] - TIME - expected) <= 1
    assert onsets_of([], {}, STATIONS, SOUTHERN_CALIFORNIA).shape == (0, 4, 2)


def test_an_event_without_a_magnitude_says_why(small: Small) -> None:
    result = local.catalog(small.waveforms, small.stations, flow=Flow(workers=1))
    without = {event.event_id for event in result.catalog if not event.magnitudes}
    told = {note.subject for note in result.ledger.notes if note.wrong.startswith("has no ML: ")}
    assert told == without
