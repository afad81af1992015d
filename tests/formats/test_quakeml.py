"""QuakeML 1.2: valid, exact, and any agency's file read."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from lxml import etree

from wadati.errors import InputError, UsageError
from wadati.formats.quakeml import read_quakeml, write_quakeml
from wadati.formats.quakeml_writing import METRES_PER_DEGREE
from wadati.model import (
    Arrival,
    Catalog,
    Event,
    Magnitude,
    Origin,
    Pick,
    SourceId,
    StationMagnitude,
    Uncertainty,
    parse_time,
)
from wadati.testing import strategies

VARIANCES = ((250_000.0, 1e3, 0.0, 0.0), (1e3, 160_000.0, 0.0, 0.0), (0.0, 0.0, 640_000.0, 0.0), (0.0, 0.0, 0.0, 0.01))


@pytest.fixture(scope="module")
def schema():
    import obspy.io.quakeml

    folder = Path(obspy.io.quakeml.__file__).parent / "data"
    return etree.RelaxNG(etree.parse(str(folder / "QuakeML-1.2.rng")))


@pytest.fixture
def catalog():
    sid = SourceId.parse("FDSN:CI_CCC__H_H_Z")
    pick = Pick.of(
        sid,
        "P",
        parse_time("2019-07-04T17:33:51.1234Z"),
        time_uncertainty=0.05,
        probability=0.9,
        amplitude=2e-3,
        polarity="positive",
        method="stalta",
    )
    arrival = Arrival(pick.pick_id, "CI", "CCC", "P", METRES_PER_DEGREE / 4, 271.5, -0.03, 0.8)
    origin = Origin.of(
        parse_time("2019-07-04T17:33:49Z"),
        35.7,
        -117.5,
        8000.0,
        arrivals=(arrival,),
        uncertainty=Uncertainty(VARIANCES, 1200.0, 900.0, 30.0, 1568.0, 0.196),
        azimuthal_gap=45.0,
        standard_error=0.12,
        earth_model="southern-california",
        method="edt",
    )
    station = StationMagnitude(sid, "ML", 2.4, 1.5e-3)
    size = Magnitude("magnitude-1", origin.origin_id, "ML", 2.5, 0.1, (station,), method="hutton-boore-1987")
    event = Event("wd2019abc", (origin,), (size,), origin.origin_id, "magnitude-1", aliases=("wd2019old",))
    return Catalog((event,), (pick,))


@settings(max_examples=30)
@given(strategies.catalogs(used_only=True))
def test_what_is_written_is_valid_and_comes_back(tmp_path_factory, schema, catalog):
    path = tmp_path_factory.mktemp("t") / "catalog.xml"
    write_quakeml(catalog, path, "org.example")
    assert schema.validate(etree.parse(str(path))), schema.error_log
    back = read_quakeml(path)
    assert back.picks == catalog.picks
    assert back == catalog
    content = path.read_bytes()
    write_quakeml(back, path, "org.example")
    assert path.read_bytes() == content


def test_fields_stand_where_obspy_looks_for_them(tmp_path, catalog):
    import obspy

    path = tmp_path / "catalog.xml"
    write_quakeml(catalog, path, "org.example", created=parse_time("2020-01-01"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = obspy.read_events(str(path))
    (event,) = found
    origin, size = event.preferred_origin(), event.preferred_magnitude()
    assert str(event.resource_id) == "smi:org.example/event/wd2019abc"
    assert found.creation_info.creation_time == obspy.UTCDateTime("2020-01-01")
    assert (origin.depth, origin.depth_errors.uncertainty) == (8000.0, 800.0)
    assert origin.time_errors.uncertainty == pytest.approx(0.1)
    assert origin.latitude_errors.uncertainty == pytest.approx(400 / METRES_PER_DEGREE)
    ellipse = origin.origin_uncertainty
    assert (ellipse.max_horizontal_uncertainty, ellipse.min_horizontal_uncertainty) == (1200.0, 900.0)
    assert (ellipse.azimuth_max_horizontal_uncertainty, ellipse.confidence_level) == (30.0, 95.0)
    assert ellipse.preferred_description == "uncertainty ellipse"
    quality = origin.quality
    assert (quality.azimuthal_gap, quality.standard_error) == (45.0, 0.12)
    assert (quality.used_phase_count, quality.used_station_count) == (1, 1)
    assert quality.minimum_distance == pytest.approx(0.25)
    (arrival,), (pick,) = origin.arrivals, event.picks
    assert arrival.distance == pytest.approx(0.25)
    assert (arrival.azimuth, arrival.time_residual, arrival.time_weight) == (271.5, -0.03, 0.8)
    assert arrival.pick_id == pick.resource_id
    assert pick.waveform_id.get_seed_string() == "CI.CCC..HHZ"
    assert (pick.polarity, pick.time_errors.uncertainty) == ("positive", 0.05)
    assert (size.mag, size.magnitude_type, size.station_count, size.mag_errors.uncertainty) == (2.5, "ML", 1, 0.1)
    (station,) = event.station_magnitudes
    assert station.mag == 2.4
    amplitudes = {str(item.resource_id): item for item in event.amplitudes}
    assert amplitudes[str(station.amplitude_id)].generic_amplitude == 1.5e-3
    assert {(item.unit, item.type) for item in event.amplitudes} == {("m", "AML")}


def test_the_authority_must_be_one(tmp_path, catalog):
    with pytest.raises(UsageError, match="cannot be an authority"):
        write_quakeml(catalog, tmp_path / "catalog.xml", "a b")


def test_a_pick_of_two_events_is_written_once(tmp_path, schema, catalog):
    (event,) = catalog.events
    twin = Event("wd2019abd", (Origin.of(event.origin.time, 36.0, -117.0, 0.0, arrivals=event.origin.arrivals),))
    both = Catalog((event, twin), catalog.picks)
    write_quakeml(both, tmp_path / "catalog.xml")
    document = etree.parse(str(tmp_path / "catalog.xml"))
    ids = document.xpath("//@publicID")
    assert len(ids) == len(set(ids))
    assert read_quakeml(tmp_path / "catalog.xml").picks == catalog.picks


def packaged(name: str) -> Path:
    import obspy.io.quakeml

    return Path(obspy.io.quakeml.__file__).parent / "tests" / "data" / name


@pytest.mark.parametrize(
    ("name", "events"),
    [
        ("iris_events.xml", 2),
        ("neries_events.xml", 3),
        ("preferred.xml", 1),
        ("qml-example-1.2-RC3.xml", 1),
        ("usgs_event.xml", 1),
        ("quakeml_1.2_arrival.xml", 1),
        ("invalid_enum.xml", 1),
        ("quakeml_1.2_event.xml", 0),
    ],
)
def test_files_of_agencies_are_read_and_survive_being_written(tmp_path, name, events):
    problems = []
    catalog = read_quakeml(packaged(name), problems)
    assert len(catalog) == events
    assert bool(problems) == (events == 0)
    assert all(event.origin in event.origins for event in catalog)
    write_quakeml(catalog, tmp_path / "again.xml")
    assert read_quakeml(tmp_path / "again.xml") == catalog


def test_values_of_an_agency():
    (event,) = read_quakeml(packaged("qml-example-1.2-RC3.xml"))
    assert event.event_id == "smi:nz.org.geonet/event/2806038g"
    assert (event.magnitude.value, event.magnitude.magnitude_type) == (3.662, "ML")


MINIMAL = """<q:quakeml xmlns="http://quakeml.org/xmlns/bed/1.2" xmlns:q="http://quakeml.org/xmlns/quakeml/1.2">
<eventParameters publicID="smi:abc/x"><event publicID="smi:abc/e">
<magnitude publicID="smi:abc/m"><mag><value>3.1</value></mag></magnitude>
<origin publicID="smi:abc/o"><time><value>2020-01-01T00:00:00Z</value></time><latitude><value>1</value></latitude>
<longitude><value>2</value></longitude></origin></event></eventParameters></q:quakeml>"""


def test_what_is_missing_is_unknown_and_not_invented(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(MINIMAL)
    (event,) = read_quakeml(path)
    assert event.origin.depth == 0.0
    assert not event.origin.uncertainty.depth_resolved
    assert math.isinf(event.origin.uncertainty.depth)
    assert (event.magnitude.value, event.magnitude.origin_id) == (3.1, "smi:abc/o")


def test_a_depth_that_an_operator_assigned_is_not_resolved(tmp_path):
    path = tmp_path / "a.xml"
    stated = "<depth><value>10000</value></depth><depthType>{}</depthType></origin>"
    for kind, resolved in (("operator assigned", False), ("from location", None)):
        path.write_text(MINIMAL.replace("</origin>", stated.format(kind)))
        (event,) = read_quakeml(path)
        assert event.origin.depth == 10_000.0
        found = event.origin.uncertainty
        assert (None if found is None else found.depth_resolved) is resolved


@pytest.mark.parametrize("content", [b"", b"no xml", b"<a/>", b"<quakeml><unclosed>", MINIMAL[:300].encode()])
def test_what_is_no_quakeml_is_told(tmp_path, content):
    path = tmp_path / "a.xml"
    path.write_bytes(content)
    with pytest.raises(InputError, match="is no QuakeML"):
        read_quakeml(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_quakeml(tmp_path / "absent.xml")
