"""Sources out of files and events: QuakeML gives what a table of the same sources gives."""

from __future__ import annotations

import warnings
from pathlib import Path

import msgspec
import obspy
import pytest

from wadati.engine.synthetics.event_sources import read_sources, source_of_event
from wadati.errors import InputError
from wadati.formats.quakeml import write_quakeml
from wadati.model import Catalog, Event, FocalMechanism, Magnitude, MomentTensor, Origin, PointSource, parse_time
from wadati.model.mechanism import kagan_angle, nodal_planes

TIME = parse_time("2019-07-16T20:11:01Z")
TENSOR = MomentTensor.of_fault(233.0, 66.0, -6.0, 4e15)


def event(name: str, mechanism: FocalMechanism | None, size_type: str = "Mw") -> Event:
    places = (TIME, 37.81, -121.75, 11000.0), (TIME + 500_000_000, 37.82, -121.76, 9000.0)
    hypocentre, centroid = (
        msgspec.structs.replace(Origin.of(*place), origin_id=f"{name}-{kind}")
        for place, kind in zip(places, ("hypocentre", "centroid"), strict=True)
    )
    size = Magnitude(f"{name}-size", hypocentre.origin_id, size_type, 4.4)
    mechanisms = () if mechanism is None else (mechanism,)
    preferred = None if mechanism is None else mechanism.mechanism_id
    return Event(
        name,
        (hypocentre, centroid),
        (size,),
        hypocentre.origin_id,
        size.magnitude_id,
        mechanisms=mechanisms,
        preferred_mechanism_id=preferred,
    )


def with_tensor(name: str, centroid: bool = True) -> Event:
    planes = nodal_planes(TENSOR)
    derived = f"{name}-centroid" if centroid else None
    return event(name, FocalMechanism(f"{name}-m", f"{name}-hypocentre", planes, TENSOR, derived_origin_id=derived))


def with_planes(name: str, size_type: str = "Mw") -> Event:
    return event(name, FocalMechanism(f"{name}-m", f"{name}-hypocentre", nodal_planes(TENSOR)), size_type)


def test_a_tensor_stands_at_its_centroid_else_at_the_hypocentre() -> None:
    assert source_of_event(with_tensor("a")) == PointSource(TIME + 500_000_000, 37.82, -121.76, 9000.0, TENSOR)
    assert source_of_event(with_tensor("a", centroid=False)) == PointSource(TIME, 37.81, -121.75, 11000.0, TENSOR)


def test_planes_take_the_moment_magnitude_and_no_other() -> None:
    source = source_of_event(with_planes("a"))
    assert isinstance(source, PointSource)
    assert source.tensor.magnitude == pytest.approx(4.4)
    assert kagan_angle(source.tensor, TENSOR) < 1e-3
    assert isinstance(source_of_event(with_planes("a", "Mww")), PointSource)
    assert source_of_event(with_planes("a", "ML")) == (
        "has nodal planes, and no moment magnitude that says how much moved on them"
    )
    assert source_of_event(event("a", None)) == "has no moment tensor and no nodal planes"


def test_quakeml_gives_the_sources_of_its_events_and_tells_the_others(tmp_path: Path) -> None:
    path = tmp_path / "events.xml"
    write_quakeml(Catalog((with_tensor("a"), with_planes("b"), event("c", None))), path)
    sources, problems = read_sources(path)
    assert len(sources) == 2
    assert (sources[0].latitude, sources[0].depth, sources[0].time) == (37.82, 9000.0, TIME + 500_000_000)
    assert kagan_angle(sources[0].tensor, TENSOR) < 1e-3
    (told,) = problems
    assert told.wrong == "has no moment tensor and no nodal planes"
    write_quakeml(Catalog((event("c", None),)), path)
    with pytest.raises(InputError, match="has no moment tensor"):
        read_sources(path)


def test_a_table_is_read_as_before(tmp_path: Path) -> None:
    path = tmp_path / "sources.csv"
    head = "time,latitude,longitude,depth_km,strike,dip,rake,magnitude"
    path.write_text(f"{head}\n2019-07-16T20:11:01Z,37.82,-121.76,9,233,66,-6,4.4\n")
    ((source,), problems) = read_sources(path)
    assert (source.time, source.depth, problems) == (TIME, 9000.0, [])
    with pytest.raises(InputError, match="cannot be read"):
        read_sources(tmp_path / "none.csv")


def test_a_published_moment_tensor_is_the_source(shared: Path) -> None:
    """South Napa 2014 as the NCSS published it: right-lateral on a steep fault that strikes NNW."""
    path = shared / "data" / "shakemap" / "napa-2014" / "current" / "data" / "moment.xml"
    if not path.is_file():
        pytest.skip(f"real data: {path.name} of South Napa is not here")
    ((source,), problems) = read_sources(path)
    assert problems == []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stated = obspy.read_events(str(path))[0].focal_mechanisms[0].moment_tensor
    assert source.tensor.moment == pytest.approx(stated.scalar_moment, rel=0.01)
    assert (source.tensor.dd, source.tensor.nn) == (stated.tensor.m_rr, stated.tensor.m_tt)
    assert (source.latitude, source.longitude) == (pytest.approx(38.215, abs=0.01), pytest.approx(-122.318, abs=0.01))
    assert min(abs(plane.strike - 155) + abs(plane.dip - 82) for plane in nodal_planes(source.tensor)) < 3
