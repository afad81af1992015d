"""The SeedLink client against a server, and the server against ObsPy's client; bytes of both are fixed."""

from __future__ import annotations

import asyncio
import gc
import shutil
import ssl
import subprocess
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from wadati.errors import UsageError
from wadati.formats.miniseed import read_miniseed
from wadati.model import SourceId, Trace
from wadati.protocols import Packet, Problem
from wadati.sources import seedlink_words as words
from wadati.sources.addresses import open_source
from wadati.sources.replay import cut_records
from wadati.sources.seedlink import Patience, SeedLink
from wadati.testing.seedlink_server import SeedLinkServer

BOTH = pytest.mark.parametrize("versions", [("4.0", "3.1"), ("3.1",)], ids=["version 4", "version 3"])
QUICK = Patience(answer_s=2.0, keep_alive_s=0.3, first_pause_s=0.01, longest_pause_s=0.05)


def records(station: str, samples: int = 4000, channel: str = "HHZ", start: int = 0) -> list[bytes]:
    sid = SourceId.from_nslc("CI", station, "", channel)
    data = np.random.default_rng(len(station)).integers(-1000, 1000, samples).astype(np.int32)
    return [record for _, record in cut_records(Trace(sid, start, Fraction(100), data))]


async def _take(source: SeedLink, count: int, resume: Mapping[str, int]) -> list[Packet]:
    found: list[Packet] = []
    stream = source.packets(resume)
    async for packet in stream:
        found.append(packet)
        if len(found) == count:
            break
    await stream.aclose()
    return found


def take(source: SeedLink, count: int, resume: Mapping[str, int] | None = None) -> list[Packet]:
    async def limited() -> list[Packet]:
        return await asyncio.wait_for(_take(source, count, resume or {}), 20)

    return asyncio.run(limited())


def client(*servers: SeedLinkServer, streams: tuple[str, ...] = ("CI_*",), **options) -> SeedLink:
    options.setdefault("patience", QUICK)
    options.setdefault("since", "1970-01-01T00:00:00Z")
    return SeedLink([("127.0.0.1", server.port) for server in servers], streams, **options)


@BOTH
def test_all_records_come_in_order(versions: tuple[str, ...]) -> None:
    a, b = records("AAA"), records("BBB")
    with SeedLinkServer(versions=versions) as server:
        server.push(a + b)
        packets = take(client(server), len(a) + len(b))
    assert [packet.record for packet in packets] == a + b
    assert [packet.sequence for packet in packets] == list(range(1, len(a) + len(b) + 1))


@BOTH
def test_it_goes_on_after_what_it_had(versions: tuple[str, ...]) -> None:
    a = records("AAA")
    with SeedLinkServer(versions=versions) as server:
        server.push(a)
        first = take(client(server), 7)
        resume = {packet.stream: packet.sequence for packet in first}
        rest = take(client(server), len(a) - 7, resume)
    assert [packet.record for packet in first + rest] == a


@BOTH
def test_connections_that_break_cost_no_record(versions: tuple[str, ...]) -> None:
    a = records("AAA")
    with SeedLinkServer(versions=versions) as server:
        server.push(a)
        server.drop_after = 5
        source = client(server, streams=("CI_AAA",))
        packets = take(source, len(a))
        assert server.connections >= len(a) // 5
    assert [packet.record for packet in packets] == a
    assert source.problems()


@BOTH
def test_a_server_that_says_nothing_is_given_up_and_the_next_is_asked(versions: tuple[str, ...]) -> None:
    a = records("AAA")
    with SeedLinkServer(versions=versions) as mute, SeedLinkServer(versions=versions) as good:
        mute.push(a)
        mute.mute = True
        good.push(a)
        source = client(mute, good)
        assert [packet.record for packet in take(source, len(a))] == a
        assert b"INFO ID" in mute.said
    (problem, *_) = source.problems()
    assert "no sign of life" in problem.wrong


def test_a_port_where_nobody_listens_is_told_and_the_next_server_is_asked() -> None:
    a = records("AAA")
    with SeedLinkServer() as closed:
        pass
    with SeedLinkServer() as good:
        good.push(a)
        source = client(closed, good)
        assert len(take(source, len(a))) == len(a)
    assert "cannot be had" in source.problems()[0].wrong


@BOTH
def test_a_quiet_server_that_answers_is_kept(versions: tuple[str, ...]) -> None:
    a, b = records("AAA", 400), records("AAA", 400, start=4_000_000_000)

    async def later(server: SeedLinkServer, source: SeedLink) -> list[Packet]:
        task = asyncio.ensure_future(_take(source, len(a) + len(b), {}))
        while server.said.count(b"INFO ID") < 2:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(server.push, b)
        return await asyncio.wait_for(task, 20)

    with SeedLinkServer(versions=versions) as server:
        server.push(a)
        packets = asyncio.run(later(server, client(server)))
        assert server.connections == 1
    assert [packet.record for packet in packets] == a + b


@BOTH
def test_channels_are_selected(versions: tuple[str, ...]) -> None:
    z, n = records("AAA", channel="HHZ"), records("AAA", channel="HNZ")
    with SeedLinkServer(versions=versions) as server:
        server.push(n + z)
        packets = take(client(server, channels=("HH?",)), len(z))
    assert [packet.record for packet in packets] == z


def test_a_station_that_is_refused_costs_no_other() -> None:
    a = records("AAA")
    with SeedLinkServer(versions=("3.1",)) as server:
        server.push(a)
        source = client(server, streams=("CI_NOT", "CI_AAA"))
        assert len(take(source, len(a))) == len(a)
    assert any("refused STATION NOT CI" in problem.wrong for problem in source.problems())


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl on this machine")
def test_encrypted_and_checked(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))
    a = records("AAA")
    with SeedLinkServer(context=server_side) as server:
        server.push(a)
        assert len(take(client(server, tls=True, context=trusting), len(a))) == len(a)
        doubting = client(server, tls=True, patience=Patience(first_pause_s=30.0, longest_pause_s=30.0))
        told: list[Problem] = []

        async def asked() -> None:
            task = asyncio.ensure_future(_take(doubting, 1, {}))
            while not told:
                await asyncio.sleep(0.01)
                told.extend(doubting.problems())
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            for _ in range(10):
                await asyncio.sleep(0)  # the failed connection closes itself

        asyncio.run(asyncio.wait_for(asked(), 20))
    assert "certificate" in told[0].wrong.lower()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@BOTH
def test_obspy_reads_the_same_from_the_server(versions: tuple[str, ...]) -> None:
    from obspy import UTCDateTime
    from obspy.clients.seedlink.basic_client import Client

    a = records("AAA")
    with SeedLinkServer(versions=versions) as server:
        server.push(a)
        listed = Client("127.0.0.1", server.port, timeout=2).get_info(level="channel")
        theirs = Client("127.0.0.1", server.port, timeout=2).get_waveforms(
            "CI", "AAA", "", "HHZ", UTCDateTime(0), UTCDateTime(30)
        )
    gc.collect()  # ObsPy leaves its sockets to the collector
    (ours,), _ = read_miniseed(b"".join(a))
    assert np.array_equal(theirs[0].data, ours.data[: len(theirs[0])])
    assert len(theirs[0]) >= 3000
    assert listed == [("CI", "AAA", "", "HHZ")]


def test_what_a_client_says_is_fixed() -> None:
    with SeedLinkServer() as server:
        server.push(records("AAA"))
        take(client(server, channels=("HH?",)), 1)
        assert [line for line in server.said if not line.startswith(b"USERAGENT")] == [
            b"HELLO",
            b"SLPROTO 4.0",
            b"INFO STATIONS",
            b"STATION CI_AAA",
            b"SELECT *_H_H_?",
            b"DATA ALL 1970-01-01T00:00:00Z",
            b"END",
        ]
    with SeedLinkServer(versions=("3.1",)) as server:
        server.push(records("AAA"))
        take(client(server, channels=("HH?",)), 1)
        assert server.said == [
            b"HELLO",
            b"INFO STATIONS",
            b"STATION AAA CI",
            b"SELECT HH?",
            b"TIME 1970,01,01,00,00,00",
            b"END",
        ]


def test_transcripts_of_servers_are_read() -> None:
    """As servers in the field write them: a version 3 packet, and one of version 4 with its fields in little endian."""
    record = records("AAA")[0]
    old = b"SL0000FF" + record
    assert words.PacketReader(3).feed(old) == [words.Packet("CI_AAA", 255, record)]
    new = b"SE2D" + (512).to_bytes(4, "little") + (1 << 40).to_bytes(8, "little") + b"\x06CI_AAA" + record
    assert words.PacketReader(4).feed(new) == [words.Packet("CI_AAA", 1 << 40, record)]
    hello = words.read_hello(
        b"SeedLink v3.3 (2023.1) :: SLPROTO:3.1 CAP EXTREPLY NSWILDCARD BATCH WS:13\r\n", b"IRIS\r\n"
    )
    assert (hello.version, hello.organisation) == (3, "IRIS")


def test_packets_come_out_whatever_the_portions() -> None:
    whole = b"".join(words.write_packet(4, "CI_AAA", k, record) for k, record in enumerate(records("AAA")))
    at_once = words.PacketReader(4).feed(whole)
    reader = words.PacketReader(4)
    assert [packet for k in range(0, len(whole), 37) for packet in reader.feed(whole[k : k + 37])] == at_once


@pytest.mark.parametrize("noise", [b"HTTP/1.1 400 Bad Request\r\n" * 30, b"SEXX" * 200, b"SLzzzzzz" + b"x" * 512])
def test_bytes_that_are_no_packets_are_an_error(noise: bytes) -> None:
    with pytest.raises(words.ProtocolError):
        words.PacketReader(4 if noise.startswith(b"SE") else 3).feed(noise)


@pytest.mark.parametrize("address", ["seedlink://", "ftp://x", "replay:x?speed=fast", "udp://x", "replay:x?speed=-1"])
def test_addresses_that_are_none_are_refused(address: str) -> None:
    with pytest.raises(UsageError):
        open_source(address)


@BOTH
def test_several_connections_share_the_stations(versions: tuple[str, ...]) -> None:
    sent = {name: records(name) for name in ("AAA", "BBB", "CCC")}
    with SeedLinkServer(versions=versions) as server:
        server.push([record for own in sent.values() for record in own])
        source = client(server, connections=4)
        packets = take(source, sum(map(len, sent.values())))
        assert server.connections >= 3
    by_station = {name: [p.record for p in packets if p.stream.endswith(f"/CI_{name}")] for name in sent}
    assert by_station == sent
    resume = {packet.stream: packet.sequence for packet in packets}
    assert len(resume) == 3
