"""The records of the last hour of a live run, for what needs longer than picks do: moment tensors.

What the journal drops is moved beside it, not copied, and goes when nothing needs it any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from wadati.engine.live.journal import entries
from wadati.formats.miniseed import read_miniseed
from wadati.formats.miniseed_headers import station_of
from wadati.model import TimeSpan, Trace
from wadati.protocols import Problem
from wadati.units import HOUR, MINUTE

Key = tuple[str, str]

KEPT = HOUR
"""So much of the data's time (ns) is there at least: the longest window, of magnitude 7 at 1,500 km, is 52 minutes."""


class Held:
    """Records of some stations in memory; a source of waveforms."""

    def __init__(self, records: dict[Key, list[bytes]]) -> None:
        self._records = records

    def read(self, network: str, station: str, span: TimeSpan | None = None) -> Iterator[Trace]:
        """See `Source.read`."""
        content = b"".join(self._records.get((network, station), ()))
        for trace in read_miniseed(content, span)[0] if content else ():
            part = trace if span is None else trace.cut(span)
            if len(part):
                yield part

    def problems(self) -> Sequence[Problem]:
        """None: what is no record was told when it came."""
        return ()


class KeptRecords:
    """What a `journal` holds, and what it dropped into a folder beside it; a source of waveforms.

    >>> import tempfile
    >>> from wadati.engine.live.journal import Journal
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     kept = KeptRecords(Path(folder) / "journal", Path(folder) / "records")
    ...     list(kept.read("XX", "ABC"))
    []
    """

    def __init__(self, journal: Path, dropped: Path) -> None:
        self.journal, self.dropped = journal, dropped

    def within(self, stations: Collection[Key], span: TimeSpan | None = None) -> Held:
        """The records of stations that may hold samples of a span, read once."""
        found: dict[Key, list[bytes]] = {}
        for path in self._segments(span):
            try:
                own = list(entries(path))
            except FileNotFoundError:
                # The run moved this segment since the folder was listed.
                moved = self.dropped / path.name
                own = list(entries(moved)) if moved.is_file() else []
            for packet, _ in own:
                key = station_of(packet.record) if packet.stream else None
                if key is not None and key in stations:
                    found.setdefault(key, []).append(packet.record)
        return Held(found)

    def read(self, network: str, station: str, span: TimeSpan | None = None) -> Iterator[Trace]:
        """See `Source.read`."""
        return self.within({(network, station)}, span).read(network, station, span)

    def problems(self) -> Sequence[Problem]:
        """See `Held.problems`."""
        return ()

    def forget(self, before: int) -> None:
        """Drop segments for good whose packets all came before a time of the data's clock (ns)."""
        paths = sorted(self.dropped.glob("*.log"))
        for path, following in pairwise(paths):
            if _minute(following) >= before // MINUTE:
                break
            path.unlink(missing_ok=True)

    def _segments(self, span: TimeSpan | None) -> list[Path]:
        """In order; of those dropped none that ended before the span began, for records come after their samples."""
        own = {path.name: path for folder in (self.journal, self.dropped) for path in folder.glob("*.log")}
        paths = [own[name] for name in sorted(own)]
        if span is None:
            return paths
        begun = [path for path in paths if _minute(path) < span.start // MINUTE]
        return paths[max(len(begun) - 1, 0) :]


def _minute(path: Path) -> int:
    return int(path.stem.split("-")[1])
