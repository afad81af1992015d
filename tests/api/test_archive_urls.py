"""Signed addresses: they open the objects that hold what is asked for, and what is restricted is not told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import Served, serving
from tests.sources.test_archive import split
from tests.sources.test_bucket_tree import filled
from wadati.api.tokens import new_token
from wadati.formats.miniseed import read_miniseed

PATH = "/archive/urls"
QUERY = "/fdsnws/dataselect/1/query"
ALL = {"starttime": "1970-01-01", "endtime": "1970-01-03T12:00:00"}


@pytest.fixture
def bucket(small, moto: str, tmp_path: Path) -> Iterator[tuple[Served, Path, str]]:
    folder = split(tmp_path, "days")
    word = new_token(tmp_path / "tokens.json", "partner", ("read", "restricted"), 1)
    settings = f'tokens = "{tmp_path / "tokens.json"}"\nmost_megabytes = 0.01\n'
    settings += '[[serve.restricted]]\nstation = "BBB"\nend = "1970-01-02T00:01:00"\n'
    with serving(small, tmp_path / "served", settings, waveforms=filled(moto, folder)) as served:
        yield served, folder, word


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["name"].rpartition("/")[2] for one in answer.json()["objects"]]


def test_addresses_open_the_objects(bucket) -> None:
    served, folder, _ = bucket
    answer = served.get(PATH, station="AAA", channel="HHZ", **ALL)
    assert names(answer) == ["XX.AAA..HHZ.D.1970.001", "XX.AAA..HHZ.D.1970.002"]
    told = answer.json()
    for one in told["objects"]:
        content = httpx.get(one["url"]).content
        assert content == (folder / one["name"]).read_bytes()
        assert len(content) == one["bytes"]
    assert told["bytes"] == sum(one["bytes"] for one in told["objects"])
    assert answer.headers["cache-control"] == "no-store"
    # Of the day before midnight only what goes on after it.
    late = served.get(
        PATH, station="AAA", channel="HHZ", starttime="1970-01-02T00:01:10", endtime="1970-01-02T00:02:00"
    )
    assert names(late) == ["XX.AAA..HHZ.D.1970.002"]
    around = served.get(
        PATH, station="AAA", channel="HHZ", starttime="1970-01-02T00:00:00", endtime="1970-01-02T00:00:01"
    )
    assert names(around) == ["XX.AAA..HHZ.D.1970.001", "XX.AAA..HHZ.D.1970.002"]
    posted = httpx.post(served.url + PATH, content="XX AAA -- HHZ 1970-01-02T00:01:10 1970-01-02T00:02:00\n")
    assert names(posted) == names(late)
    assert served.get(PATH, station="CCC", **ALL).json()["objects"] == []


def test_dataselect_answers_from_the_bucket(bucket) -> None:
    served, _, _ = bucket
    asked = {"starttime": "1970-01-01T23:58:00", "endtime": "1970-01-02T00:00:30"}
    answer = served.get(QUERY, station="AAA", channel="HHZ", **asked)
    assert [trace.span.seconds for trace in read_miniseed(answer.content)[0]] == [20, 120.05]
    assert served.get(QUERY, station="AAA", **ALL).status_code == 413


def test_what_is_restricted_is_not_told(bucket) -> None:
    served, _, word = bucket
    assert {name[3:6] for name in names(served.get(PATH, **ALL))} == {"AAA"}
    assert served.get(PATH, station="BBB", **ALL).status_code == 403
    opened = httpx.get(served.url + PATH, params=ALL, headers={"Authorization": f"Bearer {word}"})
    assert {name[3:6] for name in names(opened)} == {"AAA", "BBB"}


def test_where_reading_is_closed_a_token_is_needed(small, tmp_path: Path) -> None:
    word = new_token(tmp_path / "tokens.json", "reader", ("read",), 1)
    settings = f'tokens = "{tmp_path / "tokens.json"}"\nreading_open = false\n'
    with serving(small, tmp_path, settings) as served:
        asked = {"starttime": "2026-03-01", "endtime": "2026-03-02"}
        assert served.get(PATH, **asked).status_code == 401
        answer = httpx.get(served.url + PATH, params=asked, headers={"Authorization": f"Bearer {word}"})
        assert answer.status_code == 404
        assert "lie in no bucket" in answer.json()["detail"]


def test_what_cannot_be_meant_is_refused(served) -> None:
    for wrong in ({}, {"starttime": "yesterday"}, {**ALL, "format": "zip"}):
        assert served.get(PATH, **wrong).status_code == 400
    assert httpx.post(served.url + PATH, content="XX A *\n").status_code == 400
