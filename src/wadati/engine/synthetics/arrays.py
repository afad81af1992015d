"""The arrays of a job in a zarr group: all seismograms, or their largest motion.

    samples[source, station, component, sample]  float32, m, m/s or m/s²; or peaks[source, station, component]
    start[source, station]                       int64, ns since 1970, of the first sample

NaN (and 0 as start) where a station lies outside the store's distances of a source. A fault is one source. In a folder
the group appears when it is whole; in a bucket its attributes are written last, and without them it is not.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec

from wadati.engine.synthetics.job import Piece, SyntheticsJob
from wadati.greens.storage import open_group
from wadati.greens.summed import longer
from wadati.protocols import ReducedTime

NAMES = {"zarr": "synthetics.zarr", "peaks": "peaks.zarr"}

_DIMENSIONS = ("source", "station", "component", "sample")


def url_of(job: SyntheticsJob) -> str:
    """Where the group is in the end."""
    place, mark, options = job.output.partition("?")
    return f"{place.rstrip('/')}/{NAMES[job.result]}{mark}{options}"


def _url_meanwhile(job: SyntheticsJob) -> str:
    """Where it is while pieces are missing."""
    whole = url_of(job)
    return whole if "://" in whole else str(Path(job.output, f".{NAMES[job.result]}.{job.name}"))


def create(job: SyntheticsJob, reduced: ReducedTime) -> None:
    """Begin the group anew, with nothing in it."""
    group = open_group(_url_meanwhile(job), mode="w")
    samples = reduced.samples
    if job.motion.one_fault:
        samples += longer(job.sources, reduced.sampling_rate_hz, reduced.velocity)
    shape: tuple[int, ...] = (job.rows, len(job.stations), 3, samples)
    rows, stations = job.chunk
    chunks: tuple[int, ...] = (rows, stations, 3, samples)
    if job.result == "peaks":
        shape, chunks = shape[:3], (*job.block, 3)
    name = "peaks" if job.result == "peaks" else "samples"
    group.create_array(
        name,
        shape=shape,
        chunks=chunks,
        dtype="float32",
        fill_value=float("nan"),
        compressors=None,
        dimension_names=_DIMENSIONS[: len(shape)],
    )
    if job.result == "zarr":
        group.create_array(
            "start", shape=shape[:2], chunks=job.block, dtype="int64", fill_value=0, dimension_names=_DIMENSIONS[:2]
        )


def opened(job: SyntheticsJob) -> Any:
    """The group, to write pieces into."""
    return open_group(_url_meanwhile(job), mode="r+")


def rows_of(job: SyntheticsJob, piece: Piece) -> slice:
    """Where the sources of a piece are in the arrays."""
    return slice(0, 1) if job.motion.one_fault else slice(piece.first_source, piece.after_source)


def finish(job: SyntheticsJob, reduced: ReducedTime) -> None:
    """Say that the group is whole, and what it holds."""
    sources = job.sources[:1] if job.motion.one_fault else job.sources
    opened(job).attrs.update(
        {
            "kind": job.motion.kind,
            "components": job.motion.components,
            "sampling_rate_hz": reduced.sampling_rate_hz,
            "stations": [".".join(station.key) for station in job.stations],
            "sources": [msgspec.to_builtins(source) for source in sources],
            "start": "of the first sample, ns since 1970",
        }
    )
    if "://" not in job.output:
        whole = Path(url_of(job))
        if whole.exists():
            shutil.rmtree(whole)
        Path(_url_meanwhile(job)).rename(whole)
