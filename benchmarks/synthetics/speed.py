"""`python -m benchmarks.synthetics.speed FOLDER [PYTHON]`: seismograms a second.

Ours and, by the PYTHON of an environment with pyrocko (and numpy 1 on Python 3.11), those of pyrocko.gf on a store of
traces as long, one after the other. The traces of both stores are made up. Every pair has a distance, depth, azimuth
and mechanism of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.synthetics.filled import DEPTHS, DISTANCES, SAMPLES, filled
from wadati.engine.synthetics.seismograms import Motion, synthetics, write_synthetics
from wadati.greens.layout import STOP
from wadati.greens.source_time import IDENTITY, Operator, SourceTime, operator
from wadati.greens.stored import Paths, StoredGreens
from wadati.model import MomentTensor, PointSource, Station
from wadati.traveltime.geodesy import destination

_PAIRS, _BATCHES = 4000, 12


def a_second(store: StoredGreens, act: Operator, workers: int) -> tuple[float, float]:
    """Seismograms a second of wall clock and of CPU."""
    rng = np.random.default_rng(7)

    def batch() -> tuple[Paths, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
        azimuth = rng.uniform(0, 360, _PAIRS)
        depth = rng.uniform(DEPTHS.start, DEPTHS.stop, _PAIRS)
        distance = rng.uniform(DISTANCES.start, DISTANCES.stop, _PAIRS)
        return Paths(depth, distance, azimuth, azimuth), rng.normal(size=(_PAIRS, 6)) * 1e15

    some = [batch() for _ in range(_BATCHES)]
    store.motion(*some[0], act, workers=workers)
    began, cpu = time.perf_counter(), time.process_time()
    for paths, tensors in some:
        store.motion(paths, tensors, act, workers=workers)
    done = 3 * _PAIRS * _BATCHES
    return done / (time.perf_counter() - began), done / (time.process_time() - cpu)


def answer_ms(store: StoredGreens) -> tuple[float, float, float]:
    """Median and 95th percentile of wall clock and mean of CPU (ms): a source at 100 stations as miniSEED on disk."""
    rng = np.random.default_rng(5)
    spots = [
        destination(37.0, -122.0, far, azimuth)
        for far, azimuth in zip(rng.uniform(2e4, 3e5, 100), range(100), strict=True)
    ]
    stations = [Station("XX", f"S{i}", float(spot[0]), float(spot[1]), 0.0) for i, spot in enumerate(spots)]
    tensor = MomentTensor.of_fault(233.0, 66.0, -6.0, 4e15)
    spent, cpu = [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        for i in range(60):
            source = PointSource(i, 37.0 + 1e-3 * i, -122.0, float(rng.uniform(5e3, 2e4)), tensor)
            if i == 20:
                cpu = time.process_time()
            began = time.perf_counter()
            found, _ = synthetics(store, [source], stations, Motion())
            write_synthetics(found, Path(folder), "mseed")
            spent.append(1000 * (time.perf_counter() - began))
        cpu = 1000 * (time.process_time() - cpu) / 40
    return float(np.median(spent[20:])), float(np.percentile(spent[20:], 95)), cpu


def main() -> None:
    folder = Path(sys.argv[1])
    store = filled(str(folder / "store"))
    # Every node is asked for once, so that none is read from disk while time is taken.
    every = DISTANCES.values
    for depth in DEPTHS.values:
        north = np.zeros(DISTANCES.count)
        store.motion(Paths(np.full(DISTANCES.count, depth), every, north, north), np.ones((1, 6)), IDENTITY)
    size = DEPTHS.count * DISTANCES.count * 10 * SAMPLES * 2
    print(f"store: {size / 1e9:.2f} GB in memory, {SAMPLES} samples a trace")
    triangle = operator(SourceTime("triangle", 4.0), "displacement", 2.0, STOP * 0.5)
    for name, act in (("step", IDENTITY), ("triangle of 4 s", triangle)):
        for workers in (1, 2):
            wall, cpu = a_second(store, act, workers)
            print(f"{name}, {workers} thread(s): {wall:,.0f} a second of wall clock, {cpu:,.0f} of CPU")
    median, most, cpu = answer_ms(store)
    print(f"1 source, 100 stations × 3 as miniSEED: median {median:.1f} ms, 95 % {most:.1f} ms, CPU {cpu:.1f} ms")
    if len(sys.argv) > 2:
        script = Path(__file__).with_name("pyrocko_speed.py")
        subprocess.run([sys.argv[2], script, folder / "pyrocko"], check=True)


if __name__ == "__main__":
    main()
