"""What the portal is made of: its files, and the data behind it."""

from __future__ import annotations

import gzip
import re
import time
from pathlib import Path

import httpx
import msgspec
import numpy as np
import pytest

import wadati
from tests.api.conftest import serving
from tests.portal.conftest import run_on
from wadati.api.tokens import new_token
from wadati.engine.live.journal import Journal
from wadati.engine.live.recent import CORNER, Recent
from wadati.formats.miniseed import read_miniseed
from wadati.formats.waveform_blocks import unpack
from wadati.model import TimeSpan, format_time
from wadati.protocols import Packet
from wadati.signal.extremes import extremes
from wadati.signal.high_pass import HighPass
from wadati.sources.archive import Archive
from wadati.sources.selection import Selection
from wadati.units import SECOND

BUILT = Path(wadati.__file__).parent / "api" / "portal" / "built"


def test_the_built_files_are_small_and_have_no_source_maps() -> None:
    files = [path for path in BUILT.rglob("*") if path.is_file()]
    assert sum(len(gzip.compress(path.read_bytes(), 9)) for path in files) <= 1_000_000
    assert [path.name for path in files if path.suffix == ".map"] == []
    assert [path.name for path in files if b"sourceMappingURL=" in path.read_bytes()[-300:]] == []


def test_the_page_has_no_inline_script_and_names_files_that_are_there(served) -> None:
    page = served.get("/portal/")
    assert page.headers["cache-control"] == "no-cache"
    assert re.findall(r"<script(?![^>]*src=)", page.text) == []
    named = re.findall(r'(?:src|href)="(/portal/[^"]+)"', page.text)
    assert named
    for address in named:
        answer = served.get(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["cache-control"]
    assert httpx.get(served.url + "/portal").headers["location"] == "/portal/"


def test_everything_below_says_what_it_may_load(served) -> None:
    start = "2026-03-01T00:00:00"
    for path in (
        "/portal/",
        "/portal/data/events",
        "/portal/data/network",
        f"/portal/data/picks?start={start}&end={start}",
    ):
        policy = dict(one.split(" ", 1) for one in served.get(path).headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["script-src"] == policy["connect-src"] == "'self'"
        assert policy["object-src"] == "'none'"
        assert "unsafe" not in str(policy)
        assert "http" not in str(policy)


def test_what_has_not_changed_is_not_sent_again(served) -> None:
    for path in ("/portal/", "/portal/data/events"):
        tag = served.get(path).headers["etag"]
        assert httpx.get(served.url + path, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("name", ["nosuch.js", "..%2findex.html", "%2e%2e%2f__init__.py", "..%2f..%2ffiles.py"])
def test_only_what_was_built_is_given_out(served, name: str) -> None:
    assert served.get(f"/portal/assets/{name}").status_code == 404


def test_events_as_columns_are_those_of_the_catalog(served) -> None:
    told = served.get("/portal/data/events").json()
    catalog = sorted(served.small.result.catalog, key=lambda one: -one.origin.time)
    assert told["id"] == [one.event_id for one in catalog]
    assert told["depth_km"] == [round(one.origin.depth / 1000, 2) for one in catalog]
    assert {len(column) for name, column in told.items() if name != "more"} == {len(catalog)}
    assert told["more"] is False
    two = served.get("/portal/data/events", limit=2).json()
    assert (two["id"], two["more"]) == (told["id"][:2], True)
    large = served.get("/portal/data/events", min_magnitude=1).json()
    assert large["id"] == [one.event_id for one in catalog if one.magnitude and one.magnitude.value >= 1]
    assert served.get("/portal/data/events", start="2000-01-01", end="2000-01-02").json()["id"] == []


def test_an_event_comes_whole_with_its_picks(served) -> None:
    one = served.small.result.catalog.events[0]
    told = served.get(f"/portal/data/event/{one.event_id}").json()
    assert told["event"]["origins"][0]["time"] == format_time(one.origin.time, 9)
    assert {pick["pick_id"] for pick in told["picks"]} == {arrival.pick_id for arrival in one.origin.arrivals}
    assert served.get("/portal/data/event/nosuch").status_code == 404


def test_picks_of_a_time_and_a_station(served) -> None:
    one = served.small.result.catalog.events[0]
    span = {"start": format_time(one.origin.time), "end": format_time(one.origin.time + 30 * SECOND)}
    found = served.get("/portal/data/picks", **span).json()["picks"]
    assert {pick["id"] for pick in found} >= {arrival.pick_id for arrival in one.origin.arrivals}
    station = found[0]["station"]
    own = served.get("/portal/data/picks", **span, station=station).json()["picks"]
    assert own == [pick for pick in found if pick["station"] == station]
    assert served.get("/portal/data/picks").status_code == 400
    assert served.get("/portal/data/picks", start="2026-03-01", end="2026-03-05").status_code == 400


def window(small) -> tuple[Archive, TimeSpan]:
    archive = Archive(sorted(small.waveforms.iterdir()))
    start = small.result.catalog.events[0].origin.time // SECOND * SECOND
    return archive, TimeSpan(start, start + 20 * SECOND)


def test_samples_are_those_of_the_archive(served) -> None:
    archive, span = window(served.small)
    asked = {"start": format_time(span.start), "end": format_time(span.end), "station": "XX.W02"}
    _, blocks = unpack(served.get("/portal/data/waveforms", **asked).content)
    truth = [one for one in archive.read("XX", "W02", span) if one.source_id.subsource == "Z"]
    assert [block.channel for block in blocks] == [one.source_id.nslc for one in truth]
    for block, one in zip(blocks, truth, strict=True):
        assert abs(block.start - one.start) < 1000
        swing = float(np.ptp(one.data))
        np.testing.assert_allclose(block.values, one.data, atol=max(swing / 60_000, 1e-9))
    _, whole = unpack(served.get("/portal/data/waveforms", **asked, components="all").content)
    assert {block.channel[-1] for block in whole} == {"Z", "N", "E"}


def test_columns_of_two_windows_are_those_of_one(served) -> None:
    _, span = window(served.small)
    middle = span.start + 10 * SECOND

    def columns(start: int, end: int) -> dict[tuple[str, int], np.ndarray]:
        asked = {"start": format_time(start), "end": format_time(end), "rate": 20}
        _, blocks = unpack(served.get("/portal/data/waveforms", **asked).content)
        return {
            (block.channel, round(block.start / SECOND * 20) + k): pair
            for block in blocks
            for k, pair in enumerate(block.values)
        }

    parts = columns(span.start, middle) | columns(middle, span.end)
    whole = columns(span.start, span.end)
    assert set(parts) == set(whole)
    scale = max(float(np.abs(pair).max()) for pair in whole.values())
    far = [key for key, pair in whole.items() if np.abs(parts[key] - pair).max() > 0.02 * scale]
    assert far == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("start=2026-03-01&end=2026-03-02", 413),
        ("start=2026-03-01&end=2026-03-01T00:01:00&station=no*", 400),
        ("start=2026-03-01&end=2026-03-01T05:00:00&rate=20", 413),
        ("start=2026-03-02&end=2026-03-01", 400),
        ("after=-1", 400),
        ("start=2026-03-01&end=2026-03-01T00:01:00&station=" + ",".join(["XX.A"] * 201), 413),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(served, query: str, status: int) -> None:
    answer = served.get(f"/portal/data/waveforms?{query}")
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_a_live_run_gives_what_is_new(small, tmp_path: Path) -> None:
    archive, span = window(small)
    records = list(archive.records([Selection("XX", "W02", "*", "*", span), Selection("XX", "W03", "*", "*", span)]))
    half = len(records) // 2
    journal, recent = Journal(tmp_path), Recent(tmp_path, 20)
    assert recent.after(0) == (0, [])
    journal.append([Packet(one, "test", k, 0, span.end) for k, one in enumerate(records[:half])])
    first, before = recent.after(0)
    journal.append([Packet(one, "test", k, 0, span.end) for k, one in enumerate(records[half:], half)])
    journal.close()
    second, after = recent.after(first)
    assert (first, second) == (1, 2)
    assert recent.after(second) == (2, [])
    again, everything = recent.after(0)
    assert again == second
    assert len(everything) == len(before) + len(after)
    assert {one.source_id.subsource for one in everything} == {"Z"}
    traces = read_miniseed(b"".join(records))[0]
    (truth,) = [extremes(HighPass(CORNER)(one), 20) for one in traces if one.source_id.nslc == "XX.W02..HHZ"]
    own = [one for one in everything if one.source_id.nslc == "XX.W02..HHZ"]
    assert truth is not None
    assert own[0].first == truth.first
    assert own[-1].first + len(own[-1].values) == truth.first + len(truth.values)


def test_the_network_tells_how_stations_do(changing) -> None:
    told = changing.get("/portal/data/network").json()
    assert told["live"] is None
    assert told["title"] == "Small network"
    assert {one["state"] for one in told["stations"]} == {None}
    run_on(changing.folder, changing.small)
    told = changing.get("/portal/data/network").json()
    assert told["live"]["picks_per_minute"] == 12.0
    assert [one["state"] for one in told["stations"]] == ["late"] + ["ok"] * 11
    head, blocks = unpack(changing.get("/portal/data/waveforms", after=0).content)
    assert head["cursor"] >= 1
    assert len({block.channel for block in blocks}) >= 11
    path = changing.folder / "live" / "status.json"
    path.write_bytes(msgspec.json.encode(msgspec.json.decode(path.read_bytes()) | {"written": time.time() - 60}))
    assert changing.get("/portal/data/network").json()["live"] is None


def test_the_map_has_land_and_coasts(served) -> None:
    cell = served.get("/portal/data/basemap", west=-125, south=31).json()
    assert {one["properties"]["kind"] for one in cell["features"]} >= {"land", "coast"}
    land = [one["geometry"]["coordinates"][0] for one in cell["features"] if one["geometry"]["type"] == "Polygon"]
    assert all(ring[0] == ring[-1] for ring in land)
    assert all(-130 <= x <= -120 and 30 <= y <= 40 for ring in land for x, y in ring)
    assert served.get("/portal/data/basemap", west=200).status_code == 400


def test_restricted_stations_are_not_drawn_live_either(small, tmp_path: Path) -> None:
    word = new_token(tmp_path / "tokens.json", "partner", ("restricted",), 1)
    settings = f'tokens = "{tmp_path / "tokens.json"}"\nrestricted = [{{ network = "XX", station = "W02" }}]\n'
    archive, span = window(small)
    records = list(archive.records([Selection("XX", "W02", "*", "*", span), Selection("XX", "W03", "*", "*", span)]))
    with serving(small, tmp_path, settings) as own:
        journal = Journal(own.folder / "live" / "journal")
        journal.append([Packet(one, "test", k, 0, span.end) for k, one in enumerate(records)])
        journal.close()
        times = f"start={format_time(span.start)}&end={format_time(span.end)}&station=XX.W02,XX.W03"
        for query in ("after=0", times, f"{times}&rate=10"):
            seen = []
            for headers in ({}, {"Authorization": f"Bearer {word}"}):
                answer = httpx.get(f"{own.url}/portal/data/waveforms?{query}", headers=headers, timeout=60)
                assert answer.status_code == 200, answer.text
                seen.append({block.channel.split(".")[1] for block in unpack(answer.content)[1]})
            assert seen == [{"W03"}, {"W02", "W03"}], query
