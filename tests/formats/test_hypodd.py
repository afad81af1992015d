"""hypoDD's files, with ObsPy's reader and writer and LOC-FLOW's conversions as judges."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import obspy
import pytest

from wadati.formats.catalogs import read_catalog
from wadati.formats.hypodd import read_hypodd_phases, write_hypodd_phases
from wadati.model import parse_time
from wadati.protocols import Problem

PACKAGED = Path(obspy.__file__).parent / "io" / "hypodd" / "tests" / "data"
needs_packaged = pytest.mark.skipif(not PACKAGED.is_dir(), reason="this ObsPy comes without its test files")


def agree(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = obspy.read_events(path, format="HYPODDPHA")
    catalog = read_hypodd_phases(path)
    picks = {pick.pick_id: pick for pick in catalog.picks}
    assert len(catalog) == len(expected)
    for event, judge in zip(catalog, expected, strict=True):
        other = judge.origins[0]
        assert str(judge.resource_id).endswith(f"/{event.event_id}")
        assert event.origin.time == pytest.approx(other.time.ns, abs=1000)
        assert (event.origin.latitude, event.origin.longitude) == (other.latitude, other.longitude)
        assert event.origin.depth == pytest.approx(other.depth)
        assert event.origin.standard_error == other.quality.standard_error
        assert (event.magnitude.value if event.magnitude else None) == (
            judge.magnitudes[0].mag if judge.magnitudes else None
        )
        for arrival, seen, pick in zip(event.origin.arrivals, other.arrivals, judge.picks, strict=True):
            assert picks[arrival.pick_id].time == pytest.approx(pick.time.ns, abs=1000)
            assert (arrival.station, arrival.phase, arrival.weight) == (
                pick.waveform_id.station_code,
                pick.phase_hint,
                seen.time_weight,
            )


@needs_packaged
@pytest.mark.parametrize("name", ["example.pha", "60s_nan.pha"])
def test_phases_are_those_obspy_reads(name):
    agree(PACKAGED / name)


@needs_packaged
def test_obspy_reads_what_is_written(tmp_path):
    catalog = read_hypodd_phases(PACKAGED / "example.pha")
    path = tmp_path / "phase.dat"
    assert write_hypodd_phases(catalog, path) == {20202331: "20202331", 20202429: "20202429"}
    agree(path)


def test_names_of_events_become_numbers(tmp_path):
    text = "# 2025 5 14 14 35 60.0 -10.2254 -117.4496 -1.408 0.0 0 0 0 EV-A\nFUR 3.5 1.0 P\n"
    path = tmp_path / "no-extension"
    path.write_text(text)
    (event,) = read_catalog(path)
    assert event.event_id == "EV-A"
    assert event.origin.time == parse_time("2025-05-14T14:36:00")
    assert (event.origin.longitude, event.origin.depth) == (-117.4496, -1408.0)
    assert event.magnitude is None
    assert event.origin.uncertainty is None
    assert write_hypodd_phases(read_catalog(path), tmp_path / "again") == {1: "EV-A"}


def test_weights_say_how_certain_a_time_is(tmp_path):
    path = tmp_path / "pha"
    path.write_text("# 2025 5 14 14 35 1.0 10 10 1 0 0 0 0 1\nA1 1 1.0 P\nA2 2 -0.5 P\nA3 3 0 S\n")
    picks = read_catalog(path).picks
    assert [pick.time_uncertainty for pick in picks] == [0.05, 0.1, math.inf]
    assert [pick.probability for pick in picks] == [1.0, 1.0, 0.0]


def test_two_events_of_one_number_stay_two(tmp_path):
    line = "1 42.812302 13.217000 8.380 1178.0 1387.8 2179.8 170.0 170.0 670.0 2016 10 14  0  0  8.88  0.9   1\n"
    path = tmp_path / "hypoDD.reloc"
    path.write_text(line + line + line.replace("8.88", "9.88"))
    first, second = read_catalog(path)
    assert first.event_id == "1"
    assert second.event_id.startswith("event-")
    assert first.origin.uncertainty.horizontal == pytest.approx(170.0, rel=1e-4)
    assert first.origin.uncertainty.depth == 670.0


def test_a_list_in_one_line_too_short(tmp_path):
    path = tmp_path / "event.dat"
    path.write_text(
        "20161014       888   42.8123    13.2170      8.380   0.9    0.17    0.67   0.13          1\n20161014 99\n"
    )
    problems: list[Problem] = []
    (event,) = read_catalog(path, None, problems)
    assert event.origin.time == parse_time("2016-10-14T00:00:08.88")
    assert [problem.subject for problem in problems] == [f"{path}, line 2"]


def test_locflow_wrote_the_same_events_in_three_formats(shared):
    """HypoInverse's list, and hypoDD's and GrowClust's lists made of it by LOC-FLOW."""
    folder = shared / "data" / "association" / "italy-2016" / "locflow"
    listed = {event.origin.time: event for event in read_catalog(folder / "location" / "hypoinverse" / "catOut.sum")}
    made = read_catalog(folder / "hypoDD_dtct" / "event.dat")
    assert len(made) == 59
    for event in made:
        other = listed[event.origin.time]
        assert event.origin.latitude == pytest.approx(other.origin.latitude, abs=2e-4)
        assert event.origin.longitude == pytest.approx(other.origin.longitude, abs=2e-4)
        assert event.origin.depth == pytest.approx(other.origin.depth, abs=10)
        if event.magnitude is not None:
            assert event.magnitude.value == pytest.approx(other.magnitude.value, abs=0.051)
    growclust = read_catalog(folder / "MatchLocate" / "GrowClust" / "IN" / "evlist.txt")
    event_list = read_catalog(folder / "MatchLocate" / "GrowClust" / "IN" / "event.dat")
    assert len(growclust) == len(event_list) == 156
    assert max(abs(a.origin.time - b.origin.time) for a, b in zip(growclust, event_list, strict=True)) <= 10_000_000
