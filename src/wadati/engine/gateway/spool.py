"""What is to be sent, on disk: numbered records in SQLite, which a cut of the power leaves as they were."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Iterable
from pathlib import Path

import msgspec

from wadati.errors import InputError
from wadati.protocols import Packet

_TABLES = """
CREATE TABLE IF NOT EXISTS records (number INTEGER PRIMARY KEY, received INTEGER NOT NULL, record BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value BLOB NOT NULL);
"""


class Spool:
    """Records in the order in which they came, at most `most_bytes` of them; any thread may use it.

    `name` is that of this spool alone: a new one numbers anew. Raises `InputError` for a file that is none.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     spool = Spool(Path(folder) / "spool.sqlite")
    ...     spool.append([Packet(b"x", "a", 7, 0, 0), Packet(b"y", "a", 8, 0, 0)])
    ...     found = spool.read(1, 100), spool.positions()
    ...     spool.close()
    >>> found
    ((1, [b'y']), {'a': 8})
    """

    def __init__(self, path: Path, most_bytes: int = 2 << 30) -> None:
        self._most = most_bytes
        self._lock = threading.Lock()
        self.dropped = 0
        """Records that went unsent because there was no room."""
        try:
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.executescript(_TABLES)
        except sqlite3.DatabaseError as error:
            raise InputError(path, f"is no spool ({error})", "name another --spool, or take it away") from None
        self.name = (self._about("name") or b"").decode() or uuid.uuid4().hex[:12]
        self._tell_about("name", self.name.encode())
        first, last, held = self._connection.execute(
            "SELECT MIN(number), MAX(number), SUM(LENGTH(record)) FROM records"
        ).fetchone()
        self._next = (int(self._about("next") or 0)) if last is None else last + 1
        self._first = self._next if first is None else first
        self._held = held or 0

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._connection.close()

    @property
    def ends(self) -> tuple[int, int]:
        """The first number there is, and the next there will be."""
        return self._first, self._next

    def positions(self) -> dict[str, int]:
        """Where the sources are."""
        found: dict[str, int] = msgspec.json.decode(self._about("positions") or b"{}")
        return found

    def done(self, url: str) -> int:
        """The number below which all has been taken by one that does not say so itself."""
        return int(self._about(f"done {url}") or 0)

    def note_done(self, url: str, number: int) -> None:
        """Keep that number."""
        with self._lock:
            self._tell_about(f"done {url}", str(number).encode())

    def append(self, packets: Iterable[Packet]) -> None:
        """Keep packets and where their sources are, all or none."""
        positions = self.positions()
        rows: list[tuple[int, int, bytes]] = []
        for packet in packets:
            rows.append((self._next + len(rows), packet.received, packet.record))
            positions[packet.stream] = max(packet.sequence, positions.get(packet.stream, packet.sequence))
        if not rows:
            return
        with self._lock:
            self._connection.execute("BEGIN")
            try:
                self._connection.executemany("INSERT INTO records VALUES (?, ?, ?)", rows)
                self._tell_about("positions", msgspec.json.encode(positions))
                self._tell_about("next", str(self._next + len(rows)).encode())
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._next += len(rows)
            self._held += sum(len(row[2]) for row in rows)
        while self._held > self._most:
            self.dropped += self._forget(self._first + max((self._next - self._first) // 20, 1))

    def read(self, number: int, most_bytes: int) -> tuple[int, list[bytes]]:
        """Records from a number on, or from the first there is: (the number of the first, records)."""
        found: list[bytes] = []
        size, first = 0, max(number, self._first)
        with self._lock:
            query = "SELECT record FROM records WHERE number >= ? ORDER BY number"
            for (record,) in self._connection.execute(query, (first,)):
                if found and size + len(record) > most_bytes:
                    break
                found.append(record)
                size += len(record)
        return first, found

    def forget(self, before: int, received_before: int) -> None:
        """Drop records below a number that came before a time (ns)."""
        with self._lock:
            query = "SELECT MAX(number) FROM records WHERE number < ? AND received < ?"
            (last,) = self._connection.execute(query, (before, received_before)).fetchone()
        if last is not None:
            self._forget(last + 1)

    def _forget(self, before: int) -> int:
        with self._lock:
            query = "SELECT COUNT(*), SUM(LENGTH(record)) FROM records WHERE number < ?"
            count, size = self._connection.execute(query, (before,)).fetchone()
            self._connection.execute("DELETE FROM records WHERE number < ?", (before,))
            self._held -= size or 0
            self._first = min(before, self._next)
        return int(count)

    def _about(self, name: str) -> bytes | None:
        row = self._connection.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()
        return None if row is None else row[0]

    def _tell_about(self, name: str, value: bytes) -> None:
        self._connection.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (name, value))
