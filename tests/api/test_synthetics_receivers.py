"""A store of receivers answers over HTTP as one of layers does: at once, as Syngine and as a job."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.api.conftest import Served, serving
from tests.api.test_synthetics import ORIGIN, SOURCE, TENSOR, detail, post, traces_of
from tests.api.test_synthetics_jobs import finished
from tests.conftest import Small
from tests.greens.test_receivers import BAND, Pulses
from wadati.greens.answers import resampled
from wadati.greens.axis import Axis
from wadati.greens.receiver_build import build_receivers
from wadati.greens.receiver_layout import Region, planned_receivers
from wadati.greens.receivers import ReceiverGreens
from wadati.model import PointSource, Station
from wadati.traveltime.geodesy import LocalFrame

REGION = Region(35.9, -117.5, Axis(-4e3, 2e3, 5), Axis(-4e3, 2e3, 5), Axis(4e3, 4e3, 3))
COUPLE = {"sourcelatitude": 35.9, "sourcelongitude": -117.5, "sourcedepthinmeters": 8000, "network": "XX"}
COUPLE |= {"sourcedoublecouple": "30,60,20,1e16", "station": "W01,W02"}


@pytest.fixture(scope="module")
def receivers(small: Small, tmp_path_factory: pytest.TempPathFactory) -> ReceiverGreens:
    """Tensors of two stations of the small network."""
    pytest.importorskip("zarr", reason="zarr is not installed (extra greens)")
    folder = str(tmp_path_factory.mktemp("receivers") / "store")
    stations = [one for one in small.scenario.inventory.stations() if one.code in ("W01", "W02")]
    build_receivers(folder, planned_receivers(Pulses(), stations, REGION, BAND, (2, 2, 2)), Pulses())
    return ReceiverGreens(folder)


@pytest.fixture(scope="module")
def asked(small: Small, receivers: ReceiverGreens, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(small, tmp_path_factory.mktemp("asked"), greens=receivers.url) as found:
        yield found


def direct(receivers: ReceiverGreens, components: str = "ZNE") -> tuple[tuple[Station, ...], np.ndarray, np.ndarray]:
    stations = receivers.contents.receivers
    source = PointSource(ORIGIN, 35.9, -117.5, 8000.0, TENSOR)
    found = receivers.seismograms([source], stations, components=components)
    return stations, found.start_s, found.samples


def test_post_gives_what_the_store_answers_and_names_the_other_stations(
    asked: Served, receivers: ReceiverGreens
) -> None:
    answer = post(asked, components="ZRT")
    assert answer.status_code == 200, answer.text[:300]
    every = asked.small.scenario.inventory.stations()
    assert answer.headers["x-left-out"] == str(len(every) - 2)
    found = {trace.source_id.nslc: trace for trace in traces_of(answer.content)}
    stations, starts, samples = direct(receivers, "ZRT")
    assert len(found) == 6
    for station, start, rows in zip(stations, starts, samples, strict=True):
        for component, row in zip("ZRT", rows, strict=True):
            trace = found[f"XX.{station.code}..LX{component}"]
            np.testing.assert_array_equal(trace.data, row)
            assert abs((trace.start - ORIGIN) / 1e9 - start) < 1e-6
    here = [{"latitude": 35.7, "longitude": -117.4, "station": "HERE"}]
    told = detail(post(asked, receivers=here))
    assert told == "XX.HERE: is none of the store's 2 receivers"


def test_a_source_beside_the_region_is_refused_before_it_is_a_job(asked: Served, receivers: ReceiverGreens) -> None:
    latitude, longitude = LocalFrame(35.9, -117.5).to_lat_lon(4100.0, 0.0)
    beside = SOURCE | {"latitude": float(latitude), "longitude": float(longitude)}
    for form in ("miniseed", "peaks"):
        answer = post(asked, sources=[SOURCE, beside], format=form)
        assert answer.status_code == 400
        assert "a source 4.100 km east is outside its region" in detail(answer)
        assert receivers.url not in answer.text
    answer = asked.get("/syngine/1/query", **COUPLE | {"sourcelatitude": 36.0})
    assert answer.status_code == 400
    assert "km north is outside its region" in answer.text
    assert receivers.url not in answer.text


def test_syngine_tells_what_it_has_and_knows_no_arrivals(asked: Served, receivers: ReceiverGreens) -> None:
    assert list(asked.get("/syngine/1/models").json()) == ["made_up"]
    info = asked.get("/syngine/1/info").json()
    assert (info["velocity_model"], info["model_digest"]) == ("made up", "earth-of-pulses")
    assert (info["min_depth"], info["max_depth"], info["dt"]) == (4000.0, 12000.0, 1.25)
    assert "max_distance" not in info
    for when in ({"starttime": "P-10"}, {"endtime": "S+30"}):
        answer = asked.get("/syngine/1/query", **COUPLE | when)
        assert answer.status_code == 400
        assert "of an earth that is not of flat layers is not known; give seconds" in answer.text
    answer = asked.get("/syngine/1/query", **COUPLE | {"starttime": "-5", "endtime": "60", "components": "Z"})
    assert answer.status_code == 200
    source = PointSource(0, 35.9, -117.5, 8000.0, TENSOR)
    store = receivers.seismograms([source], receivers.contents.receivers)
    rows = resampled(store, -5 + 1.25 * np.arange(49), 0.8)[:, 0]
    for trace, row in zip(traces_of(answer.content), rows, strict=True):
        # Another moment, the same mechanism.
        np.testing.assert_allclose(trace.data / np.abs(trace.data).max(), row / np.abs(row).max(), atol=1e-4)
    assert asked.get("/portal/data/network").json()["synthetics"]["distances_km"] == []


def test_a_job_gives_what_the_store_answers(asked: Served, receivers: ReceiverGreens) -> None:
    zarr = pytest.importorskip("zarr")
    answer = post(asked, format="zarr")
    assert answer.status_code == 202
    told = finished(asked, answer.headers["location"])
    assert told["job"]["state"] == "done", told  # type: ignore[index]
    assert "is none of the store's 2 receivers, and 9 more stations" in str(told["left_out"])
    name = answer.headers["location"].rpartition("/")[2]
    group = zarr.open_group(asked.folder / "synthetics" / name / "files" / "synthetics.zarr", mode="r")
    stations, _, samples = direct(receivers)
    keys = [".".join(station.key) for station in stations]
    rows = [group.attrs["stations"].index(key) for key in keys]
    np.testing.assert_array_equal(group["samples"][0][rows], samples)
    assert np.isnan(group["samples"][0]).any(axis=(1, 2)).sum() == len(group.attrs["stations"]) - 2


def test_a_part_that_is_lost_ends_a_job_in_words(small: Small, receivers: ReceiverGreens, tmp_path: Path) -> None:
    store = shutil.copytree(receivers.url, tmp_path / "store")
    shutil.rmtree(store / "scale" / "c" / "1")
    with serving(small, tmp_path / "served", greens=str(store)) as served:
        assert post(served, stations=["XX.W01"]).status_code == 200
        answer = post(served, stations=["XX.W01", "XX.W02"])
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        told = finished(served, post(served, stations=["XX.W02"], format="zarr").headers["location"])
        assert told["job"]["state"] == "failed"  # type: ignore[index]
        assert "the Green's functions cannot be read now" in told["job"]["words"]  # type: ignore[index]
        assert str(store) not in str(told)
