from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Small
from wadati.engine import local
from wadati.engine.flow import Flow, override
from wadati.engine.scoring import evaluate
from wadati.errors import InputError, NothingUsableError
from wadati.formats.ascii_grid import read_ascii_grid
from wadati.formats.miniseed import read_miniseed, write_miniseed
from wadati.formats.quakeml import read_quakeml
from wadati.formats.tables import read_picks_csv
from wadati.model import Trace
from wadati.store.catalog import CatalogStore

CONTRACT = {
    "amplitudes.parquet",
    "arrivals.csv",
    "catalog.sqlite",
    "catalog.xml",
    "events.csv",
    "events.geojson",
    "magnitude_terms.json",
    "picks",
    "picks.csv",
    "report.html",
    "run.json",
}
ONE = Flow(workers=1)


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "run.json")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def tables(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text() for name in ("events.csv", "arrivals.csv", "picks.csv")}


def test_the_output_folder_holds_what_the_contract_says(small: Small) -> None:
    assert {path.name for path in small.output.iterdir()} == CONTRACT


def test_the_chain_finds_the_events_that_were_recorded(small: Small) -> None:
    required = {event.event_id for event in small.scenario.well_recorded(6)}
    assert len(required) >= 3
    score = evaluate(small.result.catalog, small.scenario.truth)
    found = {match.reference_id for match in score.matches}
    assert len(required & found) >= 0.8 * len(required)
    assert len(score.unmatched) <= 1
    assert score.distance.median is not None
    assert score.distance.median < 1500


def test_running_twice_changes_nothing(small: Small, tmp_path: Path) -> None:
    again = tmp_path / "out"
    shutil.copytree(small.output, again)
    before = digests(again)
    result = local.catalog(small.waveforms, small.stations, again, flow=ONE)
    assert digests(again) == before
    assert result.catalog == small.result.catalog


def test_the_number_of_workers_and_the_cuts_of_the_files_change_nothing(small: Small, tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    pieces = tmp_path / "pieces"
    pieces.mkdir()
    for path in sorted(small.waveforms.iterdir()):
        traces, _ = read_miniseed(path)
        cut: list[Trace] = []
        for trace in traces:
            at = trace.time_of(int(random.integers(1, len(trace))))
            cut += [trace.cut(type(trace.span)(trace.start, at)), trace.cut(type(trace.span)(at, trace.end))]
        for index in random.permutation(len(cut)):
            write_miniseed([cut[index]], pieces / f"{random.integers(10**9)}-{index}-{path.name}")
    local.catalog(pieces, small.stations, tmp_path / "out", flow=Flow(workers=2))
    assert tables(tmp_path / "out") == tables(small.output)


def test_stages_alone_give_what_the_chain_gives(small: Small, tmp_path: Path) -> None:
    local.pick(small.waveforms, small.stations, tmp_path, flow=ONE)
    assert set(read_picks_csv(tmp_path / "picks.csv")) == set(read_picks_csv(small.output / "picks.csv"))
    local.associate(tmp_path, small.stations, tmp_path)
    local.locate(tmp_path, small.stations, tmp_path)
    assert tables(tmp_path) == tables(small.output)


def test_every_file_tells_the_same_catalog(small: Small) -> None:
    with CatalogStore(small.output / "catalog.sqlite") as store:
        assert store.read().events == small.result.catalog.events
    assert read_quakeml(small.output / "catalog.xml").events == small.result.catalog.events
    features = json.loads((small.output / "events.geojson").read_text())["features"]
    assert len(features) == len(small.result.catalog)
    record = json.loads((small.output / "run.json").read_text())
    assert record["counts"]["events"] == len(small.result.catalog)
    assert {unit["unit"] for unit in record["coverage"]} == {
        f"{station.network}.{station.code}" for station in small.scenario.inventory.stations()
    }
    assert len(record["inputs"]) == 12


def test_origins_say_what_they_rest_on(small: Small) -> None:
    for event in small.result.catalog:
        origin = event.origin
        assert origin.earth_model == "southern-california"
        assert origin.uncertainty is not None
        assert origin.uncertainty.semi_major >= origin.uncertainty.semi_minor > 0
        assert len({arrival.pick_id for arrival in origin.arrivals}) == len(origin.arrivals)
    used = [a.pick_id for event in small.result.catalog for a in event.origin.arrivals]
    assert len(used) == len(set(used)), "a pick belongs to one event"


def test_a_station_without_coordinates_costs_no_other(small: Small, tmp_path: Path) -> None:
    text = (small.output.parent / "waveforms").iterdir()
    one = sorted(text)[0]
    traces, _ = read_miniseed(one)
    stranger = [
        Trace(type(t.source_id).from_nslc("ZZ", "GHOST", "", t.source_id.channel), t.start, t.sampling_rate, t.data)
        for t in traces
    ]
    write_miniseed(stranger, tmp_path / "ghost.mseed")
    result = local.pick([small.waveforms, tmp_path / "ghost.mseed"], small.stations, flow=ONE)
    assert result.catalog.picks == small.result.catalog.picks
    assert [unit.unit for unit in result.ledger.coverage if unit.status == "failed"] == ["ZZ.GHOST"]
    assert result.ledger.partly_failed


def test_no_station_in_common_is_said(small: Small, tmp_path: Path) -> None:
    table = tmp_path / "stations.csv"
    table.write_text("network,station,location,channel,latitude,longitude,elevation_m\nQQ,NONE,,HHZ,1,2,3\n")
    with pytest.raises(NothingUsableError, match="check the network and station codes"):
        local.pick(small.waveforms, table, flow=ONE)


def test_the_stage_before_has_to_be_there(small: Small, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run `wadati pick`"):
        local.associate(tmp_path, small.stations)


def test_no_picks_give_an_empty_catalog(small: Small) -> None:
    assert local.associate([], small.stations).catalog.events == ()


def test_a_span_cut_out_holds_the_picks_of_the_whole(small: Small) -> None:
    start, end = "2026-03-01T23:52:10Z", "2026-03-01T23:54:05Z"
    flow = Flow(start=start, end=end)
    span = flow.span()
    assert span is not None
    inside = local.pick(small.waveforms, small.stations, flow=flow).catalog.picks
    expected = [pick for pick in small.result.catalog.picks if pick.time in span]
    assert len(expected) > 10
    assert [pick.pick_id for pick in inside] == [pick.pick_id for pick in expected]


def test_locate_without_arrivals_says_so_and_harms_nothing(small: Small, tmp_path: Path) -> None:
    copy = tmp_path / "out"
    shutil.copytree(small.output, copy)
    (copy / "arrivals.csv").unlink()
    before = digests(copy)
    with pytest.raises(InputError, match="run `wadati associate`"):
        local.locate(copy, small.stations, copy)
    assert digests(copy) == before


def test_nothing_is_located_above_the_ground_that_is_named(small: Small, tmp_path: Path) -> None:
    """The ground of the test is 8 km below the sea."""
    copy = tmp_path / "out"
    shutil.copytree(small.output, copy)
    latitude = [channel.latitude for channel in small.scenario.inventory]
    longitude = [channel.longitude for channel in small.scenario.inventory]
    corner = f"xllcenter {min(longitude) - 2}\nyllcenter {min(latitude) - 2}\ncellsize 2"
    path = tmp_path / "floor.asc"
    path.write_text(f"ncols 4\nnrows 4\n{corner}\n" + "-8000 -8000 -8000 -8000\n" * 4)
    found = local.locate(copy, small.stations, copy, flow=Flow(topography=str(path)))
    before = [event.origin.depth for event in small.result.catalog]
    after = [event.origin.depth for event in found.catalog]
    assert min(before) < 7000.0
    assert min(after) >= 8000.0
    record = json.loads((copy / "run.json").read_text())
    assert record["topography"] == read_ascii_grid(path).digest
    path.write_text("ncols 4\n")
    with pytest.raises(InputError, match="nrows"):
        local.locate(copy, small.stations, copy, flow=Flow(topography=str(path)))
    assert json.loads((copy / "run.json").read_text()) == record


def test_tables_that_rest_on_other_picks_go(small: Small, tmp_path: Path) -> None:
    copy = tmp_path / "out"
    shutil.copytree(small.output, copy)
    local.pick(small.waveforms, small.stations, copy, flow=ONE)
    assert (copy / "report.html").exists(), "the same picks leave all as it is"
    local.pick(small.waveforms, small.stations, copy, flow=Flow(end="2026-03-01T23:53:00Z"))
    assert {path.name for path in copy.iterdir()} == {
        "amplitudes.parquet",
        "catalog.sqlite",
        "picks",
        "picks.csv",
        "run.json",
    }


def test_a_stage_keeps_the_record_of_the_one_before(small: Small, tmp_path: Path) -> None:
    local.pick(small.waveforms, small.stations, tmp_path)
    for _ in range(2):
        local.associate(tmp_path, small.stations, tmp_path)
        local.locate(tmp_path / "events.csv", small.stations, tmp_path)
    record = json.loads((tmp_path / "run.json").read_text())
    assert [record["command"], record["before"]["command"], record["before"]["before"]["command"]] == [
        "locate",
        "associate",
        "pick",
    ]
    assert len(record["before"]["before"]["inputs"]) == 12


def test_picks_of_stations_nobody_knows_are_told(small: Small, tmp_path: Path) -> None:
    header, *rows = (small.output.parent / "out" / "picks.csv").read_text().splitlines()
    strangers = [row.replace(",XX,", ",ZZ,") for row in rows]
    (tmp_path / "picks.csv").write_text("\n".join([header, *strangers]) + "\n")
    with pytest.raises(NothingUsableError, match="none of the"):
        local.associate(tmp_path, small.stations)
    (tmp_path / "picks.csv").write_text("\n".join([header, *rows, strangers[0]]) + "\n")
    result = local.associate(tmp_path, small.stations)
    assert len(result.catalog) == len(local.associate(small.output, small.stations).catalog)
    assert len(result.ledger.problems) == 1


def test_a_part_that_fails_costs_its_station_only(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    from wadati.pickers.stalta import StaLta

    whole, calls = StaLta.curves, []

    def fails_once(self: StaLta, windows: object, missing: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("out of luck")
        return whole(self, windows, missing)  # type: ignore[arg-type]

    monkeypatch.setattr(StaLta, "curves", fails_once)
    ledger = local.pick(small.waveforms, small.stations, flow=override(ONE, picker="stalta")).ledger
    failed = [unit for unit in ledger.coverage if unit.status == "failed"]
    assert [unit.reason for unit in failed] == ["unexpected RuntimeError: out of luck"]
    assert sum(unit.status == "done" for unit in ledger.coverage) == 11


def test_cpu_time_is_counted_once(small: Small) -> None:
    import time

    began = time.process_time()
    ledger = local.pick(small.waveforms, small.stations, flow=ONE).ledger
    assert sum(timing.cpu_s for timing in ledger.timings) <= time.process_time() - began + 0.01
