"""`wadati tensor` from files to files, with Green's functions of a full space behind the door of the store."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from lxml import etree

from benchmarks.tensors.simulated import Simulated, simulate
from wadati.cli.main import main
from wadati.errors import InputError
from wadati.formats.miniseed import write_miniseed
from wadati.formats.quakeml import read_quakeml, write_quakeml
from wadati.formats.stationxml import write_stationxml
from wadati.model import Catalog, Event, Magnitude
from wadati.model.mechanism import kagan_angle
from wadati.testing.full_space import FullSpace
from wadati.traveltime.geodesy import distance_azimuth


@pytest.fixture(scope="module")
def event() -> Simulated:
    return simulate(25)


@pytest.fixture(scope="module")
def folder(event: Simulated, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Waveforms, stations and the event, as a user has them."""
    folder = tmp_path_factory.mktemp("tensor")
    (folder / "waveforms").mkdir()
    for (_, code), traces in event.traces.items():
        write_miniseed(traces, folder / "waveforms" / f"{code}.mseed")
    write_stationxml(event.inventory, folder / "stations.xml")
    size = Magnitude("ml", event.origin.origin_id, "ML", round(event.tensor.magnitude + 0.2, 1))
    quake = Event("quake", (event.origin,), (size,), event.origin.origin_id, "ml")
    write_quakeml(Catalog((quake,)), folder / "event.xml")
    return folder


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wadati.greens.opened.open_store", lambda _: FullSpace())


def run(folder: Path, output: Path, *more: str) -> int:
    paths = ["--waveforms", folder / "waveforms", "--stations", folder / "stations.xml", "--output", output]
    return main(["tensor", *more, *map(str, paths), "--greens", "full-space"])


def test_the_command_writes_what_it_promises(
    event: Simulated, folder: Path, store: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, tmp_path, str(folder / "event.xml")) == 0
    told = capsys.readouterr()
    record = json.loads((tmp_path / "tensor.json").read_text())
    assert {"mw", "depth_km", "variance_reduction", "tensor", "nodal_planes", "stations"} <= record.keys()
    assert record["mw"] == pytest.approx(event.tensor.magnitude, abs=0.1)
    assert len(record["stations"]) + len(record["left_out"]) == 12
    assert event.bad.keys() <= {one["station"] for one in record["left_out"]}
    for name in event.bad:
        assert f"{name} is left out" in told.err
    assert f"Mw {record['mw']:.2f}" in told.out
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert first.keys() == {"tensor.json", "tensor.html", "tensor.xml", "beachball.svg"}
    ElementTree.fromstring(first["beachball.svg"])
    page = first["tensor.html"].decode()
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    assert all(name in page for name in event.bad)
    assert run(folder, tmp_path, str(folder / "event.xml")) == 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first


def test_the_quakeml_is_valid_and_read_by_obspy(event: Simulated, folder: Path, store: None, tmp_path: Path) -> None:
    import obspy
    import obspy.io.quakeml

    assert run(folder, tmp_path, str(folder / "event.xml")) == 0
    path = tmp_path / "tensor.xml"
    schema = Path(obspy.io.quakeml.__file__).parent / "data" / "QuakeML-1.2.rng"
    etree.RelaxNG(etree.parse(str(schema))).assertValid(etree.parse(str(path)))
    (read,) = obspy.read_events(str(path))
    theirs = read.preferred_focal_mechanism()
    (mine,) = read_quakeml(path)
    assert mine.mechanism is not None
    assert mine.mechanism.tensor is not None
    assert kagan_angle(mine.mechanism.tensor, event.tensor) < 20
    assert theirs.moment_tensor.tensor.m_rr == mine.mechanism.tensor.dd
    assert theirs.moment_tensor.tensor.m_tp == -mine.mechanism.tensor.ne
    assert theirs.nodal_planes.nodal_plane_1.strike == mine.mechanism.planes[0].strike
    assert theirs.moment_tensor.derived_origin_id.get_referred_object().depth == mine.origins[-1].depth
    assert mine.magnitude is not None
    assert mine.magnitude.magnitude_type == "Mw"
    assert read.preferred_magnitude().mag == mine.magnitude.value
    assert mine.origin.origin_id == event.origin.origin_id
    write_quakeml(Catalog((mine,)), tmp_path / "again.xml")
    assert (tmp_path / "again.xml").read_bytes() == path.read_bytes()


def test_an_event_by_its_name(folder: Path, store: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, tmp_path, "quake", "--results", str(folder / "event.xml"), "--kind", "double-couple") == 0
    record = json.loads((tmp_path / "tensor.json").read_text())
    assert record["decomposition"]["double_couple"] == pytest.approx(1.0, abs=1e-6)
    capsys.readouterr()
    assert run(folder, tmp_path, "another", "--results", str(folder / "event.xml")) == 2
    assert "no event of" in capsys.readouterr().err


def test_without_a_store_it_says_what_is_missing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, tmp_path, str(folder / "event.xml")) == 3
    assert "make one with wadati greens build" in capsys.readouterr().err


class Short(FullSpace):
    """A full space that knows nothing beyond a distance (m), as a store."""

    def __init__(self, farthest: float) -> None:
        super().__init__()
        object.__setattr__(self, "farthest", farthest)

    def tensor_responses(self, latitude, longitude, depth, stations, **asked):  # type: ignore[no-untyped-def]
        for station in stations:
            far = float(distance_azimuth(latitude, longitude, station.latitude, station.longitude)[0])
            if far > self.farthest:
                raise InputError("store", f"{far / 1000:.0f} km are outside its distances", "make another")
        return super().tensor_responses(latitude, longitude, depth, stations, **asked)


def test_a_station_at_the_edge_of_the_distances_is_refused_and_told(
    event: Simulated, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    origin = event.origin
    away = {
        f"{one.network}.{one.code}": float(
            distance_azimuth(origin.latitude, origin.longitude, one.latitude, one.longitude)[0]
        )
        for one in event.stations
    }
    farthest = max(away, key=lambda name: away[name])
    monkeypatch.setattr("wadati.greens.opened.open_store", lambda _: Short(away[farthest] + 1e3))
    assert run(folder, tmp_path, str(folder / "event.xml")) in (0, 4)
    record = json.loads((tmp_path / "tensor.json").read_text())
    reasons = {one["station"]: one["reason"] for one in record["left_out"]}
    assert "outside its distances" in reasons[farthest]
