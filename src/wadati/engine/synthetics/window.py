"""Seismograms cut and sampled as somebody asks: between times that may follow arrivals, at any finer step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from wadati.engine.synthetics.requests import Question
from wadati.engine.synthetics.seismograms import Synthetic, channel_of, within
from wadati.errors import InputError, UsageError
from wadati.greens.answers import Answers, Seismograms, resampled
from wadati.model import PointSource, Station, Trace, sampling_rate, seconds
from wadati.protocols import Problem
from wadati.traveltime.geodesy import distance_azimuth
from wadati.traveltime.layered import first_arrival

Floats = npt.NDArray[np.float64]

_FARTHEST_S = 86400.0


class Moment(NamedTuple):
    """A time: `seconds` after the origin, after the `start` of the seismogram, or after the first arrival of `P` or
    `S`, as `after` says."""

    after: str
    seconds: float


class Window(NamedTuple):
    """What of seismograms is asked for: the first sample, the last (as long as the store knows where None), the time
    between samples (that of the store where None); `scale` multiplies them.

    `components` are any of ZNERT. `location` is the code of all channels but of the stations with one of their own in
    `locations`.
    """

    start: Moment = Moment("origin", 0.0)
    end: Moment | None = None
    step_s: float | None = None
    components: str = "ZNE"
    location: str = "SE"
    locations: Mapping[tuple[str, str], str] = {}
    scale: float = 1.0


class Plan(NamedTuple):
    """The stations within reach, the first sample of each (s after the origin), how many there are, and who is out."""

    stations: tuple[Station, ...]
    starts: Floats
    counts: npt.NDArray[np.int64]
    step_s: float
    left_out: list[Problem]


def planned(greens: Answers[Any], question: Question, window: Window) -> Plan:
    """What is to be made for the one source of a question; nothing is made yet.

    Raises `UsageError` for a window that ends before it begins or lies a day away, or a step that a store does not
    hold, `InputError` where no station is within reach.
    """
    (source,) = question.sources
    reduced = greens.reduced
    step = window.step_s or 1 / reduced.sampling_rate_hz
    if not 0 < step <= (1 + 1e-9) / reduced.sampling_rate_hz:
        raise UsageError(f"a step of {step:g} s is not one above 0 and up to {1 / reduced.sampling_rate_hz:g} s")
    near, left_out = within(greens, [source], question.stations)
    if not near:
        raise InputError(left_out[0].subject, left_out[0].wrong, left_out[0].mend)
    places = np.array([(station.latitude, station.longitude) for station in near])
    distances, _ = distance_azimuth(source.latitude, source.longitude, places[:, 0], places[:, 1])
    starts = _times(greens, window.start, source.depth, distances, np.zeros(len(near)))
    if window.end is None:
        lasting = reduced.start_s + (reduced.samples - 1) / reduced.sampling_rate_hz
        ends = lasting + np.hypot(distances, source.depth) / reduced.velocity
    else:
        ends = _times(greens, window.end, source.depth, distances, starts)
    if max(np.abs(starts).max(), np.abs(ends).max()) > _FARTHEST_S:
        raise UsageError("the seismograms lie more than a day away from the origin")
    if (ends < starts).any():
        raise UsageError("the seismograms end before they begin; give a later endtime")
    # A last sample that falls upon the end but for rounding is still one of them.
    counts = np.floor((ends - starts) / step + 1e-6).astype(np.int64) + 1
    return Plan(near, starts, counts, step, left_out)


def sizes(plan: Plan, window: Window) -> int:
    """How many samples a plan comes to."""
    return int(plan.counts.sum()) * len(window.components)


def windowed(greens: Answers[Any], question: Question, window: Window, plan: Plan) -> Synthetic:
    """The seismograms of a plan, component by component of a station."""
    (source,) = question.sources
    found = {name: _found(greens, question, plan.stations, name) for name in _systems(window.components)}
    rate = sampling_rate(1 / plan.step_s)
    traces = []
    for row, station in enumerate(plan.stations):
        times = plan.starts[row] + np.arange(plan.counts[row]) * plan.step_s
        cut = {name: _cut(own, row, times, 1 / plan.step_s) for name, own in found.items()}
        location = window.locations.get(station.key, window.location)
        begin = source.time + seconds(float(plan.starts[row]))
        for component in window.components:
            name = next(name for name in cut if component in name)
            samples = (window.scale * cut[name][name.index(component)]).astype(np.float32)
            traces.append(Trace(channel_of(station, location, float(rate), component), begin, rate, samples))
    return Synthetic(source, plan.stations, tuple(traces))


def _times(greens: Answers[Any], moment: Moment, depth: float, distances: Floats, starts: Floats) -> Floats:
    """Seconds after the origin, one a station."""
    if moment.after == "origin":
        return np.full(len(distances), moment.seconds)
    if moment.after == "start":
        return starts + moment.seconds
    if greens.layers is None:
        raise UsageError(f"the first {moment.after} of an earth that is not of flat layers is not known; give seconds")
    return first_arrival(greens.layers, moment.after, distances, depth) + moment.seconds


def _systems(components: str) -> list[str]:
    """The systems of axes that are needed for components."""
    wanted = [name for name, own in (("ZNE", "NE"), ("ZRT", "RT")) if set(own) & set(components)]
    return wanted or ["ZNE"]


def _found(greens: Answers[Any], question: Question, stations: Sequence[Station], components: str) -> Seismograms:
    motion = question.motion
    sources: Sequence[PointSource] = question.sources
    return greens.seismograms(
        sources, stations, kind=motion.kind, source_time=motion.source_time, components=components
    )


def _cut(found: Seismograms, row: int, times: Floats, sampling_rate_hz: float) -> Floats:
    """One pair at some times, shape (component, time)."""
    own = Seismograms(found.start_s[row : row + 1], found.sampling_rate_hz, found.samples[row : row + 1])
    return np.asarray(resampled(own, times, sampling_rate_hz)[0])
