"""Run by an environment of its own with pyrocko: seismograms a second of pyrocko.gf, a store of made-up traces.

100 distances × 20 depths, 512 samples at 2 Hz; one process; sources of other depth and mechanism at 100 stations, Z,
N, E each, bilinear (`multilinear`).
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from pyrocko import cake, gf
from pyrocko.gf import store as gf_store


def make(folder: Path) -> None:
    config = gf.ConfigTypeA(
        id="made_up",
        ncomponents=10,
        sample_rate=2.0,
        receiver_depth=0.0,
        source_depth_min=2e3,
        source_depth_max=21e3,
        source_depth_delta=1e3,
        distance_min=5e3,
        distance_max=104e3,
        distance_delta=1e3,
        earthmodel_1d=cake.load_model(),
        modelling_code_id="qseis",
    )
    gf_store.Store.create(str(folder), config)
    store = gf_store.Store(str(folder), "w")
    wave = (np.sin(np.arange(512) / 7) * np.hanning(512)).astype(np.float32)
    rng = np.random.default_rng(1)
    for node in store.config.iter_nodes():
        store.put(node, gf_store.GFTrace(data=rng.uniform(0.2, 1) * wave, itmin=0, deltat=0.5))
    store.close()


def main() -> None:
    folder = Path(sys.argv[1])
    if not folder.exists():
        make(folder)
    engine = gf.LocalEngine(store_dirs=[str(folder)])
    rng = np.random.default_rng(2)
    targets = [
        gf.Target(
            quantity="displacement",
            store_id="made_up",
            codes=("XX", f"S{i}", "", component),
            lat=37.0,
            lon=-122.0,
            north_shift=float(far * np.cos(azimuth)),
            east_shift=float(far * np.sin(azimuth)),
            interpolation="multilinear",
            azimuth={"Z": 0.0, "N": 0.0, "E": 90.0}[component],
            dip={"Z": -90.0, "N": 0.0, "E": 0.0}[component],
        )
        for i, (far, azimuth) in enumerate(zip(rng.uniform(6e3, 1e5, 100), rng.uniform(0, 6.28, 100), strict=True))
        for component in "ZNE"
    ]
    sources = [
        gf.DCSource(
            lat=37.0,
            lon=-122.0,
            depth=float(depth),
            strike=float(rng.uniform(0, 360)),
            dip=60.0,
            rake=20.0,
            magnitude=4.0,
        )
        for depth in rng.uniform(3e3, 2e4, 21)
    ]
    engine.process(sources[0], targets)
    began, cpu = time.perf_counter(), time.process_time()
    for source in sources[1:]:
        response = engine.process(source, targets)
        assert len(response.pyrocko_traces()) == len(targets)
    done = 20 * len(targets)
    wall, spent = time.perf_counter() - began, time.process_time() - cpu
    print(f"pyrocko.gf: {done / wall:,.0f} a second of wall clock, {done / spent:,.0f} of CPU")


if __name__ == "__main__":
    main()
