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
    (tmp_path / "events.xml").write_text("<quakeml/>")
    (tmp_path / "picks.csv").write_text("pick_id,network,station,time\n")
    (tmp_path / "A.mseed").write_bytes(b"\xff\x00")
    (tmp_path / ".hidden").write_text("hello")
    inventory, problems = read_inventory(tmp_path)
    assert inventory == BOTH
    assert {Path(problem.subject.split(",")[0]).name for problem in problems} == {"events.xml"}


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
