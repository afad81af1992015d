"""One piece of a job: seismograms made, reduced where they are made, and put where the job says.

What a piece writes nobody else writes, and it is the same whoever does it, so a piece that is done twice does no harm.
That it is done says a file that is written last, under a name of the run: one that comes late from a run that is over
says nothing to the next.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.engine.synthetics.arrays import opened, rows_of
from wadati.engine.synthetics.job import Piece, SyntheticsJob
from wadati.engine.synthetics.seismograms import synthetics, within
from wadati.formats.miniseed import write_miniseed
from wadati.greens.answers import Answers, Seismograms
from wadati.greens.opened import open_store
from wadati.greens.reductions import largest
from wadati.greens.summed import as_one_fault
from wadati.model import PointSource, Station
from wadati.protocols import Problem
from wadati.store.objects import Place, open_place
from wadati.units import SECOND

Floats = npt.NDArray[np.float32]

_PAIRS_AT_ONCE = 1024
"""Their seismograms are 6 MB: what was made is still near when it is reduced."""


class Done(msgspec.Struct, frozen=True):
    """What a piece came to: pairs of source and station that have seismograms, what was left out, names of files."""

    pairs: int
    problems: tuple[Problem, ...] = ()
    files: tuple[str, ...] = ()


class Run(msgspec.Struct, frozen=True):
    """A job that is being done, and the name that this has."""

    job: SyntheticsJob
    name: str

    def marker(self, number: int) -> str:
        """The file that says that a piece is done, and what it came to."""
        return f".pieces/{self.name}/{number}.json"


_DONE, _RUNS = msgspec.json.Decoder(Done), msgspec.msgpack.Decoder(Run)
"""Made with the module: two threads that first decode one type at once crash in msgspec."""


def work_on(content: bytes, number: int) -> None:
    """Do a piece of the `Run` that is encoded in `content`, unless it is done."""
    run, pieces, place = _run(content)
    job, marker = run.job, run.marker(number)
    if place.get(marker) is not None:
        return
    greens, piece = held(job.greens), pieces[number]
    found = _mseed(job, piece, greens, place) if job.result == "mseed" else _arrays(job, piece, greens)
    place.put(marker, msgspec.json.encode(found), "application/json", 0)


@lru_cache(4)
def held(url: str) -> Answers[Any]:
    """A store, open for all pieces that this process does; what they read of it stays in memory."""
    return open_store(url)


@lru_cache(16)
def _run(content: bytes) -> tuple[Run, tuple[Piece, ...], Place]:
    run = _RUNS.decode(content)
    return run, run.job.pieces(), open_place(run.job.output)


def _mseed(job: SyntheticsJob, piece: Piece, greens: Answers[Any], place: Place) -> Done:
    """A file a source, with those stations that are within reach."""
    pairs, problems, written = 0, [], list[str]()
    for number in range(piece.first_source, piece.after_source):
        source = job.sources[number]
        near, left_out = within(greens, [source], job.stations)
        problems += _together(job, number, left_out)
        if not near:
            continue
        pairs += len(near)
        parts = [near[at : at + _PAIRS_AT_ONCE] for at in range(0, len(near), _PAIRS_AT_ONCE)]
        traces = [trace for part in parts for trace in synthetics(greens, [source], part, job.motion)[0][0].traces]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "whole.mseed"
            write_miniseed(traces, path, version=2, record_length=4096)
            written.append("synthetics.mseed" if len(job.sources) == 1 else f"source-{number + 1:04d}.mseed")
            place.put(written[-1], path.read_bytes(), "application/vnd.fdsn.mseed", 0)
    return Done(pairs, tuple(problems), tuple(written))


def _arrays(job: SyntheticsJob, piece: Piece, greens: Answers[Any]) -> Done:
    """The part of the arrays that is this piece's."""
    group, rows = opened(job), rows_of(job, piece)
    stations = job.stations[piece.first_station : piece.after_station]
    across = slice(piece.first_station, piece.after_station)
    pairs = 0
    problems: list[Problem] = []
    peaks = np.full((rows.stop - rows.start, len(stations), 3), np.nan, np.float32)
    starts = np.zeros(peaks.shape[:2], np.int64)
    whole: Floats | None = None
    for row, number, sources in _rows(job, piece):
        near, left_out = within(greens, sources, stations)
        problems += _together(job, number, left_out)
        places = _places(stations, near)
        pairs += len(near)
        if whole is not None and left_out:
            whole[:] = np.nan
        for first, start, samples in _made(job, greens, sources, near):
            some = places[first : first + len(start)]
            if job.result == "peaks":
                most = np.empty(samples.shape[:2], np.float32)
                largest(samples, most)
                peaks[row, some] = most
                continue
            if whole is None:
                whole = np.full((len(stations), *samples.shape[1:]), np.nan, np.float32)
            whole[some], starts[row, some] = samples, start
        if whole is not None and near:
            group["samples"][rows.start + row, across] = whole
    if job.result == "peaks":
        group["peaks"][rows, across] = peaks
    else:
        group["start"][rows, across] = starts
    return Done(pairs, tuple(problems))


def _rows(job: SyntheticsJob, piece: Piece) -> Iterator[tuple[int, int, Sequence[PointSource]]]:
    """Rows of the piece, the number of the first source of each, and the sources: all of them, for a fault."""
    if job.motion.one_fault:
        yield 0, 0, job.sources
        return
    for row, number in enumerate(range(piece.first_source, piece.after_source)):
        yield row, number, job.sources[number : number + 1]


def _made(
    job: SyntheticsJob, greens: Answers[Any], sources: Sequence[PointSource], stations: Sequence[Station]
) -> Iterator[tuple[int, npt.NDArray[np.int64], Floats]]:
    """Some stations after others: the number of the first, starts (ns since 1970) and seismograms (station, component,
    sample)."""
    motion, velocity = job.motion, greens.reduced.velocity
    step = max(1, _PAIRS_AT_ONCE // len(sources))
    for first in range(0, len(stations), step):
        found: Seismograms = greens.seismograms(
            sources,
            stations[first : first + step],
            kind=motion.kind,
            source_time=motion.source_time,
            components=motion.components,
        )
        if len(sources) > 1:
            found = as_one_fault(found, sources, velocity)
        yield first, sources[0].time + np.rint(found.start_s * SECOND).astype(np.int64), found.samples


def _places(stations: Sequence[Station], near: Sequence[Station]) -> npt.NDArray[np.int64]:
    """Where the stations within reach are among all; both are in the same order."""
    found: list[int] = []
    for station in near:
        found.append(next(i for i in range(found[-1] + 1 if found else 0, len(stations)) if stations[i] is station))
    return np.array(found, np.int64)


def _together(job: SyntheticsJob, source: int, left_out: Sequence[Problem]) -> list[Problem]:
    """What was left out of a source, as one problem: a job may leave out millions of pairs."""
    if not left_out:
        return []
    first = left_out[0]
    more = f", and {len(left_out) - 1} more stations" if len(left_out) > 1 else ""
    name = "the fault" if job.motion.one_fault else f"source {source + 1}"
    return [Problem(name, f"{first.subject} {first.wrong}{more}", first.mend)]


def done(place: Place, run: Run, number: int) -> Done | None:
    """What came of a piece; None of one that is not done."""
    content = place.get(run.marker(number))
    return None if content is None else _DONE.decode(content)
