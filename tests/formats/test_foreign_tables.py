"""Tables of picks and events that other programs wrote."""

from __future__ import annotations

import csv
import math

import pytest

from wadati.errors import InputError
from wadati.formats.catalogs import read_catalog, read_picks
from wadati.formats.foreign_rows import instant, read_foreign_rows
from wadati.model import Channel, Inventory, SourceId, parse_time
from wadati.protocols import Problem

TIME = "2019-07-04T17:02:55.123"
EPOCH = parse_time(TIME)
PHASENET = (
    "id,timestamp,prob,type,amp\n"
    "CI.CCC..BH,2019-07-04T17:02:55.123,0.9,p,1e-5\n"
    "CI.CLC.,2019-07-04T17:02:56.000Z,0.8,S,\n"
)
PICKS = {
    "PhaseNet, GaMMA": PHASENET,
    "QuakeFlow": (
        "station_id,phase_index,phase_time,phase_score,phase_type,phase_amp\n"
        "CI.CCC..BH,12,2019-07-04T17:02:55.123+00:00,0.9,P,1e-5\n"
        "CI.CLC..HH,13,2019-07-04T17:02:56,0.8,S,\n"
    ),
    "SeisBench": (
        "trace_id\tstart_time\tpeak_time\tphase\tpeak_value\n"
        "CI.CCC.\t2019-07-04T17:02:55.0Z\t2019-07-04T17:02:55.123Z\tP\t0.9\n"
        "CI.CLC.\t\t2019-07-04T17:02:56Z\tS\t0.8\n"
    ),
    "PyOcto": ",station,phase,time,probability\n0,CI.CCC.,P,1562259775.123,0.9\n1,CI.CLC.,S,1562259776.0,0.8\n",
    "codes in columns, semicolons": (
        "Network;Station;Location;Channel;Phase;Time;Probability\n"
        "CI;CCC;;;P;1562259775123;0.9\n"
        "CI;CLC;;;S;1562259776000;0.8\n"
    ),
}


@pytest.mark.parametrize("name", PICKS)
def test_tables_of_picks(tmp_path, name):
    path = tmp_path / "no-extension"
    path.write_text(PICKS[name])
    first, second = read_picks(path)
    assert (first.source_id.nslc, first.phase_hint, first.time, first.probability) == ("CI.CCC..", "P", EPOCH, 0.9)
    assert (second.source_id.nslc, second.phase_hint, second.probability) == ("CI.CLC..", "S", 0.8)
    assert second.time == parse_time("2019-07-04T17:02:56")
    assert (first.time_uncertainty, first.amplitude) == (math.inf, None)


@pytest.mark.parametrize("name", PICKS)
def test_order_line_ends_and_repeats_do_not_matter(tmp_path, name):
    path = tmp_path / "picks"
    path.write_text(PICKS[name])
    plain = read_picks(path)
    header, first, second = PICKS[name].splitlines()
    path.write_bytes("\r\n".join((header, second, first, second, "", "")).encode("utf-8-sig"))
    assert read_picks(path) == plain


def test_a_data_frame_in_parquet(tmp_path):
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "no-extension"
    frame = pandas.DataFrame(
        {
            "station": ["CI.CCC.", "CLC"],
            "phase": ["P", "S"],
            "time": pandas.to_datetime([TIME, TIME], utc=True),
            "probability": [0.9, None],
        }
    )
    frame.to_parquet(path)
    inventory = Inventory.of([Channel(SourceId.from_nslc("CI", "CLC", "", "HHZ"), 35.8, -117.6, 766.0)])
    found = {pick.source_id.nslc: pick for pick in read_picks(path, inventory)}
    assert found["CI.CCC.."].time == EPOCH
    assert found["CI.CLC.."].probability == 1.0


def test_broken_rows_cost_no_others(tmp_path):
    path = tmp_path / "picks.csv"
    path.write_text(
        PHASENET
        + "CI.CCC..BH,2019-07-04T17:02\nCI.CCC..BH,soon,0.9,P,\n"
        + "CI.CCC..BH,2019-07-04T18:00,1.9,P,\n,2019-07-04T18:00,0.9,P,\n"
    )
    problems: list[Problem] = []
    assert len(read_picks(path, None, problems)) == 2
    assert [problem.subject.removeprefix(f"{path}, ") for problem in problems] == [
        "line 4",
        "line 5, column timestamp",
        "line 6, column prob",
        "line 7, column id",
    ]
    with pytest.raises(InputError, match="line 4"):
        read_picks(path)


def test_a_broken_row_of_our_own_tables_costs_no_others(tmp_path):
    path = tmp_path / "picks.csv"
    header = "pick_id,network,station,location,channel,phase,time,time_uncertainty_s,probability,polarity,amplitude_m\n"
    row = "p1,CI,CCC,,HHZ,P,2019-07-04T17:02:55.123Z,0.05,0.9,,\n"
    path.write_text(header + row + row[:20] + "\n" + row.replace("p1", "p2").replace("0.9", "nine"))
    problems: list[Problem] = []
    (pick,) = read_picks(path, None, problems)
    assert (pick.pick_id, pick.time_uncertainty) == ("p1", 0.05)
    assert [problem.subject.removeprefix(f"{path}, ") for problem in problems] == [
        "line 3",
        "line 4, column probability",
    ]


@pytest.mark.parametrize(
    ("text", "is_time"),
    [
        ("1562259775.123", EPOCH),
        ("1562259775", EPOCH // 10**9 * 10**9),
        ("1562259775123", EPOCH),
        ("1562259775123000", EPOCH),
        ("1562259775123000000", EPOCH),
        ("20190704", parse_time("2019-07-04")),
        ("2019-07-04 17:02:55.123", EPOCH),
        ("2019-07-04T19:02:55.123+02:00", EPOCH),
        ("-0.5", -500_000_000),
        ("1562259775.1230001", EPOCH + 100),
    ],
)
def test_epochs_and_iso_times(tmp_path, text, is_time):
    path = tmp_path / "t"
    path.write_text(f"time,x\n{text},1\n")
    (row,) = read_foreign_rows(path)
    assert instant(row, "time") == is_time


GAMMA = (
    "time,magnitude,sigma_time,sigma_amp,event_index,x(km),y(km),z(km),longitude,latitude,depth(m)\n"
    "2019-07-04T17:02:55.123,999,0.4,0,0,1,2,8.25,-117.5,35.7,8250\n"
    "2019-07-04T17:33:49.000,6.4,0.2,0,1,1,2,-0.5,-117.5,35.7,-500\n"
)
GAMMA_PICKS = (
    "id,timestamp,prob,type,event_index,gamma_score\n"
    "CI.CCC..BH,2019-07-04T17:02:57,0.9,p,0,1.5\n"
    "CI.CLC..BH,2019-07-04T17:02:58,0.9,s,0,1.5\n"
    "CI.CLC..BH,2019-07-04T17:03:58,0.9,s,-1,-1\n"
)
PYOCTO = "idx,time,x,y,z,picks,latitude,longitude,depth\n0,1562259775.123,1,2,8.25,12,35.7,-117.5,8.25\n"
PYOCTO_PICKS = "event_idx,pick_idx,residual,station,phase,time,probability\n0,7,-0.12,CI.CCC.,P,1562259777.0,0.9\n"


def test_events_and_picks_of_gamma(tmp_path):
    (tmp_path / "gamma_catalog.csv").write_text(GAMMA)
    (tmp_path / "gamma_picks.csv").write_text(GAMMA_PICKS)
    catalog = read_catalog(tmp_path)
    first, second = catalog
    assert (first.event_id, first.origin.time, first.origin.depth) == ("0", EPOCH, 8250.0)
    assert first.magnitude is None
    assert (second.magnitude.value, second.origin.depth) == (6.4, -500.0)
    assert (first.origin.method, first.origin.standard_error) == ("GaMMA", 0.4)
    assert [(arrival.station, arrival.phase) for arrival in first.origin.arrivals] == [("CCC", "P"), ("CLC", "S")]
    assert second.origin.arrivals == ()
    assert len(catalog.picks) == 3


def test_events_and_assignments_of_pyocto(tmp_path):
    (tmp_path / "events.csv").write_text(PYOCTO)
    (tmp_path / "assignments.csv").write_text(PYOCTO_PICKS)
    (event,) = read_catalog(tmp_path)
    assert (event.origin.time, event.origin.depth, event.origin.method) == (EPOCH, 8250.0, "PyOcto")
    assert event.origin.arrivals[0].time_residual == -0.12


def test_associators_before_they_know_degrees(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("idx,time,x,y,z,picks\n0,1562259775.123,1,2,8.25,12\n")
    with pytest.raises(InputError, match=r"kilometres of a projection.*add the columns latitude"):
        read_catalog(path)


def test_metres_taken_for_kilometres_are_told(tmp_path):
    path = tmp_path / "events"
    path.write_text("time,latitude,longitude,depth\n2019-07-04T17:02:55,35.7,-117.5,8250\n")
    with pytest.raises(InputError, match="8250 is not between -10 and 1000; check columns and units"):
        read_catalog(path)


def test_the_text_of_fdsn_services(tmp_path):
    path = tmp_path / "events.txt"
    path.write_text(
        "#EventID | Time | Latitude | Longitude | Depth/km | Author | Catalog | Contributor | ContributorID | MagType "
        "| Magnitude | MagAuthor | EventLocationName\n"
        "gfz1|2019-07-04T17:33:49|35.7|-117.5|10.5|a|b|c|d|Mw|6.4|e|Océano Pacífico\n",
        encoding="latin-1",
    )
    (event,) = read_catalog(path)
    assert (event.event_id, event.origin.depth) == ("gfz1", 10_500.0)
    assert (event.magnitude.magnitude_type, event.magnitude.value) == ("Mw", 6.4)


def test_ceus(shared):
    catalog = read_catalog(shared / "data" / "association" / "ceus-2017" / "CEUS.csv")
    assert len(catalog) == 107
    assert min(event.origin.time for event in catalog) == parse_time("2017-01-06T05:06:21")


def test_lists_of_phasenet(tmp_path):
    path = tmp_path / "picks.csv"
    path.write_text(
        "fname\tt0\tp_idx\tp_prob\ts_idx\ts_prob\n"
        "2016_10_14_00000.00_IV_ARRO_mseed\t2016-10-14T00:00:00.000\t[1670,25855]\t[0.9,0.8]\t[]\t[]\n"
        "2020-10-01T01.CI.BOM..HH\t0\t[]\t[]\t[14736]\t[0.6]\n"
        "2020-10-01T01.CI.BOM..HH\t0\t[1,2]\t[0.9]\t[]\t[]\n"
    )
    problems: list[Problem] = []
    first, second, third = read_picks(path, None, problems)
    assert (first.source_id.nslc, first.time) == ("IV.ARRO..", parse_time("2016-10-14T00:00:16.7"))
    assert second.probability == 0.8
    assert (third.source_id.station_key, third.phase_hint) == (("CI", "BOM"), "S")
    assert third.time == parse_time("2020-10-01T01:02:27.36")
    assert "line 4, column p_prob" in problems[0].subject


def test_salton_sea(shared):
    path = shared / "data" / "salton-sea-2020" / "phasenet_picks_48_hours.csv"
    with path.open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    count = sum(len(row[key].strip("[]").split(",")) for row in rows for key in ("idx_p", "idx_s") if row[key] != "[]")
    assert len(read_picks(path)) == pytest.approx(count, rel=1e-3)
