"""Syngine's interface, asked by the client that people have: ObsPy's."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
from lxml import etree
from obspy import Stream, UTCDateTime
from obspy.clients.base import ClientHTTPException
from obspy.clients.syngine import Client

from tests.api.conftest import Served, serving
from wadati.api.syngine_words import PARAMETERS
from wadati.greens.answers import Seismograms, resampled
from wadati.greens.stored import StoredGreens
from wadati.model import FocalMechanism, MomentTensor, PointSource, Station, parse_time
from wadati.model.mechanism import nodal_planes
from wadati.store.catalog import CatalogStore
from wadati.traveltime.geodesy import distance_azimuth
from wadati.traveltime.layered import first_arrival

MODEL = "two_layers"
QUERY = "/syngine/1/query"
ORIGIN = parse_time("2019-07-06T03:19:53Z")
TENSOR = MomentTensor.of_fault(320.0, 85.0, 170.0, 1e16)
PLACE = {"sourcelatitude": 35.9, "sourcelongitude": -117.5, "sourcedepthinmeters": 8000.0}
COUPLE = PLACE | {"sourcedoublecouple": [320.0, 85.0, 170.0, 1e16], "origintime": UTCDateTime(ns=ORIGIN)}
W01 = {"network": "XX", "station": "W01"}


@pytest.fixture
def client(served: Served) -> Client:
    return Client(f"{served.url}/syngine/1")


def asked(client: Client, **parameters: object) -> Stream:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ObsPy's readers of SAC warn of how they store times.
        return client.get_waveforms(MODEL, **(COUPLE | W01 | parameters))


def direct(
    served: Served, store: str, kind: str = "displacement", components: str = "ZNE"
) -> tuple[Station, Seismograms]:
    station = next(one for one in served.small.scenario.inventory.stations() if one.code == "W01")
    source = PointSource(ORIGIN, 35.9, -117.5, 8000.0, TENSOR)
    return station, StoredGreens(store).seismograms([source], [station], kind=kind, components=components)


def test_it_says_what_it_has(client: Client, served: Served) -> None:
    assert client.get_service_version() == "1.0.0"
    assert list(client.get_available_models()) == [MODEL]
    info = client.get_model_info("Two_Layers")
    assert (info.dt, info.period) == (1.25, 5.0)
    assert len(info.slip) == len(info.sliprate)
    assert info.slip[-1] == pytest.approx(1.0, abs=1e-3)
    assert np.abs(info.slip[: len(info.slip) // 2 - 8]).max() < 1e-2
    wadl = etree.fromstring(served.get("/syngine/1/application.wadl").content)
    told = {one.get("name") for one in wadl.iter("{*}param")}
    assert {one.name for one in PARAMETERS} <= told
    assert wadl.find("{*}resources").get("base") == f"{served.url}/syngine/1/"


@pytest.mark.parametrize(
    ("units", "components"), [("displacement", "ZNE"), ("velocity", "ZRT"), ("acceleration", "ZNE")]
)
def test_seismograms_are_those_of_the_store_from_the_origin_on(
    client: Client, served: Served, near_store: str, units: str, components: str
) -> None:
    found = asked(client, units=units, components=components)
    _, seismograms = direct(served, near_store, units, components)
    assert [trace.id for trace in found] == [f"XX.W01.SE.LX{one}" for one in components]
    times = np.arange(found[0].stats.npts) / found[0].stats.sampling_rate
    rows = resampled(seismograms, times, seismograms.sampling_rate_hz)[0]
    for trace, row in zip(found, rows, strict=True):
        assert trace.stats.starttime.ns == ORIGIN
        np.testing.assert_allclose(trace.data, row, atol=1e-6 * np.abs(rows).max())
    last = seismograms.start_s[0] + (seismograms.samples.shape[-1] - 1) / seismograms.sampling_rate_hz
    assert 0 <= last - times[-1] < 1 / seismograms.sampling_rate_hz


def test_any_components_in_any_order(client: Client, served: Served) -> None:
    whole = {trace.stats.channel[-1]: trace.data for trace in asked(client, components="ZNERT")}
    assert [trace.stats.channel for trace in asked(client, components="TEZ")] == ["LXT", "LXE", "LXZ"]
    station = next(one for one in served.small.scenario.inventory.stations() if one.code == "W01")
    _, back = distance_azimuth(station.latitude, station.longitude, 35.9, -117.5)
    azimuth = np.radians(float(back) + 180)
    for radial, transverse, north, east in zip(*(whole[one] for one in "RTNE"), strict=True):
        assert radial == pytest.approx(np.cos(azimuth) * north + np.sin(azimuth) * east, abs=2e-10)
        assert transverse == pytest.approx(np.cos(azimuth) * east - np.sin(azimuth) * north, abs=2e-10)


def test_a_moment_tensor_is_read_in_its_axes(client: Client) -> None:
    """Mrr = dd, Mtt = nn, Mpp = ee, Mrt = nd, Mrp = −ed, Mtp = −ne."""
    tensor = [TENSOR.dd, TENSOR.nn, TENSOR.ee, TENSOR.nd, -TENSOR.ed, -TENSOR.ne]
    one, two = asked(client), asked(client, sourcedoublecouple=None, sourcemomenttensor=tensor)
    for left, right in zip(one, two, strict=True):
        np.testing.assert_allclose(left.data, right.data, atol=1e-4 * np.abs(left.data).max())
    usual = asked(client, sourcedoublecouple=[320.0, 85.0, 170.0])
    np.testing.assert_allclose(usual[0].data, 1000 * one[0].data, atol=np.abs(one[0].data).max())


def test_windows_follow_times_and_arrivals(client: Client, served: Served, near_store: str) -> None:
    station, seismograms = direct(served, near_store)
    far, _ = distance_azimuth(35.9, -117.5, station.latitude, station.longitude)
    contents = StoredGreens(near_store).contents
    p, s = (float(first_arrival(contents.model, phase, far, 8000.0)) for phase in "PS")
    trace = asked(client, starttime="P-10", endtime="S+20")[0]
    assert trace.stats.starttime.ns == pytest.approx(ORIGIN + (p - 10) * 1e9, abs=1000)
    assert 0 <= s + 20 - (p - 10) - (trace.stats.npts - 1) * 1.25 < 1.25
    trace = asked(client, starttime=5.0, endtime=20.0, dt=0.1)[0]
    assert (trace.stats.starttime.ns, trace.stats.npts, trace.stats.delta) == (ORIGIN + 5_000_000_000, 201, 0.1)
    fine = resampled(seismograms, 5.0 + np.arange(201) / 10, 10.0)[0, 0]
    np.testing.assert_allclose(trace.data, fine, atol=1e-6 * np.abs(fine).max())
    start = UTCDateTime(ns=ORIGIN) + 3
    trace = asked(client, starttime=start, endtime=start + 10)[0]
    assert (trace.stats.starttime, trace.stats.npts) == (start, 9)


def test_files_of_sac_and_their_label(client: Client, served: Served) -> None:
    found = asked(client, format="saczip", label="test", scale=2.0)
    plain = asked(client)
    assert len(found) == 3
    for one in found:
        (same,) = plain.select(id=one.id)
        np.testing.assert_allclose(one.data, 2 * same.data, rtol=1e-6)
        assert one.stats.sac["o"] == 0.0
    parameters = COUPLE | W01 | {"model": MODEL, "format": "saczip", "label": "test"}
    parameters["sourcedoublecouple"] = "320,85,170,1e16"
    answer = served.get(QUERY, **parameters)
    assert answer.headers["content-disposition"] == 'attachment; filename="test.zip"'
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert names == [*(f"test.XX.W01.SE.LX{one}.sac" for one in "ZNE"), "syngine.log"]


def test_receivers_by_place_by_code_and_by_list(client: Client, served: Served) -> None:
    place = {"network": None, "station": None, "receiverlatitude": 35.7, "receiverlongitude": -117.4}
    assert asked(client, **place, components="Z")[0].id == "XX.S0001.SE.LXZ"
    named = place | {"networkcode": "YY", "stationcode": "HERE", "locationcode": "01"}
    assert asked(client, **named, components="Z")[0].id == "YY.HERE.01.LXZ"
    assert len(asked(client, station="W0?,W1*", components="Z")) == 12
    bulk = [
        ["XX", "W01"],
        {"network": "XX", "station": "W05"},
        {"latitude": 35.7, "longitude": -117.4},
        {"latitude": 35.7, "longitude": -117.4, "networkcode": "AA", "stationcode": "BB", "locationcode": "CC"},
    ]
    found = client.get_waveforms_bulk(MODEL, bulk, **COUPLE, components="Z")
    assert sorted(t.id for t in found) == ["AA.BB.CC.LXZ", "XX.S0003.SE.LXZ", "XX.W01.SE.LXZ", "XX.W05.SE.LXZ"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"station": "NONE"}, "no station is called"),
        ({"sourcedoublecouple": None}, "one of eventid, sourcemomenttensor, sourcedoublecouple is needed"),
        ({"sourcemomenttensor": [1, 2, 3, 4, 5, 6]}, "one of eventid"),
        ({"sourcedoublecouple": [1, 2]}, "needs 3 or 4 numbers"),
        ({"sourcedoublecouple": None, "sourceforce": [1, 2, 3]}, "those of moments"),
        ({"sourcedepthinmeters": 90000.0}, "outside the depths that are known here, 4 to 12 km"),
        ({"sourcelatitude": 39.0}, "outside the store's 4 to 60 km"),
        ({"receiverlatitude": 35.0}, "give network and station, or"),
        ({"dt": 2.0}, "up to 1.25 s"),
        ({"dt": 0.0001, "endtime": 100.0}, "are more than 2,000,000"),
        ({"starttime": "PKP-10"}, "neither seconds nor a time, nor P or S"),
        ({"starttime": 50.0, "endtime": -10.0}, "end before they begin"),
        ({"starttime": 1e9}, "more than a day away"),
        ({"components": "ZX"}, "must be of Z, N, E, R, T"),
        ({"label": "../a"}, "label may have"),
        ({"locationcode": "ABC"}, "is no code"),
    ],
)
def test_what_cannot_be_is_told_in_words(client: Client, changed: dict[str, object], words: str) -> None:
    with pytest.raises(ClientHTTPException, match=words):
        asked(client, **changed)


def test_another_model_is_refused(client: Client) -> None:
    with pytest.raises(ClientHTTPException, match="must be one of two_layers"):
        client.get_waveforms("ak135f_5s", **COUPLE, **W01)
    with pytest.raises(ClientHTTPException, match="must be one of two_layers"):
        client.get_model_info("ak135f_5s")


@pytest.fixture
def known(small, near_store: str, tmp_path) -> Iterator[tuple[Served, str, str]]:
    """A service with an event that has a moment tensor, and one that has none."""
    with serving(small, tmp_path, greens=near_store) as served, CatalogStore(served.folder / "catalog.sqlite") as store:
        first, second = store.read().events[:2]
        origin = msgspec.structs.replace(first.origin, latitude=35.9, longitude=-117.5, depth=8000.0)
        mechanism = FocalMechanism("m1", origin.origin_id, nodal_planes(TENSOR), TENSOR)
        changed = msgspec.structs.replace(
            first,
            origins=(origin,),
            mechanisms=(mechanism,),
            preferred_mechanism_id="m1",
            magnitudes=(),
            preferred_magnitude_id=None,
        )
        store.upsert_events([changed])
        yield served, first.event_id, second.event_id


def test_an_event_of_the_catalog_is_a_source(known: tuple[Served, str, str]) -> None:
    served, with_tensor, without = known
    client = Client(f"{served.url}/syngine/1")
    found = client.get_waveforms(MODEL, **W01, eventid=f"WD:{with_tensor}")
    origin = next(e for e in served.small.result.catalog.events if e.event_id == with_tensor).origin.time
    expected = asked(client, origintime=UTCDateTime(ns=origin))
    for one, two in zip(found, expected, strict=True):
        assert abs(one.stats.starttime - two.stats.starttime) < 1e-6
        np.testing.assert_allclose(one.data, two.data, atol=1e-4 * np.abs(two.data).max())
    for name in (without, "none", "' OR 1=1"):
        assert served.get(QUERY, model=MODEL, **W01, eventid=name).status_code == 204
        assert served.get(QUERY, model=MODEL, **W01, eventid=name, nodata="404").status_code == 404


def test_an_address_that_is_no_use_is_told_as_the_standard_says(served: Served) -> None:
    answer = served.get(QUERY, model=MODEL, colour="red")
    assert answer.status_code == 400
    assert answer.text.startswith("Error 400: Bad Request\n\nthere is no parameter 'colour'")
    assert f"{served.url}/syngine/1/" in answer.text
