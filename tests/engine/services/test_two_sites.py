"""Two sites with the same sources: one tells, the other takes over and back, and no earthquake is told as two."""

from __future__ import annotations

import http.server
import importlib.util
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.servers import NatsServer
from benchmarks.soak.cluster import Cluster
from wadati.bus.messages import EventMessage
from wadati.engine.duplicates import same_earthquake
from wadati.engine.review_rules import Review
from wadati.engine.services.names import Names
from wadati.model import Event, Origin
from wadati.model.codec import decode_json
from wadati.store.live_log import LiveLog
from wadati.units import SECOND


def told(name: str, version: int, second: int = 0, state: str = "updated") -> EventMessage:
    event = Event(name, (Origin.of(second * SECOND + version, 35.7, -117.5, 8000.0),))
    return EventMessage(event_id=name, version=version, state=state, event=event, released=True)  # type: ignore[arg-type]


def near(a: Event, b: Event) -> bool:
    return abs(a.origin.time - b.origin.time) < 3 * SECOND


def test_an_event_keeps_the_name_it_was_told_by_and_its_versions_go_on() -> None:
    names = Names(near)
    names.note(told("theirs", 7))
    (first,) = names.public(told("ours", 3))
    assert (first.event_id, first.event.event_id, first.version) == ("theirs", "theirs", 8)
    (second,) = names.public(told("ours", 4, state="final"))
    assert (second.event_id, second.version, second.state) == ("theirs", 9, "final")
    assert names.own(second) == told("ours", 4, state="final")
    assert names.own(first) is None
    # How it moved is found of an earlier version, and is this site's event all the same.
    assert (names.own_name("theirs"), names.own_name("ours")) == ("ours", "ours")


def test_what_was_told_is_not_told_again_and_what_never_was_is_not_taken_back() -> None:
    names = Names(near)
    assert names.public(told("a", 1, state="retracted")) == []
    assert len(names.public(told("b", 1))) == 1
    assert names.public(told("b", 1)) == []
    assert len(names.public(told("c", 1, second=60))) == 1
    again = Names(near)
    for message in (told("b", 1), told("c", 1, second=60)):
        again.note(message)
        assert again.public(message) == []


def test_one_that_turns_out_to_be_what_the_other_site_told_goes_on_under_that_name() -> None:
    names = Names(near)
    names.note(told("theirs", 7, state="final"))
    assert [one.event_id for one in names.public(told("ours", 1, second=8))] == ["ours"]
    gone, goes_on = names.public(told("ours", 2, second=1, state="final"))
    assert (gone.event_id, gone.version, gone.state) == ("ours", 2, "retracted")
    assert (goes_on.event_id, goes_on.version, goes_on.state) == ("theirs", 8, "final")


class Hook:
    """What was POSTed to it: (when, event)."""

    def __init__(self) -> None:
        self.told: list[tuple[float, EventMessage]] = []
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.told.append((time.monotonic(), decode_json(json.dumps(body["data"]).encode(), EventMessage)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def hook() -> Iterator[Hook]:
    opened = Hook()
    yield opened
    opened.close()


SERVICES = ("pick-1", "associate-1", "publish-1", "ingest-1")


def one_dies_and_comes_back(sites: list[Cluster], buses: list[NatsServer], hook: Hook) -> float:
    """When the first site died: it had just told of an event that was not final."""
    pause = threading.Event()
    try:
        for bus in buses:
            bus.start()
        for name in SERVICES:
            sites[0].start(name)
            sites[1].start(name)
        until = time.monotonic() + 90
        while len(hook.told) < 5 or hook.told[-1][1].state in ("final", "retracted"):
            assert time.monotonic() < until
            pause.wait(0.02)
        for name in SERVICES:
            sites[0].kill(name)
        buses[0].kill()
        died = time.monotonic()
        while not sites[1].said("publish-1", "tells") and time.monotonic() - died < 60:
            pause.wait(0.1)
        assert time.monotonic() - died < 30
        pause.wait(6)
        buses[0].start()
        for name in SERVICES:
            sites[0].start(name)
        for site in sites:
            site.wait_until_over(120)
        pause.wait(4)
    finally:
        for site in sites:
            site.stop()
        for bus in buses:
            bus.stop()
    return died


def test_what_a_site_that_died_told_provisionally_is_taken_back_where_it_is_not_found() -> None:
    names = Names(near)
    names.note(told("theirs", 3))
    assert names.public(told("ours", 1, second=60))
    assert names.left_over(60 * SECOND) == []
    (gone,) = names.left_over(600 * SECOND)[:1]
    assert (gone.event_id, gone.version, gone.state) == ("theirs", 4, "retracted")
    assert names.left_over(600 * SECOND) == []


def test_a_site_that_dies_is_taken_over_and_no_earthquake_is_told_as_two(small, hook: Hook, tmp_path: Path) -> None:
    if reason := NatsServer.missing():
        pytest.skip(reason)
    if importlib.util.find_spec("nats") is None:
        pytest.skip("NATS: nats-py is not installed")
    flow = tmp_path / "flow.toml"
    url = f"http://127.0.0.1:{hook.server.server_port}/"
    flow.write_text(f'[live]\nwebhooks = ["{url}"]\n[live.release]\nphases = 4\ngap = 360.0\nellipse_km = 100.0\n')
    buses = [NatsServer(tmp_path / name) for name in ("a", "b")]
    source = f"replay:{small.waveforms}?speed=5"
    sites = [
        Cluster(tmp_path / f"site-{k}", f"{bus.url}/net", str(tmp_path / f"{k}.sqlite"), small.stations, source)
        for k, bus in enumerate(buses)
    ]
    for site, other, more in ((sites[0], buses[1], []), (sites[1], buses[0], ["--standby"])):
        site.more = {"publish": ["--flow", str(flow), "--peer", f"{other.url}/net", *more]}
    died = one_dies_and_comes_back(sites, buses, hook)
    assert sites[1].said("publish-1", "is silent")
    last: dict[str, EventMessage] = {}
    for _, message in hook.told:
        assert message.version > (last[message.event_id].version if message.event_id in last else 0)
        last[message.event_id] = message
    story = [
        (round(when - died), m.event_id, m.version, m.state, m.event.origin.time // SECOND) for when, m in hook.told
    ]
    standing = [message.event for message in last.values() if message.state != "retracted"]
    assert all(len(group) == 1 for group in same_earthquake(standing, Review())), story
    with LiveLog(tmp_path / "1.sqlite") as log:
        found = [decode_json(version.message.encode(), EventMessage) for version in log.latest()]
    assert len(standing) == sum(message.state == "final" and message.released for message in found) > 10
    by_both = {message.event_id for when, message in hook.told if when < died} & {
        message.event_id for when, message in hook.told if when > died
    }
    assert by_both
