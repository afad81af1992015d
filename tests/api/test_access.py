"""Who may do what: tokens, scopes, time, and how often."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from wadati.api.access import Access, Allowance
from wadati.api.audit import Audit
from wadati.api.tokens import Tokens, new_token, read_tokens
from wadati.errors import InputError, UsageError

Answer = tuple[int, dict[str, str], bytes]


async def _inner(_: object, __: object, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"inside"})


def ask(access: Access, path: str, word: str = "", client: str = "1.2.3.4") -> Answer:
    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    headers = [(b"authorization", f"Bearer {word}".encode())] if word else []
    asyncio.run(access({"type": "http", "path": path, "headers": headers, "client": (client, 1)}, None, send))
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}  # type: ignore[attr-defined]
    return int(str(sent[0]["status"])), told, bytes(sent[1]["body"])  # type: ignore[call-overload]


@pytest.fixture
def words(tmp_path: Path) -> tuple[Path, str, str, str]:
    path = tmp_path / "tokens.json"
    return (
        path,
        new_token(path, "picker", ("picks",), 1),
        new_token(path, "reader", ("read",), 1),
        new_token(path, "late", ("read", "picks"), -1),
    )


@pytest.mark.parametrize("reading_open", [True, False])
def test_each_scope_opens_its_own(words, reading_open) -> None:
    path, picker, reader, late = words
    access = Access(_inner, Tokens(path), Allowance(1000), reading_open=reading_open)
    query = "/fdsnws/event/1/query"
    expected = {
        ("/picks", ""): 401,
        ("/picks", picker): 200,
        ("/picks", reader): 403,
        ("/picks", late): 401,
        ("/picks", "guess"): 401,
        ("/jobs/1", ""): 401,
        (query, ""): 200 if reading_open else 401,
        (query, reader): 200,
        (query, picker): 200 if reading_open else 403,
        (query, "guess"): 401,
        ("/feeds/all_hour.geojson", ""): 200 if reading_open else 401,
        ("/synthetics", ""): 200 if reading_open else 401,
        ("/syngine/1/query", reader): 200,
        ("/health", ""): 200,
        ("/portal/", ""): 200,
        ("/portal/assets/index.js", ""): 200,
        ("/portal/data/events", ""): 200 if reading_open else 401,
    }
    assert {asked: ask(access, *asked)[0] for asked in expected} == expected
    _, headers, body = ask(access, "/picks")
    assert headers["www-authenticate"] == "Bearer"
    assert json.loads(body)["detail"].startswith("this needs a token")


def test_without_tokens_all_is_open_but_not_without_end() -> None:
    access = Access(_inner, None, Allowance(5), reading_open=True)
    assert [ask(access, "/picks")[0] for _ in range(7)] == [200] * 5 + [429] * 2
    assert int(ask(access, "/picks")[1]["retry-after"]) >= 1
    assert ask(access, "/picks", client="5.6.7.8")[0] == 200
    assert ask(access, "/health")[0] == 200


def test_words_are_not_kept_and_files_are_the_owners(words) -> None:
    path, picker, *_ = words
    assert picker not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [token.name for token in read_tokens(path)] == ["picker", "reader", "late"]


def test_a_token_that_is_taken_out_opens_nothing(words) -> None:
    path, picker, *_ = words
    tokens = Tokens(path)
    assert tokens.find(picker) is not None
    path.write_text("[]")
    os.utime(path, ns=(1, 1))
    assert tokens.find(picker) is None


def test_a_file_of_tokens_that_is_gone_opens_nothing(words) -> None:
    path, picker, *_ = words
    tokens = Tokens(path)
    path.unlink()
    assert tokens.find(picker) is None


def test_whoever_is_refused_asks_only_so_often(words) -> None:
    access = Access(_inner, Tokens(words[0]), Allowance(5), reading_open=True)
    assert [ask(access, "/picks", "guess")[0] for _ in range(7)] == [401] * 5 + [429] * 2


def test_a_line_of_the_log_that_was_cut_short_costs_no_other(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit.jsonl")
    audit.note(caller="a")
    with (tmp_path / "audit.jsonl").open("a") as file:
        file.write('{"caller": "b')
    audit.note(caller="c")
    audit.note(caller="d")
    assert [one["caller"] for one in audit.latest(10)] == ["d", "a"]


def test_what_cannot_be_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no scope or role 'all'"):
        new_token(tmp_path / "a", "x", ("all",), 1)
    (tmp_path / "b").write_text("no tokens")
    with pytest.raises(InputError, match="no file of tokens"):
        Tokens(tmp_path / "b")
    with pytest.raises(InputError, match="cannot be read"):
        Tokens(tmp_path / "c")


@pytest.fixture(scope="module")
def closed(small, tmp_path_factory) -> Iterator[tuple[str, str]]:
    folder = tmp_path_factory.mktemp("closed")
    made = subprocess.run(
        [sys.executable, "-m", "wadati.cli.main", "token", str(folder / "t.json"), "--name", "me", "--scopes", "read"],
        capture_output=True,
        check=True,
        text=True,
    )
    (folder / "flow.toml").write_text(f'[serve]\ntokens = "{folder / "t.json"}"\nreading_open = false\n')
    # A copy: a service keeps its jobs in the folder that it serves.
    served = shutil.copytree(small.output, folder / "out")
    command = [sys.executable, "-m", "wadati.cli.main", "serve", str(served), "--port", "0"]
    with subprocess.Popen(
        [*command, "--flow", str(folder / "flow.toml")], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split(": ")[0], made.stdout.strip()
        finally:
            process.terminate()
            process.wait(20)


def test_a_closed_service_is_closed_everywhere(closed) -> None:
    url, word = closed
    paths = ("/feeds/all_hour.geojson", "/fdsnws/event/1/query?limit=1", "/stream", "/openapi.json", "/metrics")
    assert {httpx.get(url + path).status_code for path in paths} == {401}
    headers = {"Authorization": f"Bearer {word}"}
    assert httpx.get(url + paths[0], headers=headers).status_code == 200
    assert httpx.get(url + paths[1], headers=headers).status_code == 200
    assert httpx.post(url + "/picks", content=b"x", headers=headers).status_code == 403
    assert httpx.get(url + "/health").status_code == 200
