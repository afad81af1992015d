"""The stored inversion of event 40191336 (2019-07-16, Mw 4.3, San Ramon) by mttime, read for tests."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np

from wadati.model import MomentTensor

USED = ("QRDG", "RUSS", "CVS", "OAKV", "FARB", "SAO", "CMB", "MNRC")
"""The stations of the reference inversion, of twelve."""
BAND = (0.02, 0.05)
SAMPLES = 150
SHIFTS = {"QRDG": 2, "RUSS": 2, "CVS": 1, "OAKV": 1, "FARB": 1, "SAO": 1, "CMB": 1, "MNRC": 2}
"""Seconds that the reference inversion moves stations by."""
_METRES_PER_NEWTON_METRE = 1e-2 / 1e13
"""Stored functions are in cm of 10²⁰ dyn cm."""


def folder(shared: Path) -> Path:
    return shared / "data" / "moment-tensor-2019"


def geometry(shared: Path) -> dict[str, tuple[float, float]]:
    """Distance (m) and azimuth (degrees) by station."""
    with (folder(shared) / "40191336" / "station.csv").open() as file:
        return {row["station"]: (1e3 * float(row["distance"]), float(row["azimuth"])) for row in csv.DictReader(file)}


def stored_functions(shared: Path, station: str, depth_km: float) -> np.ndarray:
    """Band-passed displacement (m per N m), shape (component Z N E, tensor component, sample), 1 Hz from the origin on.

    Herrmann & Wang (1985): from functions of strike slip (SS), dip slip (DS), CLVD (DD) and explosion (EX).
    """
    import obspy

    # Functions are stored for whole kilometres, so RUSS, which has none of its own, shares those of QRDG.
    source = "QRDG" if station == "RUSS" else station
    stem = folder(shared) / "40191336" / "gil7" / f"BK.{source}.00.{depth_km:.4f}"
    read = {
        name: obspy.read(f"{stem}.{name}")[0].data * _METRES_PER_NEWTON_METRE
        for name in ("ZSS", "ZDS", "ZDD", "ZEX", "RSS", "RDS", "RDD", "REX", "TSS", "TDS")
    }
    _, azimuth = geometry(shared)[station]
    a = math.radians(azimuth)
    zero = np.zeros_like(read["ZSS"])
    away = {}
    for c in "ZR":
        ss, ds, dd, ex = (read[c + kind] for kind in ("SS", "DS", "DD", "EX"))
        away[c] = [
            0.5 * ss * math.cos(2 * a) - dd / 6 + ex / 3,
            -0.5 * ss * math.cos(2 * a) - dd / 6 + ex / 3,
            dd / 3 + ex / 3,
            ss * math.sin(2 * a),
            ds * math.cos(a),
            ds * math.sin(a),
        ]
    ss, ds = read["TSS"], read["TDS"]
    away["T"] = [
        0.5 * ss * math.sin(2 * a),
        -0.5 * ss * math.sin(2 * a),
        zero,
        -ss * math.cos(2 * a),
        ds * math.sin(a),
        -ds * math.cos(a),
    ]
    z, r, t = (np.array(away[c]) for c in "ZRT")
    return np.array([z, r * math.cos(a) - t * math.sin(a), r * math.sin(a) + t * math.cos(a)])


def published(shared: Path, depth_km: int) -> tuple[MomentTensor, float]:
    """The tensor (N m) that the reference inversion found at a depth: full; and its variance reduction (%)."""
    lines = (folder(shared) / "reference_solution" / f"d{depth_km}.0000.mtinv.out").read_text().splitlines()
    at = next(k for k, line in enumerate(lines) if line.startswith("Mxx"))
    nn, ee, dd, ne, nd, ed = (1e-7 * float(word) for word in lines[at + 1].split())
    (explained,) = (line.split("=")[1] for line in lines if line.startswith("Percent Variance Reduction"))
    return MomentTensor(nn, ee, dd, ne, nd, ed), float(explained)
