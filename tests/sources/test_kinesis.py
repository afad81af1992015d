"""Packets through an Amazon Kinesis stream (moto, on loopback): from a gateway's spool to the source, by shards."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.engine.live.conftest import Scripted
from wadati.engine.gateway.gateway import gateway
from wadati.formats.miniseed import write_miniseed
from wadati.formats.miniseed_headers import split_records, station_of
from wadati.model import SourceId, Trace
from wadati.sources.addresses import open_source

boto3 = pytest.importorskip("boto3")


def records(stations: int = 6, count: int = 10) -> list[bytes]:
    found = []
    for k in range(stations):
        noise = np.random.default_rng(k).integers(-30_000, 30_000, 300 * count).astype(np.int32)
        trace = Trace(SourceId.from_nslc("XX", f"S{k}", "", "HHZ"), 0, 100, noise)
        found += [one for _, one in split_records(write_miniseed([trace], version=2, record_length=512))[0]][:count]
    return found


@pytest.fixture
def address(moto: str) -> str:
    client = boto3.client("kinesis", endpoint_url=moto, region_name="us-east-1")
    client.create_stream(StreamName="network", ShardCount=3)
    client.close()
    return f"kinesis://network?endpoint={moto}&region=us-east-1"


async def _take(address: str, count: int, resume: dict[str, int]):
    source = open_source(address)
    stream = source.packets(resume)
    found = []
    async for packet in stream:
        found.append(packet)
        if len(found) == count:
            break
    await stream.aclose()
    return found


def take(address: str, count: int, resume: dict[str, int]):
    return asyncio.run(asyncio.wait_for(_take(address, count, resume), 60))


def quiet(*_: object, **__: object) -> None:
    """Say nothing."""


def test_what_a_gateway_sends_comes_out_by_station_in_order_and_goes_on_after_a_restart(
    address: str, tmp_path: Path
) -> None:
    sent = records()
    shards = [f"kinesis://network shardId-{k:012d}" for k in range(3)]
    beginning = dict.fromkeys(shards, 0)
    half = Scripted([(0, one) for one in sent], stop_after=35)
    gateway([half], tmp_path, [address], "site", half.stop, quiet)
    gateway([Scripted([(0, one) for one in sent])], tmp_path, [address], "site", threading.Event(), quiet)
    found = take(address, len(sent), beginning)
    assert {packet.stream for packet in found} <= set(shards)
    for station in {station_of(record) for record in sent}:
        own = [packet.record for packet in found if station_of(packet.record) == station]
        assert own == [record for record in sent if station_of(record) == station]
    # From where it was: nothing is missing, and only what came in the same millisecond comes twice.
    middle = {packet.stream: packet.sequence for packet in found[: len(found) // 2]}
    wanted = {p.record for p in found if p.sequence >= middle.get(p.stream, 0)}
    assert {packet.record for packet in take(address, len(wanted), beginning | middle)} == wanted


def test_a_stream_that_is_not_there_is_told_and_waited_for(address: str) -> None:
    source = open_source(address.replace("network", "absent"))

    async def for_a_while() -> None:
        stream = source.packets({})
        waiting = asyncio.ensure_future(anext(stream))
        for _ in range(100):
            await asyncio.wait([waiting], timeout=0.05)
            if problems := source.problems():
                assert "absent" in problems[0].subject
                break
        else:
            raise AssertionError("nothing was told")
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await stream.aclose()

    asyncio.run(for_a_while())
