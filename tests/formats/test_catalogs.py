"""Catalogs recognised by content."""

from __future__ import annotations

import pytest

from wadati.errors import InputError
from wadati.formats.catalogs import read_catalog
from wadati.formats.quakeml import write_quakeml
from wadati.formats.tables import write_arrivals_csv, write_events_csv, write_picks_csv
from wadati.model import Arrival, Catalog, Event, Origin, Pick, SourceId

PICK = Pick.of(SourceId.parse("FDSN:XX_ABC__H_H_Z"), "P", 10**9, time_uncertainty=0.1, probability=0.5)
ORIGIN = Origin.of(0, 35.7, -117.5, 8000.0, arrivals=(Arrival(PICK.pick_id, "XX", "ABC", "P", 5000.0, 1.0, 0.1, 1.0),))
CATALOG = Catalog((Event("wd1", (ORIGIN,)),), (PICK,))
COMCAT = "time,latitude,longitude,depth,mag,magType,id\n1970-01-01T00:00:00Z,35.7,-117.5,8,3,ml,wd1\n"


@pytest.mark.parametrize("kind", ["events", "comcat", "quakeml"])
def test_the_name_of_a_file_does_not_matter(tmp_path, kind):
    path = tmp_path / "no-extension"
    if kind == "events":
        write_events_csv(CATALOG, path)
    elif kind == "comcat":
        path.write_text(COMCAT)
    else:
        write_quakeml(CATALOG, path)
    (event,) = read_catalog(path)
    assert event.event_id == "wd1"
    assert (event.origin.time, event.origin.depth) == (0, 8000.0)


def test_a_folder_gives_events_with_their_arrivals_and_picks(tmp_path):
    write_quakeml(CATALOG, tmp_path / "catalog.xml")
    assert read_catalog(tmp_path) == CATALOG
    write_events_csv(CATALOG, tmp_path / "events.csv")
    (event,) = read_catalog(tmp_path)
    assert event.origin.arrivals == ()
    write_arrivals_csv(CATALOG, tmp_path / "arrivals.csv")
    write_picks_csv(CATALOG.picks, tmp_path / "picks.csv")
    read = read_catalog(tmp_path)
    assert read.events[0].origin.arrivals == ORIGIN.arrivals
    assert read.picks == CATALOG.picks


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is no catalog"),
        (b"\x00\x01\xff", "is no catalog"),
        (b"network,station,latitude\n", "is no catalog"),
        (b"<html></html>", "is no catalog"),
        (COMCAT.replace("latitude", "lat").encode(), "column latitude is missing"),
    ],
)
def test_anything_else_is_told_with_what_is_accepted(tmp_path, content, says):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InputError, match=says) as raised:
        read_catalog(path)
    assert "an events.csv, a ComCat CSV, a QuakeML file" in str(raised.value)


def test_an_absent_file_and_an_empty_folder(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_catalog(tmp_path / "absent")
    with pytest.raises(InputError, match="holds no events"):
        read_catalog(tmp_path)
