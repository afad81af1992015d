"""A folder in which files appear and grow: records are taken as they become whole, in order of file names."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from wadati.formats.miniseed import is_miniseed
from wadati.formats.miniseed_headers import places_of_records
from wadati.protocols import Packet, Problem
from wadati.sources.told_once import ToldOnce

_AGAIN = 1.0
_PART = 1 << 22


class Folder:
    """miniSEED files below a folder, those there are and those that come; the sequence number is the place in a file.

    A file may grow; what is not yet a whole record waits. Names that begin with a dot or end with `.part` or `.tmp`
    are left alone, so that a file can be written under such a name and moved.
    """

    ends = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"folder:{path}"
        self._told = ToldOnce()

    def problems(self) -> Sequence[Problem]:
        """What went wrong since the last call."""
        return self._told.take()

    async def packets(self, resume: Mapping[str, int]) -> AsyncIterator[Packet]:
        """Records for ever; `resume` has the place reached in each file by its whole path."""
        reached = dict(resume)
        while True:
            for path in self._files():
                stream = str(path.absolute())
                for until, record in self._new(path, reached.get(stream, 0)):
                    reached[stream] = until
                    now = time.time_ns()
                    yield Packet(record, stream, until, now, now)
                    await asyncio.sleep(0)
            await asyncio.sleep(_AGAIN)

    def _files(self) -> list[Path]:
        if not self.path.is_dir():
            self._told.tell(self.name, "is no folder", "make it; it is looked for again")
            return []
        hidden = (".part", ".tmp")
        found = (path for path in self.path.rglob("*") if path.is_file())
        return sorted(path for path in found if not path.name.startswith(".") and path.suffix not in hidden)

    def _new(self, path: Path, place: int) -> list[tuple[int, bytes]]:
        """(place after it, record) of what is new in a file."""
        try:
            if path.stat().st_size <= place:
                return []
            with path.open("rb") as file:
                if place == 0 and not is_miniseed(file.read(64)):
                    self._told.tell(str(path), "is no miniSEED", "write miniSEED into this folder")
                    return []
                file.seek(place)
                data = file.read(_PART)
        except OSError as error:
            self._told.tell(str(path), f"cannot be read ({error.strerror})", "make it readable")
            return []
        return [(place + until, record) for until, record in places_of_records(data)]
