"""Seismograms on demand: what the service sends is what the store answers, and nothing is begun that is too much."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import numpy as np
import pytest

from tests.api.conftest import Served, serving
from wadati.api.errors import Refused
from wadati.api.synthetics import AT_ONCE, SyntheticsService
from wadati.api.tokens import new_token
from wadati.formats.miniseed import read_miniseed
from wadati.formats.sac import read_sac
from wadati.greens.source_time import SourceTime
from wadati.greens.stored import StoredGreens
from wadati.model import Inventory, MomentTensor, PointSource, Station, Trace, parse_time, scalar_moment
from wadati.traveltime.geodesy import distance_azimuth

PLACE = {"latitude": 35.9, "longitude": -117.5, "depth": 8000.0}
FAULT = {"strike": 30.0, "dip": 60.0, "rake": 20.0, "magnitude": 4.5}
SOURCE = PLACE | FAULT
TENSOR = MomentTensor.of_fault(30.0, 60.0, 20.0, scalar_moment(4.5))
ORIGIN = parse_time("2000-01-01T00:00:00Z")


def post(served: Served, **asked: object) -> httpx.Response:
    return httpx.post(f"{served.url}/synthetics", json={"sources": [SOURCE]} | asked, timeout=30)


def detail(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


def traces_of(content: bytes) -> list[Trace]:
    found, problems = read_miniseed(content)
    assert problems == []
    return found


def expected(store: str, stations: list[Station], kind: str = "displacement", components: str = "ZNE"):
    source = PointSource(ORIGIN, PLACE["latitude"], PLACE["longitude"], PLACE["depth"], TENSOR)
    return StoredGreens(store).seismograms([source], stations, kind=kind, components=components)


def test_miniseed_is_what_the_store_answers(served: Served, near_store: str) -> None:
    answer = post(served, stations=["XX.W1?"], kind="velocity")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.fdsn.mseed"
    stations = [one for one in served.small.scenario.inventory.stations() if one.code.startswith("W1")]
    direct = expected(near_store, stations, "velocity")
    found = {trace.source_id.nslc: trace for trace in traces_of(answer.content)}
    assert len(found) == 9
    for row, station in enumerate(stations):
        for column, component in enumerate("ZNE"):
            trace = found[f"XX.{station.code}..LX{component}"]
            np.testing.assert_array_equal(trace.data, direct.samples[row, column])
            assert abs((trace.start - ORIGIN) / 1e9 - direct.start_s[row]) < 1e-6


def test_every_format_holds_the_same(served: Served) -> None:
    asked = {"stations": ["XX.W01", "XX.W02"], "components": "ZRT", "source_time": {"shape": "triangle", "duration": 3}}
    by_name = {t.source_id.nslc: t for t in traces_of(post(served, **asked).content)}
    archive = zipfile.ZipFile(io.BytesIO(post(served, **asked, format="saczip").content))
    files = {name.removesuffix(".sac"): name for name in archive.namelist() if name.endswith(".sac")}
    assert set(files) == set(by_name)
    for name, trace in by_name.items():
        np.testing.assert_array_equal(read_sac(archive.read(files[name])).data, trace.data)
    told = post(served, **asked, format="json").json()
    assert (told["kind"], told["unit"], told["problems"]) == ("displacement", "m", [])
    for one in told["seismograms"]:
        far, azimuth = distance_azimuth(PLACE["latitude"], PLACE["longitude"], one["latitude"], one["longitude"])
        assert (one["distance"], one["azimuth"]) == (
            pytest.approx(float(far), abs=0.1),
            pytest.approx(azimuth, abs=2e-3),
        )
        for component, samples in one["components"].items():
            trace = by_name[f"XX.{one['station']}..LX{component}"]
            assert parse_time(one["start"]) == pytest.approx(trace.start, abs=1000)
            np.testing.assert_allclose(samples, trace.data, atol=1e-5 * np.abs(trace.data).max())


def test_a_tensor_is_that_of_the_fault_and_places_need_no_station(served: Served) -> None:
    here = [{"latitude": 35.7, "longitude": -117.4}, {"latitude": 35.6, "longitude": -117.4, "station": "HERE"}]
    source = PLACE | {"tensor": list(TENSOR.components)}
    one = traces_of(post(served, receivers=here).content)
    two = traces_of(post(served, receivers=here, stations=[], sources=[source]).content)
    assert sorted({trace.source_id.station for trace in one}) == ["HERE", "S0001"]
    for left, right in zip(one, two, strict=True):
        np.testing.assert_allclose(left.data, right.data, atol=1e-6 * np.abs(left.data).max())


def test_sources_of_one_fault_are_one_seismogram(served: Served) -> None:
    halves = [PLACE | {"tensor": [value / 2 for value in TENSOR.components]}] * 2
    whole = post(served, stations=["XX.W01"]).content
    both = traces_of(post(served, stations=["XX.W01"], sources=halves, one_fault=True).content)
    for one, two in zip(traces_of(whole), both, strict=True):
        np.testing.assert_allclose(one.data, two.data, atol=1e-5 * np.abs(one.data).max())
    apart = post(served, stations=["XX.W01"], sources=halves, format="json").json()["seismograms"]
    assert [one["source"] for one in apart] == [0, 1]


def test_a_station_too_far_is_left_out_and_told(served: Served) -> None:
    far = [{"latitude": 36.9, "longitude": -117.5, "station": "FAR"}]
    answer = post(served, stations=["XX.W01"], receivers=far, format="json")
    assert answer.headers["x-left-out"] == "1"
    assert "XX.FAR: is 111.0 km from a source" in answer.json()["problems"][0]
    assert [one["station"] for one in answer.json()["seismograms"]] == ["W01"]
    assert "XX.FAR: is 111.0 km" in detail(post(served, receivers=far))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"sources": []}, "there is no source"),
        ({"stations": []}, "there is no station in it"),
        ({"sources": [PLACE]}, "needs strike, dip, rake and magnitude, or else a tensor"),
        ({"sources": [PLACE | {"strike": 1.0}]}, "needs all of strike"),
        ({"sources": [SOURCE | {"tensor": [1.0] * 6}]}, "or else a tensor"),
        ({"sources": [SOURCE | {"latitude": 91.0}]}, "latitude 91"),
        ({"sources": [SOURCE | {"depth": 30000.0}]}, "outside the depths that are known here, 4 to 12 km"),
        ({"sources": [SOURCE | {"magnitude": 11.0}]}, "magnitude 11"),
        ({"sources": [PLACE | {"tensor": [1e300] * 6}]}, "N m is none"),
        ({"sources": [SOURCE | {"time": "1800-01-01"}]}, "between 1900 and 2200"),
        ({"stations": ["YY.*"]}, "no station is called"),
        ({"stations": [f"XX.W{n}*" for n in range(99)]}, "no station is called"),
        ({"stations": [f"XX.{'?' * 3}{'*' * n}" for n in range(99)]}, "more than 50 patterns"),
        ({"receivers": [{"latitude": 35.0, "longitude": -117.0, "station": "../etc"}]}, "is no code"),
        ({"kind": "jerk"}, "jerk"),
        ({"source_time": {"shape": "step", "duration": 3}}, "a step has no duration"),
        ({"source_time": {"shape": "boxcar", "duration": 1e9}}, "longer than 320 s"),
        ({"source_time": {"samples": [1.0] * 300, "sampling_rate_hz": 1e9}}, "256 samples"),
        ({"source_time": {"samples": [1e300, -1e300, 1e-300], "sampling_rate_hz": 10.0}}, "no finite numbers"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_is_told_in_words(served: Served, asked: dict[str, object], words: str) -> None:
    answer = post(served, **asked)
    assert answer.status_code == 400, answer.text[:300]
    assert words in detail(answer)
    assert "/store" not in answer.text


def test_what_is_too_much_is_refused_before_it_is_begun(served: Served, near_store: str) -> None:
    samples = StoredGreens(near_store).contents.reduced.samples
    most = AT_ONCE // (3 * samples)
    here = {"latitude": 35.7, "longitude": -117.4}
    assert post(served, receivers=[here] * most).status_code == 200
    answer = post(served, receivers=[here] * (most + 1), format="json")
    assert answer.status_code == 413
    assert "are a job, which gives" in detail(answer)
    late = SOURCE | {"time": "2001-01-01"}
    assert post(served, sources=[SOURCE, late], one_fault=True, format="json").status_code == 413
    answer = post(served, sources=[SOURCE, late], receivers=[here] * 100, one_fault=True, format="zarr")
    assert answer.status_code == 413
    assert "more than 8,000,000,000" in detail(answer)
    body = b'{"sources": [' + b" " * (5 << 20) + b"]}"
    assert httpx.post(f"{served.url}/synthetics", content=body, timeout=30).status_code == 413


def test_a_body_that_is_no_json_is_refused(served: Served) -> None:
    for body in (b"", b"{", b"[]", b"\xff\xfe", b'{"sources": 1}'):
        assert httpx.post(f"{served.url}/synthetics", content=body).status_code == 400


def test_a_store_that_lost_a_part_is_told_and_mended_without_a_restart(small, near_store, tmp_path: Path) -> None:
    store = shutil.copytree(near_store, tmp_path / "store")
    lost = store / "traces" / "c" / "2" / "0" / "0" / "0"
    whole = lost.read_bytes()
    lost.unlink()
    with serving(small, tmp_path / "served", greens=str(store)) as served:
        deep = SOURCE | {"depth": 11000.0}
        answer = post(served, sources=[deep])
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert str(tmp_path) not in answer.text
        place = {"sourcelatitude": 35.9, "sourcelongitude": -117.5, "sourcedepthinmeters": 11000}
        asked = place | {"station": "*", "sourcedoublecouple": "30,60,20"}
        assert served.get("/syngine/1/query", **asked).status_code == 503
        assert post(served, sources=[SOURCE | {"depth": 6000.0}]).status_code == 200
        lost.write_bytes(whole)
        assert post(served, sources=[deep]).status_code == 200


def test_only_so_many_are_answered_at_a_time(near_store: str) -> None:
    service = SyntheticsService(SimpleNamespace(inventory=Inventory()), StoredGreens(near_store))  # type: ignore[arg-type]

    def within(depth: int) -> int:
        return depth if depth == 8 else service.in_turn(lambda: within(depth + 1))

    assert within(0) == 8
    with pytest.raises(Refused, match="as many requests") as refused:
        service.in_turn(lambda: within(0))
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "1"})
    assert within(0) == 8


@pytest.fixture(scope="module")
def closed(small, near_store, tmp_path_factory) -> Iterator[tuple[Served, str]]:
    scratch = tmp_path_factory.mktemp("closed")
    word = new_token(scratch / "tokens.json", "reader", ("read",), 1)
    settings = f'tokens = "{scratch / "tokens.json"}"\nreading_open = false\nrequests_a_minute = 20\n'
    with serving(small, scratch, settings, greens=near_store) as served:
        yield served, word


def test_it_is_reading_and_counts_towards_the_allowance(closed: tuple[Served, str]) -> None:
    served, word = closed
    known = {"Authorization": f"Bearer {word}"}
    asked = json.dumps({"sources": [SOURCE], "stations": ["XX.W01"]})
    address = f"{served.url}/synthetics"
    assert httpx.post(address, content=asked).status_code == 401
    assert httpx.get(f"{served.url}/syngine/1/models").status_code == 401
    statuses = [httpx.post(address, content=asked, headers=known).status_code for _ in range(25)]
    assert statuses[0] == 200
    assert set(statuses) == {200, 429}


def test_without_greens_functions_there_is_nothing_to_ask(small, tmp_path: Path) -> None:
    with serving(small, tmp_path) as served:
        assert post(served).status_code == 404
        assert "/synthetics" not in served.get("/openapi.json").json()["paths"]


def test_a_source_time_of_samples_is_that_of_its_shape(served: Served, near_store: str) -> None:
    shape = {"samples": [0.0, 1.0, 2.0, 1.0, 0.0], "sampling_rate_hz": 1.0}
    (found,) = post(served, stations=["XX.W01"], source_time=shape, format="json").json()["seismograms"]
    station = [one for one in served.small.scenario.inventory.stations() if one.code == "W01"]
    source = PointSource(ORIGIN, PLACE["latitude"], PLACE["longitude"], PLACE["depth"], TENSOR)
    moved = SourceTime("samples", 0.0, (0.0, 1.0, 2.0, 1.0, 0.0), 1.0)
    direct = StoredGreens(near_store).seismograms([source], station, source_time=moved).samples[0]
    for samples, row in zip(found["components"].values(), direct, strict=True):
        np.testing.assert_allclose(samples, row, atol=1e-5 * np.abs(row).max())
