"""Seismograms as a page that can be looked at: what `wadati synthetics --plot` adds to its files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wadati.engine.synthetics.seismograms import UNITS, Motion, Synthetic
from wadati.formats.atomic import atomic_write
from wadati.greens.answers import Answers, Seismograms, resampled
from wadati.model import PointSource, format_time
from wadati.model.mechanism import nodal_planes
from wadati.protocols import Problem
from wadati.report.seismogram_page import ShownSeismogram, ShownSource, seismogram_page
from wadati.traveltime.geodesy import distance_azimuth
from wadati.traveltime.layered import first_arrival
from wadati.units import KILOMETRE, SECOND

Floats = npt.NDArray[np.float64]

_FINER = 4
_ROOM_S = 3.0
_MOVING = 0.02


def write_plots(
    found: Sequence[Synthetic], left_out: Sequence[Problem], greens: Answers[Any], output: Path, motion: Motion
) -> list[Path]:
    """Write a page a source beside its files (one for a fault), atomically; the pages, in order."""
    reasons = {one.subject: one.wrong for one in left_out}
    written = []
    for number, one in enumerate(found, 1):
        path = output / ("synthetics.html" if len(found) == 1 else f"source-{number:04d}.html")
        with atomic_write(path) as partial:
            partial.write_text(seismogram_page(shown(one, reasons, greens, motion)), encoding="utf-8")
        written.append(path)
    return written


def shown(one: Synthetic, left_out: dict[str, str], greens: Answers[Any], motion: Motion) -> ShownSource:
    """What the page of a source tells: all traces at common times, four times as fine as the store's."""
    source, rate = one.source, greens.reduced.sampling_rate_hz
    starts = np.array([(trace.start - source.time) / SECOND for trace in one.traces[::3]])
    rows = np.stack([trace.data for trace in one.traces]).reshape(len(one.stations), 3, -1)
    times = _moving(starts, rows, rate)
    fine = resampled(Seismograms(starts, rate, rows), times, _FINER * rate)
    places = np.array([(station.latitude, station.longitude) for station in one.stations])
    distances, azimuths = distance_azimuth(source.latitude, source.longitude, places[:, 0], places[:, 1])
    first = [] if greens.layers is None else [first_arrival(greens.layers, p, distances, source.depth) for p in "PS"]
    arrivals = np.array(first).reshape(len(first), len(one.stations)).T
    stations = [
        ShownSeismogram(".".join(station.key), float(distance), float(azimuth), samples, arrivals[row].tolist())
        for row, (station, distance, azimuth, samples) in enumerate(
            zip(one.stations, distances, azimuths, fine, strict=True)
        )
    ]
    return ShownSource(
        title=f"{motion.kind.capitalize()} of an Mw {source.tensor.magnitude:.1f} source",
        told=f"Model “{greens.model}”, right from {greens.band[0]:g} to {greens.band[1]:g} Hz",
        facts=_facts(source, motion),
        tensor=source.tensor,
        planes=nodal_planes(source.tensor),
        components=motion.components,
        unit=UNITS[motion.kind].replace("**2", "²"),
        start_s=float(times[0]),
        step_s=1 / (_FINER * rate),
        stations=stations,
        left_out={name: why for name, why in left_out.items() if name not in {one.name for one in stations}},
    )


def _moving(starts: Floats, rows: npt.NDArray[np.float32], rate: float) -> Floats:
    """Times (s after the origin) from before anything moves until hardly anything does any more."""
    least = _MOVING * np.abs(rows).max(axis=(1, 2), keepdims=True)
    early = (np.abs(rows) > least).any(axis=1)
    late = (np.abs(rows - rows[..., -1:]) > least).any(axis=1)
    samples = rows.shape[-1]
    first = (starts + early.argmax(axis=1) / rate).min()
    last = (starts + (samples - 1 - late[:, ::-1].argmax(axis=1)) / rate).max()
    begin = min(first, 0.0) - _ROOM_S
    return np.asarray(begin + np.arange(int((last + _ROOM_S - begin) * _FINER * rate) + 1) / (_FINER * rate))


def _facts(source: PointSource, motion: Motion) -> list[tuple[str, str]]:
    plane, other = (f"{one.strike:.0f}° / {one.dip:.0f}° / {one.rake:.0f}°" for one in nodal_planes(source.tensor))
    function = motion.source_time
    told = "samples" if function.samples else function.shape
    return [
        ("Origin", format_time(source.time, 1)),
        ("Place", f"{source.latitude:.4f}°, {source.longitude:.4f}°"),
        ("Depth", f"{source.depth / KILOMETRE:.1f} km"),
        ("Mw", f"{source.tensor.magnitude:.2f}"),
        ("Strike / dip / rake", f"{plane} or {other}"),
        ("Moment rate", f"{told}, {function.length:g} s" if function.length else told),
    ]
