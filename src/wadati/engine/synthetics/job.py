"""Seismograms of many sources at many stations as one job, and how it is cut into pieces that anybody may do."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import msgspec

from wadati.engine.synthetics.seismograms import Motion
from wadati.errors import UsageError
from wadati.model import PointSource, Station, content_id

Result = Literal["zarr", "peaks", "mseed"]


class Cut(msgspec.Struct, frozen=True):
    """How large pieces are. It travels with the job, so that all who work on it mean the same by a piece's number.

    A piece has up to `pairs` of source and station, a tenth of a second's work and 100 MB where they are written, at
    up to `stations` stations. A chunk of an array holds `chunk` stations, or as many pairs where there are fewer
    stations: 3 MB of 512 samples.
    """

    pairs: int = 1 << 14
    stations: int = 4096
    chunk: int = 512


USUAL = Cut()


class Piece(NamedTuple):
    """The sources and the stations from one number to before another; a fault's pieces have all sources."""

    first_source: int
    after_source: int
    first_station: int
    after_station: int


class SyntheticsJob(msgspec.Struct, frozen=True):
    """What is asked for (`Motion`), of the store `greens`, and where it goes: `output`, a folder or a bucket's URL.

    `zarr` is one array of all seismograms, `peaks` one of the largest motion of each, `mseed` a file a source. Raises
    `UsageError` for other formats, and for a fault as miniSEED: it is added station by station, which is no whole file.
    """

    greens: str
    sources: tuple[PointSource, ...]
    stations: tuple[Station, ...]
    motion: Motion
    result: Result
    output: str
    cut: Cut = USUAL

    def __post_init__(self) -> None:
        if self.result not in get_args(Result):
            raise UsageError(f"a job is written as {', '.join(get_args(Result))}, not as {self.result}")
        if self.result == "mseed" and self.motion.one_fault:
            raise UsageError("a fault that is a job is written as zarr or as peaks")
        if not self.sources or not self.stations:
            raise UsageError("a job needs a source and a station at least")

    @property
    def name(self) -> str:
        """A digest of all that its result depends on, the place included."""
        return content_id("synthetics", msgspec.to_builtins(self))

    @property
    def rows(self) -> int:
        """Sources that have seismograms of their own: one, of a fault."""
        return 1 if self.motion.one_fault else len(self.sources)

    @property
    def chunk(self) -> tuple[int, int]:
        """Rows and stations of a chunk of the array; pieces are made of whole chunks."""
        stations = min(self.cut.chunk, len(self.stations))
        if self.motion.one_fault:
            return 1, max(1, min(stations, self.cut.pairs // len(self.sources)))
        return max(1, min(self.rows, self.cut.chunk // stations)), stations

    @property
    def block(self) -> tuple[int, int]:
        """Rows and stations of a piece."""
        rows, stations = self.chunk
        if self.motion.one_fault:
            return 1, stations * max(1, self.cut.pairs // (stations * len(self.sources)))
        wide = len(self.stations) if self.result == "mseed" else min(len(self.stations), self.cut.stations)
        return rows * max(1, self.cut.pairs // (rows * wide)), wide

    def pieces(self) -> tuple[Piece, ...]:
        """The job in pieces, each pair in one of them.

        >>> from wadati.model import MomentTensor
        >>> source, station = PointSource(0, 0.0, 0.0, 1e4, MomentTensor(1, 1, 1, 0, 0, 0)), Station("XX", "A", 0, 0, 0)
        >>> job = SyntheticsJob("store", (source,) * 1000, (station,) * 4096, Motion(), "peaks", "out")
        >>> len(job.pieces()), job.pieces()[-1]
        (250, Piece(first_source=996, after_source=1000, first_station=0, after_station=4096))
        """
        rows, wide = self.block
        every = len(self.sources) if self.motion.one_fault else rows
        return tuple(
            Piece(source, min(source + every, len(self.sources)), station, min(station + wide, len(self.stations)))
            for source in range(0, len(self.sources), every)
            for station in range(0, len(self.stations), wide)
        )
