"""Laws of the gateway: all that the instruments said arrives, whatever is cut or killed, within the bandwidth."""

from __future__ import annotations

import asyncio
import http.client
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from benchmarks.servers import free_port
from tests.engine.live.conftest import Scripted
from wadati.cli.main import main
from wadati.engine.gateway.gateway import Limits, gateway
from wadati.engine.gateway.spool import Spool
from wadati.errors import InputError, UsageError
from wadati.formats.miniseed import write_miniseed
from wadati.formats.miniseed_headers import split_records
from wadati.model import SourceId, Trace
from wadati.protocols import Packet
from wadati.sources.addresses import open_source
from wadati.sources.posted import Posted


def records(count: int = 60) -> list[bytes]:
    noise = np.random.default_rng(1).integers(-30_000, 30_000, 200 * count).astype(np.int32)
    trace = Trace(SourceId.parse("FDSN:XX_ABC__H_H_Z"), 0, 100, noise)
    return [record for _, record in split_records(write_miniseed([trace], version=2, record_length=512))[0]][:count]


class Cloud:
    """A `Posted` source in a thread, and what came out of it; `most` ends it after so many."""

    def __init__(self, port: int, tokens=(), kept: dict[str, int] | None = None, most: int | None = None) -> None:
        self.source = Posted("127.0.0.1", port, tokens)
        self.kept, self.most = dict(kept or {}), most
        self.found: list[Packet] = []
        self.listening = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()

    async def _run(self) -> None:
        stream = self.source.packets(self.kept)
        waiting = asyncio.ensure_future(anext(stream))
        while not self._stop.is_set() and (self.most is None or len(self.found) < self.most):
            done, _ = await asyncio.wait([waiting], timeout=0.02)
            self.listening.set()
            if done:
                self.found.append(waiting.result())
                waiting = asyncio.ensure_future(anext(stream))
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await stream.aclose()

    def wait(self, count: int, patience_s: float = 30.0) -> None:
        until = time.monotonic() + patience_s
        pause = threading.Event()
        while len(self.found) < count and time.monotonic() < until:
            pause.wait(0.02)

    def end(self) -> None:
        self._stop.set()
        self._thread.join(10)


def quiet(*_: object, **__: object) -> None:
    """Say nothing."""


def test_all_arrives_in_order_at_two_clouds(tmp_path: Path) -> None:
    sent = records()
    clouds = [Cloud(free_port()) for _ in range(2)]
    urls = []
    for cloud in clouds:
        cloud.listening.wait(10)
        urls.append(f"http://127.0.0.1:{cloud.source.port}/packets")
    gateway([Scripted([(0, one) for one in sent])], tmp_path, urls, "site", threading.Event(), quiet)
    for cloud in clouds:
        cloud.wait(len(sent))
        cloud.end()
        assert [packet.record for packet in cloud.found] == sent
        assert [packet.sequence for packet in cloud.found] == list(range(len(sent)))


def test_what_a_cloud_lost_is_sent_again_and_hours_without_network_are_waited_through(tmp_path: Path) -> None:
    sent, port = records(), free_port()
    stop = threading.Event()
    source = Scripted([(0, one) for one in sent], ends=False)
    arguments = ([source], tmp_path, [f"http://127.0.0.1:{port}/packets"], "site", stop, quiet)
    working = threading.Thread(target=gateway, args=arguments)
    working.start()  # nobody listens yet
    first = Cloud(port, most=25)
    first.wait(25)
    first.end()
    assert [packet.record for packet in first.found] == sent[:25]
    # It had put the first ten on disk when it died; the next one is asked to go on there.
    second = Cloud(port, kept={first.found[9].stream: first.found[9].sequence})
    second.wait(len(sent) - 10)
    stop.set()
    working.join(20)
    second.end()
    assert [packet.record for packet in second.found] == sent[10:]


def test_a_gateway_that_is_started_again_goes_on(tmp_path: Path) -> None:
    sent, port = records(), free_port()
    url = f"http://127.0.0.1:{port}/packets"
    half = Scripted([(0, one) for one in sent], stop_after=30)
    gateway([half], tmp_path, [url], "site", half.stop, quiet)
    cloud = Cloud(port)
    gateway([Scripted([(0, one) for one in sent])], tmp_path, [url], "site", threading.Event(), quiet)
    cloud.wait(len(sent))
    cloud.end()
    assert [packet.record for packet in cloud.found] == sent


def test_the_bandwidth_is_kept(tmp_path: Path) -> None:
    sent, port = records(200), free_port()
    cloud = Cloud(port)
    cloud.listening.wait(10)
    began = time.monotonic()
    gateway(
        [Scripted([(0, one) for one in sent])],
        tmp_path,
        [f"http://127.0.0.1:{port}/packets"],
        "site",
        threading.Event(),
        quiet,
        limits=Limits(bytes_a_second=40_000.0),
    )
    cloud.wait(len(sent))
    cloud.end()
    assert len(cloud.found) == len(sent)
    # A portion of 64 kB may go at once; the rest at 40 kB a second.
    assert time.monotonic() - began > (200 * 512 - (1 << 16)) / 40_000


def test_a_spool_that_is_full_drops_the_oldest_and_says_so(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.sqlite", most_bytes=10_000)
    spool.append(Packet(b"x" * 500, "a", k, 0, 0) for k in range(100))
    first, found = spool.read(0, 1 << 20)
    assert spool.dropped == first > 0
    assert len(found) == 100 - first <= 20
    spool.close()
    again = Spool(tmp_path / "spool.sqlite", most_bytes=10_000)
    assert again.ends == (first, 100)
    assert again.name == spool.name
    again.close()
    (tmp_path / "text").write_text("this is no database" * 100)
    with pytest.raises(InputError, match="spool"):
        Spool(tmp_path / "text")


def test_who_may_not_or_sends_nonsense_is_refused() -> None:
    cloud = Cloud(free_port(), tokens=("open",))
    cloud.listening.wait(10)
    url = f"http://127.0.0.1:{cloud.source.port}"

    def status(path: str, data: bytes | None = None, token: str = "open") -> int:
        request = urllib.request.Request(url + path, data=data, headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    (record,) = records(1)
    assert status("/packets", record) == 200
    assert status("/packets", record, token="wrong") == 401
    assert status("/packets", record[:-1]) == 400
    assert status("/packets", b"text") == 400
    assert status("/packets?first=x", record) == 400
    assert status("/else") == 404
    for length, expected in ((str(5 << 20), 413), ("", 411)):
        connection = http.client.HTTPConnection("127.0.0.1", cloud.source.port, timeout=10)
        connection.putrequest("POST", "/packets")
        connection.putheader("Authorization", "Bearer open")
        connection.putheader("Content-Length", length)
        connection.endheaders()
        assert connection.getresponse().status == expected
        connection.close()
    cloud.wait(1)
    cloud.end()
    assert [packet.record for packet in cloud.found] == [record]
    with pytest.raises(UsageError, match="token"):
        Posted("0.0.0.0", 8080)


def test_addresses_and_words(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("one\ntwo\n")
    source = open_source(f"post://0.0.0.0:8080?token_file={tmp_path / 'tokens'}")
    assert source.name == "post://0.0.0.0:8080"
    with pytest.raises(UsageError):
        open_source("post://0.0.0.0")
    with pytest.raises(UsageError):
        open_source(f"post://0.0.0.0:8080?token_file={tmp_path / 'absent'}")
    command = ["gateway", "--source", f"folder:{tmp_path}", "--to", "ftp://x", "--spool", str(tmp_path), "--name", "a"]
    assert main(command) == 2
