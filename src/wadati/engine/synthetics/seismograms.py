"""Seismograms of sources at stations, from a store of Green's functions to files: what `wadati synthetics` does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from wadati.errors import InputError, UsageError
from wadati.formats.atomic import atomic_write
from wadati.formats.miniseed import write_miniseed
from wadati.formats.sac import write_sac
from wadati.greens.answers import Answers
from wadati.greens.source_time import SourceTime
from wadati.greens.summed import as_one_fault
from wadati.model import PointSource, SourceId, Station, Trace, sampling_rate, seconds
from wadati.protocols import Problem

FORMATS = ("mseed", "sac")
UNITS = {"displacement": "m", "velocity": "m/s", "acceleration": "m/s**2"}
"""Of kinds of motion, as StationXML writes them."""

_BANDS = ((80.0, "H"), (10.0, "B"), (1.0, "M"), (0.3, "L"))
_LONGEST = "V"
_PLACE = ("latitude", "longitude")
_NAME = re.compile(r"synthetics|source-\d{4,}")


class Motion(msgspec.Struct, frozen=True):
    """What is asked for: a kind of motion (`source_time.KINDS`), components ZNE or ZRT, how the moment grows.

    With `one_fault` the sources move together and each station has one seismogram of a component for all of them.
    """

    kind: str = "displacement"
    components: str = "ZNE"
    source_time: SourceTime = SourceTime()
    one_fault: bool = False


class Synthetic(NamedTuple):
    """The traces of a source (of the first, for a fault) at stations, a station's three after one another."""

    source: PointSource
    stations: tuple[Station, ...]
    traces: tuple[Trace, ...]


def synthetics(
    greens: Answers[Any], sources: Sequence[PointSource], stations: Sequence[Station], motion: Motion, workers: int = 1
) -> tuple[list[Synthetic], list[Problem]]:
    """Seismograms of each source at the stations that the store answers for, and the stations that were left out.

    Raises `InputError` where no station is, or a source lies where the store does not reach.
    """
    found: list[Synthetic] = []
    problems: list[Problem] = []
    for group in [tuple(sources)] if motion.one_fault else [(source,) for source in sources]:
        near, left_out = within(greens, group, stations)
        problems += left_out
        if near:
            found.append(Synthetic(group[0], near, tuple(_traces(greens, group, near, motion, workers))))
    if not found:
        if not problems:
            raise InputError("stations", "there are none", "name a file that holds some")
        first = problems[0]
        raise InputError(first.subject, first.wrong, "give stations that the store answers for")
    return found, problems


def write_synthetics(found: Sequence[Synthetic], output: Path, file_format: str) -> list[Path]:
    """Write seismograms, atomically; the files, in order.

    `mseed`: one file of miniSEED 2 a source. `sac`: one file a trace, in a folder a source. What an earlier run left in
    this format, and its pages, go: its sources shall not stand beside those of this one. Arrays are made by jobs
    (`runs`). Raises `UsageError` for another format.
    """
    if file_format not in FORMATS:
        raise UsageError(f"no format is called {file_format!r}; there are: {', '.join(FORMATS)}")
    written = []
    for number, one in enumerate(found, 1):
        name = "synthetics" if len(found) == 1 else f"source-{number:04d}"
        if file_format == "mseed":
            path = output / f"{name}.mseed"
            write_miniseed(one.traces, path, version=2, record_length=4096)
            written.append(path)
        for place, trace in enumerate(one.traces if file_format == "sac" else ()):
            path = output / name / f"{trace.source_id.nslc}.sac"
            with atomic_write(path) as partial:
                partial.write_bytes(write_sac(trace, one.stations[place // 3], one.source))
            written.append(path)
    clear(output, file_format, set(written))
    return written


def clear(output: Path, file_format: str, written: set[Path]) -> None:
    """Take away what a run before left in a format under names that only these files have, and its pages."""
    for entry in [entry for entry in output.iterdir() if _NAME.fullmatch(entry.stem)]:
        if entry.is_dir():
            stale = set(entry.glob("*.sac")) if file_format == "sac" else set()
        else:
            stale = {entry} if entry.suffix in (".html", f".{file_format}") else set()
        for path in stale - written:
            path.unlink()
        if entry.is_dir() and not any(entry.iterdir()):
            entry.rmdir()


def within(
    greens: Answers[Any], sources: Sequence[PointSource], stations: Sequence[Station]
) -> tuple[tuple[Station, ...], list[Problem]]:
    """The stations that the store answers for, for all sources, and the others with the reason."""
    latitudes, longitudes = ([getattr(one, name) for one in sources] for name in _PLACE)
    told = greens.left_out(latitudes, longitudes, stations)
    near = tuple(station for station, problem in zip(stations, told, strict=True) if problem is None)
    return near, [problem for problem in told if problem is not None]


def _traces(
    greens: Answers[Any], sources: Sequence[PointSource], stations: Sequence[Station], motion: Motion, workers: int
) -> Iterator[Trace]:
    found = greens.seismograms(
        sources,
        stations,
        kind=motion.kind,
        source_time=motion.source_time,
        components=motion.components,
        workers=workers,
    )
    if len(sources) > 1:
        found = as_one_fault(found, sources, greens.reduced.velocity)
    rate = sampling_rate(found.sampling_rate_hz)
    for station, start, samples in zip(stations, found.start_s, found.samples, strict=True):
        begin = sources[0].time + seconds(float(start))
        for component, row in zip(motion.components, samples, strict=True):
            yield Trace(channel_of(station, "", found.sampling_rate_hz, component), begin, rate, row)


def channel_of(station: Station, location: str, sampling_rate_hz: float, component: str) -> SourceId:
    """What a seismogram that was computed is called; X is the standard's letter for what no instrument recorded.

    >>> channel_of(Station("XX", "A", 0.0, 0.0, 0.0), "", 2.0, "Z").nslc
    'XX.A..MXZ'
    """
    band = next((letter for least, letter in _BANDS if sampling_rate_hz >= least), _LONGEST)
    return SourceId(station.network, station.code, location, band, "X", component)
