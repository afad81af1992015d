"""REAL's files, as its source prints them."""

from __future__ import annotations

import zipfile

import pytest

from wadati.errors import InputError
from wadati.formats.catalogs import read_catalog, read_picks
from wadati.formats.real import read_real_picks
from wadati.model import parse_time
from wadati.protocols import Problem

EVENT = (
    "    1      2016 10 14 23:59:59.500    86399.500  0.1739 42.8125  13.2140   8.00  0.910 0.110  20  15  35  14 61\n"
)
P = "   IV     CSP1     P   86401.2500    1.7500 1.23e-02  0.0500   0.9000 100.5000\n"
S = "   YR     ED10     S   86402.2500    2.7500 1.23e-02 -0.0500  16.9000 -20.0000\n"
RELOCATED = "2016 10 32 00 00  9.040 42.8122  13.2126   6.030  0.91   78  27.000  0.110      1\n"


def write(path, text):
    path.write_text(text)
    return path


def test_events_with_their_picks(tmp_path):
    catalog = read_catalog(write(tmp_path / "no-extension", EVENT + P + S))
    (event,) = catalog
    assert event.origin.time == parse_time("2016-10-14T23:59:59.5")
    assert (event.origin.latitude, event.origin.longitude, event.origin.depth) == (42.8125, 13.2140, 8000.0)
    assert (event.origin.azimuthal_gap, event.origin.standard_error) == (61.0, 0.1739)
    assert (event.magnitude.magnitude_type, event.magnitude.value) == ("ML", 0.91)
    first, second = catalog.picks
    assert (first.source_id.nslc, first.time) == ("IV.CSP1..", parse_time("2016-10-15T00:00:01.25"))
    assert (first.probability, second.probability) == (0.9, 1.0), "a ratio of STA to LTA is no probability"
    assert [arrival.azimuth for arrival in event.origin.arrivals] == [100.5, 340.0]
    assert [arrival.time_residual for arrival in event.origin.arrivals] == [0.05, -0.05]


def test_two_days_joined_keep_both_first_events(tmp_path):
    text = EVENT + P + EVENT.replace("2016 10 14", "2016 10 15") + S
    first, second = read_catalog(write(tmp_path / "phase_allday", text))
    assert first.event_id == "1"
    assert second.event_id != "1"
    assert (len(first.origin.arrivals), len(second.origin.arrivals)) == (1, 1)


@pytest.mark.parametrize("magnitude", ["-100.000", "  -inf", "   nan", " 0.000"])
def test_no_magnitude(tmp_path, magnitude):
    (event,) = read_catalog(write(tmp_path / "catalog_sel", EVENT.replace(" 0.910", magnitude)))
    assert event.magnitude is None


def test_a_day_beyond_the_end_of_the_month(tmp_path):
    (event,) = read_catalog(write(tmp_path / "hypolocSA", RELOCATED))
    assert event.origin.time == parse_time("2016-11-01T00:00:09.04")


def test_its_phases_for_hypodd(tmp_path):
    text = "# 2016 10 14 00 00  9.040 42.8122  13.2126   6.030  0.91 0 0 0      1\n CSP1   1.500 1 P\n"
    (event,) = read_catalog(write(tmp_path / "hypophase", text))
    assert event.origin.arrivals[0].station == "CSP1"


def test_a_broken_line_costs_no_other(tmp_path):
    path = write(tmp_path / "phase_sel", EVENT + P.replace("86401.2500", "86401.x500") + "IV CSP1 P\n" + S)
    problems: list[Problem] = []
    catalog = read_catalog(path, None, problems)
    assert len(catalog.picks) == 1
    assert [problem.subject for problem in problems] == [f"{path}, line 2", f"{path}, line 3"]


def test_a_folder_of_picks(tmp_path):
    folder = tmp_path / "20161014"
    folder.mkdir()
    write(folder / "YR.ED19.P.txt", "11.64 16.36630489174647 0.1723412545342432\n130.57 0.7 0\n")
    write(folder / "YR.ED19.S.txt", "12.5 0.8 0\n\n")
    write(folder / "readme", "x")
    first, second, third = read_picks(folder)
    assert (first.time, first.phase_hint, first.probability) == (parse_time("2016-10-14T00:00:11.64"), "P", 1.0)
    assert (second.phase_hint, third.probability) == ("S", 0.7)
    other = folder.rename(tmp_path / "picks")
    with pytest.raises(InputError, match="its name holds no day"):
        read_picks(other)


def test_the_day_of_italy(shared, tmp_path):
    with zipfile.ZipFile(
        shared / "data" / "association" / "italy-2016" / "demo_real" / "Pick" / "20161014.zip"
    ) as archive:
        names = [name for name in archive.namelist() if name.startswith("20161014/YR.ED19")]
        archive.extractall(tmp_path, names)
        lines = sum(len(archive.read(name).split(b"\n")) - 1 for name in names)
    picks = read_real_picks(tmp_path / "20161014")
    assert len(picks) == lines > 1000
