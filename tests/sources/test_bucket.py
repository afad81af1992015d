"""Packets from a bucket on a real S3 server (moto, on loopback)."""

from __future__ import annotations

import asyncio
import datetime
from fractions import Fraction

import numpy as np
import pytest

from wadati.errors import UsageError
from wadati.formats.miniseed import write_miniseed
from wadati.model import SourceId, Trace
from wadati.sources.addresses import open_source
from wadati.sources.bucket import Bucket
from wadati.units import SECOND

pytest.importorskip("obstore")
obstore = pytest.importorskip("obstore")

SID = SourceId.from_nslc("XX", "ABC", "", "HHZ")


def records(start: int, count: int = 20_000) -> bytes:
    data = np.random.default_rng(start).integers(-500, 500, count).astype(np.int32)
    return write_miniseed([Trace(SID, start * SECOND, Fraction(100), data)], version=2, record_length=512)


@pytest.fixture
def address(moto: str) -> str:
    boto3 = pytest.importorskip("boto3")
    boto3.client("s3", endpoint_url=moto, region_name="us-east-1").create_bucket(Bucket="network")
    return moto


def bucket(endpoint: str, prefix: str = "live/") -> Bucket:
    source = open_source(f"bucket:s3://network/{prefix}?endpoint={endpoint}&region=us-east-1&every=0.05")
    assert isinstance(source, Bucket)
    return source


def put(endpoint: str, name: str, data: bytes) -> None:
    store = obstore.store.S3Store("network", endpoint=endpoint, region="us-east-1", client_options={"allow_http": True})
    obstore.put(store, name, data)


async def _take(source: Bucket, count: int, resume: dict[str, int], after: dict[int, tuple[str, str, bytes]]):
    found = []
    stream = source.packets(resume)
    async for packet in stream:
        found.append(packet)
        if len(found) in after:
            await asyncio.to_thread(put, *after[len(found)])
        if len(found) == count:
            break
    await stream.aclose()
    return found


def take(source, count, resume=None, after=None):
    return asyncio.run(asyncio.wait_for(_take(source, count, resume or {}, after or {}), 30))


def test_objects_that_are_there_that_come_and_that_grow(address: str) -> None:
    first, second = records(1_000), records(2_000)
    count = len(first) // 512
    half = count // 2 * 512
    put(address, "live/a.mseed", first[: half + 100])
    put(address, "elsewhere/c.mseed", second)
    packets = take(
        bucket(address),
        count + len(second) // 512,
        after={2: (address, "live/b.mseed", second), half // 512 + 3: (address, "live/a.mseed", first)},
    )
    by_stream = {name: b"".join(p.record for p in packets if p.stream == name) for name in {p.stream for p in packets}}
    assert {name.split()[-1]: data for name, data in by_stream.items()} == {
        "live/a.mseed": first,
        "live/b.mseed": second,
    }


def test_it_goes_on_after_what_it_had(address: str) -> None:
    data = records(1_000)
    put(address, "live/a.mseed", data)
    some = take(bucket(address), 5)
    rest = take(bucket(address), len(data) // 512 - 5, {p.stream: p.sequence for p in some})
    assert b"".join(p.record for p in some + rest) == data


def test_what_is_no_miniseed_and_what_is_not_there_are_told(address: str) -> None:
    data = records(1_000)
    put(address, "live/a.txt", b"to be read by people " * 20)
    put(address, "live/b.mseed", data)
    source = bucket(address)
    take(source, len(data) // 512)
    assert [(p.subject, p.wrong) for p in source.problems()] == [("live/a.txt", "is no miniSEED")]
    missing = open_source(f"bucket:s3://nowhere/live/?endpoint={address}&region=us-east-1&every=0.05")
    assert isinstance(missing, Bucket)

    async def told() -> str:
        stream = asyncio.ensure_future(anext(missing.packets({})))
        while not (problems := missing.problems()):
            await asyncio.sleep(0.01)
        stream.cancel()
        return problems[0].wrong

    assert "cannot be listed" in asyncio.run(asyncio.wait_for(told(), 30))


def test_the_day_in_a_prefix_is_that_of_now(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = records(1_000)
    today = datetime.datetime.now(datetime.UTC)
    put(address, today.strftime("%Y/%j/") + "a.mseed", data)
    packets = take(bucket(address, "%Y/%j/"), len(data) // 512)
    assert b"".join(p.record for p in packets) == data


@pytest.mark.parametrize("url", ["nothing://x/y", "s3:no"])
def test_urls_that_are_none_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="bucket:"):
        open_source(f"bucket:{url}")
