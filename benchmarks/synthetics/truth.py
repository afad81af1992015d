"""`python -m benchmarks.synthetics.truth PYTHON`: PyGRT as the stores use it beside pyprop8 (O'Toole & Woodhouse 2011).

PYTHON is that of an environment with pyprop8, which knows no attenuation, so quality factors are a million here. A
tensor 8 km deep in GIL7 at eight places, 0.05 to 0.5 Hz, shares of the norm of three components.
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

from wadati.greens.answers import Seismograms, resampled
from wadati.greens.axis import Axis
from wadati.greens.conditioning import conditioned
from wadati.greens.elementary import radiation, to_north_east
from wadati.greens.layout import planned
from wadati.greens.medium import completed
from wadati.greens.pygrt import PyGrt
from wadati.model import VelocityModel
from wadati.traveltime.models import GIL7

RATE, SAMPLES, BEFORE, AFTER = 2.0, 200, 60, 160
DEPTH, BAND, HIGHEST = 8e3, (0.05, 0.5), 0.8
TENSOR = [0.4, -1.1, 0.7, 0.9, -0.3, 0.6]
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def ours(earth: VelocityModel, depth: float, distances: Floats, azimuths: Floats, times: Floats) -> Floats:
    """Z, N, E at places for a tensor at a depth (m), shape (place, component, time)."""
    contents = planned(
        earth, Axis(distances[0], distances[-1] - distances[0], 2), Axis(depth, 1.0, 1), (0.02, HIGHEST), "", ""
    )
    raw = PyGrt().elementary(earth, depth, distances.tolist(), contents.reduced, 1.75 * HIGHEST)
    functions = conditioned(raw, contents)
    shares = radiation(TENSOR, azimuths)
    z = np.einsum("pf,pfs->ps", shares[:, :4], functions[:, :4])
    r = np.einsum("pf,pfs->ps", shares[:, :4], functions[:, 4:8])
    t = np.einsum("pf,pfs->ps", shares[:, 4:], functions[:, 8:])
    n, e = to_north_east(r, t, azimuths)
    starts = contents.reduced.start_s + np.hypot(depth, distances) / contents.reduced.velocity
    traces = np.stack([z, n, e], axis=1).astype(np.float32)
    return resampled(Seismograms(starts, contents.reduced.sampling_rate_hz, traces), times, RATE)


def theirs(python: str, earth: VelocityModel, depth: float, distances: Floats, azimuths: Floats) -> Floats:
    """The same of pyprop8 from the origin time on."""
    bottoms = [*(layer.top for layer in earth.layers[1:]), 0.0]
    job = {
        "layers": [
            [(bottom - one.top) / 1e3, one.p_velocity / 1e3, one.s_velocity / 1e3, (one.density or 0) / 1e3]
            for one, bottom in zip(earth.layers, bottoms, strict=True)
        ],
        "tensor": TENSOR,
        "depth": depth / 1e3,
        "east": (distances / 1e3 * np.sin(np.radians(azimuths))).tolist(),
        "north": (distances / 1e3 * np.cos(np.radians(azimuths))).tolist(),
        "samples": SAMPLES,
        "dt": 1 / RATE,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "job.json").write_text(json.dumps(job))
        script = Path(__file__).with_name("prop8.py")
        subprocess.run([python, script, folder / "job.json", folder / "out.npy"], check=True, capture_output=True)
        found = np.load(folder / "out.npy").reshape(len(distances), 3, SAMPLES)
    return np.asarray(found[:, [2, 1, 0]] * 1e-15)


def without_trapezoids(traces: Floats) -> Floats:
    """pyprop8 integrates its velocities by trapezoids, which takes x / tan x of a wave, x = π f / rate; given back."""
    spectrum = np.fft.rfft(traces, axis=-1)
    x = np.pi * np.fft.rfftfreq(traces.shape[-1], 1 / RATE) / RATE
    return np.asarray(
        np.fft.irfft(
            spectrum * np.where(x > 0, np.tan(np.minimum(x, 1.2)) / np.maximum(x, 1e-9), 1.0), traces.shape[-1]
        )
    )


def lossless(model: VelocityModel) -> VelocityModel:
    """The model with quality factors of a million."""
    layers = tuple(msgspec.structs.replace(layer, p_quality=1e6, s_quality=1e6) for layer in completed(model).layers)
    return msgspec.structs.replace(model, layers=layers)


def main() -> None:
    earth = lossless(GIL7)
    rng = np.random.default_rng(11)
    distances, azimuths = np.sort(rng.uniform(15e3, 60e3, 8)), rng.uniform(0, 360, 8)
    times = np.arange(-BEFORE, SAMPLES + AFTER) / RATE
    one = ours(earth, DEPTH, distances, azimuths, times)
    other = theirs(sys.argv[1], earth, DEPTH, distances, azimuths)
    before = np.zeros((*other.shape[:2], BEFORE))
    other = np.concatenate([before, other, np.repeat(other[..., -1:], AFTER, axis=-1)], axis=-1)
    band = butter(4, BAND, "band", fs=RATE, output="sos")
    a, b = (sosfiltfilt(band, some, axis=-1) for some in (one, other))
    b = without_trapezoids(b)
    shares = np.linalg.norm(a - b, axis=(1, 2)) / np.linalg.norm(b, axis=(1, 2))
    for distance, share in zip(distances, shares, strict=True):
        print(f"{distance / 1e3:.1f} km away: {100 * share:.2f} %")
    print(f"median {100 * np.median(shares):.2f} %, scale {(a * b).sum() / (b * b).sum():.5f}")


if __name__ == "__main__":
    main()
