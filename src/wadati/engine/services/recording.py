"""The records of the last hour of a bus on the machine that gives events out, for what needs them long: tensors.

Each process has a folder of its own below its output, the first that nobody else holds, and goes on in it where it, or
another that is gone, was. It records whether it leads or waits, so that who takes over lacks nothing.
"""

from __future__ import annotations

import fcntl
import threading
import time
from pathlib import Path
from typing import BinaryIO, Self

from wadati.bus.nats import NatsBus
from wadati.bus.nats_reader import Reader
from wadati.engine.live.journal import Journal
from wadati.engine.live.mechanisms import Reached
from wadati.engine.live.records import KEPT, KeptRecords
from wadati.engine.services.ingest import packets_of
from wadati.engine.services.session import Say
from wadati.formats.atomic import atomic_write
from wadati.formats.miniseed_headers import headers_of
from wadati.model import SourceId
from wadati.protocols import Packet
from wadati.units import MINUTE

Key = tuple[str, str]

_WAIT_S = 0.2
_KEEP_S = 5.0
_PLACE = "place"


class Recording:
    """Records what comes; used in `with`. `needed` may be set to a time (ns) from which on records stay."""

    def __init__(self, bus: NatsBus, folder: Path, say: Say) -> None:
        self._bus, self._say = bus, say
        self._folder, self._lock = _free(folder)
        self.records = KeptRecords(self._folder / "journal", self._folder / "records")
        self._journal = Journal(self.records.journal, self.records.dropped)
        self._until: dict[SourceId, int] = {}
        self.clock = self._first = 0
        self.needed: int | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        place, last = self._read_place(), self._bus.last("packets")
        # A bus that was made anew counts from the beginning again: a place beyond its last would never come.
        reader = self._bus.read("packets", "*", last if place is None else min(place, last))
        self._thread = threading.Thread(target=self._run, args=(reader,), name="recording", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._journal.close()
        self._lock.close()

    def reached(self) -> Reached:
        """How far the records that are here reach: all channels of a station.

        No station is told within a minute after the beginning, when some may not have been heard yet.
        """
        found: dict[Key, int] = {}
        if self.clock - self._first < MINUTE:
            return Reached(self.clock, found)
        for source_id, until in list(self._until.items()):
            key = source_id.station_key
            found[key] = min(until, found.get(key, until))
        return Reached(self.clock, found)

    def _run(self, reader: Reader) -> None:
        place, kept = None, time.monotonic()
        try:
            while not self._stop.is_set():
                messages = reader.take()
                packets = [packet for message in messages for packet in packets_of(message.data)]
                self._journal.append(packets)
                self._note(packets)
                place = messages[-1].sequence if messages else place
                if place is not None and time.monotonic() - kept > _KEEP_S:
                    kept = time.monotonic()
                    self._keep(place)
                if not messages:
                    self._stop.wait(_WAIT_S)
        except (OSError, ConnectionError) as error:
            self._say("problem", subject="records", wrong=f"are not kept: {error}", mend="make room, and start again")
        finally:
            reader.close()

    def _note(self, packets: list[Packet]) -> None:
        self.clock = max([self.clock, *(packet.clock for packet in packets)])
        self._first = self._first or self.clock
        for packet in packets:
            for header in headers_of(packet.record, last=True):
                self._until[header.source_id] = max(header.span.end, self._until.get(header.source_id, 0))

    def _keep(self, place: int) -> None:
        """Where to go on; what nothing needs any more goes. Only what is whole on the disk counts as read."""
        with atomic_write(self._folder / _PLACE) as partial:
            partial.write_text(str(place))
        before = self.clock - KEPT
        self._journal.forget(before)
        self.records.forget(before if self.needed is None else min(before, self.needed))

    def _read_place(self) -> int | None:
        try:
            return int((self._folder / _PLACE).read_text())
        except (OSError, ValueError):
            return None


def _free(folder: Path) -> tuple[Path, BinaryIO]:
    """The first folder of records that no process holds, and the lock by which this one does."""
    number = 1
    while True:
        own = folder / f"records-{number}"
        own.mkdir(parents=True, exist_ok=True)
        lock = (own / "lock").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            number += 1
        else:
            return own, lock
