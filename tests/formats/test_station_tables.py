"""Stations as other programs describe them."""

from __future__ import annotations

import pytest

from wadati.errors import InputError
from wadati.formats.station_tables import read_station_table

PLACE = (43.091833, 13.204833)
TABLES = {
    "hypoDD": ("CSP1 43.091833 13.204833 1188\n", ".CSP1..", 1188),
    "hypoDD without elevation": ("CSP1 43.091833 13.204833\n", ".CSP1..", 0),
    "REAL": ("13.204833 43.091833 IV CSP1 EHZ 1.188\n", "IV.CSP1..EHZ", 1188),
    "NonLinLoc": ("CONTROL 1 2\nGTSRCE CSP1 LATLON 43.091833 13.204833 0.012 1.2\n", ".CSP1..", 1188),
    "NonLinLoc, minutes": ("GTSRCE CSP1 LATLONDM 43 5.51 N 13 12.29 E 0 1.188\n", ".CSP1..", 1188),
    "NonLinLoc, seconds": ("GTSRCE IV.CSP1 LATLONDS 43 5 30.6 N 13 12 17.4 E 0 1.188\n", "IV.CSP1..", 1188),
    "HYPO71": ("  CSP143 5.51N 1312.29E1188\n", ".CSP1..", 1188),
    "HypoInverse": ("CSP1  IV  EHZ  43  5.5100  13 12.2900E1188\n", "IV.CSP1..EHZ", 1188),
    "GaMMA": ("station,longitude,latitude,elevation(m)\nIV.CSP1..HH,13.204833,43.091833,1188\n", "IV.CSP1..", 1188),
    "GaMMA, km": (
        "id,longitude,latitude,x(km),y(km),z(km)\nIV.CSP1.,13.204833,43.091833,1,2,-1.188\n",
        "IV.CSP1..",
        1188,
    ),
    "PyOcto": ("id\tlongitude\tlatitude\televation\nIV.CSP1.\t13.204833\t43.091833\t1188\n", "IV.CSP1..", 1188),
    "JSON": (
        '{"IV.CSP1..HH": {"latitude": 43.091833, "longitude": 13.204833, "elevation(m)": 1188}}',
        "IV.CSP1..",
        1188,
    ),
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_one_station_in_each_format(tmp_path, name, ends):
    text, nslc, elevation = TABLES[name]
    path = tmp_path / "no-extension"
    path.write_bytes((text.replace("\n", ends) + ends * 2).encode())
    (channel,), problems = read_station_table(path)
    assert problems == []
    assert channel.source_id.nslc == nslc
    assert (channel.latitude, channel.longitude) == pytest.approx(PLACE, abs=1e-6)
    assert channel.elevation == elevation


def test_south_and_west(tmp_path):
    path = tmp_path / "stations"
    path.write_text("ABC   CI  HHZ  43  5.5100S 13 12.2900 -188\n")
    (channel,), _ = read_station_table(path)
    assert (channel.latitude, channel.longitude) == pytest.approx((-PLACE[0], -PLACE[1]), abs=1e-6)
    assert channel.elevation == -188
    path.write_text("  ABC 43 5.51S 1312.29W-188\n")
    (channel,), _ = read_station_table(path)
    assert (channel.latitude, channel.longitude) == pytest.approx((-PLACE[0], -PLACE[1]), abs=1e-6)
    assert channel.elevation == -188


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        (("CSP1 43.09 13.20 1188", "MC2 42.9 13.2 2", "BAD 42.9"), "is no station"),
        (
            ("13.2 43.0 IV CSP1 EHZ 1.188", "13.2 42.9 IV MC2 EHZ 1188", "13.2 42.9 IV MC3 EHZ 1"),
            "not between -12 and 10",
        ),
        (("GTSRCE A LATLON 43 13 0 1", "GTSRCE B XYZ 1 2 0 1"), "XYZ coordinates"),
        (("id,latitude,longitude,elevation", "A,43,13,1", "B,x,13,1"), "is not a number"),
    ],
)
def test_a_broken_line_costs_no_other(tmp_path, lines, wrong):
    path = tmp_path / "stations"
    path.write_text("\n".join(lines))
    inventory, problems = read_station_table(path)
    assert len(inventory) >= 1
    assert len(problems) == 1
    assert wrong in problems[0].wrong
    assert "line " in problems[0].subject


@pytest.mark.parametrize("text", ["", "These are words.\n", "{}", '{"a": 1}', "id,latitude,longitude\n"])
def test_what_describes_no_station(tmp_path, text):
    path = tmp_path / "stations"
    path.write_text(text)
    with pytest.raises(InputError, match=r"describes no|no JSON"):
        read_station_table(path)


def test_the_stations_of_italy_in_three_formats(shared):
    """Degrees and minutes for HypoInverse, decimal degrees for REAL and hypoDD, by LOC-FLOW."""
    folder = shared / "data" / "association" / "italy-2016" / "locflow"
    real, _ = read_station_table(folder / "Data" / "station_all.dat")
    minutes, _ = read_station_table(folder / "location" / "hypoinverse" / "station.dat")
    growclust, _ = read_station_table(folder / "GrowClust" / "IN" / "stlist.txt")
    decimal = {station.code: station for station in real.stations()}
    found = minutes.stations()
    assert len(found) >= 48
    for station in found:
        other = decimal[station.code]
        assert (station.latitude, station.longitude) == pytest.approx((other.latitude, other.longitude), abs=2e-6)
        assert station.elevation == pytest.approx(other.elevation, abs=1)
        assert station.network == other.network
    for station in growclust.stations():
        other = decimal[station.code]
        assert (station.latitude, station.longitude) == pytest.approx((other.latitude, other.longitude), abs=1e-6)
        assert station.network == ""
