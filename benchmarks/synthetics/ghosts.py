"""`python -m benchmarks.synthetics.ghosts PYTHON`: who hears a source 200 km away that is not there.

The original fk's functions of its model `hk` (../shared/data/fk-reference, 15 km deep) beside PyGRT's as the stores use
it and pyprop8's (PYTHON is that of an environment with it), of one tensor at 10, 20 and 30 km, 0.1 to 0.5 Hz, the two
without attenuation. Ghosts answer from 27 s after the origin on; why, tells `tests/greens/test_original_fk.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfiltfilt

from benchmarks.common import shared
from benchmarks.synthetics.truth import (
    AFTER,
    BEFORE,
    RATE,
    SAMPLES,
    TENSOR,
    Floats,
    lossless,
    ours,
    theirs,
    without_trapezoids,
)
from wadati.formats.sac import read_sac
from wadati.greens.elementary import radiation, to_north_east
from wadati.model import Layer, VelocityModel

DEPTH = 15e3
DISTANCES = (10, 20, 30)
ORDER = ("ZDD", "RDD", "", "ZDS", "RDS", "TDS", "ZSS", "RSS", "TSS")
"""Functions of fk's files 0 to 8; its DS and SS have the other sign than ours."""

BAND = (0.1, 0.5)
AZIMUTH = 40.0
QUIET, UNTIL = 27.0, 40.0


def hk(folder: Path) -> VelocityModel:
    """Thickness, Vs, Vp/Vs and Qs a line; fk adds density 0.77 + 0.32 Vp and Qp = 2 Qs."""
    rows = [[float(word) for word in line.split()] for line in (folder / "hk").read_text().splitlines() if line.strip()]
    tops = np.cumsum([0.0] + [row[0] for row in rows[:-1]]).tolist()
    layers = (
        Layer(1e3 * top, 1e3 * vs * ratio, 1e3 * vs, 770 + 320 * vs * ratio, 2 * quality, quality)
        for top, (_, vs, ratio, quality) in zip(tops, rows, strict=True)
    )
    return VelocityModel("hk", tuple(layers))


def written(folder: Path, distance: int, index: int) -> tuple[float, Floats]:
    """Start (s after the origin) and samples of a file of fk (an impulse of moment), which tells starts by 10 ms."""
    trace = read_sac((folder / "hk_gf" / f"{distance}.grn.{index}").read_bytes())
    return round(trace.start / 1e9, 2), np.asarray(trace.data, np.float64)


def original(folder: Path, times: Floats) -> Floats:
    """Z, N, E of the original fk for a moment that steps, shape (distance, component, time); no isotropic part."""
    shares = radiation(TENSOR, AZIMUTH)
    found = np.zeros((len(DISTANCES), 3, len(times)))
    for place, distance in enumerate(DISTANCES):
        for index, name in enumerate(ORDER):
            if not name:
                continue
            start, impulse = written(folder, distance, index)
            share = (
                shares[("SS", "DS").index(name[1:]) + 4]
                if name[0] == "T"
                else shares[("SS", "DS", "DD").index(name[1:])]
            )
            step = 0.1 * np.cumsum(impulse) * (1 if name[1:] == "DD" else -1)
            # A sum of samples is half a sample late.
            at = start + 0.1 * (np.arange(len(step)) + 0.5)
            found[place, "ZRT".index(name[0])] += 1e-15 * share * np.interp(times, at, step, left=0.0)
    north, east = to_north_east(found[:, 1], found[:, 2], np.full(len(DISTANCES), AZIMUTH))
    return np.stack([found[:, 0], north, east], axis=1)


def main() -> None:
    folder = shared("data", "fk-reference")
    earth = lossless(hk(folder))
    distances, azimuths = 1e3 * np.array(DISTANCES, np.float64), np.full(len(DISTANCES), AZIMUTH)
    times = np.arange(-BEFORE, SAMPLES + AFTER) / RATE
    prop8 = theirs(sys.argv[1], earth, DEPTH, distances, azimuths)
    held = np.repeat(prop8[..., -1:], AFTER, axis=-1)
    prop8 = np.concatenate([np.zeros((*prop8.shape[:2], BEFORE)), prop8, held], axis=-1)
    band = butter(3, BAND, "band", fs=RATE, output="sos")
    pygrt, fk, prop8 = (
        sosfiltfilt(band, some, axis=-1)
        for some in (ours(earth, DEPTH, distances, azimuths, times), original(folder, times), prop8)
    )
    prop8 = without_trapezoids(prop8)
    late = (times >= QUIET) & (times <= UNTIL)
    for place, distance in enumerate(DISTANCES):
        share = np.linalg.norm(pygrt[place] - prop8[place]) / np.linalg.norm(prop8[place])
        heard = [
            100 * np.linalg.norm(some[place][:, late]) / np.linalg.norm(some[place]) for some in (fk, pygrt, prop8)
        ]
        print(
            f"{distance} km away: PyGRT beside pyprop8 {100 * share:.2f} %; of the norm, {QUIET:g} to {UNTIL:g} s: "
            "fk {:.1f} %, PyGRT {:.1f} %, pyprop8 {:.1f} %".format(*heard)
        )


if __name__ == "__main__":
    main()
