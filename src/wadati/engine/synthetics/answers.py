"""Seismograms as they are sent to whoever asked: miniSEED, SAC in a ZIP archive, or JSON."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.engine.synthetics.requests import Question
from wadati.engine.synthetics.seismograms import UNITS, Synthetic, synthetics
from wadati.errors import UsageError
from wadati.formats.miniseed import write_miniseed
from wadati.formats.sac import write_sac
from wadati.greens.answers import Answers
from wadati.model import Nanoseconds
from wadati.model.codec import encode_json
from wadati.protocols import Problem
from wadati.traveltime.geodesy import distance_azimuth

MEDIA = {"miniseed": "application/vnd.fdsn.mseed", "saczip": "application/zip", "json": "application/json"}

_DIGITS = 6
_RECORD = 4096
_LOG = "syngine.log"
"""What clients of Syngine pass over in an archive."""


class SentSeismogram(msgspec.Struct, frozen=True):
    """The components of a station for a source (its number in the request; the first, of a fault).

    `distance` (m) and `azimuth` (degrees clockwise from north) are from the source; samples are rounded to six digits
    of the largest.
    """

    source: int
    network: str
    station: str
    latitude: float
    longitude: float
    distance: float
    azimuth: float
    start: Nanoseconds
    sampling_rate_hz: float
    components: dict[str, list[float]]


class SyntheticsReply(msgspec.Struct, frozen=True):
    """Seismograms, sources in the order they were asked for, and which stations were left out and why."""

    seismograms: tuple[SentSeismogram, ...]
    kind: str
    unit: str
    problems: tuple[str, ...] = ()


class Sent(NamedTuple):
    """An answer: its bytes, what they are, and what was left out."""

    content: bytes
    media_type: str
    problems: tuple[str, ...]


def answer(greens: Answers[Any], question: Question, workers: int = 1) -> Sent:
    """The answer to a question in the format it asks for.

    Raises `InputError` where no station is within reach, `ReadError` where the store cannot be read, `UsageError` where
    the numbers asked for come to none.
    """
    found, left_out = synthetics(greens, question.sources, question.stations, question.motion, workers)
    check_finite(found)
    problems = words_of(left_out)
    if question.format == "json":
        content = encode_json(_reply(found, question, problems))
    elif question.format == "saczip":
        content = sac_archive(found, problems)
    else:
        content = miniseed(found)
    return Sent(content, MEDIA[question.format], problems)


def check_finite(found: Sequence[Synthetic]) -> None:
    """Raise `UsageError` for samples that are no numbers, as a moment rate that hardly adds up to anything gives."""
    if not all(np.isfinite(trace.data).all() for one in found for trace in one.traces):
        raise UsageError("the seismograms come to no finite numbers; give a moment rate that adds up to something")


def words_of(problems: Sequence[Problem]) -> tuple[str, ...]:
    """Problems in words, each once."""
    return tuple(dict.fromkeys(f"{one.subject}: {one.wrong}; {one.mend}" for one in problems))


def miniseed(found: Sequence[Synthetic]) -> bytes:
    """The traces of sources as miniSEED 2."""
    traces = (trace for one in found for trace in one.traces)
    return write_miniseed(traces, version=2, record_length=_RECORD)


def sac_archive(found: Sequence[Synthetic], problems: Sequence[str], label: str = "") -> bytes:
    """A file of SAC a trace in a ZIP archive, in a folder a source where there are several, and a log of what was left
    out. Names begin with the label."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for number, one in enumerate(found, 1):
            folder = "" if len(found) == 1 else f"source-{number:04d}/"
            for place, trace in enumerate(one.traces):
                station = one.stations[place * len(one.stations) // len(one.traces)]
                name = f"{folder}{label and label + '.'}{trace.source_id.nslc}.sac"
                archive.writestr(zipfile.ZipInfo(name), write_sac(trace, station, one.source))
        archive.writestr(zipfile.ZipInfo(_LOG), "\n".join(problems) + "\n")
    return held.getvalue()


def _reply(found: Sequence[Synthetic], question: Question, problems: tuple[str, ...]) -> SyntheticsReply:
    kind = question.motion.kind
    return SyntheticsReply(tuple(_seismograms(found, question)), kind, UNITS[kind], problems)


def _seismograms(found: Sequence[Synthetic], question: Question) -> Iterator[SentSeismogram]:
    # By identity: two sources may be equal.
    numbers = {id(source): number for number, source in enumerate(question.sources)}
    for one in found:
        places = np.array([(station.latitude, station.longitude) for station in one.stations])
        ways = distance_azimuth(one.source.latitude, one.source.longitude, places[:, 0], places[:, 1])
        for place, (station, distance, azimuth) in enumerate(zip(one.stations, *ways, strict=True)):
            traces = one.traces[3 * place : 3 * place + 3]
            yield SentSeismogram(
                source=numbers[id(one.source)],
                network=station.network,
                station=station.code,
                latitude=station.latitude,
                longitude=station.longitude,
                distance=round(float(distance), 1),
                azimuth=round(float(azimuth), 3),
                start=traces[0].start,
                sampling_rate_hz=float(traces[0].sampling_rate),
                components={trace.source_id.subsource: _rounded(trace.data) for trace in traces},
            )


def _rounded(samples: npt.NDArray[np.float32]) -> list[float]:
    """Samples to six digits of the largest."""
    largest = float(np.abs(samples).max(initial=0.0))
    if largest == 0:
        return [0.0] * len(samples)
    scale = 10.0 ** (_DIGITS - np.ceil(np.log10(largest)))
    rounded: list[float] = (np.round(samples.astype(np.float64) * scale) / scale + 0.0).tolist()
    return rounded
