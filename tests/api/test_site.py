"""The public pages as files: whole, only what changed, the same as the service's, and nothing published vanishes."""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from wadati.api.current import Current
from wadati.api.holdings import open_holdings
from wadati.api.public import PublicPages
from wadati.api.site import Site
from wadati.bus.messages import EventMessage
from wadati.cli.main import main
from wadati.engine.flow import Flow
from wadati.engine.serving import Serving
from wadati.formats.quakeml import read_quakeml
from wadati.formats.tables import read_arrivals_csv
from wadati.model import Event, Magnitude, Origin
from wadati.model.codec import encode_json
from wadati.store.catalog import CatalogStore
from wadati.store.live_log import EventVersion, LiveLog
from wadati.store.objects import open_place
from wadati.units import SECOND

FLOW = Flow(authority="xx.example", serve=Serving(title="Small network", url="https://xx.example", license="CC-BY-4.0"))


@contextmanager
def site_of(folder: Path, to: str | Path) -> Iterator[Site]:
    holdings = open_holdings(folder, FLOW)
    current = Current(holdings.store, holdings.authority)
    try:
        current.look()
        yield Site(holdings, current, open_place(str(to)), FLOW.serve.url)
    finally:
        current.close()
        holdings.close()


def write(folder: Path, to: str | Path) -> int:
    with site_of(folder, to) as site:
        written = site.write()
        assert site.problems == []
        return written


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def written(small, tmp_path_factory) -> tuple[Path, Path]:
    """A folder of results and its site, which no test changes."""
    scratch = tmp_path_factory.mktemp("site")
    folder = shutil.copytree(small.output, scratch / "out")
    write(folder, scratch / "site")
    return folder, scratch / "site"


@pytest.fixture
def own(written: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """The same, to be changed."""
    return shutil.copytree(written[0], tmp_path / "out"), shutil.copytree(written[1], tmp_path / "site")


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.found += [value for name in ("href", "src") if (value := given.get(name))]
        self.names.add(given.get("id") or "")


def test_every_link_leads_somewhere(written: tuple[Path, Path]) -> None:
    _, site = written
    pages = {name: Links() for name in contents(site) if name.endswith(".html")}
    for name, links in pages.items():
        links.feed((site / name).read_text())
    checked = 0
    for name, links in pages.items():
        for address in links.found:
            there = urlsplit(urljoin(f"https://host/{name}", address))
            assert there.netloc == "host", f"{name} leads away: {address}"
            path = there.path.removeprefix("/") or "index.html"
            assert (site / path).is_file(), f"{name} leads to {address}, which is not there"
            if there.fragment:
                assert there.fragment in pages[path].names, f"{name} leads to {address}"
            checked += 1
    assert checked > 4 * len(pages)


def test_nothing_is_fetched_and_only_one_script_may_run(written: tuple[Path, Path]) -> None:
    for name, content in contents(written[1]).items():
        if name.endswith(".html"):
            text = content.decode()
            assert "default-src &#x27;none&#x27;" in text
            assert not re.search(r"<(img|link|iframe|script[^>]+src)", text)


def test_a_site_has_a_page_for_every_event_and_names_its_terms(small, written: tuple[Path, Path]) -> None:
    _, site = written
    assert {path.name for path in (site / "events").iterdir()} == {event.event_id for event in small.result.catalog}
    assert all("CC-BY-4.0" in (site / name).read_text() for name in ("index.html", "404.html"))
    page = next((site / "events").iterdir()) / "index.html"
    assert "CC-BY-4.0" in page.read_text()
    assert 'class="trace"' in page.read_text()


def test_files_of_an_event_hold_what_the_catalog_holds(small, written: tuple[Path, Path]) -> None:
    _, site = written
    for event in small.result.catalog:
        folder = site / "events" / event.event_id
        read = read_quakeml(folder / "event.xml").events[0]
        assert read.origin.time == event.origin.time
        assert len(read.origin.arrivals) == len(event.origin.arrivals)
        arrivals = read_arrivals_csv(folder / "arrivals.csv")[event.event_id]
        assert [a.pick_id for a in arrivals] == [a.pick_id for a in event.origin.arrivals]
        detail = json.loads((site / "feeds" / "detail" / f"{event.event_id}.geojson").read_text())
        address = detail["properties"]["products"]["origin"][0]["contents"]["quakeml.xml"]["url"]
        assert (site / address.removeprefix("https://xx.example/")).is_file()


def test_twice_is_once_and_a_start_from_nothing_gives_the_same(written: tuple[Path, Path], tmp_path: Path) -> None:
    folder, site = written
    before = contents(site)
    assert write(folder, site) == 0
    assert contents(site) == before
    write(folder, tmp_path / "again")
    timeless = {name for name in before if not name.startswith("feeds/") or name.startswith("feeds/detail")}
    assert {name: contents(tmp_path / "again")[name] for name in timeless} == {name: before[name] for name in timeless}


def test_a_service_gives_the_same_pages(written: tuple[Path, Path]) -> None:
    folder, site = written
    holdings = open_holdings(folder, FLOW)
    current = Current(holdings.store, holdings.authority)
    pages = PublicPages(holdings, current)
    names = [name for name in contents(site) if not name.startswith(("feeds/", "_", "site.json"))]
    for name in names:
        made = pages.make(f"/{name}", "https://xx.example")
        assert made is not None, name
        assert made.content == (site / name).read_bytes(), name
    for name in ("/events/nothing/", "/events/../x/", "/months/1900-01.html", "/other"):
        assert pages.make(name, "") is None
    current.close()
    holdings.close()


def test_only_what_changed_is_written(small, own: tuple[Path, Path]) -> None:
    folder, site = own
    before = contents(site)
    event = small.result.catalog.events[0]
    moved = Origin.of(event.origin.time, event.origin.latitude + 0.01, event.origin.longitude, event.origin.depth)
    changed = Event(event.event_id, (moved, *event.origins), event.magnitudes, moved.origin_id)
    with CatalogStore(folder / "catalog.sqlite") as store:
        store.upsert_events([changed])
    write(folder, site)
    after = contents(site)
    different = {name for name in after if after[name] != before.get(name)}
    month = next(name for name in before if name.startswith("months/"))
    name = f"events/{event.event_id}"
    detail = f"feeds/detail/{event.event_id}.geojson"
    wanted = {f"{name}/index.html", f"{name}/event.xml", f"{name}/arrivals.csv", detail}
    assert different == {*wanted, month, "index.html", "site.json"}


def test_an_event_that_is_none_any_more_has_a_page_that_says_so(small, own: tuple[Path, Path]) -> None:
    folder, site = own
    gone, *rest = small.result.catalog.events
    with CatalogStore(folder / "catalog.sqlite") as store:
        store.replace(rest, small.result.catalog.picks)
    write(folder, site)
    page = (site / "events" / gone.event_id / "index.html").read_text()
    assert "cancelled" in page
    assert gone.event_id not in (site / "index.html").read_text()
    assert write(folder, site) == 0
    assert [path.name for path in (site / "events" / gone.event_id).iterdir()] == ["index.html"]
    assert not (site / "feeds" / "detail" / f"{gone.event_id}.geojson").exists()
    with CatalogStore(folder / "catalog.sqlite") as store:
        store.replace([], small.result.catalog.picks)
    write(folder, site)
    assert list((site / "months").iterdir()) == []
    with CatalogStore(folder / "catalog.sqlite") as store:
        store.replace(small.result.catalog.events, small.result.catalog.picks)
    write(folder, site)
    assert "cancelled" not in (site / "events" / gone.event_id / "index.html").read_text()
    assert (site / "events" / gone.event_id / "event.xml").is_file()
    assert len(list((site / "months").iterdir())) == 1


def test_a_provisional_event_that_is_retracted_has_one_too(own: tuple[Path, Path]) -> None:
    folder, site = own
    origin = Origin.of(time.time_ns() - 60 * SECOND, 35.7, -117.5, 8000.0)
    size = Magnitude("magnitude-open", origin.origin_id, "ML", 3.0)
    event = Event("wdopen", (origin,), (size,), origin.origin_id, size.magnitude_id)

    def version(number: int, state: str) -> EventVersion:
        message = EventMessage(event_id="wdopen", version=number, state=state, event=event, released=True)  # type: ignore[arg-type]
        return EventVersion("wdopen", number, state, time.time_ns(), encode_json(message).decode())

    with LiveLog(folder / "catalog.sqlite") as log:
        log.write(versions=[version(1, "created")])
        write(folder, site)
        assert "ML 3.00" in (site / "events" / "wdopen" / "index.html").read_text()
        assert "wdopen" in (site / "feeds" / "all_hour.geojson").read_text()
        assert "wdopen" in (site / "index.html").read_text()
        log.write(versions=[version(2, "retracted")])
        write(folder, site)
        assert "cancelled" in (site / "events" / "wdopen" / "index.html").read_text()
        assert "wdopen" not in (site / "feeds" / "all_hour.geojson").read_text()


def test_a_page_that_cannot_be_made_costs_no_other(own: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, site = own
    shutil.rmtree(site)
    name = "event-without"
    make = PublicPages.make

    def failing(self: PublicPages, path: str, address: str):
        if path.startswith(f"/events/{broken}/"):
            raise ValueError(name)
        return make(self, path, address)

    with site_of(folder, site) as whole:
        broken = whole._pages.listed()[0].event_id
        monkeypatch.setattr(PublicPages, "make", failing)
        whole.write()
        assert len(whole.problems) == 1
        assert broken in whole.problems[0]
    monkeypatch.undo()
    assert (site / "index.html").is_file()
    assert not (site / "events" / broken).exists()
    assert write(folder, site) >= 4
    assert (site / "events" / broken / "index.html").is_file()


def test_a_record_of_the_site_that_is_broken_costs_only_time(own: tuple[Path, Path]) -> None:
    folder, site = own
    (site / "site.json").write_text("{")
    assert write(folder, site) > 10
    assert write(folder, site) == 0


def test_a_followed_site_has_an_event_within_five_seconds(own: tuple[Path, Path]) -> None:
    folder, site = own
    stop, told = threading.Event(), threading.Event()
    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        told.set()

    with site_of(folder, site) as pages:
        thread = threading.Thread(target=pages.follow, args=(stop, say))
        thread.start()
        origin = Origin.of(time.time_ns(), 35.7, -117.5, 8000.0)
        with CatalogStore(folder / "catalog.sqlite") as store:
            store.upsert_events([Event("wdnew", (origin,), (), origin.origin_id)])
        until = time.monotonic() + 5
        while "wdnew" not in (site / "index.html").read_text() and time.monotonic() < until:
            told.wait(0.1)
            told.clear()
        stop.set()
        thread.join(20)
    assert "wdnew" in (site / "index.html").read_text()
    assert (site / "events" / "wdnew" / "index.html").is_file()
    assert all("files in" in line for line in lines)


def test_a_bucket_has_the_same_with_headers_for_caches(written: tuple[Path, Path], moto: str) -> None:
    boto3 = pytest.importorskip("boto3")
    pytest.importorskip("obstore")
    folder, site = written
    client = boto3.client("s3", endpoint_url=moto, region_name="us-east-1")
    client.create_bucket(Bucket="public")
    url = f"s3://public/net?endpoint={moto}&region=us-east-1"
    assert write(folder, url) > 10
    assert write(folder, url) == 0
    keys = {one["Key"].removeprefix("net/") for one in client.list_objects_v2(Bucket="public")["Contents"]}
    assert keys == set(contents(site))
    feed = client.get_object(Bucket="public", Key="net/feeds/all_hour.geojson")
    assert (feed["CacheControl"], feed["ContentType"]) == ("public, max-age=30", "application/geo+json")
    page = client.get_object(Bucket="public", Key="net/index.html")
    assert page["Body"].read() == (site / "index.html").read_bytes()
    assert page["ContentType"] == "text/html; charset=utf-8"


def test_the_command(written: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, _ = written
    assert main(["site", str(folder), "--to", str(tmp_path / "site")]) == 0
    told = capsys.readouterr()
    assert "files written" in told.out
    assert "say url under [serve]" in told.err
    assert main(["site", str(folder), "--to", "ftp://host/x"]) == 2
