"""Seismograms that are too many to be sent at once: a job, its state and its files, over HTTP."""

from __future__ import annotations

import json
import time
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.api.conftest import Served, serving
from tests.api.test_synthetics import FAULT, ORIGIN, PLACE, SOURCE, TENSOR, detail, post, traces_of
from tests.conftest import Small
from wadati.api.synthetics import AT_ONCE
from wadati.api.tokens import new_token
from wadati.greens.stored import StoredGreens
from wadati.model import PointSource


def finished(served: Served, location: str, **headers: str) -> dict[str, object]:
    """How a job stands when it is over."""
    until = time.monotonic() + 120
    while (told := httpx.get(served.url + location, headers=headers).json())["job"]["state"] in ("queued", "running"):
        assert time.monotonic() < until
        time.sleep(0.05)
    return told


def test_an_array_is_made_as_a_job_and_read_where_it_is(served: Served, near_store: str, tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr")
    answer = post(served, stations=["XX.W*"], format="zarr", sources=[SOURCE, SOURCE | {"depth": 9000.0}])
    assert answer.status_code == 202
    location = answer.headers["location"]
    assert answer.json()["job"]["state"] in ("queued", "running", "done")
    told = finished(served, location)
    assert told["job"]["state"] == "done", told
    assert told["job"]["done"] == told["job"]["pieces"] == 1
    assert told["files"] == [f"{location}/files/synthetics.zarr"]
    for name in ("zarr.json", "samples/zarr.json", "start/zarr.json", "samples/c/0/0/0/0", "start/c/0/0"):
        path = tmp_path / "copy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        got = httpx.get(f"{served.url}{told['files'][0]}/{name}")
        assert got.status_code == 200, name
        path.write_bytes(got.content)
    group = zarr.open_group(tmp_path / "copy", mode="r")
    source = PointSource(ORIGIN, PLACE["latitude"], PLACE["longitude"], PLACE["depth"], TENSOR)
    stations = [one for one in served.small.scenario.inventory.stations() if one.code.startswith("W")]
    assert group.attrs["stations"] == [".".join(one.key) for one in stations]
    direct = StoredGreens(near_store).seismograms([source], stations)
    np.testing.assert_allclose(group["samples"][0], direct.samples, atol=1e-5 * np.abs(direct.samples).max())


def test_many_sources_become_files_of_miniseed(served: Served, near_store: str) -> None:
    each = 3 * len(served.small.scenario.inventory.stations()) * StoredGreens(near_store).contents.reduced.samples
    sources = [SOURCE | {"depth": 4000.0 + i} for i in range(AT_ONCE // each + 1)]
    answer = post(served, sources=sources)
    assert answer.status_code == 202
    told = finished(served, answer.headers["location"])
    assert len(told["files"]) == len(sources)
    got = httpx.get(served.url + told["files"][7])
    assert got.headers["content-type"] == "application/vnd.fdsn.mseed"
    one = traces_of(post(served, sources=[sources[7]]).content)
    by_name = {trace.source_id: trace.data for trace in traces_of(got.content)}
    for trace in one:
        np.testing.assert_allclose(by_name[trace.source_id], trace.data, atol=1e-5 * np.abs(trace.data).max())
    assert "are a job, which gives miniseed" in detail(post(served, sources=sources, format="json"))
    assert "a fault that is a job" in detail(post(served, sources=sources, one_fault=True))


def test_what_is_no_job_or_no_file_of_it_is_not_found(served: Served) -> None:
    assert httpx.get(f"{served.url}/synthetics/jobs/0123456789abcdef").status_code == 404
    location = post(served, stations=["XX.W01"], format="peaks").headers["location"]
    assert finished(served, location)["job"]["state"] == "done"
    for name in ("nothing", "../request", "%2e%2e/job.json", "peaks.zarr", "", "n" * 300):
        assert httpx.get(f"{served.url}{location}/files/{name}").status_code == 404
    far = [{"latitude": 36.9, "longitude": -117.5}]
    location = post(served, stations=["XX.W01"], receivers=far, format="peaks").headers["location"]
    told = finished(served, location)
    assert (told["job"]["state"], told["left_out"][:18]) == ("done", "source 1: XX.S0001")
    location = post(served, receivers=far, format="peaks").headers["location"]
    told = finished(served, location)
    assert told["job"]["state"] == "failed"
    assert "outside the store's" in told["job"]["words"]
    assert httpx.get(f"{served.url}{location}/files/peaks.zarr/zarr.json").status_code == 404
    assert httpx.delete(served.url + location).json()["job"]["state"] == "failed"


def test_where_callers_have_tokens_a_job_needs_one(small: Small, near_store: str, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    word = new_token(tokens, "someone", ("picks",), 1)
    log = tmp_path / "audit.jsonl"
    settings = f'tokens = "{tokens}"\naudit = "{log}"\nreading_open = true\n'
    with serving(small, tmp_path, settings, greens=near_store) as found:
        asked = {"sources": [PLACE | FAULT], "stations": ["XX.W01"], "format": "peaks"}
        assert httpx.post(f"{found.url}/synthetics", json=asked).status_code == 403
        sent = httpx.post(f"{found.url}/synthetics", json=asked, headers={"Authorization": f"Bearer {word}"})
        assert sent.status_code == 202
        assert finished(found, sent.headers["location"])["job"]["state"] == "done"
        assert httpx.delete(found.url + sent.headers["location"]).status_code == 403
        known = {"Authorization": f"Bearer {word}"}
        assert httpx.delete(found.url + sent.headers["location"], headers=known).status_code == 200
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        noted = [(one["caller"], one["method"], one["status"]) for one in lines if "synthetics" in one["path"]]
        assert [one for one in noted if one[2] < 400] == [("someone", "POST", 202), ("someone", "DELETE", 200)]
