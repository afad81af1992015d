"""fdsnws-event: every parameter, every format, every refusal, and a client of others."""

from __future__ import annotations

import asyncio
import io
import json
import warnings
from pathlib import Path

import httpx
import pytest
from lxml import etree
from obspy import UTCDateTime, read_events
from obspy.clients.fdsn import Client
from starlette.applications import Starlette

from wadati.api.fdsn.service import Service
from wadati.formats.comcat import read_comcat_csv
from wadati.formats.quakeml import read_quakeml
from wadati.model import Catalog, Event

QUERY = "/fdsnws/event/1/query"


@pytest.fixture(scope="module")
def catalog(served) -> Catalog:
    return served.small.result.catalog


@pytest.fixture(scope="module")
def client(served) -> Client:
    return Client(served.url)


def ids(served, **parameters: object) -> list[str]:
    answer = served.get(QUERY, format="text", **parameters)
    if answer.status_code == 204:
        return []
    assert answer.status_code == 200, answer.text
    return [line.split("|")[0] for line in answer.text.splitlines()[1:]]


def latest_first(events: list[Event]) -> list[str]:
    return [e.event_id for e in sorted(events, key=lambda e: e.origin.time, reverse=True)]


def test_all_formats_name_the_same_events(served, catalog, tmp_path: Path) -> None:
    expected = latest_first(list(catalog))
    assert ids(served) == expected
    features = served.get(QUERY, format="geojson").json()
    assert [one["id"] for one in features["features"]] == expected
    assert features["metadata"]["count"] == len(expected)
    assert features["metadata"]["license"] == "CC-BY-4.0"
    (tmp_path / "a.csv").write_bytes(served.get(QUERY, format="csv").content)
    assert sorted(e.event_id for e in read_comcat_csv(tmp_path / "a.csv")) == sorted(expected)
    (tmp_path / "a.xml").write_bytes(served.get(QUERY, includestationmagnitudes="true", includearrivals="true").content)
    back = read_quakeml(tmp_path / "a.xml")
    assert sorted(e.event_id for e in back) == sorted(expected)


def test_quakeml_is_valid_and_holds_what_the_catalog_holds(served, catalog, tmp_path: Path) -> None:
    import obspy.io.quakeml

    schema = etree.RelaxNG(etree.parse(str(Path(obspy.io.quakeml.__file__).parent / "data" / "QuakeML-1.2.rng")))
    asked = {
        "includearrivals": "true",
        "includeallorigins": "true",
        "includeallmagnitudes": "true",
        "includestationmagnitudes": "true",
        "orderby": "time-asc",
    }
    content = served.get(QUERY, **asked).content
    assert schema.validate(etree.fromstring(content)), schema.error_log
    (tmp_path / "a.xml").write_bytes(content)
    back = read_quakeml(tmp_path / "a.xml")
    assert back.events == catalog.events
    used = {a.pick_id for e in catalog for a in e.origin.arrivals}
    assert back.picks == tuple(pick for pick in catalog.picks if pick.pick_id in used)


def test_without_asking_there_is_one_origin_and_no_arrival(served) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = read_events(io.BytesIO(served.get(QUERY).content))
    for event in found:
        assert len(event.origins) == 1
        assert not event.picks
        assert not event.origins[0].arrivals
        assert event.origins[0].quality.used_phase_count > 0
        assert event.event_descriptions[0].type == "Flinn-Engdahl region"


def test_the_client_of_obspy_works(client, catalog) -> None:
    assert len(client.get_events()) == len(catalog)
    middle = sorted(e.origin.time for e in catalog)[len(catalog) // 2]
    start = UTCDateTime(ns=middle // 1000 * 1000)  # requests hold microseconds
    found = client.get_events(starttime=start, orderby="time-asc")
    assert len(found) == sum(e.origin.time >= start.ns for e in catalog)
    one = catalog.events[0]
    (event,) = client.get_events(eventid=one.event_id, includearrivals=True)
    assert len(event.picks) == len(one.origin.arrivals)
    assert event.preferred_origin().time == UTCDateTime(ns=(one.origin.time + 500) // 1000 * 1000)


def test_each_parameter_does_what_it_says(served, catalog) -> None:
    events = list(catalog)
    sized = [e for e in events if e.magnitude]
    middle = sorted(events, key=lambda e: e.origin.latitude)[len(events) // 2].origin

    def expect(fits, **parameters: object) -> None:
        assert ids(served, **parameters) == latest_first([e for e in events if fits(e)]), parameters

    expect(lambda e: e.origin.latitude >= middle.latitude, minlatitude=middle.latitude)
    expect(lambda e: e.origin.latitude <= middle.latitude, maxlat=middle.latitude)
    expect(lambda e: e.origin.longitude <= middle.longitude, maxlongitude=middle.longitude)
    expect(lambda e: e.origin.depth >= middle.depth, mindepth=middle.depth / 1000)
    expect(lambda e: e.magnitude and e.magnitude.value >= 1, minmagnitude=1)
    expect(lambda e: e.magnitude, magnitudetype="ml")
    expect(lambda e: True, catalog="xx.example", contributor="xx.example")
    expect(lambda e: False, catalog="others")
    expect(lambda e: False, eventtype="explosion")
    expect(lambda e: True, eventtype="earthquake,explosion")
    expect(lambda e: True, updatedafter="2020-01-01")
    expect(lambda e: False, updatedafter="2200-01-01")
    expect(
        lambda e: e.event_id == events[0].event_id,
        lat=events[0].origin.latitude,
        lon=events[0].origin.longitude,
        maxradius=1e-6,
    )
    assert ids(served, limit=2, offset=2) == latest_first(events)[1:3]
    by_size = [e.event_id for e in sorted(sized, key=lambda e: e.magnitude.value, reverse=True)]
    assert ids(served, orderby="magnitude")[: len(sized)] == by_size
    assert ids(served, orderby="time-asc") == latest_first(events)[::-1]
    assert ids(served, eventid=f"{events[0].event_id},{events[1].event_id}") == [e.event_id for e in events[:2]]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"minlatitude": 91}, "at most 90"),
        ({"minlatitude": "x"}, "no number"),
        ({"minlatitude": "nan"}, "no number"),
        ({"starttime": "yesterday"}, "not a time"),
        ({"starttime": "2020-01-02", "endtime": "2020-01-01"}, "above"),
        ({"limit": 0}, "at least 1"),
        ({"limit": ""}, "empty"),
        ({"orderby": "depth"}, "one of"),
        ({"format": "kml"}, "one of"),
        ({"latitude": 3}, "go together"),
        ({"maxradius": 3}, "need latitude"),
        ({"includearrivals": "maybe"}, "true or false"),
        ({"colour": "red"}, "there is no parameter 'colour'"),
        ({"eventid": "a" * 5001}, "longer"),
    ],
)
def test_what_cannot_be_meant_is_told(served, parameters, words) -> None:
    answer = served.get(QUERY, **parameters)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith("Error 400: Bad Request\n\n")
    assert words in answer.text
    for section in ("Usage details are available from", "Request:", "Request Submitted:", "Service version:"):
        assert section in answer.text


def test_nothing_is_204_or_404_as_one_likes(served) -> None:
    assert served.get(QUERY, minmagnitude=9).status_code == 204
    assert served.get(QUERY, minmagnitude=9).content == b""
    missing = served.get(QUERY, minmagnitude=9, nodata=404)
    assert missing.status_code == 404
    assert missing.text.startswith("Error 404: Not Found")
    assert served.get(QUERY, eventid="nosuch").status_code == 204
    assert served.get(QUERY + f"?eventid=a&minlatitude={'1' * 9000}").status_code == 414


def test_given_twice_is_refused(served) -> None:
    assert "given twice" in served.get(QUERY + "?limit=1&LIMIT=2").text


def test_it_says_what_it_can(served) -> None:
    assert served.get("/fdsnws/event/1/version").text.startswith("1.2.")
    document = etree.fromstring(served.get("/fdsnws/event/1/application.wadl").content)
    space = {"w": "http://wadl.dev.java.net/2009/02"}
    names = document.xpath("//w:resource[@path='query']//w:param/@name", namespaces=space)
    assert {"starttime", "start", "minmag", "includeallorigins", "nodata", "format"} <= set(names)
    assert "<table>" in served.get("/fdsnws/event/1/").text


def test_sql_and_tricks_find_nothing(served, catalog) -> None:
    for text in ("' OR 1=1 --", '"; DROP TABLE events; --', "%00", "../../etc/passwd", "\\x00"):
        assert served.get(QUERY, eventid=text).status_code in (204, 400)
        assert served.get(QUERY, magnitudetype=text).status_code in (204, 400)
    assert len(ids(served)) == len(catalog)


def test_geojson_says_what_the_text_says(served) -> None:
    features = json.loads(served.get(QUERY, format="geojson").content)["features"]
    lines = served.get(QUERY, format="text").text.splitlines()[1:]
    for one, line in zip(features, lines, strict=True):
        fields = line.split("|")
        assert float(fields[2]) == one["geometry"]["coordinates"][1]
        assert fields[12] == one["properties"]["place"]
        assert fields[3] == f"{one['geometry']['coordinates'][0]:.6f}"


@pytest.mark.parametrize(("error", "status"), [(OSError("the disk is gone"), 503), (ValueError("a fault"), 500)])
def test_what_fails_inside_is_told_without_its_insides(error, status) -> None:
    def ask(*_: object) -> None:
        raise error

    app = Starlette(routes=Service("event", "1", (), ask, lists=False).routes())
    app.state.log = lambda _: None

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://h") as client:
            return await client.get(QUERY)

    answer = asyncio.run(get())
    assert answer.status_code == status
    assert str(error) not in answer.text
    assert ("retry-after" in answer.headers) == (status == 503)
