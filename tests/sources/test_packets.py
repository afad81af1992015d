"""Packets from archives, folders and datagrams."""

from __future__ import annotations

import asyncio
import socket
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from wadati.formats.miniseed import read_miniseed, write_miniseed
from wadati.formats.miniseed_headers import split_records
from wadati.formats.records import Records
from wadati.model import SourceId, Trace
from wadati.sources.folder import Folder
from wadati.sources.replay import Replay
from wadati.sources.udp import Udp
from wadati.units import MINUTE, SECOND

IDS = [SourceId.from_nslc("XX", "ABC", "", code) for code in ("HHZ", "HHN")]


def traces(rate: Fraction = Fraction(100), start: int = 1_562_261_600 * SECOND, minutes: int = 12) -> list[Trace]:
    count = int(minutes * 60 * rate)
    return [
        Trace(sid, start, rate, np.random.default_rng(k).integers(-500, 500, count).astype(np.int32))
        for k, sid in enumerate(IDS)
    ]


async def _all(source, resume, count=None):
    found = []
    stream = source.packets(resume)
    async for packet in stream:
        found.append(packet)
        if len(found) == count:
            break
    await stream.aclose()
    return found


def collect(source, resume=None, count=None):
    async def limited():
        return await asyncio.wait_for(_all(source, resume or {}, count), 30)

    return asyncio.run(limited())


@pytest.mark.parametrize("rate", [Fraction(100), Fraction(3000, 29)])
def test_a_replay_gives_every_sample_once_in_order_of_time(tmp_path: Path, rate: Fraction) -> None:
    whole = traces(rate)
    write_miniseed(whole, tmp_path / "a.mseed")
    packets = collect(Replay(tmp_path, 0))
    read, problems = read_miniseed(b"".join(packet.record for packet in packets))
    assert not problems
    samples = {t.source_id: np.concatenate([r.data for r in read if r.source_id == t.source_id]) for t in whole}
    for trace in whole:
        assert np.array_equal(samples[trace.source_id], trace.data)
    assert [packet.clock for packet in packets] == sorted(packet.clock for packet in packets)
    assert all(len(packet.record) <= 512 for packet in packets)


def test_a_replay_goes_on_after_a_number(tmp_path: Path) -> None:
    write_miniseed(traces(), tmp_path / "a.mseed")
    packets = collect(Replay(tmp_path, 0))
    assert collect(Replay(tmp_path, 0), {packets[0].stream: 99})[0].record == packets[100].record


def test_sources_of_one_run_do_not_share_where_they_are(tmp_path: Path) -> None:
    whole = traces(minutes=2)
    for name, trace in zip("ab", whole, strict=False):
        (tmp_path / name).mkdir()
        write_miniseed([trace], tmp_path / name / "same.mseed", version=2)
    for kind in (lambda path: Replay(path, 0), Folder):
        first, second = (collect(kind(tmp_path / name), count=5) for name in "ab")
        resume = {packet.stream: packet.sequence for packet in first}
        assert [p.record for p in collect(kind(tmp_path / "b"), resume, count=5)] == [p.record for p in second]
    half = {packet.stream: packet.sequence for packet in collect(Replay(tmp_path / "a", 0, end="2019-07-04T17:34"))}
    assert collect(Replay(tmp_path / "a", 0), half, count=1)[0].sequence == 0


def test_a_replay_at_speed_takes_its_time(tmp_path: Path) -> None:
    write_miniseed(traces(minutes=1), tmp_path / "a.mseed")
    packets = collect(Replay(tmp_path, 300))
    assert packets[-1].received - packets[0].received >= 0.9 * (packets[-1].clock - packets[0].clock) / 300


def test_a_folder_gives_what_is_there_and_what_comes(tmp_path: Path) -> None:
    whole = traces(minutes=2)
    raw = write_miniseed(whole[:1], version=2)
    cut = 512 * 3 + 100
    (tmp_path / "a.mseed").write_bytes(raw[:cut])
    (tmp_path / "readme.txt").write_text("nothing")
    source = Folder(tmp_path)
    first = collect(source, count=3)
    assert [problem.wrong for problem in source.problems()] in ([], ["is no miniSEED"])
    resume = {packet.stream: packet.sequence for packet in first}
    assert resume == {str(tmp_path / "a.mseed"): 512 * 3}
    (tmp_path / "a.mseed").write_bytes(raw)
    rest = collect(Folder(tmp_path), resume, count=len(raw) // 512 - 3)
    assert b"".join(packet.record for packet in first + rest) == raw


def test_datagrams_are_received() -> None:
    record = split_records(write_miniseed(traces(minutes=1)[:1], version=2))[0][0][1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def go():
        source = Udp("127.0.0.1", port)
        stream = source.packets({})
        waiting = asyncio.ensure_future(anext(stream))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not waiting.done():
                sender.sendto(b"junk", ("127.0.0.1", port))
                sender.sendto(record, ("127.0.0.1", port))
                await asyncio.sleep(0.01)
        packet = await waiting
        await stream.aclose()
        return packet, source.problems()

    packet, problems = asyncio.run(asyncio.wait_for(go(), 10))
    assert packet.record == record
    assert all("no miniSEED" in problem.wrong for problem in problems)


def test_records_are_split_wherever_the_bytes_end() -> None:
    raw = write_miniseed(traces(minutes=1), version=2)
    found, used = split_records(raw[:-1])
    assert used == len(raw) - 512
    assert b"".join(record for _, record in found) == raw[:used]
    joined = Records(trace for _, record in found for trace in read_miniseed(record)[0]).traces()
    assert found[0][0] - joined[0].start < 10 * MINUTE
