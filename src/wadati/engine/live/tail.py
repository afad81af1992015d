"""What a live run's journal is given, for another process that follows it while it is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from wadati.engine.live.journal import entries
from wadati.protocols import Packet


class Tail:
    """Follows the journal in a folder, which need not be there yet.

    >>> import tempfile
    >>> from wadati.engine.live.journal import Journal
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     journal, tail = Journal(Path(folder)), Tail(Path(folder))
    ...     journal.append([Packet(b"x", "a", 7, 0, 0)])
    ...     before = [packet.sequence for packet in tail.look()]
    ...     journal.append([Packet(b"y", "a", 8, 0, 0)])
    ...     journal.close()
    ...     before, [packet.sequence for packet in tail.look()], list(tail.look())
    ([7], [8], [])
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, int] = {}

    def look(self) -> Iterator[Packet]:
        """The packets that are new since the last look, in the order in which they came."""
        segments = sorted(self._folder.glob("*.log"))
        kept = {path.name for path in segments}
        self._read = {name: offset for name, offset in self._read.items() if name in kept}
        for path in segments:
            offset = self._read.get(path.name, 0)
            try:
                for packet, end in entries(path, offset):
                    self._read[path.name] = end
                    if packet.stream:
                        yield packet
            except FileNotFoundError:
                # The run dropped this segment since the folder was listed.
                continue
