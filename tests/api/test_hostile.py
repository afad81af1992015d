"""Whatever is asked, nothing fails inside, nothing leaks, nothing changes."""

from __future__ import annotations

import gzip
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.conftest import Served, serving
from wadati.api.fdsn.dataselect import PARAMETERS as DATASELECT
from wadati.api.fdsn.event import PARAMETERS as EVENT
from wadati.api.fdsn.station import PARAMETERS as STATION
from wadati.api.syngine_words import PARAMETERS as SYNGINE
from wadati.api.tokens import new_token
from wadati.store.event_search import EventSearch

SQL = (
    "' OR '1'='1",
    "1; DROP TABLE events;--",
    '") UNION SELECT * FROM origins --',
    "\\'; --",
    "%27%20OR%201=1",
    "{{7*7}}",
)
PATHS = (
    "/events/../../etc/passwd",
    "/events/%2e%2e/%2e%2e/etc/passwd/",
    "/events/..%2f..%2fcatalog.sqlite",
    "/feeds/..%2f..%2fetc%2fpasswd",
    "/feeds/detail/../../catalog.sqlite",
    "/feeds/detail/..%5c..%5ccatalog.sqlite.geojson",
    "//etc/passwd",
    "/months/../catalog.sqlite",
    "/jobs/../../etc/passwd",
    "/jobs/..%2f..%2fetc%2fpasswd/result",
    "/events/a%00b/index.html",
    "/events/" + "a" * 5000 + "/",
)


_LITTLE = {
    "/fdsnws/event/1": {"limit": "1"},
    "/fdsnws/station/1": {},
    "/fdsnws/dataselect/1": {"starttime": "2019-07-06", "endtime": "2019-07-07", "station": "NONE"},
    "/syngine/1": {
        "station": "W01",
        "sourcelatitude": "35.9",
        "sourcelongitude": "-117.5",
        "sourcedepthinmeters": "8000",
        "sourcedoublecouple": "320,85,180",
    },
}


@pytest.fixture(scope="module")
def guarded(small, near_store, tmp_path_factory) -> Iterator[tuple[Served, str]]:
    scratch = tmp_path_factory.mktemp("guarded")
    word = new_token(scratch / "tokens.json", "tester", ("admin",), 1)
    with serving(small, scratch, f'tokens = "{scratch / "tokens.json"}"\n', greens=near_store) as served:
        yield served, word


def test_whatever_the_document_allows_and_more_is_answered_as_it_says(guarded: tuple[Served, str]) -> None:
    served, word = guarded
    program = shutil.which("schemathesis", path=Path(sys.executable).parent)
    if program is None:
        pytest.skip("schemathesis is not installed")
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    options = ["--checks", checks, "--max-examples", "25", "--seed", "1", "--phases", "examples,coverage,fuzzing"]
    command = [program, "run", f"{served.url}/openapi.json", "--exclude-path", "/stream", *options]
    done = subprocess.run(
        [*command, "-H", f"Authorization: Bearer {word}"], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout[-5000:]
    found = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert found is not None
    assert int(found[1]) == int(found[2]) > 500


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/fdsnws/event/1", EVENT),
        ("/fdsnws/station/1", STATION),
        ("/fdsnws/dataselect/1", DATASELECT),
        ("/syngine/1", SYNGINE),
    ],
)
def test_sql_in_every_parameter_finds_and_changes_nothing(served: Served, path: str, parameters) -> None:
    before = _revision(served)
    with httpx.Client(base_url=served.url, timeout=30) as client:
        for parameter in parameters:
            for words in SQL:
                answer = client.get(f"{path}/query", params=_LITTLE[path] | {parameter.name: words})
                assert answer.status_code in (200, 204, 400, 404), (parameter.name, words, answer.text)
                assert "sqlite" not in answer.text.lower()
                assert "Traceback" not in answer.text
    assert _revision(served) == before


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out(served: Served, path: str) -> None:
    answer = _raw(served.url, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert re.match(rb"HTTP/1\.1 (400|404|414|431)", answer), answer[:200]
    assert b"root:" not in answer
    assert b"SQLite format" not in answer


@pytest.mark.parametrize("method_and_path", ["POST /events/wd1/review", "GET /events/wd1/reviews", "GET /audit"])
@pytest.mark.parametrize("end", ["%0A", "%0D", "%00", "%0A%0A", "/%0A"])
def test_no_ending_of_a_path_gets_past_the_rules(served: Served, method_and_path: str, end: str) -> None:
    request = f"{method_and_path}{end} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    assert re.match(rb"HTTP/1\.1 (400|403|404)", _raw(served.url, request.encode()))


def test_a_packed_body_is_not_unpacked(served: Served) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    answer = httpx.post(
        f"{served.url}/picks", content=bomb, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"}
    )
    assert answer.status_code == 400


def test_another_site_cannot_ask_in_the_name_of_who_reads_it(guarded: tuple[Served, str]) -> None:
    served, _ = guarded
    other = {"Origin": "https://evil.example.org"}
    for path in ("/picks", "/events/a/review"):
        asked = httpx.options(
            served.url + path,
            headers=other
            | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"},
        )
        assert "access-control-allow-headers" not in asked.headers
        assert httpx.post(served.url + path, content=b"{}", headers=other).status_code == 401
    feed = httpx.get(f"{served.url}/feeds/all_hour.geojson", headers=other)
    assert feed.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in feed.headers
    assert "set-cookie" not in feed.headers


def test_pages_hold_names_as_text(small, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    settings = f'audit = "{tmp_path / "audit.jsonl"}"\ntitle = "{evil}"\n'
    with serving(small, tmp_path, settings) as served:
        page = served.get("/")
        assert evil not in page.text
        assert "&lt;script&gt;alert(1)" in page.text
        assert page.headers["x-content-type-options"] == "nosniff"


def _revision(served: Served) -> int:
    with EventSearch(served.folder / "catalog.sqlite") as search:
        return search.revision()


def _raw(url: str, request: bytes) -> bytes:
    """What is answered to bytes as they are: clients tidy addresses up."""
    there = urlsplit(url)
    with socket.create_connection((there.hostname or "", there.port or 0), timeout=20) as line:
        line.sendall(request)
        held = b""
        while part := line.recv(65536):
            held += part
        return held
