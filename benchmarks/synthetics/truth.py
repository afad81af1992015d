"""`python -m benchmarks.synthetics.truth PYTHON`: PyGRT as the stores use it beside pyprop8 (O'Toole & Woodhouse 2011).

PYTHON is that of an environment with pyprop8, which knows no attenuation, so quality factors are a million here.
Four tensors and places in GIL7, 0.05 to 0.5 Hz, shares of the norm of three components.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import numpy as np
from scipy.signal import butter, sosfiltfilt

from wadati.greens.axis import Axis
from wadati.greens.conditioning import conditioned
from wadati.greens.elementary import radiation, to_north_east
from wadati.greens.layout import planned
from wadati.greens.medium import completed
from wadati.greens.pygrt import PyGrt
from wadati.greens.stored import Seismograms, resampled
from wadati.traveltime.models import GIL7

RATE, SAMPLES, BEFORE = 2.0, 200, 60


def share(python: str, depth: float, distance: float, azimuth: float, tensor: list[float]) -> float:
    layers = tuple(msgspec.structs.replace(layer, p_quality=1e6, s_quality=1e6) for layer in completed(GIL7).layers)
    earth = msgspec.structs.replace(GIL7, layers=layers)
    contents = planned(earth, Axis(distance, 1e3, 1), Axis(depth, 1e3, 1), (0.02, 0.8), "pygrt", "")
    raw = PyGrt().elementary(earth, depth, [distance], contents.reduced, 1.75 * 0.8)
    functions = conditioned(raw, contents)[0]
    amounts = radiation(tensor, azimuth)
    z, r = amounts[:4] @ functions[:4], amounts[:4] @ functions[4:8]
    n, e = to_north_east(r[None], (amounts[4:] @ functions[8:])[None], np.array([azimuth]))
    start = contents.reduced.start_s + np.hypot(depth, distance) / contents.reduced.velocity
    times = np.arange(-BEFORE, SAMPLES) / RATE
    traces = np.stack([z, n[0], e[0]])[None].astype(np.float32)
    ours = resampled(Seismograms(np.array([start]), contents.reduced.sampling_rate_hz, traces), times, RATE)[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bottoms = [*(layer.top for layer in layers[1:]), 0.0]
        job = {
            "layers": [
                [(bottom - one.top) / 1e3, one.p_velocity / 1e3, one.s_velocity / 1e3, (one.density or 0) / 1e3]
                for one, bottom in zip(layers, bottoms, strict=True)
            ],
            "tensor": tensor,
            "depth": depth / 1e3,
            "east": [distance / 1e3 * np.sin(np.radians(azimuth))],
            "north": [distance / 1e3 * np.cos(np.radians(azimuth))],
            "samples": SAMPLES,
            "dt": 1 / RATE,
        }
        (folder / "job.json").write_text(json.dumps(job))
        script = Path(__file__).with_name("prop8.py")
        subprocess.run([python, script, folder / "job.json", folder / "out.npy"], check=True, capture_output=True)
        east, north, up = np.load(folder / "out.npy").reshape(3, SAMPLES)
    theirs = np.concatenate([np.zeros((3, BEFORE)), np.stack([up, north, east])], axis=1)
    band = butter(4, (0.05, 0.5), "band", fs=RATE, output="sos")
    a, b = sosfiltfilt(band, ours, axis=-1), sosfiltfilt(band, theirs, axis=-1)
    # Theirs is in other units (mm per 1e15 N m and the like): the scale is found, and must be one for all.
    scale = float((a * b).sum() / (b * b).sum())
    print(f"  {depth / 1e3:.1f} km deep, {distance / 1e3:.1f} km away: scale {scale:.5g}", end=", ", flush=True)
    return float(np.linalg.norm(a - scale * b) / np.linalg.norm(a))


def main() -> None:
    rng = np.random.default_rng(11)
    shares = []
    for _ in range(4):
        depth, distance, azimuth = rng.uniform(5e3, 18e3), rng.uniform(2e4, 6e4), rng.uniform(0, 360)
        shares.append(share(sys.argv[1], depth, distance, azimuth, rng.normal(size=6).tolist()))
        print(f"{100 * shares[-1]:.2f} %")
    print(f"median {100 * np.median(shares):.2f} %, largest {100 * max(shares):.2f} %")


if __name__ == "__main__":
    main()
