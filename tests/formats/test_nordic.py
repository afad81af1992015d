"""Nordic files, with ObsPy's reader as the judge."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import obspy
import pytest

from wadati.formats.catalogs import read_catalog, read_picks
from wadati.formats.nordic import read_nordic
from wadati.formats.nordic_writing import write_nordic
from wadati.model import Catalog, parse_time
from wadati.protocols import Problem

PACKAGED = Path(obspy.__file__).parent / "io" / "nordic" / "tests" / "data"
pytestmark = pytest.mark.skipif(not PACKAGED.is_dir(), reason="this ObsPy comes without its test files")
NAMES = (
    "01-0411-15L.S201309",
    "03-0345-23L.S202101",
    "Sfile_extra_header",
    "automag.out",
    "bad_picks.sfile",
    "collect.out",
    "dos-file.sfile",
    "round_len_undef.sfile",
    "sfile_bad_covariance",
    "sfile_high_precision_picks",
    "sfile_highaccuracy",
    "sfile_long_phase",
    "sfile_over_day",
    "sfile_over_day_zeros",
    "sfile_seconds_overflow",
)
HEAD = " 2016  911 2359 54.9 L -37.345 178.756 25.0  TES  5 0.6 3.1LTES 2.9WTES        1"
HEADINGS = " STAT SP IPHASW D HRMM SECON CODA AMPLIT PERI AZIMU VELO AIN AR TRES W  DIS CAZ7"


def judged(path: Path) -> obspy.core.event.Catalog:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return obspy.read_events(path, format="NORDIC")


def is_onset(phase: str) -> bool:
    return bool(phase) and not phase.startswith(("IA", "IV", "A", "END", "BAZ"))


def onsets(event: obspy.core.event.Event) -> list[tuple[object, ...]]:
    found = []
    for arrival in event.origins[0].arrivals:
        pick = arrival.pick_id.get_referred_object()
        if is_onset(arrival.phase):
            residual = -999.0 if arrival.time_residual is None else arrival.time_residual
            polarity = pick.polarity if pick.polarity in ("positive", "negative") else None
            found.append((pick.time.ns // 1000, pick.waveform_id.station_code, arrival.phase, residual, polarity))
    return sorted(found, key=str)


def agree(catalog: Catalog, expected: obspy.core.event.Catalog) -> None:
    picks = {pick.pick_id: pick for pick in catalog.picks}
    events = sorted(expected, key=lambda event: event.origins[0].time)
    assert len(catalog) == len(events)
    for event, judge in zip(catalog, events, strict=True):
        own = sorted(
            (
                (
                    picks[arrival.pick_id].time // 1000,
                    arrival.station,
                    arrival.phase,
                    -999.0 if math.isnan(arrival.time_residual) else arrival.time_residual,
                    picks[arrival.pick_id].polarity,
                )
                for arrival in event.origin.arrivals
            ),
            key=str,
        )
        assert own == onsets(judge)
        other = judge.origins[0]
        assert event.origin.time == pytest.approx(other.time.ns, abs=51_000_000)
        assert event.origin.latitude == pytest.approx(other.latitude, abs=6e-4)
        assert event.origin.longitude == pytest.approx(other.longitude, abs=6e-4)
        assert event.origin.depth == pytest.approx(other.depth, abs=51)
        if judge.magnitudes:
            assert event.magnitude.value == judge.magnitudes[0].mag
            assert event.magnitude.magnitude_type.upper() == judge.magnitudes[0].magnitude_type.upper()


@pytest.mark.parametrize("name", NAMES)
def test_events_and_onsets_are_those_obspy_reads(name):
    agree(read_nordic(PACKAGED / name), judged(PACKAGED / name))


@pytest.mark.parametrize("name", NAMES)
def test_obspy_reads_what_is_written(tmp_path, name):
    catalog = read_nordic(PACKAGED / name)
    path = tmp_path / "written"
    write_nordic(catalog, path)
    agree(catalog, judged(path))


def test_high_accuracy_comes_from_the_line_h():
    (event,) = read_nordic(PACKAGED / "sfile_highaccuracy")
    assert event.origin.time == parse_time("2015-04-24T15:25:37.676")
    assert (event.origin.latitude, event.origin.longitude, event.origin.depth) == (37.29242, -32.26983, 1969.0)


def test_an_event_without_a_location_keeps_its_picks():
    problems: list[Problem] = []
    catalog = read_nordic(PACKAGED / "Sfile_no_location", None, problems)
    assert (len(catalog), len(catalog.picks)) == (0, 118)
    assert "its picks are kept" in problems[0].wrong


def nordic(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "no-extension"
    path.write_text("\n".join((*lines, "")), encoding="latin-1")
    return path


@pytest.mark.parametrize(
    ("hour_minute", "is_time"),
    [
        ("24 0", "2016-09-12T00:00:03.33"),
        (" 0 0", "2016-09-12T00:00:03.33"),
        ("2359", "2016-09-11T23:59:03.33"),
        ("2501", "2016-09-12T01:01:03.33"),
    ],
)
def test_hours_after_midnight(tmp_path, hour_minute, is_time):
    path = nordic(tmp_path, HEAD, HEADINGS, f" FOZ  HZ  P       {hour_minute}  3.33")
    (pick,) = read_picks(path)
    assert pick.time == parse_time(is_time)


@pytest.mark.parametrize(
    ("code", "uncertainty", "weight"),
    [(" ", 0.05, 1.0), ("1", 0.05 / 0.75, 0.75), ("3", 0.2, 0.25), ("4", math.inf, 0.0), ("9", math.inf, 0.0)],
)
def test_weight_codes(tmp_path, code, uncertainty, weight):
    path = nordic(tmp_path, HEAD, HEADINGS, f" FOZ  HZ IP   {code} C 2359 58.33")
    catalog = read_catalog(path)
    assert catalog.picks[0].time_uncertainty == pytest.approx(uncertainty)
    assert catalog.picks[0].probability == (1.0 if weight else 0.0)
    assert catalog.picks[0].polarity == "positive"
    assert catalog.events[0].origin.arrivals[0].weight == weight


def test_magnitudes_blank_depths_and_names_beyond_ascii(tmp_path):
    blank = HEAD.replace(" 25.0", "     ").replace("3.1L", "    ").replace("2.9W", "    ")
    path = nordic(tmp_path, blank, " Ottemöller, Bjørnafjorden".ljust(79) + "3")
    (event,) = read_catalog(path)
    assert event.magnitude is None
    assert event.origin.depth == 0.0
    assert not event.origin.uncertainty.depth_resolved
    (event,) = read_catalog(nordic(tmp_path, HEAD))
    assert [(size.magnitude_type, size.value) for size in event.magnitudes] == [("ML", 3.1), ("Mw", 2.9)]


def test_a_broken_event_costs_no_other(tmp_path):
    path = nordic(
        tmp_path, HEAD, "", HEAD.replace("2016  911", "2016 1399"), HEADINGS, "", HEAD.replace("2016", "2017")
    )
    problems: list[Problem] = []
    catalog = read_catalog(path, None, problems)
    assert [event.origin.time for event in catalog] == [
        parse_time("2016-09-11T23:59:54.9"),
        parse_time("2017-09-11T23:59:54.9"),
    ]
    assert [problem.subject for problem in problems] == [f"{path}, line 3"]
