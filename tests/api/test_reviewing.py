"""An analyst's word by HTTP: a new origin each time, told to all who listen, open to those who may alone."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.conftest import Served, serving
from wadati.api.tokens import new_token
from wadati.engine import local
from wadati.engine.flow import Flow
from wadati.model import Event, format_time, parse_time
from wadati.store.catalog import CatalogStore
from wadati.units import SECOND


@dataclass(frozen=True)
class Desk:
    """A service, and the words of those who work there."""

    served: Served
    words: dict[str, str]

    def ask(self, event_id: str, role: str = "analyst", **asked: object) -> httpx.Response:
        url = f"{self.served.url}/events/{event_id}/review"
        return httpx.post(url, json=asked, headers=self.headers(role), timeout=60)

    def headers(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.words[role]}"} if role else {}

    def event(self, event_id: str) -> Event | None:
        with CatalogStore(self.served.folder / "catalog.sqlite") as store:
            return store.event(event_id)


@pytest.fixture(scope="module")
def desk(small, tmp_path_factory) -> Iterator[Desk]:
    scratch = tmp_path_factory.mktemp("desk")
    path = scratch / "tokens.json"
    words = {role: new_token(path, f"the {role}", (role,), 1) for role in ("viewer", "analyst", "admin")}
    with serving(small, scratch, f'tokens = "{path}"\n') as served:
        yield Desk(served, words)


@pytest.fixture(scope="module")
def events(small) -> Iterator[Event]:
    """Events for one test each, the best located first."""
    sized = [event for event in small.result.catalog if event.magnitude is not None]
    return iter(sorted(sized, key=lambda event: -len(event.origin.arrivals)))


def properties(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["properties"]
    return found


def test_a_confirmed_event_is_reviewed_everywhere(desk: Desk, events: Iterator[Event]) -> None:
    event = next(events)
    assert properties(desk.ask(event.event_id, action="confirm", comment="clear"))["status"] == "reviewed"
    now = desk.event(event.event_id)
    assert now is not None
    assert now.origin.evaluation_mode == "manual"
    assert event.origin in now.origins
    assert (now.origin.latitude, now.origin.time) == (event.origin.latitude, event.origin.time)
    assert now.magnitude is not None
    assert now.magnitude.value == event.magnitude.value
    quakeml = desk.served.get("/fdsnws/event/1/query", eventid=event.event_id).text
    assert "<evaluationMode>manual</evaluationMode>" in quakeml
    assert "reviewed" in desk.served.get(f"/events/{event.event_id}/index.html").text
    said = httpx.get(f"{desk.served.url}/events/{event.event_id}/reviews", headers=desk.headers("analyst")).json()
    assert [(one["action"], one["reviewer"], one["comment"]) for one in said["reviews"]] == [
        ("confirm", "the analyst", "clear")
    ]


def test_a_relocation_from_a_moved_a_dropped_and_a_new_pick(desk: Desk, events: Iterator[Event], small) -> None:
    event = next(events)
    picks = {pick.pick_id: pick for pick in small.result.catalog.picks}
    own = [picks[arrival.pick_id] for arrival in event.origin.arrivals if arrival.weight > 0]
    moved, dropped = own[0], own[1]
    changes = [
        {"pick_id": moved.pick_id, "time": format_time(moved.time + SECOND // 50, 9)},
        {"pick_id": dropped.pick_id, "used": False},
        {
            "source_id": str(dropped.source_id),
            "phase": dropped.phase_hint,
            "time": format_time(dropped.time + SECOND // 100, 9),
        },
    ]
    answer = desk.ask(event.event_id, action="relocate", picks=changes)
    assert properties(answer)["status"] == "reviewed"
    now = desk.event(event.event_id)
    assert now is not None
    assert len(now.origin.arrivals) == len(event.origin.arrivals)
    used = {arrival.pick_id for arrival in now.origin.arrivals}
    assert used.isdisjoint({moved.pick_id, dropped.pick_id})
    with CatalogStore(desk.served.folder / "catalog.sqlite") as store:
        manual = [pick for pick in store.picks(used).values() if pick.evaluation_mode == "manual"]
    assert sorted(pick.time for pick in manual) == sorted(
        parse_time(str(one["time"])) for one in changes if "time" in one
    )
    assert abs(now.origin.latitude - event.origin.latitude) < 0.02
    assert now.magnitude is not None
    assert abs(now.magnitude.value - event.magnitude.value) < 0.1
    assert now.magnitude.origin_id == now.origin.origin_id


def test_a_rejected_event_is_gone_everywhere_and_comes_back(desk: Desk, events: Iterator[Event]) -> None:
    event = next(events)
    assert properties(desk.ask(event.event_id, action="reject"))["status"] == "deleted"
    assert desk.served.get("/fdsnws/event/1/query", eventid=event.event_id).status_code == 204
    assert "cancelled" in desk.served.get(f"/events/{event.event_id}/index.html").text
    assert properties(desk.ask(event.event_id, action="confirm"))["status"] == "reviewed"
    assert desk.served.get("/fdsnws/event/1/query", eventid=event.event_id).status_code == 200


def test_types_and_preferences(desk: Desk, events: Iterator[Event]) -> None:
    event = next(events)
    assert properties(desk.ask(event.event_id, action="type", event_type="quarry blast"))["type"] == "quarry blast"
    refused = desk.ask(event.event_id, action="type", event_type="a fight")
    assert refused.status_code == 400
    assert "quarry blast" in refused.json()["detail"]
    found = desk.ask(event.event_id, action="prefer", origin_id=event.origin.origin_id)
    assert properties(found)["status"] == "reviewed"
    assert desk.ask(event.event_id, action="prefer", origin_id="none").status_code == 400


def test_who_listens_hears_of_it(desk: Desk, events: Iterator[Event]) -> None:
    event = next(events)
    with httpx.stream("GET", desk.served.url + "/stream?kinds=event&after=0", timeout=20) as stream:
        desk.ask(event.event_id, action="confirm")
        for line in stream.iter_lines():
            if line.startswith("data:") and event.event_id in line:
                told = json.loads(line[5:])
                break
    assert told["data"]["state"] == "final"
    assert told["data"]["event"]["origins"][-1]["evaluation_mode"] == "manual"


def test_a_new_run_keeps_what_was_said(desk: Desk, events: Iterator[Event], small) -> None:
    event = next(events)
    desk.ask(event.event_id, action="confirm")
    result = local.catalog(small.waveforms, small.stations, desk.served.folder, flow=Flow(workers=1))
    found = {one.event_id: one for one in result.catalog}
    assert found[event.event_id].origin.evaluation_mode == "manual"
    assert set(found) == {one.event_id for one in small.result.catalog}


def test_what_cannot_be_meant_is_told(desk: Desk, small) -> None:
    event = small.result.catalog.events[-1]
    asked: list[tuple[dict[str, Any], str]] = [
        ({"action": "explode"}, "explode"),
        ({}, "action"),
        ({"action": "relocate", "picks": [{"pick_id": "none"}]}, "no pick none"),
        ({"action": "relocate", "picks": [{"source_id": "XX", "phase": "P", "time": "2020-01-01"}]}, "XX"),
        ({"action": "relocate", "picks": [{"source_id": "XX", "phase": "Q"}]}, "phase"),
        ({"action": "confirm", "more": 1}, "more"),
        ({"action": "confirm", "event_type": "explosion"}, "action type"),
        ({"action": "type"}, "event_type"),
    ]
    for body, words in asked:
        answer = desk.ask(event.event_id, **body)
        assert answer.status_code == 400, body
        assert words in answer.json()["detail"]
    drop = [{"pick_id": arrival.pick_id, "used": False} for arrival in event.origin.arrivals[3:]]
    answer = desk.ask(event.event_id, action="relocate", picks=drop)
    assert answer.status_code == 400
    assert "do not determine a hypocentre" in answer.json()["detail"]
    assert desk.ask("nothing", action="confirm").status_code == 404
    assert desk.event(event.event_id) == event


def test_nobody_else_may_and_everything_is_noted(desk: Desk, small, served: Served) -> None:
    event = small.result.catalog.events[-1]
    statuses = {role: desk.ask(event.event_id, role, action="reject").status_code for role in ("", "viewer")}
    assert statuses == {"": 401, "viewer": 403}
    assert desk.event(event.event_id) == event
    open_service = httpx.post(f"{served.url}/events/{event.event_id}/review", json={"action": "reject"})
    assert open_service.status_code == 403
    assert httpx.get(f"{desk.served.url}/audit", headers=desk.headers("analyst")).status_code == 403
    noted = httpx.get(f"{desk.served.url}/audit", headers=desk.headers("admin")).json()["requests"]
    of_it = [one for one in noted if one["path"] == f"/events/{event.event_id}/review"]
    assert {(one["caller"], one["status"]) for one in of_it} >= {("127.0.0.1", 401), ("the viewer", 403)}
    assert all(one["request"] for one in noted)
    assert stat.S_IMODE((desk.served.folder / "audit.jsonl").stat().st_mode) == 0o600
    for word in desk.words.values():
        assert word not in (desk.served.folder / "audit.jsonl").read_text()


def test_two_analysts_at_once_lose_no_word(desk: Desk, events: Iterator[Event]) -> None:
    event = next(events)
    with ThreadPoolExecutor(8) as pool:
        kinds = ["confirm", "type"] * 6
        answers = list(
            pool.map(
                lambda kind: desk.ask(
                    event.event_id, action=kind, **({"event_type": "explosion"} if kind == "type" else {})
                ),
                kinds,
            )
        )
    assert {answer.status_code for answer in answers} == {200}
    with CatalogStore(desk.served.folder / "catalog.sqlite") as store:
        assert len(store.reviews(event.event_id)) == len(kinds)
    now = desk.event(event.event_id)
    assert now is not None
    assert (now.event_type, now.origin.evaluation_mode) == ("explosion", "manual")


@pytest.fixture(scope="module")
def embargoed(small, tmp_path_factory) -> Iterator[tuple[Served, str, str]]:
    """A service one of whose stations is closed, the code of that station, and a word that opens it."""
    scratch = tmp_path_factory.mktemp("embargoed")
    word = new_token(scratch / "tokens.json", "partner", ("restricted",), 1)
    closed = small.scenario.traces[0].source_id.station
    settings = (
        f'tokens = "{scratch / "tokens.json"}"\n'
        f'restricted = [{{ network = "*", station = "{closed}", until = "2200-01-01" }}, '
        '{ network = "XX", until = "2000-01-01" }]\n'
    )
    with serving(small, scratch, settings) as served:
        yield served, closed, word


def test_restricted_waveforms_are_for_those_who_may(embargoed, small) -> None:
    served, closed, word = embargoed
    own = [trace for trace in small.scenario.traces if trace.source_id.station == closed]
    times = f"starttime={format_time(own[0].start)}&endtime={format_time(own[0].end)}"
    everything = f"{served.url}/fdsnws/dataselect/1/query?{times}&station="
    headers = {"Authorization": f"Bearer {word}"}
    assert httpx.get(everything + closed).status_code == 403
    assert len(httpx.get(everything + closed, headers=headers).content) > 1000
    openly, whole = httpx.get(everything + "*").content, httpx.get(everything + "*", headers=headers).content
    assert closed.encode() not in openly
    assert closed.encode() in whole
    assert 0 < len(openly) < len(whole)
    pages = [served.get(f"/events/{event.event_id}/").text for event in small.result.catalog]
    assert all(page.count('class="trace"') < 12 for page in pages)
    log = Path(served.folder / "audit.jsonl").read_text()
    assert '"caller": "partner"' in log
