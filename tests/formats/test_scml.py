"""SCML, with ObsPy's own conversions as the judge."""

from __future__ import annotations

from pathlib import Path

import obspy
import pytest

from wadati.errors import InputError
from wadati.formats.catalogs import read_catalog
from wadati.formats.quakeml import read_quakeml
from wadati.formats.scml import read_scml
from wadati.protocols import Problem

PACKAGED = Path(obspy.__file__).parent / "io" / "seiscomp" / "tests" / "data"
pytestmark = pytest.mark.skipif(not PACKAGED.is_dir(), reason="this ObsPy comes without its test files")


@pytest.mark.parametrize(
    ("name", "judge"),
    [
        ("quakeml_1.2_origin.sc3ml", "quakeml_1.2_origin_res.xml"),
        ("iris_events.sc3ml", "iris_events_res.xml"),
        ("quakeml_1.2_magnitude.sc3ml", "quakeml_1.2_magnitude.xml"),
    ],
)
def test_a_catalog_is_that_of_the_quakeml_beside_it(name, judge):
    catalog, expected = read_catalog(PACKAGED / name, None, []), read_quakeml(PACKAGED / judge, [])
    assert len(catalog) == len(expected)
    for event, other in zip(catalog, expected, strict=True):
        assert event.origin.time == other.origin.time
        assert (event.origin.latitude, event.origin.longitude) == (other.origin.latitude, other.origin.longitude)
        assert event.origin.depth == other.origin.depth
        assert [size.value for size in event.magnitudes] == [size.value for size in other.magnitudes]


def test_a_newer_schema():
    problems: list[Problem] = []
    read_catalog(PACKAGED / "quakeml_1.2_quarryblast.scml", None, problems)
    assert all("origin" in problem.wrong for problem in problems)


@pytest.mark.parametrize("cut", [60, 400, 1500])
def test_a_file_cut_short_is_told(tmp_path, cut):
    path = tmp_path / "cut"
    path.write_bytes((PACKAGED / "iris_events.sc3ml").read_bytes()[:cut])
    with pytest.raises(InputError):
        read_scml(path)


def test_an_absent_file(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_scml(tmp_path / "absent")
