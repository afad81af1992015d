"""ComCat CSV."""

from __future__ import annotations

import pytest

from wadati.errors import InputError
from wadati.formats.comcat import read_comcat_csv
from wadati.model import parse_time

HEADER = (
    "time,latitude,longitude,depth,mag,magType,nst,gap,dmin,rms,net,id,updated,place,type,horizontalError,depthError,"
    "magError,magNst,status,locationSource,magSource"
)
ROW = (
    "2019-07-04T17:33:49.000Z,35.7053333,-117.5038333,10.5,6.4,mw,50,33,0.06,0.21,ci,ci38443183,"
    '2024-08-07T11:01:18.913Z,"11km SW of Searles Valley, CA",earthquake,0.15,0.4,0.1,6,reviewed,ci,nn'
)
BARE = "2019-07-04T17:30:00Z,35.7,-117.5,,,,,,,,ci,ci1,,,quarry blast,,,,,automatic,ci,"


def test_what_a_line_says(tmp_path):
    path = tmp_path / "comcat.csv"
    path.write_text(f"{HEADER}\n{ROW}\n{BARE}\n")
    bare, event = read_comcat_csv(path)
    assert event.event_id == "ci38443183"
    assert (event.origin.time, event.origin.depth) == (parse_time("2019-07-04T17:33:49Z"), 10_500.0)
    assert event.origin.uncertainty.horizontal == pytest.approx(150.0)
    assert event.origin.uncertainty.depth == pytest.approx(400.0)
    assert (event.origin.azimuthal_gap, event.origin.standard_error) == (33.0, 0.21)
    assert (event.origin.evaluation_mode, event.origin.evaluation_status) == ("manual", "reviewed")
    assert (event.magnitude.value, event.magnitude.magnitude_type) == (6.4, "Mw")
    assert (event.magnitude.uncertainty, event.magnitude.method) == (0.1, "nn")
    assert bare.magnitude is None
    assert bare.event_type == "quarry blast"
    assert bare.origin.depth == 0.0
    assert not bare.origin.uncertainty.depth_resolved


def test_errors_name_line_and_column(tmp_path):
    path = tmp_path / "comcat.csv"
    path.write_text(f"{HEADER}\n{ROW.replace('6.4', 'big')}\n")
    with pytest.raises(InputError, match="line 2, column mag: 'big' is not a number"):
        read_comcat_csv(path)


def test_the_catalog_of_ridgecrest(shared):
    catalog = read_comcat_csv(shared / "data" / "ridgecrest-2019" / "comcat_reviewed.csv")
    assert len(catalog) == 62
    assert max(event.magnitude.value for event in catalog) == 6.4
    times = [event.origin.time for event in catalog]
    assert times == sorted(times)
