"""Feeds, and what is told as it comes: the same for everybody, fresh, and resumable."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
import time
from pathlib import Path

import httpx
import msgspec
import pytest
from lxml import etree
from websockets.sync.client import connect

from wadati.api.pages import Made, Pages
from wadati.bus.messages import EventMessage
from wadati.formats.comcat import read_comcat_csv
from wadati.formats.quakeml import read_quakeml
from wadati.model import Event, Magnitude, Origin, Pick, SourceId
from wadati.model.codec import encode_json
from wadati.store.catalog import CatalogStore
from wadati.store.live_log import EarlyPick, EventVersion, LiveLog
from wadati.units import HOUR, MINUTE


def event(name: str, age: int, size: float) -> Event:
    origin = Origin.of(time.time_ns() - age, 35.7, -117.5, 8000.0)
    magnitude = Magnitude(f"magnitude-{name}", origin.origin_id, "ML", size)
    return Event(name, (origin,), (magnitude,), origin.origin_id, magnitude.magnitude_id)


def version(of: Event, number: int, state: str, *, released: bool = True) -> EventVersion:
    message = EventMessage(event_id=of.event_id, version=number, state=state, event=of, released=released)  # type: ignore[arg-type]
    return EventVersion(of.event_id, number, state, time.time_ns(), encode_json(message).decode())


@pytest.fixture
def fresh(changing):
    """A log of the changing folder, and events that are taken back at the end."""
    with LiveLog(changing.folder / "catalog.sqlite") as log, CatalogStore(changing.folder / "catalog.sqlite") as store:
        yield log, store


def names(changing, feed: str, own: str) -> list[str]:
    """Those of one test's events that are in a feed."""
    features = changing.get(f"/feeds/{feed}.geojson").json()["features"]
    return [one["id"] for one in features if one["id"].startswith(own)]


def soon(ask, wanted: object) -> object:
    """What is there as soon as it is what is wanted, or after five seconds."""
    until, pause = time.monotonic() + 5, threading.Event()
    while (found := ask()) != wanted and time.monotonic() < until:
        pause.wait(0.05)
    return found


def test_events_are_in_the_feeds_of_their_size_and_age(changing, fresh) -> None:
    _, store = fresh
    events = [event("fa", 5 * MINUTE, 5.0), event("fb", 3 * HOUR, 2.6), event("fc", 100 * HOUR, 1.2)]
    store.upsert_events(events)
    assert soon(lambda: names(changing, "all_month", "f"), ["fa", "fb", "fc"]) == ["fa", "fb", "fc"]
    assert names(changing, "all_hour", "f") == ["fa"]
    assert names(changing, "all_day", "f") == ["fa", "fb"]
    assert names(changing, "2.5_week", "f") == ["fa", "fb"]
    assert names(changing, "4.5_month", "f") == ["fa"]
    assert names(changing, "significant_month", "f") == []
    assert changing.get("/feeds/all_year.geojson").status_code == 404
    assert changing.get("/feeds/../catalog.sqlite").status_code == 404


def test_every_format_is_what_it_says(changing, fresh, tmp_path: Path) -> None:
    _, store = fresh
    store.upsert_events([event("ga", 5 * MINUTE, 3.0)])
    assert soon(lambda: "ga" in names(changing, "all_hour", "g"), True)
    (tmp_path / "a.csv").write_bytes(changing.get("/feeds/all_hour.csv").content)
    assert "ga" in {one.event_id for one in read_comcat_csv(tmp_path / "a.csv")}
    (tmp_path / "a.xml").write_bytes(changing.get("/feeds/all_hour.xml").content)
    assert "ga" in {one.event_id for one in read_quakeml(tmp_path / "a.xml")}
    atom = etree.fromstring(changing.get("/feeds/all_hour.atom").content)
    ids = atom.xpath("//a:entry/a:id/text()", namespaces={"a": "http://www.w3.org/2005/Atom"})
    assert "urn:earthquake:xx.example:ga" in ids
    assert b"CC-BY-4.0" in etree.tostring(atom)
    kml = etree.fromstring(changing.get("/feeds/all_hour.kml").content)
    assert kml.xpath("//k:Placemark/k:Point", namespaces={"k": "http://www.opengis.net/kml/2.2"})
    link = etree.fromstring(changing.get("/feeds/all_hour_link.kml").content)
    (there,) = link.xpath("//k:href/text()", namespaces={"k": "http://www.opengis.net/kml/2.2"})
    assert there == changing.url + "/feeds/all_hour.kml"
    assert httpx.get(there).status_code == 200


def test_the_detail_has_products(changing, fresh) -> None:
    one = changing.small.result.catalog.events[0]
    detail = changing.get(f"/feeds/detail/{one.event_id}.geojson").json()
    products = detail["properties"]["products"]
    assert set(products) - {"focal-mechanism"} == {"origin", "phase-data"}
    assert detail["properties"]["types"].strip(",").split(",") == sorted(products)
    assert products["origin"][0]["properties"]["latitude"] == str(round(one.origin.latitude, 6))
    quakeml = products["phase-data"][0]["contents"]["quakeml.xml"]["url"]
    assert one.event_id in httpx.get(quakeml).text
    assert changing.get("/feeds/detail/nosuch.geojson").status_code == 404


def test_crowds_get_what_has_not_changed_for_nothing(changing) -> None:
    url = changing.url + "/feeds/all_month.geojson"
    first = httpx.get(url, headers={"Accept-Encoding": "identity"})
    packed = httpx.get(url, headers={"Accept-Encoding": "gzip"})
    assert first.headers["cache-control"].startswith("public, max-age=")
    assert first.headers["access-control-allow-origin"] == "*"
    if "content-encoding" in packed.headers:
        with httpx.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as raw:
            assert json.loads(gzip.decompress(b"".join(raw.iter_raw())))["features"] == first.json()["features"]
    again = httpx.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304 or again.headers["etag"] != first.headers["etag"]
    assert httpx.head(url).content == b""


def test_a_live_event_is_told_grows_and_is_taken_back(changing, fresh) -> None:
    log, store = fresh
    one = event("la", MINUTE, 3.3)
    log.write(versions=[version(one, 1, "created")])
    assert soon(lambda: "la" in names(changing, "all_hour", "l"), True)
    hidden = event("lb", MINUTE, 3.3)
    log.write(versions=[version(hidden, 1, "created", released=False)])
    larger = event("la", MINUTE, 4.4)
    log.write(versions=[version(larger, 2, "updated")])

    def size() -> object:
        found = changing.get("/feeds/all_hour.geojson").json()["features"]
        return next((f["properties"]["mag"] for f in found if f["id"] == "la"), None)

    assert soon(size, 4.4) == 4.4
    assert "lb" not in names(changing, "all_hour", "l")
    assert changing.get("/feeds/detail/la.geojson").status_code == 200
    log.write(versions=[version(larger, 3, "retracted")])
    assert soon(size, None) is None
    store.upsert_events([event("lc", MINUTE, 2.0)])


def test_events_and_picks_are_streamed_and_resumed(changing, fresh) -> None:
    log, _ = fresh
    one = event("sa", MINUTE, 3.3)
    pick = Pick.of(SourceId.parse("FDSN:XX_W01__H_H_Z"), "P", time.time_ns(), time_uncertainty=0.05, probability=0.9)
    log.write(versions=[version(one, 1, "created")])

    def told(after: str | None, count: int, kinds: str = "event,pick") -> list[tuple[str, str, dict[str, object]]]:
        headers = {"Last-Event-ID": after} if after else {}
        found: list[tuple[str, str, dict[str, object]]] = []
        with httpx.stream(
            "GET", changing.url + "/stream", params={"kinds": kinds}, headers=headers, timeout=20
        ) as answer:
            fields: dict[str, str] = {}
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                fields[name] = value
                if not line and "data" in fields:
                    found.append((fields["id"], fields["event"], json.loads(fields["data"])))
                    fields = {}
                    if len(found) == count:
                        return found
        return found

    (first,) = told("1.0", 1, "event")
    log.write(versions=[version(one, 2, "updated")], early=[EarlyPick(pick, time.time_ns())])
    later = told(first[0], 2)
    assert first[0] not in [place for place, _, _ in later]
    assert [kind for _, kind, _ in told(first[0], 1, "pick")] == ["pick"]
    assert all(message["specversion"] == "1.0" for _, _, message in later)
    with connect(changing.url.replace("http", "ws") + f"/ws?after={first[0]}&kinds=pick") as socket:
        frame = json.loads(socket.recv(10))
    assert frame["kind"] == "pick"
    assert frame["message"]["data"]["pick"]["pick_id"] == pick.pick_id
    assert changing.get("/stream", kinds="weather").status_code == 400


async def _get(pages: Pages, path: str) -> tuple[int, bytes]:
    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "scheme": "http", "headers": [(b"host", b"h")]}
    await pages(scope, None, send)
    return int(str(sent[0]["status"])), bytes(sent[1]["body"])  # type: ignore[call-overload]


def test_a_page_is_made_once_for_all_who_wait_and_kept_where_it_cannot_be_made() -> None:
    made: list[str] = []
    broken = False

    def make(path: str, address: str) -> Made | None:
        if broken:
            raise OSError("the database is away")
        made.append(f"{address}{path}")
        threading.Event().wait(0.05)
        return Made(b"%d" % len(made), "text/plain")

    async def run() -> None:
        nonlocal broken
        pages = Pages(None, (("/feeds/",), ()), make)
        assert await asyncio.gather(*(_get(pages, "/feeds/a") for _ in range(20))) == [(200, b"1")] * 20
        assert made == ["http://h/feeds/a"]
        pages.forget()
        assert await _get(pages, "/feeds/a") == (200, b"2")
        broken = True
        pages.forget()
        assert await _get(pages, "/feeds/a") == (200, b"2")
        assert (await _get(pages, "/feeds/b"))[0] == 503

    asyncio.run(run())


def test_a_dear_page_is_given_out_as_it_is_while_it_is_made_anew() -> None:
    made: list[int] = []
    going = threading.Event()

    def make(path: str, _: str) -> Made | None:
        if made:
            going.wait(10)
        made.append(1)
        threading.Event().wait(0.12)
        return Made(b"%d" % len(made), "text/plain")

    async def run() -> None:
        pages = Pages(None, (("/events/",), ()), make)
        assert await _get(pages, "/events/a") == (200, b"1")
        pages.forget()
        assert await _get(pages, "/events/a") == (200, b"1")
        assert len(made) == 1
        for page in pages._pages.values():
            assert 0.1 < page.cost < 5
        pages._pages = type(pages._pages)((key, page._replace(made=-1e9)) for key, page in pages._pages.items())
        assert [await _get(pages, "/events/a") for _ in range(20)] == [(200, b"1")] * 20
        going.set()
        await asyncio.gather(*pages._renewing.values())
        assert await _get(pages, "/events/a") == (200, b"2")
        assert len(made) == 2

    asyncio.run(run())


def test_kept_pages_take_bounded_memory(monkeypatch) -> None:
    monkeypatch.setattr("wadati.api.pages.MOST_BYTES", 10_000)

    async def run() -> None:
        pages = Pages(None, (("/feeds/",), ()), lambda path, _: Made(path.encode() * 100, "text/plain"))
        for k in range(200):
            assert (await _get(pages, f"/feeds/{k:03d}"))[0] == 200
        assert 0 < pages._held <= 10_000
        assert list(pages._pages)[-1][0] == "/feeds/199"
        assert sum(len(page.plain) + len(page.packed or b"") for page in pages._pages.values()) == pages._held

    asyncio.run(run())


def test_an_answer_that_breaks_is_seen_to_break() -> None:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from wadati.api.server import Server
    from wadati.api.streaming import streamed

    async def broken(_: Request) -> Response:
        def chunks():
            yield from [b"x" * 200_000] * 3
            raise OSError("the disk is gone")

        return await streamed(chunks(), "text/plain")

    server = Server(Starlette(routes=[Route("/", broken)]), "127.0.0.1", 0)
    threading.Thread(target=server.run, daemon=True).start()
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(server.address, timeout=10)


def test_open_events_are_in_the_event_service_in_their_places(changing, fresh) -> None:
    log, store = fresh

    def deep(name: str, age: int, size: float) -> Event:
        found = event(name, age, size)
        return msgspec.structs.replace(found, origins=(msgspec.structs.replace(found.origin, depth=77_000.0),))

    one, other, late = deep("wdopen1", HOUR, 5.5), deep("wdopen2", 3 * HOUR, 4.4), deep("wdopen3", 2 * HOUR, 5.0)
    store.upsert_events([late])
    query = "/fdsnws/event/1/query"
    log.write(versions=[version(one, 1, "created"), version(other, 1, "updated")])

    def asked(**query_: object) -> list[str]:
        answer = changing.get(query, format="text", mindepth=70, **query_)
        found = [line.split("|")[0] for line in answer.text.splitlines()[1:]]
        return [name for name in found if name.startswith("wdopen")]

    assert soon(asked, ["wdopen1", "wdopen3", "wdopen2"]) == ["wdopen1", "wdopen3", "wdopen2"]
    assert asked(orderby="time-asc") == ["wdopen2", "wdopen3", "wdopen1"]
    assert asked(orderby="magnitude", minmagnitude=4) == ["wdopen1", "wdopen3", "wdopen2"]
    assert asked(minmagnitude=5.2) == ["wdopen1"]
    ordered = asked(orderby="magnitude", minmagnitude=4)
    assert [asked(orderby="magnitude", minmagnitude=4, limit=1, offset=k) for k in (1, 2, 3)] == [[n] for n in ordered]
    xml = changing.get(query, eventid="wdopen1,wdopen3", includearrivals="true").text
    assert (xml.count("<event "), "event/wdopen1" in xml) == (2, True)
    assert changing.get(query, eventid="wdopen2", format="geojson").json()["features"][0]["id"] == "wdopen2"
    log.write(versions=[version(one, 2, "retracted"), version(other, 2, "retracted")])
    assert soon(asked, ["wdopen3"]) == ["wdopen3"]
    store.replace([])


def test_final_picks_are_told_too(changing, fresh) -> None:
    log, _ = fresh
    sid = SourceId.parse("FDSN:XX_FIN__H_H_Z")
    pick = Pick.of(sid, "P", time.time_ns(), time_uncertainty=0.1, probability=0.9)
    log.write(early=[EarlyPick(pick, time.time_ns())])
    log.write(final=[pick])
    log.write(final=[pick])
    states = []
    with httpx.stream("GET", changing.url + "/stream?kinds=pick&after=0", timeout=20) as stream:
        for line in stream.iter_lines():
            if line.startswith("data:") and "XX_FIN" in line:
                states.append(json.loads(line[5:])["data"]["state"])
                if states[-1] == "final":
                    break
    assert states == ["early", "final"]
    assert log.picks([pick.pick_id]) == {pick.pick_id: pick}
    (told,) = [one for _, one in log.put_down(0) if one.source_id == sid]
    assert told == pick
    log.forget_early(time.time_ns() + HOUR)
    assert log.put_down(0) == ()
