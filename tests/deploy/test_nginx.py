"""The services behind the proxy that is shipped: a real nginx on loopback, with TLS, in front of a real service."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from benchmarks.servers import free_port, wait_for
from tests.api.conftest import Served, serving
from tests.conftest import Small

SHIPPED = Path(__file__).resolve().parents[2] / "deploy/nginx/wadati.conf"
PAGE = "/index.html"


class Proxy:
    """nginx in a folder, with the shipped settings but for addresses and places."""

    def __init__(self, folder: Path, served: Served) -> None:
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.certificate = folder / "wadati.crt"
        key = ["-newkey", "rsa:2048", "-nodes", "-keyout", folder / "wadati.key", "-subj", "/CN=127.0.0.1"]
        names = ["-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-out", self.certificate]
        subprocess.run(["openssl", "req", "-x509", *key, *names], check=True, capture_output=True)
        text = SHIPPED.read_text()
        for old, new in {
            "127.0.0.1:8080": served.url.removeprefix("http://"),
            "listen 80;": f"listen 127.0.0.1:{free_port()};",
            "listen 443 ": f"listen 127.0.0.1:{self.port} ",
            "/etc/nginx/tls": str(folder),
            "/var/cache/nginx/wadati": str(folder / "cache"),
        }.items():
            assert text.count(old) in (1, 2), old
            text = text.replace(old, new)
        places = "".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        self.settings = folder / "nginx.conf"
        self.settings.write_text(
            f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/errors;\n"
            f"events {{}}\nhttp {{ access_log off; {places}\n{text}\n}}\n"
        )
        self._folder = folder

    def command(self, *options: str) -> list[str]:
        return ["nginx", "-p", str(self._folder), "-c", str(self.settings), "-e", f"{self._folder}/errors", *options]

    def client(self, address: str = "127.0.0.1") -> httpx.Client:
        """A caller from an address of loopback."""
        trust = ssl.create_default_context(cafile=self.certificate)
        transport = httpx.HTTPTransport(verify=trust, local_address=address)
        return httpx.Client(base_url=self.url, transport=transport, timeout=30)


@pytest.fixture(scope="module")
def behind(small: Small, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    for program in ("nginx", "openssl"):
        if shutil.which(program) is None:
            pytest.skip(f"proxy: no {program} on this machine")
    folder = tmp_path_factory.mktemp("proxy")
    settings = 'proxies = ["127.0.0.1"]\nrequests_a_minute = 6\n'
    with serving(small, folder, settings) as served:
        proxy = Proxy(folder, served)
        tried = subprocess.run(proxy.command("-t"), check=False, capture_output=True, text=True)
        assert tried.returncode == 0, tried.stderr
        with subprocess.Popen(proxy.command()) as process:
            wait_for(proxy.port)
            yield proxy
            process.terminate()


def test_pages_come_from_the_cache_with_their_tags_and_packed(behind: Proxy) -> None:
    with behind.client() as client:
        first = client.get(PAGE, headers={"Accept-Encoding": "gzip"})
        again = client.get(PAGE, headers={"Accept-Encoding": "gzip"})
        assert [one.headers["x-cache-status"] for one in (first, again)] == ["MISS", "HIT"]
        assert again.headers["content-encoding"] == "gzip"
        assert again.text == first.text
        plain = client.get(PAGE, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.text == first.text
        assert client.get(PAGE, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
        assert first.headers["strict-transport-security"]


def test_server_sent_events_are_not_held_back(behind: Proxy) -> None:
    """The first line is there while the answer goes on; a proxy that gathers would give it at its end, so never."""
    with behind.client("127.0.0.3") as client, client.stream("GET", "/stream", timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert next(answer.iter_raw()) == b"retry: 2000\n\n"


def test_a_web_socket_passes(behind: Proxy) -> None:
    trust = ssl.create_default_context(cafile=behind.certificate)
    with connect(
        f"wss://127.0.0.1:{behind.port}/ws", ssl=trust, open_timeout=60, source_address=("127.0.0.4", 0)
    ) as socket:
        socket.ping().wait(10)
    with connect(
        f"wss://127.0.0.1:{behind.port}/ws?after=0.0", ssl=trust, open_timeout=60, source_address=("127.0.0.4", 0)
    ) as socket:
        assert '"kind"' in socket.recv(timeout=20)


def test_each_caller_has_an_allowance_whatever_it_says_of_itself(behind: Proxy) -> None:
    asked = "/fdsnws/event/1/version"
    with behind.client("127.0.0.5") as one, behind.client("127.0.0.6") as other:
        codes = [one.get(asked).status_code for _ in range(8)]
        assert codes[0] == 200
        assert codes[-1] == 429
        assert one.get(asked, headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 429
        assert other.get(asked).status_code == 200


def test_metrics_are_for_this_machine(behind: Proxy) -> None:
    with behind.client() as near, behind.client("127.0.0.7") as other:
        assert "wadati_" in near.get("/metrics").text
        assert other.get("/metrics").status_code == 403


def test_who_is_no_proxy_is_not_believed(small: Small, tmp_path: Path) -> None:
    with serving(small, tmp_path, "requests_a_minute = 3\n") as served:
        codes = [
            httpx.get(f"{served.url}/fdsnws/event/1/version", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code
            for n in range(6)
        ]
    assert codes[:3] == [200] * 3
    assert 429 in codes
