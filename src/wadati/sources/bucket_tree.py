"""Files of an archive in a bucket: found by name, read by the ranges that are needed."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from wadati.formats.buckets import first_line, open_bucket
from wadati.sources.files import is_metadata
from wadati.sources.sds import days_between
from wadati.sources.trees import Stored, T, U

_FEW = 8
_AT_ONCE = 8
_DAY = "2019.185"


class BucketTree:
    """The objects under the prefix of a URL; see `open_bucket` for those that there are.

    Which folders there are, and which beginnings names have in them, is listed once and again after `refresh_s`. Of a
    few days, objects are asked for by name; of more, they are listed.
    """

    refresh_s = 60.0

    def __init__(self, url: str) -> None:
        self.name = url.partition("?")[0].rstrip("/")
        self._obstore, self._store = open_bucket(url)
        self._known: dict[str, tuple[float, list[str], list[str]]] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="bucket")

    def folders(self, inside: str) -> Sequence[str]:
        """See `Tree`."""
        return self._remembered(inside)[0]

    def of_days(self, inside: str, first: str, last: str) -> Sequence[Stored]:
        """See `Tree`."""
        year = inside.partition("/")[0]
        days = days_between(max(first, f"{year}.001"), min(last, f"{year}.366"))
        beginnings = self._remembered(inside)[1]
        if len(days) * len(beginnings) <= _FEW:
            names = [beginning + day for beginning in beginnings for day in days]
            return [stored for name in names if (stored := self._head(name)) is not None]
        return [stored for stored in self._list(inside)[1] if first <= stored.name[-len(first) :] <= last]

    def everything(self) -> Sequence[Stored]:
        """See `Tree`."""
        found = self._ask(lambda: [one for some in self._obstore.list(self._store) for one in some])
        return sorted(_stored(one) for one in found if not is_metadata(one["path"].rpartition("/")[2]))

    def read(self, name: str, start: int, end: int) -> bytes:
        """See `Tree`."""
        return bytes(self._ask(lambda: self._obstore.get_range(self._store, name, start=start, end=end)))

    def converted(self, name: str) -> bytes:
        """Nothing: in buckets only miniSEED is looked for."""
        del name
        return b""

    def each(self, call: Callable[[T], U], items: Iterable[T]) -> Iterator[U]:
        """See `Tree`."""
        left = iter(items)
        while some := list(itertools.islice(left, _AT_ONCE)):
            yield from self._pool.map(call, some)

    def signed(self, names: Sequence[str], lifetime_s: float) -> list[str]:
        """See `Tree`."""
        if not names:
            return []
        lifetime = timedelta(seconds=lifetime_s)
        signed: list[str] = self._ask(lambda: self._obstore.sign(self._store, "GET", list(names), lifetime))
        return signed

    def _remembered(self, inside: str) -> tuple[list[str], list[str]]:
        """Names of the folders in a folder, and with what the names of its files begin before the day."""
        with self._lock:
            at, folders, beginnings = self._known.get(inside, (0.0, [], []))
        if not at or time.monotonic() - at > self.refresh_s:
            folders, files = self._list(inside)
            beginnings = sorted({stored.name[: -len(_DAY)] for stored in files})
            with self._lock:
                self._known[inside] = time.monotonic(), folders, beginnings
        return folders, beginnings

    def _list(self, inside: str) -> tuple[list[str], list[Stored]]:
        """Names of the folders and the files in a folder, in order."""
        found = self._ask(lambda: self._obstore.list_with_delimiter(self._store, inside or None))
        folders = sorted(path.rstrip("/").rpartition("/")[2] for path in found["common_prefixes"])
        return folders, sorted(map(_stored, found["objects"]))

    def _head(self, name: str) -> Stored | None:
        try:
            return _stored(self._ask(lambda: self._obstore.head(self._store, name)))
        except FileNotFoundError:
            return None

    def _ask(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except FileNotFoundError:
            raise
        except Exception as error:  # obstore has an exception of its own for each kind of store
            raise OSError(f"{self.name}: {first_line(error)}") from error


def _stored(one: Any) -> Stored:
    return Stored(one["path"], one["size"], str(one["e_tag"] or one["last_modified"]))
