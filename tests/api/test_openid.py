"""Signed tokens: only those of the organisation, for this service, now, by its private key."""

from __future__ import annotations

import asyncio
import base64
import http.server
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from wadati.api.access import Access, Allowance, caller_of
from wadati.api.openid import Organisation
from wadati.engine.serving import OpenId
from wadati.errors import InputError

jwt = pytest.importorskip("jwt")
rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")

ISSUER, AUDIENCE = "https://login.example.org", "wadati"


class Issuer:
    """Keys, and a server of their public halves on loopback."""

    def __init__(self) -> None:
        self.keys = {name: rsa.generate_private_key(public_exponent=65537, key_size=2048) for name in ("a", "b")}
        self.published = ["a"]
        self.asked = 0
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                body = json.dumps(issuer.document()).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.settings = OpenId(
            issuer=ISSUER, audience=AUDIENCE, keys=f"http://127.0.0.1:{self.server.server_port}/keys"
        )

    def document(self) -> dict[str, Any]:
        keys = []
        for name in self.published:
            told = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.keys[name].public_key()))
            keys.append(told | {"kid": name, "alg": "RS256", "use": "sig"})
        return {"keys": keys}

    def word(self, key: str = "a", algorithm: str = "RS256", **changes: Any) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": now + 600, "roles": ["analyst"]}
        claims |= changes
        claims = {name: value for name, value in claims.items() if value is not None}
        return str(jwt.encode(claims, self.keys[key], algorithm, {"kid": key}))


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    found = Issuer()
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_a_token_opens_what_its_roles_say(issuer: Issuer) -> None:
    organisation = Organisation(issuer.settings)
    assert organisation.find(issuer.word()) == ("ada", ("read", "picks", "review"))
    assert organisation.find(issuer.word(roles="viewer restricted")) == ("ada", ("read", "restricted"))
    assert organisation.find(issuer.word(roles=["root", 7, "viewer"])) == ("ada", ("read",))
    assert organisation.find(issuer.word(roles=None)) == ("ada", ())
    assert organisation.find(issuer.word(roles=7)) == ("ada", ())
    assert issuer.asked == 1


def test_a_key_that_was_taken_back_opens_nothing_within_the_hour(issuer: Issuer, monkeypatch) -> None:
    organisation = Organisation(issuer.settings)
    assert organisation.find(issuer.word()) is not None
    issuer.published = ["b"]
    organisation._fetched -= 3601
    assert organisation.find(issuer.word()) is None
    monkeypatch.setattr(issuer, "document", lambda: ["no", "keys"])
    organisation._fetched -= 3601
    assert organisation.find(issuer.word("b")) is not None


def test_what_is_forged_over_or_for_others_opens_nothing(issuer: Issuer) -> None:
    organisation = Organisation(issuer.settings)
    good = issuer.word()
    head, body, signature = good.split(".")

    def part(content: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    public = issuer.document()["keys"][0]["n"]
    forged = [
        issuer.word(exp=int(time.time()) - 120),
        issuer.word(exp=None),
        issuer.word(aud="other"),
        issuer.word(aud=None),
        issuer.word(iss="https://evil.example.org"),
        issuer.word(sub=None),
        issuer.word(key="b"),
        f"{part({'alg': 'none', 'kid': 'a'})}.{body}.",
        f"{part({'alg': 'none', 'kid': 'a'})}.{body}.{signature}",
        f"{head}.{part(claims | {'roles': ['admin']})}.{signature}",
        jwt.encode(claims, public, "HS256", {"kid": "a"}),
        f"{part({'alg': 'RS256', 'kid': 'a', 'jku': issuer.settings.keys})}.{body}.{signature[::-1]}",
        "a.b.c",
        "..",
        "\u0000.\u0000.\u0000",
    ]
    assert [organisation.find(word) for word in forged] == [None] * len(forged)
    assert organisation.find(good) is not None


def test_new_keys_are_found_and_a_flood_of_unknown_ones_asks_once(issuer: Issuer, monkeypatch) -> None:
    organisation = Organisation(issuer.settings)
    assert organisation.find(issuer.word()) is not None
    issuer.published = ["b"]
    for _ in range(50):
        assert organisation.find(issuer.word("b")) is None
    assert issuer.asked == 1
    organisation._fetched -= 61
    assert organisation.find(issuer.word("b")) is not None
    assert organisation.find(issuer.word("a")) is None
    assert issuer.asked == 2


def test_an_issuer_that_is_away_opens_nothing_and_fails_nothing(issuer: Issuer, tmp_path) -> None:
    gone = OpenId(issuer=ISSUER, audience=AUDIENCE, keys="http://127.0.0.1:1/keys")
    assert Organisation(gone).find(issuer.word()) is None
    (tmp_path / "keys.json").write_text(json.dumps(issuer.document()))
    of_file = OpenId(issuer=ISSUER, audience=AUDIENCE, keys=str(tmp_path / "keys.json"))
    assert Organisation(of_file).find(issuer.word()) is not None
    with pytest.raises(InputError, match="audience"):
        Organisation(OpenId(issuer=ISSUER))


def test_callers_of_an_organisation_pass_as_those_with_tokens(issuer: Issuer) -> None:
    seen: list[Any] = []

    async def inner(scope: Any, _: object, send: Any) -> None:
        seen.append(caller_of(scope))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    access = Access(inner, None, Allowance(100), reading_open=True, organisation=Organisation(issuer.settings))

    def status(path: str, word: str) -> int:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"authorization", f"Bearer {word}".encode())] if word else []
        scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "client": ("1.2.3.4", 1)}
        asyncio.run(access(scope, None, send))
        return int(sent[0]["status"])

    assert status("/picks", "") == 401
    assert status("/picks", "guess") == 401
    assert status("/picks", issuer.word(roles=["viewer"])) == 403
    assert status("/events/a/review", issuer.word()) == 200
    assert seen[-1].name == "ada"
    assert status("/audit", issuer.word()) == 403
    assert status("/feeds/all_hour.geojson", "") == 200
