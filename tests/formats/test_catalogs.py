"""Catalogs recognised by content."""

from __future__ import annotations

import pytest

from wadati.errors import InputError
from wadati.formats.catalogs import read_catalog, read_picks
from wadati.formats.hypodd import write_hypodd_phases
from wadati.formats.nonlinloc_obs import write_nonlinloc_obs
from wadati.formats.nordic_writing import write_nordic
from wadati.formats.parquet import write_picks as write_picks_parquet
from wadati.formats.quakeml import write_quakeml
from wadati.formats.recognition import formats, recognise
from wadati.formats.tables import write_arrivals_csv, write_events_csv, write_picks_csv
from wadati.model import Arrival, Catalog, Event, Origin, Pick, SourceId
from wadati.protocols import Problem

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
        (COMCAT.replace("latitude", "north").encode(), "column latitude is missing"),
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


def test_picks_of_any_kind(tmp_path):
    write_quakeml(CATALOG, tmp_path / "a")
    write_picks_csv(CATALOG.picks, tmp_path / "b")
    write_picks_parquet(CATALOG.picks, tmp_path / "c.parquet")
    assert read_picks(tmp_path / "a") == CATALOG.picks
    assert read_picks(tmp_path / "b") == CATALOG.picks
    assert read_picks(tmp_path / "c.parquet") == CATALOG.picks
    (tmp_path / "c.parquet").rename(tmp_path / "d")
    assert read_picks(tmp_path / "d") == CATALOG.picks


def test_a_folder_of_any_kind_of_picks(tmp_path):
    other = Pick.of(SourceId.parse("FDSN:XX_DEF__H_H_Z"), "S", 2 * 10**9, time_uncertainty=0.1, probability=1.0)
    write_quakeml(CATALOG, tmp_path / "catalog")
    write_nonlinloc_obs([[other]], tmp_path / "obs")
    (tmp_path / "notes.txt").write_text("words\n")
    found = read_picks(tmp_path)
    assert [pick.source_id.station for pick in found] == ["ABC", "DEF"]
    write_picks_csv((other,), tmp_path / "picks.csv")
    assert read_picks(tmp_path) == (other,)


def test_a_mixed_folder_counts_each_hypocentre_once(tmp_path):
    write_nordic(CATALOG, tmp_path / "a.out")
    write_nordic(CATALOG, tmp_path / "b.out")
    write_nonlinloc_obs([CATALOG.picks], tmp_path / "c.obs")
    later = Origin.of(3600 * 10**9, 36.0, -117.0, 1000.0)
    write_hypodd_phases(Catalog((Event("2", (later,)),)), tmp_path / "d.pha")
    (tmp_path / "e.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    first, second = read_catalog(tmp_path)
    assert first.event_id == "wd1"
    assert second.event_id == "2"
    assert len(first.origin.arrivals) == 1


def test_a_broken_file_of_a_folder_costs_no_other(tmp_path):
    write_nordic(CATALOG, tmp_path / "good")
    (tmp_path / "broken.xml").write_bytes(b"<?xml version='1.0'?><quakeml><eventParameters>")
    problems: list[Problem] = []
    assert len(read_catalog(tmp_path, None, problems)) == 1
    assert [problem.subject for problem in problems] == [str(tmp_path / "broken.xml")]
    with pytest.raises(InputError, match="broken"):
        read_catalog(tmp_path)


def test_events_without_picks_and_picks_without_events(tmp_path):
    write_events_csv(CATALOG, tmp_path / "events")
    write_picks_csv(CATALOG.picks, tmp_path / "picks")
    with pytest.raises(InputError, match=r"holds events .* without picks"):
        read_picks(tmp_path / "events")
    with pytest.raises(InputError, match=r"holds picks .* but no events; associate them first"):
        read_catalog(tmp_path / "picks")


def test_what_was_tried_is_named(tmp_path):
    path = tmp_path / "file"
    path.write_text("words\n")
    assert recognise(path) is None
    for read in (read_catalog, read_picks):
        with pytest.raises(InputError) as raised:
            read(path)
        assert all(name in str(raised.value) for name in formats())
