"""HypoInverse's archives and lists."""

from __future__ import annotations

import math

import pytest

from wadati.errors import InputError
from wadati.formats.catalogs import read_catalog, read_picks
from wadati.formats.hypoinverse import read_hypoinverse, write_hypoinverse
from wadati.model import parse_time
from wadati.protocols import Problem


def columns(*fields: tuple[int, str]) -> str:
    """A line with texts at columns counted from 1."""
    line: list[str] = []
    for first, text in fields:
        line.extend(" " * (first - 1 - len(line)))
        line[first - 1 :] = text
    return "".join(line)


SUMMARY = columns(
    (1, "200512132009"), (13, "2260"), (17, "42"), (20, "4387"), (24, " 12"), (27, "E"), (28, "4874"), (32, "   90"),
    (37, "  0"), (40, " 15"), (43, "137"), (46, " 24"), (49, " 116"), (71, "298"), (81, "Q"), (86, " 301"),
    (90, " 469"), (97, "   0"), (101, " 120"), (111, "Ita"), (118, "D"), (122, "X"), (137, "     14142"), (147, "D"),
    (148, "298"), (151, " 120"),
)  # fmt: skip
PHASE = columns(
    (1, "LNSS"), (6, "IV"), (9, "E"), (10, "BHE"), (14, "IP"), (16, "U"), (17, "1"), (18, "200512132009"),
    (30, " 2792"), (35, " -62"), (39, "181"), (42, " 6105"), (47, "ES"), (50, "2"), (51, "  25"), (64, " 75"),
    (75, " 235"), (92, "315"), (112, "00"),
)  # fmt: skip
NO_P = columns(
    (1, "MNS"), (6, "IV"), (10, "BHE"), (14, " P"), (17, "4"), (18, "200512132009"), (30, " 9999"), (42, " 3105"),
    (47, " S"), (50, "4"),
)  # fmt: skip
ARCHIVE = "\n".join((SUMMARY, "$1", PHASE, "$   6 5.20 1.80", NO_P, f"{'':62}     14142", ""))


def test_an_archive(tmp_path):
    path = tmp_path / "no-extension"
    path.write_text(ARCHIVE)
    catalog = read_catalog(path)
    (event,) = catalog
    origin = event.origin
    assert event.event_id == "14142"
    assert event.event_type == "quarry blast"
    assert origin.time == parse_time("2005-12-13T20:09:22.6")
    assert origin.latitude == pytest.approx(42 + 43.87 / 60, abs=1e-7)
    assert origin.longitude == pytest.approx(12 + 48.74 / 60, abs=1e-7)
    assert origin.depth == 900.0
    assert (origin.azimuthal_gap, origin.standard_error, origin.earth_model) == (137.0, 1.16, "Ita")
    assert origin.uncertainty.horizontal == pytest.approx(3010, rel=1e-4)
    assert origin.uncertainty.depth == pytest.approx(4690)
    assert [(size.magnitude_type, size.value) for size in event.magnitudes] == [("Md", 2.98)]
    first, other, second = catalog.picks
    assert (first.source_id.nslc, first.phase_hint) == ("IV.LNSS.00.BHE", "P")
    assert first.time == parse_time("2005-12-13T20:09:27.92")
    assert (first.polarity, first.time_uncertainty) == ("positive", pytest.approx(0.05 / 0.75))
    assert second.time == parse_time("2005-12-13T20:10:01.05")
    assert second.time_uncertainty == pytest.approx(0.1)
    assert (other.source_id.station, other.phase_hint, other.time_uncertainty) == ("MNS", "S", math.inf)
    arrivals = {arrival.pick_id: arrival for arrival in origin.arrivals}
    arrival = arrivals[first.pick_id]
    assert (arrival.time_residual, arrival.weight, arrival.distance, arrival.azimuth) == (-0.62, 1.0, 23_500.0, 315.0)
    assert (arrivals[second.pick_id].time_residual, arrivals[second.pick_id].weight) == (0.25, 0.75)
    assert arrivals[other.pick_id].weight == 0.0


@pytest.mark.parametrize(
    ("letters", "signs"), [((" ", " "), (1, -1)), (("S", "E"), (-1, 1)), (("S", "W"), (-1, -1)), (("N", "E"), (1, 1))]
)
def test_north_and_west_unless_they_say_otherwise(tmp_path, letters, signs):
    path = tmp_path / "sum"
    line = SUMMARY[:18] + letters[0] + SUMMARY[19:26] + letters[1] + SUMMARY[27:]
    path.write_text(line + "\n")
    (event,) = read_catalog(path)
    assert math.copysign(1, event.origin.latitude) == signs[0]
    assert math.copysign(1, event.origin.longitude) == signs[1]


def test_blank_and_negative_numbers(tmp_path):
    path = tmp_path / "sum"
    negative = SUMMARY[:31] + "  -50" + SUMMARY[36:147] + "-16" + SUMMARY[150:]
    blank = SUMMARY[:31] + "     " + SUMMARY[36:70] + "   " + SUMMARY[73:147] + "   " + SUMMARY[150:]
    path.write_text(negative.replace("2009", "2109", 1) + "\n" + blank)
    first, second = read_catalog(path)
    by_time = sorted((first, second), key=lambda event: event.origin.time)
    assert (by_time[1].origin.depth, by_time[1].magnitude.value) == (-500.0, -0.16)
    assert by_time[0].magnitude is None
    assert not by_time[0].origin.uncertainty.depth_resolved


def test_phases_alone_have_no_events_yet(tmp_path):
    path = tmp_path / "phases"
    path.write_text(f"{PHASE}\n{'':62}     14142\n")
    assert len(read_picks(path)) == 2
    catalog, groups = read_hypoinverse(path)
    assert (len(catalog), [len(group) for group in groups]) == (0, [2])
    with pytest.raises(InputError, match="without hypocentres"):
        read_catalog(path)


def test_an_event_without_a_location_costs_no_other(tmp_path):
    path = tmp_path / "arc"
    path.write_text(f"{ARCHIVE}{SUMMARY[:16]}\n{PHASE.replace('LNSS', 'LATE')}\n{'':62}     14143\n")
    problems: list[Problem] = []
    catalog = read_catalog(path, None, problems)
    assert [event.event_id for event in catalog] == ["14142"]
    assert len(catalog.picks) == 5
    assert ["without hypocentres" in problem.wrong for problem in problems] == [True]


def test_a_summary_cut_short_keeps_its_picks(tmp_path):
    path = tmp_path / "arc"
    path.write_text(ARCHIVE.replace(SUMMARY, SUMMARY[:30].replace("42 4387", "42 43x7")))
    problems: list[Problem] = []
    assert len(read_picks(path, None, problems)) == 3
    assert [problem.subject for problem in problems] == [f"{path}, line 1"]


def test_written_columns_are_those_of_the_manual(tmp_path):
    (tmp_path / "arc").write_text(ARCHIVE)
    catalog = read_catalog(tmp_path / "arc")
    assert write_hypoinverse(catalog, tmp_path / "again") == {14142: "14142"}
    summary, phase, no_p, end = (tmp_path / "again").read_text().splitlines()
    for first, last in ((1, 36), (43, 45), (49, 52), (86, 93), (137, 150)):
        assert summary[first - 1 : last] == SUMMARY[first - 1 : last], (first, last)
    for first, last in (
        (1, 7),
        (10, 12),
        (15, 38),
        (42, 46),
        (48, 48),
        (50, 54),
        (64, 66),
        (75, 78),
        (92, 94),
        (112, 113),
    ):
        assert phase[first - 1 : last] == PHASE.ljust(113)[first - 1 : last], (first, last)
    assert no_p[29:34] == " 9999"
    assert end == f"{'':62}     14142"


def test_the_list_of_italy(shared):
    folder = shared / "data" / "association" / "italy-2016" / "locflow" / "location"
    first = read_catalog(folder / "hypoinverse" / "catOut.sum").events[0]
    assert first.origin.time == parse_time("2016-10-14T00:00:08.88")
    assert (first.origin.latitude, first.origin.longitude, first.origin.depth) == (42.8124, 13.2169, 8380.0)
    assert (first.magnitude.magnitude_type, first.magnitude.value) == ("ML", 0.93)
    corrected = read_catalog(folder / "hypoinverse_corr" / "catOut.sum")
    assert len(corrected) == 102
    assert sum(event.magnitude is None for event in corrected) == 44
