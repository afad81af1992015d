"""Files of an archive wherever they lie: what is asked of a folder and of a bucket alike."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Protocol, TypeVar

from wadati.errors import InputError
from wadati.formats.miniseed import write_miniseed
from wadati.formats.waveforms import read_waveforms
from wadati.model import SourceId, TimeSpan
from wadati.sources.files import waveform_files
from wadati.sources.sds import day_of, sds_content
from wadati.sources.selection import EVERYTHING, Asked, fits
from wadati.units import DAY

T = TypeVar("T")
U = TypeVar("U")

HOUR = DAY // 24
"""A record may begin before midnight, or run on after it."""

_CHANNEL = re.compile(r"[^.]+\.[A-Z]")
_YEAR = re.compile(r"[0-9]{4}")


class Stored(NamedTuple):
    """A file: its name in the tree (with slashes), its size (bytes), and what becomes another when it changes."""

    name: str
    size: int
    state: str


class Tree(Protocol):
    """Files below one place. All raise `OSError` where it cannot be reached."""

    name: str
    refresh_s: float

    def folders(self, inside: str) -> Sequence[str]:
        """The names of the folders in a folder, in order; empty where it is none."""
        ...

    def of_days(self, inside: str, first: str, last: str) -> Sequence[Stored]:
        """The files in a folder whose names end with a day (`2019.185`) from the first to the last, in order."""
        ...

    def everything(self) -> Sequence[Stored]:
        """All files that may hold waveforms, in order of names."""
        ...

    def read(self, name: str, start: int, end: int) -> bytes:
        """Some bytes of a file, fewer where it ends before. Raises `FileNotFoundError` where it is gone."""
        ...

    def converted(self, name: str) -> bytes:
        """A file that is no miniSEED, as miniSEED; nothing where it holds no waveforms."""
        ...

    def each(self, call: Callable[[T], U], items: Iterable[T]) -> Iterator[U]:
        """What a call that reads gives for each item, in order; some at once where each waits for a network."""
        ...

    def signed(self, names: Sequence[str], lifetime_s: float) -> list[str] | None:
        """An address for each file under which whoever has it may read it for some time; None where there are none."""
        ...


class Disk:
    """A folder or a file on disk. Raises `InputError` for a path that is not there."""

    refresh_s = 5.0

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise InputError(path, "does not exist", "give a folder or files of waveforms")
        # Without links resolved, which may say other channels and days than what they lead to.
        self._path = path.absolute()
        self.name = str(self._path)

    def folders(self, inside: str) -> Sequence[str]:
        """See `Tree`."""
        folder = self._path / inside
        if not folder.is_dir():
            return ()
        with os.scandir(folder) as found:
            return sorted(entry.name for entry in found if entry.is_dir())

    def of_days(self, inside: str, first: str, last: str) -> Sequence[Stored]:
        """See `Tree`."""
        with os.scandir(self._path / inside) as found:
            names = sorted(entry.name for entry in found if first <= entry.name[-len(first) :] <= last)
        return [stored for name in names if (stored := self._stored(f"{inside}/{name}")) is not None]

    def everything(self) -> Sequence[Stored]:
        """See `Tree`."""
        names = (str(path) for path in waveform_files([self._path]))
        return [stored for name in names if (stored := self._stored(name)) is not None]

    def read(self, name: str, start: int, end: int) -> bytes:
        """See `Tree`."""
        with (self._path / name).open("rb", buffering=0) as file:
            file.seek(start)
            return file.read(end - start)

    def converted(self, name: str) -> bytes:
        """See `Tree`."""
        return write_miniseed(read_waveforms(self._path / name)[0])

    def each(self, call: Callable[[T], U], items: Iterable[T]) -> Iterator[U]:
        """See `Tree`."""
        return map(call, items)

    def signed(self, names: Sequence[str], lifetime_s: float) -> None:
        """None: files on disk have no address of their own."""
        del names, lifetime_s

    def _stored(self, name: str) -> Stored | None:
        try:
            state = (self._path / name).stat()
        except OSError:
            return None
        return Stored(name, state.st_size, f"{state.st_mtime_ns} {state.st_ino}")


def is_sds(tree: Tree) -> bool:
    """Whether files lie in a tree by year, network, station and channel."""
    return next(_channels(tree, Asked([EVERYTHING])), None) is not None


def sds_files(tree: Tree, asked: Asked) -> Iterator[tuple[Stored, SourceId, TimeSpan]]:
    """The files of a tree in the SeisComP Data Structure that may hold something wanted, with channel and day.

    They are found by their names and in none of them is looked.
    """

    def near(channel: tuple[str, list[TimeSpan]]) -> Sequence[Stored]:
        folder, spans = channel
        first, last = min(span.start for span in spans), max(span.end for span in spans)
        return tree.of_days(folder, day_of(first - HOUR), day_of(last - 1 + HOUR))

    for found in tree.each(near, _channels(tree, asked)):
        for stored in found:
            content = sds_content(PurePosixPath(stored.name))
            if content is not None and asked.touches((content[0],), content[1].widen(HOUR, HOUR)):
                yield stored, *content


def _channels(tree: Tree, asked: Asked) -> Iterator[tuple[str, list[TimeSpan]]]:
    """The folders of channels that may hold something wanted, and the times that are wanted of them."""
    for year in tree.folders(""):
        now = [one for one in asked.wanted if _YEAR.fullmatch(year) and _of_year(one.span, year)]
        for network in tree.folders(year) if now else ():
            own = [one for one in now if fits(network, one.network)]
            for station in tree.folders(f"{year}/{network}") if own else ():
                near = [one for one in own if fits(station, one.station)]
                inside = f"{year}/{network}/{station}"
                for channel in tree.folders(inside) if near else ():
                    spans = [one.span for one in near if fits(channel.partition(".")[0], one.channel)]
                    if spans and _CHANNEL.fullmatch(channel):
                        yield f"{inside}/{channel}", spans


def _of_year(span: TimeSpan, year: str) -> bool:
    return day_of(span.start - HOUR)[:4] <= year <= day_of(span.end - 1 + HOUR)[:4]
