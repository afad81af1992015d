"""Records from an Amazon Kinesis stream: each item holds miniSEED, its partition key is `NET.STA`.

A place in a shard is the time (ms) at which its last item came in: what came in within that millisecond is read twice
after a restart, and recognised further on. Extra `wadati[kinesis]`, with the keys that stand in the environment.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from wadati.errors import MissingExtraError
from wadati.formats.miniseed_headers import split_records
from wadati.protocols import Packet, Problem
from wadati.sources.told_once import ToldOnce

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST = 1000
_PAUSE_S, _AGAIN_S, _SHARDS_S = 0.25, 2.0, 30.0
_WAITING = 5000


def kinesis_client(name: str, options: Mapping[str, str]) -> Any:
    """The client of boto3; `options` are `region` and `endpoint`. Raises `MissingExtraError` without boto3."""
    try:
        import boto3
    except ImportError:
        raise MissingExtraError(f"kinesis://{name}", "kinesis") from None
    return boto3.client("kinesis", region_name=options.get("region"), endpoint_url=options.get("endpoint"))


class Kinesis:
    """All shards of a stream, also those that come by splitting; begins with what comes, or where it was.

    Five reads a second and shard are what Amazon allows; this one takes four.
    """

    ends = False

    def __init__(self, stream: str, options: Mapping[str, str] | None = None) -> None:
        self.name = f"kinesis://{stream}"
        self._stream = stream
        self._client = kinesis_client(stream, options or {})
        self._told = ToldOnce()

    def problems(self) -> Sequence[Problem]:
        """What went wrong since the last call."""
        return self._told.take()

    async def packets(self, resume: Mapping[str, int]) -> AsyncIterator[Packet]:
        """Records for ever; `resume` has the time of the last item (ms) by shard."""
        queue: asyncio.Queue[Packet] = asyncio.Queue(_WAITING)
        began = time.time_ns() // 1_000_000
        tasks: dict[str, asyncio.Task[None]] = {}

        async def find_shards() -> None:
            first = True
            while True:
                for shard in await self._shards():
                    place = resume.get(f"{self.name} {shard}", began if first else 0)
                    if shard not in tasks:
                        tasks[shard] = asyncio.ensure_future(self._read(shard, place, queue))
                first = False
                await asyncio.sleep(_SHARDS_S)

        finding = asyncio.ensure_future(find_shards())
        try:
            while True:
                yield await queue.get()
        finally:
            for task in (finding, *tasks.values()):
                task.cancel()
            await asyncio.gather(finding, *tasks.values(), return_exceptions=True)

    async def _shards(self) -> list[str]:
        found: list[str] = []
        asked: dict[str, Any] = {"StreamName": self._stream}
        while True:
            answer = await self._asked(self.name, "list_shards", **asked)
            found += [shard["ShardId"] for shard in answer["Shards"]]
            if not answer.get("NextToken"):
                return found
            asked = {"NextToken": answer["NextToken"]}

    async def _read(self, shard: str, place: int, queue: asyncio.Queue[Packet]) -> None:
        """The items of a shard from a time (ms) on, until it is closed."""
        stream = f"{self.name} {shard}"
        iterator: str | None = None
        while True:
            if iterator is None:
                at = _EPOCH + timedelta(milliseconds=place)
                asked = {
                    "StreamName": self._stream,
                    "ShardId": shard,
                    "ShardIteratorType": "AT_TIMESTAMP",
                    "Timestamp": at,
                }
                iterator = (await self._asked(stream, "get_shard_iterator", **asked))["ShardIterator"]
            try:
                answer = await asyncio.to_thread(self._client.get_records, ShardIterator=iterator, Limit=_MOST)
            except Exception as error:  # boto3 makes its exceptions as it runs; an iterator lives for minutes only
                self._told.tell(stream, f"cannot be read ({_first_line(error)})", "tried again")
                iterator = None
                await asyncio.sleep(_AGAIN_S)
                continue
            self._told.gone(stream)
            for item in answer["Records"]:
                place = (item["ApproximateArrivalTimestamp"] - _EPOCH) // timedelta(milliseconds=1)
                records, _ = split_records(item["Data"])
                if not records:
                    self._told.tell(f"{stream} items", "hold no miniSEED", "check who sends")
                for _, record in records:
                    now = time.time_ns()
                    await queue.put(Packet(record, stream, place, now, now))
            iterator = answer.get("NextShardIterator")
            if iterator is None:
                return  # the shard was closed, and all of it was read
            if len(answer["Records"]) < _MOST:
                await asyncio.sleep(_PAUSE_S)

    async def _asked(self, subject: str, what: str, **request: Any) -> Any:
        """An answer, however long it takes."""
        while True:
            try:
                answer = await asyncio.to_thread(getattr(self._client, what), **request)
            except Exception as error:  # as above
                self._told.tell(subject, f"cannot be had ({_first_line(error)})", "check its name and the keys")
                await asyncio.sleep(_AGAIN_S)
            else:
                self._told.gone(subject)
                return answer


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
