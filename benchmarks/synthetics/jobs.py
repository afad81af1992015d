"""`python -m benchmarks.synthetics.jobs FOLDER`: a thousand sources at 4,096 stations, reduced and written.

By threads of this process on a made-up store of 4.1 GB, whose nodes are first read from disk: largest motion of every
seismogram, the sum of a fault at every station, and all seismograms as one array (25 GB).
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.synthetics.filled import DEPTHS, DISTANCES, SAMPLES, filled
from wadati.engine.compute import Local
from wadati.engine.synthetics.job import Result, SyntheticsJob
from wadati.engine.synthetics.piece import held
from wadati.engine.synthetics.runs import open_runner, run_job
from wadati.engine.synthetics.seismograms import Motion
from wadati.greens.source_time import IDENTITY
from wadati.greens.stored import Paths
from wadati.model import MomentTensor, PointSource, Station
from wadati.units import SECOND

_SOURCES, _SIDE, _WORKERS = 1000, 64, 2


def asked(sources: int = _SOURCES, side: int = _SIDE) -> tuple[tuple[PointSource, ...], tuple[Station, ...]]:
    """Sources over a fault of 60 km, and stations on a grid of 8 degrees around it."""
    rng = np.random.default_rng(9)
    along = rng.uniform(-0.3, 0.3, sources)
    depths = rng.uniform(DEPTHS.start, DEPTHS.stop, sources)
    mechanism = MomentTensor.of_fault(233.0, 66.0, -6.0, 4e15)
    found = tuple(
        PointSource(int(SECOND * 20 * abs(x)), 37.0 + float(x), -122.0 + float(x), float(z), mechanism)
        for x, z in zip(along, depths, strict=True)
    )
    grid = np.linspace(-4.0, 4.0, side)
    stations = tuple(
        Station("XX", f"{i:02d}{j:02d}", 37.0 + float(y) + 1e-4, -122.0 + float(x), 0.0)
        for i, y in enumerate(grid)
        for j, x in enumerate(grid)
    )
    return found, stations


def measured(store: str, result: Result, folder: Path, *, one_fault: bool = False) -> tuple[float, float]:
    """Seconds of wall clock and of CPU."""
    sources, stations = asked()
    shutil.rmtree(folder, ignore_errors=True)
    job = SyntheticsJob(store, sources, stations, Motion(one_fault=one_fault), result, str(folder))
    runner = open_runner(Local(), _WORKERS)
    began, cpu = time.perf_counter(), time.process_time()
    try:
        run_job(job, runner)
        os.sync()
    finally:
        runner.close()
    return time.perf_counter() - began, time.process_time() - cpu


def main() -> None:
    folder = Path(sys.argv[1])
    filled(str(folder / "store"))
    store = held(str(folder / "store"))
    for depth in DEPTHS.values:
        north = np.zeros(DISTANCES.count)
        paths = Paths(np.full(DISTANCES.count, depth), DISTANCES.values, north, north)
        store.motion(paths, np.ones((1, 6)), IDENTITY)
    pairs = _SOURCES * _SIDE**2
    print(
        f"{_SOURCES} sources, {_SIDE**2} stations, {3 * pairs:,} seismograms of {SAMPLES} samples, {_WORKERS} threads"
    )
    kinds: tuple[tuple[str, Result, bool], ...] = (
        ("peaks", "peaks", False),
        ("fault", "peaks", True),
        ("written", "zarr", False),
    )
    for name, result, one_fault in kinds:
        wall, cpu = measured(str(folder / "store"), result, folder / "out", one_fault=one_fault)
        print(f"{name}: {wall:.1f} s, {cpu:.1f} CPU-s, {3 * pairs / wall:,.0f} seismograms a second", flush=True)
    shutil.rmtree(folder / "out")


if __name__ == "__main__":
    main()
