"""Whatever is wrong with a file, it is told in words: nothing but `InputError` comes out of a reader."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wadati.errors import InputError
from wadati.formats.catalogs import read_catalog, read_picks
from wadati.formats.station_tables import read_station_table
from wadati.model import Channel, Inventory, SourceId
from wadati.protocols import Problem

STATIONS = Inventory.of([Channel(SourceId.from_nslc("CI", "ABC", "", "HHZ"), 35.0, -117.0, 0.0)])
OBS = "ABC    ?    Z    i P      U 20100527 1656   26.1300 GAU  2.00e-02 -1.00e+00 -1.00e+00 -1.00e+00"
SAMPLES = {
    "NonLinLoc obs": f"PUBLIC_ID 1\n{OBS}\n\n{OBS.replace(' P ', ' S ')}\n",
    "NonLinLoc hyp": (
        'NLLOC "x" "LOCATED" "ok"\nGEOGRAPHIC  OT 2011 06 10  17 34 5.0  Lat -22.2 Long -67.1 Depth 10.8\n'
        "QUALITY  Pmax 1 RMS 0.26 Nphs 11 Gap 59.4 Dist 5 Mamp 2.10 3 Mdur -9.90 0\n"
        "STATISTICS  ExpectX 0 Y 0 Z 0  CovXX 4 XY 0 XZ 0 YY 1 YZ 0 ZZ 9 EllAz1 0\nPHASE ID\n"
        f"{OBS} >    3.1524   -0.1449    1.6112   -4.6800    3.1110   -5.1500    5.0161 300.17 300.2 164.0  9 0.0\n"
        "END_PHASE\nEND_NLLOC\n"
    ),
    "HYPO71 phases": (
        "RWMOIP?0 091229124412.22       13.99IS?0\nABC EPD1 091229124459.99       75.00ES 2\n" + " " * 17 + "10\n"
    ),
    "HYPO71 summary": "190704 1733 49.12 35-42.30 117-30.25   8.25   6.40 50  33  6.0 0.21  0.2  0.4\n" * 2,
    "HypoInverse": (
        "200512132009226042 4387 12E4874   90  0 15137 24 11620767 507 7814 311298    203    0 301 469 12   0 120\n"
        "LNSS IV EBHE IPU1200512132009 2792 -62181 6105ES 2  25\n                    14142\n"
    ),
    "HypoInverse list": (
        "   DATE     TIME  SEC     LAT      LON     DEPTH PREF-MAG NM NUM GAP  DMIN  RMS    ERH   ERZ QASR     ID-NUM\n"
        "2016/10/14 00:00  8.88  42.8124   13.2169   8.38              55  27   5.4  0.13   0.2   0.7 A\n"
    ),
    "hypoDD phases": (
        "# 2025 5 14 14 35 35.51 40.2254 10.4496 9.408 3.5 0 0 0 20202331\nFUR 3.5220 1.0 P\nWET 5.8620 1.0 S\n"
    ),
    "hypoDD": "1 42.8123 13.217 8.380 1178.0 1387.8 2179.8 170.0 170.0 670.0 2016 10 14 0 0 8.88 0.9 1\n" * 2,
    "hypoDD events": "20161014       888   42.8123    13.2170      8.380   0.9    0.17    0.67   0.13          1\n",
    "GrowClust": "2016 10 14 00 00 09.090 42.8125 13.2140 6.27 0.91 0 0 0 1\n",
    "Nordic": (
        " 2016  911 2359 54.9 L -37.345 178.756 25.0  TES  5 0.6 3.1LTES 2.9WTES        1\n"
        " GAP=319        1.44     322.8   375.2547.3  0.1201E+06 -0.2039E+06 -0.1752E+06E\n"
        " STAT SP IPHASW D HRMM SECON CODA AMPLIT PERI AZIMU VELO AIN AR TRES W  DIS CAZ7\n"
        " FOZ  HZ  P       24 0  3.33                             101   -0.7810 46.7 238\n"
    ),
    "REAL": (
        "    1 2016 10 14 23:59:59.500 86399.500 0.1739 42.8125  13.2140   8.00  0.910 0.110  20  15  35  14  61.00\n"
        "   IV     CSP1     P   86401.2500    1.7500 1.23e-02  0.0500   0.9000 100.5000\n"
    ),
    "REAL hypolocSA": "2016 10 14 00 00  9.040 42.8122  13.2126   6.030  0.91   78  27.000  0.110      1\n",
    "events": (
        "time,latitude,longitude,depth,magnitude\n2019-07-04T17:02:55,35.7,-117.5,8,6.4\n1562259775.1,35.7,-117.5,8,\n"
    ),
    "picks": "id,timestamp,prob,type\nCI.ABC.,2019-07-04T17:02:55,0.9,P\nCI.ABC.,1562259775.1,0.9,S\n",
    "lists": "fname,t0,p_idx,p_prob,s_idx,s_prob\n2020-10-01T01.CI.BOM..HH,0,[1 2],[0.9 0.8],[],[]\n",
    "stations": "CSP1  IV  EHZ  43  5.5100  13 12.2900E1188\nMC2   IV  EHZ  42 54.6851  13 11.3386E   2\n",
}


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=25)
@given(data=st.data())
def test_corrupt_files_are_told_in_words(tmp_path_factory, name, data):
    text = SAMPLES[name]
    for _ in range(data.draw(st.integers(0, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text = text[:start] + data.draw(st.text("019 .-*EWNSPx\n\t,é\0", max_size=6)) + text[end:]
    path = tmp_path_factory.mktemp("t") / "file"
    path.write_text(text, encoding=data.draw(st.sampled_from(("utf-8", "latin-1", "utf-8-sig"))))
    for collecting in (False, True):
        problems: list[Problem] | None = [] if collecting else None
        for read in (read_catalog, read_picks):
            with contextlib.suppress(InputError):
                read(path, STATIONS, problems)
    with contextlib.suppress(InputError):
        read_station_table(path)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("REAL", "86401.2500", "864012500000.0"),
        ("NonLinLoc hyp", "CovXX 4", "CovXX 1e999"),
        ("lists", "[1 2]", "[1 1e300]"),
        ("picks", "1562259775.1", "99999999999999999999"),
        ("hypoDD phases", "3.5220", "1e30"),
        ("picks", "2019-07-04", "9019-07-04"),
    ],
)
def test_numbers_beyond_all_bounds(tmp_path, name, old, new):
    path = tmp_path / "file"
    path.write_text(SAMPLES[name].replace(old, new))
    problems: list[Problem] = []
    read_picks(path, STATIONS, problems)
    assert len(problems) == (name != "NonLinLoc hyp")


@pytest.mark.parametrize("name", SAMPLES)
def test_whole_files_have_no_problems(tmp_path, name):
    path = tmp_path / "file"
    path.write_text(SAMPLES[name])
    problems: list[Problem] = []
    if name == "stations":
        found = read_station_table(path)[0]
    elif name in ("picks", "lists", "HYPO71 phases", "NonLinLoc obs"):
        found = read_picks(path, None, problems)
    else:
        found = read_catalog(path, None, problems)
    assert len(found) > 0
    assert problems == []
