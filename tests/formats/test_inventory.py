from __future__ import annotations

from pathlib import Path

import pytest

from wadati.errors import InputError
from wadati.formats.inventory import read_inventory
from wadati.formats.station_csv import write_station_csv
from wadati.formats.stationxml import write_stationxml
from wadati.model import Channel, Inventory, SourceId

A, B = (Inventory.of([Channel(SourceId.from_nslc("XX", code, "", "HHZ"), 35.0, -117.0, 0.0)]) for code in "AB")
BOTH = Inventory.of([*A, *B])


def test_a_file_of_either_kind_whatever_its_name(tmp_path: Path) -> None:
    write_station_csv(A, tmp_path / "a")
    write_stationxml(A, tmp_path / "b")
    assert read_inventory(tmp_path / "a")[0] == A
    assert read_inventory(tmp_path / "b")[0] == A


def test_a_folder_of_both_kinds_and_others(tmp_path: Path) -> None:
    write_station_csv(A, tmp_path / "a.csv")
    (tmp_path / "deep").mkdir()
    write_stationxml(B, tmp_path / "deep" / "b.xml")
    (tmp_path / "README").write_text("hello\n")
    (tmp_path / "catalog.xml").write_text("<?xml version='1.0'?>\n<q:quakeml xmlns:q='x'/>")
    (tmp_path / "other.xml").write_text("<!-- <FDSNStationXML> --><svg/>")
    (tmp_path / "blank.xml").touch()
    (tmp_path / "picks.csv").write_text("pick_id,network,station,location,channel,phase,time\n")
    (tmp_path / "arrivals.csv").write_text("event_id,pick_id,network,station\n")
    (tmp_path / "events.csv").write_text("event_id,time,latitude,longitude,depth_km\n")
    (tmp_path / "A.mseed").write_bytes(b"\xff\x00")
    (tmp_path / ".hidden").write_text("hello")
    assert read_inventory(tmp_path) == (BOTH, [])


def test_what_looks_like_stations_in_a_folder_and_cannot_be_read_is_told(tmp_path: Path) -> None:
    write_station_csv(A, tmp_path / "a.csv")
    (tmp_path / "broken.xml").write_text("<FDSNStationXML><Network")
    (tmp_path / "lacks.csv").write_text('"station","latitude","longitude"\nA,35,-117\n')
    inventory, problems = read_inventory(tmp_path)
    assert inventory == A
    assert [Path(problem.subject.split(",")[0]).name for problem in problems] == ["broken.xml", "lacks.csv"]


@pytest.mark.parametrize(
    "before", ["", "\ufeff", "<?xml version='1.0' encoding='UTF-8'?>\n<!-- <quakeml> -->\n", "<!DOCTYPE a>"]
)
def test_the_root_element_tells_what_xml_is(tmp_path: Path, before: str) -> None:
    path = tmp_path / "catalog.xml"
    path.write_text(f"{before}<q:quakeml xmlns:q='x'><FDSNStationXML/></q:quakeml>", encoding="utf-8")
    with pytest.raises(InputError, match=r"catalog\.xml: is no StationXML but XML with the root element quakeml; give"):
        read_inventory(path)
    write_stationxml(A, path)
    text = path.read_text(encoding="utf-8")
    path.write_text(before + text[text.index("<FDSNStationXML") :], encoding="utf-8")
    assert read_inventory(path)[0] == read_inventory(tmp_path)[0] == A


def test_nothing_usable_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_inventory(tmp_path / "absent")
    with pytest.raises(InputError, match="no usable channel"):
        read_inventory(tmp_path)
    path = tmp_path / "a.csv"
    path.write_text(
        "network,station,location,channel,latitude,longitude,elevation_m\nXX,A,,HHZ,-117,35,0\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match="look swapped"):
        read_inventory(path)
