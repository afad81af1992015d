"""`wadati greens build` and `wadati synthetics` as a user meets them, and the files that they write."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.greens.conftest import CRUST
from wadati.cli.main import main
from wadati.engine.synthetics.plot import write_plots
from wadati.engine.synthetics.seismograms import Motion, synthetics, write_synthetics
from wadati.errors import InputError
from wadati.formats.miniseed import read_miniseed
from wadati.formats.quakeml import write_quakeml
from wadati.formats.sac import read_sac
from wadati.formats.velocity_csv import write_velocity_model
from wadati.greens.source_time import SourceTime
from wadati.greens.stored import StoredGreens
from wadati.model import (
    Catalog,
    Event,
    FocalMechanism,
    MomentTensor,
    Origin,
    PointSource,
    Station,
    Trace,
    parse_time,
)
from wadati.model.mechanism import nodal_planes

PLACE = ["--latitude", "35.0", "--longitude", "-117.0", "--depth", "9"]
FAULT = ["--strike", "30", "--dip", "60", "--rake", "20", "--magnitude", "4.5"]
TENSOR = MomentTensor.of_fault(30.0, 60.0, 20.0, 7.0795e15)
ORIGIN = parse_time("2000-01-01T00:00:00Z")
STATIONS = [Station("XX", "A", 35.25, -117.0, 100.0), Station("XX", "B", 35.1, -116.7, 0.0)]


@pytest.fixture(scope="module")
def stations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stations") / "stations.csv"
    rows = [f"{one.network},{one.code},,HHZ,{one.latitude},{one.longitude},{one.elevation}" for one in STATIONS]
    path.write_text("network,station,location,channel,latitude,longitude,elevation_m\n" + "\n".join(rows) + "\n")
    return path


def run(small_store: str, stations: Path, output: Path, *options: str) -> int:
    return main(["synthetics", "--greens", small_store, "--stations", str(stations), "--output", str(output), *options])


def traces(output: Path) -> list[Trace]:
    found, problems = read_miniseed(output / "synthetics.mseed")
    assert problems == []
    return found


def test_a_store_is_made_from_a_table_and_used(extra: None, stations: Path, tmp_path: Path) -> None:
    write_velocity_model(CRUST, tmp_path / "crust.csv")
    store = str(tmp_path / "store")
    ranges = ["--distances", "26:32:2", "--depths", "8:10:2", "--band", "0.05:0.1"]
    assert main(["greens", "build", str(tmp_path / "crust.csv"), *ranges, "--to", store]) == 0
    assert StoredGreens(store, CRUST).contents.attenuation == "as stated by the model"
    assert run(store, stations, tmp_path, *PLACE, *FAULT) == 0
    assert main(["greens", "build", "iasp91", *ranges, "--to", store]) == 3


def test_miniseed_holds_what_the_store_answers(
    greens: StoredGreens, small_store: str, stations: Path, tmp_path: Path
) -> None:
    assert (
        run(small_store, stations, tmp_path, *PLACE, *FAULT, "--kind", "velocity", "--source-time", "triangle:2") == 0
    )
    found = traces(tmp_path)
    assert [trace.source_id.nslc for trace in found] == [f"XX.{s}..LX{c}" for s in "AB" for c in "ENZ"]
    source = PointSource(ORIGIN, 35.0, -117.0, 9000.0, TENSOR)
    direct = greens.seismograms([source], STATIONS, kind="velocity", source_time=SourceTime("triangle", 2.0))
    for trace in found:
        station, component = "AB".index(trace.source_id.station), "ZNE".index(trace.source_id.subsource)
        expected = direct.samples[station, component]
        np.testing.assert_allclose(trace.data, expected, atol=1e-3 * np.abs(expected).max())
        assert abs((trace.start - ORIGIN) / 1e9 - direct.start_s[station]) < 1e-6


def test_a_tensor_of_six_numbers_is_that_of_the_fault(small_store: str, stations: Path, tmp_path: Path) -> None:
    assert run(small_store, stations, tmp_path / "fault", *PLACE, *FAULT) == 0
    numbers = [repr(value) for value in TENSOR.components]
    assert run(small_store, stations, tmp_path / "tensor", *PLACE, "--tensor", *numbers) == 0
    for one, two in zip(traces(tmp_path / "fault"), traces(tmp_path / "tensor"), strict=True):
        np.testing.assert_allclose(one.data, two.data, atol=1e-3 * np.abs(one.data).max())


def test_sac_and_zarr_hold_the_same(small_store: str, stations: Path, tmp_path: Path) -> None:
    for name in ("mseed", "sac", "zarr"):
        assert run(small_store, stations, tmp_path, *PLACE, *FAULT, "--format", name, "--components", "ZRT") == 0
    by_name = {trace.source_id.nslc: trace for trace in traces(tmp_path)}
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(tmp_path / "synthetics.zarr", mode="r")
    names: list[str] = list(group.attrs["stations"])
    files = sorted((tmp_path / "synthetics").glob("*.sac"))
    assert [path.stem for path in files] == sorted(by_name)
    for path in files:
        sac, trace = read_sac(path.read_bytes()), by_name[path.stem]
        assert sac.source_id == trace.source_id
        assert abs(sac.start - trace.start) < 2e6
        np.testing.assert_array_equal(sac.data, trace.data)
        place = 0, names.index(f"XX.{trace.source_id.station}"), "ZRT".index(trace.source_id.subsource)
        np.testing.assert_array_equal(group["samples"][place], trace.data)


def test_a_fault_of_many_points_is_their_sum(greens: StoredGreens) -> None:
    half = MomentTensor(*(value / 2 for value in TENSOR.components))
    whole = PointSource(ORIGIN, 35.0, -117.0, 9000.0, TENSOR)
    parts = [PointSource(ORIGIN, 35.0, -117.0, 9000.0, half)] * 2
    ((alone,), _), ((together,), _) = (
        synthetics(greens, sources, STATIONS, Motion(one_fault=True)) for sources in ([whole], parts)
    )
    for one, two in zip(alone.traces, together.traces, strict=True):
        assert one.start == two.start
        np.testing.assert_allclose(one.data, two.data, atol=1e-5 * np.abs(one.data).max())


def test_a_part_that_breaks_later_moves_the_ground_later(greens: StoredGreens) -> None:
    late = 7_000_000_000
    first = PointSource(ORIGIN, 35.0, -117.0, 9000.0, MomentTensor(0, 0, 0, 0, 0, 0))
    second = PointSource(ORIGIN + late, 35.0, -117.0, 9000.0, TENSOR)
    ((both,), _) = synthetics(greens, [first, second], STATIONS, Motion(one_fault=True))
    ((alone,), _) = synthetics(greens, [second], STATIONS, Motion())
    for one, two in zip(both.traces, alone.traces, strict=True):
        rate = float(one.sampling_rate)
        later = (two.start - one.start) / 1e9
        assert later == pytest.approx(7.0, abs=1e-6)
        # As strong, wherever its samples fall.
        assert np.abs(one.data).max() == pytest.approx(np.abs(two.data).max(), rel=0.25)
        assert one.data[: round(later * rate)].max() <= 1e-2 * np.abs(two.data).max()
        assert one.data[-1] == pytest.approx(two.data[-1], abs=1e-3 * float(np.abs(two.data).max()))


def test_sources_of_a_table_get_a_file_each(small_store: str, stations: Path, tmp_path: Path) -> None:
    table = tmp_path / "sources.csv"
    table.write_text(
        "time,latitude,longitude,depth_km,strike,dip,rake,magnitude\n"
        "2020-01-01T00:00:00Z,35.0,-117.0,9,30,60,20,4.5\n2020-01-02T00:00:00Z,35.01,-117.0,8,30,60,20,4.5\n"
    )
    assert run(small_store, stations, tmp_path, "--sources", str(table)) == 0
    assert sorted(path.name for path in tmp_path.glob("*.mseed")) == ["source-0001.mseed", "source-0002.mseed"]
    assert run(small_store, stations, tmp_path, "--fault", str(table)) == 0
    assert len(traces(tmp_path)) == 6


def test_a_plot_shows_every_station_and_needs_nothing_else(small_store: str, stations: Path, tmp_path: Path) -> None:
    assert run(small_store, stations, tmp_path, *PLACE, *FAULT, "--plot", "--kind", "velocity") == 0
    page = (tmp_path / "synthetics.html").read_text(encoding="utf-8")
    assert "Velocity of an Mw 4.5 source" in page
    assert page.count(">XX.A<") >= 2
    assert "http:" not in page
    assert not re.search(r'="[^"]*nan', page)
    before = page
    assert run(small_store, stations, tmp_path, *PLACE, *FAULT, "--plot", "--kind", "velocity") == 0
    assert (tmp_path / "synthetics.html").read_text(encoding="utf-8") == before


def test_pages_of_an_earlier_run_go_with_their_files(small_store: str, stations: Path, tmp_path: Path) -> None:
    table = tmp_path / "sources.csv"
    line = "2019-07-16T20:11:01Z,35,-117,9,30,60,20,4.5\n"
    table.write_text("time,latitude,longitude,depth_km,strike,dip,rake,magnitude\n" + 3 * line)
    out = tmp_path / "out"
    assert run(small_store, stations, out, "--sources", str(table), "--plot") == 0
    assert sorted(path.name for path in out.glob("*.html")) == [f"source-000{n}.html" for n in (1, 2, 3)]
    assert run(small_store, stations, out, *PLACE, *FAULT) == 0
    assert sorted(path.name for path in out.iterdir()) == ["synthetics.mseed"]
    assert run(small_store, stations, out, *PLACE, *FAULT, "--plot") == 0
    assert run(small_store, stations, out, *PLACE, *FAULT, "--format", "zarr") == 0
    assert sorted(path.name for path in out.iterdir()) == ["synthetics.mseed", "synthetics.zarr"]


def test_events_of_quakeml_are_sources(small_store: str, stations: Path, tmp_path: Path) -> None:
    origin = Origin.of(ORIGIN, 35.0, -117.0, 9000.0)
    mechanism = FocalMechanism("m", origin.origin_id, nodal_planes(TENSOR), TENSOR)
    event = Event("e", (origin,), (), origin.origin_id, mechanisms=(mechanism,), preferred_mechanism_id="m")
    write_quakeml(Catalog((event,)), tmp_path / "event.xml")
    assert run(small_store, stations, tmp_path / "a", "--sources", str(tmp_path / "event.xml")) == 0
    assert run(small_store, stations, tmp_path / "b", *PLACE, *FAULT) == 0
    for one, two in zip(traces(tmp_path / "a"), traces(tmp_path / "b"), strict=True):
        np.testing.assert_allclose(one.data, two.data, atol=1e-3 * np.abs(two.data).max())


def test_sources_of_an_earlier_run_do_not_stand_beside_those_of_this_one(greens: StoredGreens, tmp_path: Path) -> None:
    one = PointSource(ORIGIN, 35.0, -117.0, 9000.0, TENSOR)
    three, two, alone = (synthetics(greens, [one] * count, STATIONS, Motion())[0] for count in (3, 2, 1))
    mine = tmp_path / "notes.mseed"
    mine.write_bytes(b"mine")
    for name in ("mseed", "sac"):
        for found in (three, two, alone, three, alone[:1], two):
            written = write_synthetics(found, tmp_path, name)
            assert sorted(tmp_path.rglob(f"*.{name}")) == sorted([*written, *([mine] if name == "mseed" else [])])
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["source-0001", "source-0002"]
    fewer, _ = synthetics(greens, [one] * 2, STATIONS[:1], Motion())
    written = write_synthetics(fewer, tmp_path, "sac")
    assert sorted(tmp_path.rglob("*.sac")) == sorted(written)


def test_a_station_too_far_is_left_out_and_told(
    small_store: str, stations: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = tmp_path / "more.csv"
    more.write_text(stations.read_text() + "XX,FAR,,HHZ,36.5,-117.0,0\n")
    assert run(small_store, more, tmp_path, *PLACE, *FAULT) == 4
    assert "XX.FAR: is 166" in capsys.readouterr().err
    assert len(traces(tmp_path)) == 6
    store, source = StoredGreens(small_store), PointSource(ORIGIN, 35.0, -117.0, 9000.0, TENSOR)
    with pytest.raises(InputError, match="outside the store's"):
        synthetics(store, [source], [Station("XX", "FAR", 36.5, -117.0, 0.0)], Motion())


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (PLACE, 2, "--strike, --dip, --rake, --magnitude missing"),
        (["--latitude", "35", *FAULT], 2, "--longitude is needed"),
        (["--latitude", "91", "--longitude", "0", "--depth", "8", *FAULT], 2, "--latitude 91 is no latitude"),
        (["--latitude", "36", "--longitude", "-181", "--depth", "8", *FAULT], 2, "--longitude -181 is no longitude"),
        (["--sources", "a.csv", "--fault", "b.csv"], 2, "--sources and --fault exclude each other"),
        (["--sources", "a.csv", "--depth", "8"], 2, "--sources and --depth exclude each other"),
        (["--fault", "b.csv", "--magnitude", "5"], 2, "--fault and --magnitude exclude each other"),
        (["--latitude", "35", "--longitude", "-117", "--depth", "30", *FAULT], 3, "outside its depths, 6 to 12 km"),
        ([*PLACE, *FAULT, "--source-time", "triangle:x"], 2, "is no source time function"),
        ([*PLACE, *FAULT, "--source-time", "ramp:1"], 2, "no source time function is called"),
    ],
)
def test_what_cannot_be_is_told_in_words(
    small_store: str,
    stations: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    code: int,
    words: str,
) -> None:
    assert run(small_store, stations, tmp_path, *options) == code
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_page_names_only_stations_that_its_own_source_has_not(greens: StoredGreens, tmp_path: Path) -> None:
    stations = [Station("XX", "A", 35.3, -117.0, 0.0), Station("XX", "B", 35.45, -117.0, 0.0)]
    sources = [PointSource(ORIGIN, latitude, -117.0, 9000.0, TENSOR) for latitude in (35.0, 35.1)]
    found, left_out = synthetics(greens, sources, stations, Motion())
    assert [[station.code for station in one.stations] for one in found] == [["A"], ["A", "B"]]
    pages = [page.read_text() for page in write_plots(found, left_out, greens, tmp_path, Motion())]
    assert ["left out because" in page for page in pages] == [True, False]


def test_a_moment_rate_of_a_table_is_that_of_its_shape(small_store: str, stations: Path, tmp_path: Path) -> None:
    rate = tmp_path / "rate.csv"
    rows = [f"{i / 50},{1 - abs(i / 100 - 1)}" for i in range(201)]
    rate.write_text("time_s,moment_rate\n" + "\n".join(rows) + "\n")
    assert run(small_store, stations, tmp_path / "table", *PLACE, *FAULT, "--source-time", str(rate)) == 0
    assert run(small_store, stations, tmp_path / "shape", *PLACE, *FAULT, "--source-time", "triangle:4") == 0
    for one, two in zip(traces(tmp_path / "table"), traces(tmp_path / "shape"), strict=True):
        np.testing.assert_allclose(one.data, two.data, atol=2e-3 * np.abs(one.data).max())
    rate.write_text("time_s,moment_rate\n0,1\n1,1\n3,1\n")
    assert run(small_store, stations, tmp_path, *PLACE, *FAULT, "--source-time", str(rate)) == 3
