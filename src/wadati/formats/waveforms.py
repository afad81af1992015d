"""Waveform files of any format: miniSEED directly, the many others (SAC, GSE2, ...) through ObsPy."""

from __future__ import annotations

import glob
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from wadati.errors import UsageError
from wadati.formats.miniseed import is_miniseed, read_records
from wadati.formats.records import Records
from wadati.model import SourceId, TimeSpan, Trace, sampling_rate
from wadati.protocols import Problem

_MEND = "give miniSEED or another waveform format, or leave the file out"


def read_waveforms(path: Path, span: TimeSpan | None = None) -> tuple[list[Trace], list[Problem]]:
    """The waveforms of a file in order of source id and start, and what could not be read; never raises for a bad file.

    The content decides the format, not the name. Data with gaps become several traces. SAC keeps the start to
    about a millisecond only: it is taken as it stands. With a span, only samples within it.

    >>> traces, problems = read_waveforms(Path("absent.mseed"))
    >>> traces, problems[0].wrong
    ([], 'cannot be read (No such file or directory)')
    """
    records, problems = read_file(path, span)
    return records.traces(span), problems


def read_file(path: Path, span: TimeSpan | None = None) -> tuple[Records, list[Problem]]:
    """The records of a file that touch a span, not yet joined."""
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        return Records(), [Problem(str(path), f"cannot be read ({error.strerror})", "name an existing, readable file")]
    if not head:
        return Records(), [Problem(str(path), "is empty", "fetch it again or leave it out")]
    records, problems = read_records(path, span) if is_miniseed(head) else _through_obspy(path, head, span)
    if span is None and not records and not problems:
        problems = [Problem(str(path), "holds no samples", "leave it out")]
    return records, problems


def _through_obspy(path: Path, head: bytes, span: TimeSpan | None) -> tuple[Records, list[Problem]]:
    if b"obspy.core.stream" in head:
        wrong = "is a Python pickle, which could run any program when it is opened"
        return Records(), [Problem(str(path), wrong, "write it again as miniSEED where you trust it")]
    import obspy

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stream = obspy.read(glob.escape(str(path)), check_compression=False)
            parts = stream.split()
    except Exception as error:  # ObsPy itself and its plug-ins raise the base class, so nothing narrower will do
        return _miniseed_within(path, span, _reason(error))
    traces, problems = [], []
    for part in parts:
        try:
            traces.append(_trace(part))
        except UsageError as error:
            problems.append(Problem(str(path), f"left out {part.id}: {error}", "mend its header"))
    if span is not None:
        traces = [trace for trace in traces if trace.span.overlaps(span)]
    return Records(traces), problems


def _miniseed_within(path: Path, span: TimeSpan | None, wrong: str) -> tuple[Records, list[Problem]]:
    """The last resort: miniSEED records after bytes that are none."""
    records, problems = read_records(path, span)
    if records:
        return records, problems
    return records, [Problem(str(path), f"is no waveform file that can be read ({wrong})", _MEND)]


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())[:200]
    return "of no known format" if "Unknown format" in text else text or type(error).__name__


def _trace(part: Any) -> Trace:
    stats = part.stats
    source_id = SourceId.from_nslc(stats.network, stats.station, stats.location, stats.channel)
    return Trace(source_id, stats.starttime.ns, sampling_rate(stats.sampling_rate), np.asarray(part.data))
