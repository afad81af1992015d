"""A bucket in which objects appear: the records of each are taken as it comes, in order of names.

Amazon S3 and what speaks its language, Google Cloud Storage and Azure, by obstore (extra `wadati[bucket]`), with the
keys that stand in the environment.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from wadati.formats.buckets import first_line, open_bucket
from wadati.formats.miniseed import is_miniseed
from wadati.formats.miniseed_headers import places_of_records
from wadati.protocols import Packet, Problem
from wadati.sources.told_once import ToldOnce

_PART = 1 << 22
_HOUR = timedelta(hours=1)
_LIMIT_S = 20


class Bucket:
    """miniSEED objects of a bucket under a prefix; the sequence number is the place in an object.

    `url` is `s3://bucket/prefix`, `gs://…` or `az://…`; `%Y`, `%m`, `%d`, `%j` and `%H` in the prefix stand for the
    time (UTC), and that of an hour ago is looked at too. Objects are listed each `every_s`. One that was overwritten
    with more is read from where it was read to. `options` are those of the store (`endpoint`, `region`,
    `skip_signature`). Raises `MissingExtraError` without obstore, `UsageError` for a URL that it does not know.
    """

    ends = False

    def __init__(self, url: str, *, every_s: float = 5.0, options: Mapping[str, str] | None = None) -> None:
        scheme, _, rest = url.partition("://")
        place, _, self._prefix = rest.partition("/")
        self.name = f"bucket:{url}"
        self._every = every_s
        self._obstore, self._store = open_bucket(
            f"{scheme}://{place}", subject=self.name, options=options, limit_s=_LIMIT_S, retries=2
        )
        self._told = ToldOnce()

    def problems(self) -> Sequence[Problem]:
        """What went wrong since the last call."""
        return self._told.take()

    async def packets(self, resume: Mapping[str, int]) -> AsyncIterator[Packet]:
        """Records for ever; `resume` has the place reached in each object by the name of the source and its own."""
        reached = dict(resume)
        exhausted: dict[str, int] = {}  # what holds no more whole records is asked for again when it has another size
        while True:
            for name, size in await self._objects():
                stream = f"{self.name} {name}"
                while (place := reached.get(stream, 0)) < size != exhausted.get(name):
                    found = await self._new(name, place, size)
                    for until, record in found or ():
                        reached[stream] = until
                        now = time.time_ns()
                        yield Packet(record, stream, until, now, now)
                    if found is None:
                        break
                    if not found:
                        exhausted[name] = size
            await asyncio.sleep(self._every)

    async def _objects(self) -> list[tuple[str, int]]:
        """Name and size of all objects under the prefix, in order of names."""
        now = datetime.now(UTC)
        found: dict[str, int] = {}
        try:
            for prefix in {moment.strftime(self._prefix) for moment in (now - _HOUR, now)}:
                async for some in self._obstore.list(self._store, prefix or None):
                    found |= {one["path"]: one["size"] for one in some}
        except Exception as error:  # obstore has many; what cannot be listed now is listed again
            self._told.tell(self.name, f"cannot be listed ({first_line(error)})", "check its name and the keys")
            return []
        self._told.gone(self.name)
        return sorted(found.items())

    async def _new(self, name: str, place: int, size: int) -> list[tuple[int, bytes]] | None:
        """(place after it, record) of what is new in an object, a part at a time; None where it cannot be read now."""
        try:
            part = await self._obstore.get_range_async(self._store, name, start=place, end=min(place + _PART, size))
        except Exception as error:  # as above
            self._told.tell(name, f"cannot be read ({first_line(error)})", "make it readable")
            return None
        data = bytes(part)
        if place == 0 and not is_miniseed(data[:64]):
            self._told.tell(name, "is no miniSEED", "write miniSEED under this prefix")
            return []
        return [(place + until, record) for until, record in places_of_records(data)]
