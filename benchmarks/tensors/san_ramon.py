"""A real event from raw records and functions of our own: 40191336 (2019-07-16, Mw 4.3), as a user would.

A store of GIL7 is built from the stored model, then `wadati tensor` is run with all twelve stations and with the eight
that the published inversion chose. Beside it: Mw 4.36, planes 233/66/−6 and 326/84/−156, 10 km, 74.5 %.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path

from benchmarks.common import shared, wadati

PUBLISHED = ("QRDG", "RUSS", "CVS", "OAKV", "FARB", "SAO", "CMB", "MNRC")
PLANE = (233.0, 66.0, -6.0)
GRID = ("--distances", "64:160:1", "--depths", "2:26:1", "--band", "0.01:0.15")


def measure() -> dict[str, str]:
    data = shared("data", "moment-tensor-2019")
    event = data / "40191336"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began, used = time.perf_counter(), os.times()
        told = wadati("greens", "build", data / "gil7.csv", *GRID, "--to", folder / "store")
        found = {"store of 25 depths and 97 distances": f"{_spent(began, used)}; {told.split(':', 1)[1].strip()}"}
        chosen = folder / "chosen"
        chosen.mkdir()
        for station in PUBLISHED:
            (chosen / f"BK.{station}.xml").write_bytes((event / "stations" / f"BK.{station}.xml").read_bytes())
        for words, stations in (("all stations", event / "stations"), ("the published eight", chosen)):
            began, used = time.perf_counter(), os.times()
            wadati(
                *("tensor", data / "quakes.xml", "--waveforms", event / "waveforms", "--stations", stations),
                *("--greens", folder / "store", "--output", folder / "out"),
            )
            found[f"{words}, whole command"] = _spent(began, used)
            found[words] = _words(json.loads((folder / "out" / "tensor.json").read_text()))
    return found


def _words(record: dict[str, object]) -> str:
    """Mw, planes, depth, share explained, stations left out; how far the nearer plane is from the published one."""
    planes = [(one["strike"], one["dip"], one["rake"]) for one in record["nodal_planes"]]  # type: ignore[attr-defined]
    away = min(max(abs((a - b + 180) % 360 - 180) for a, b in zip(plane, PLANE, strict=True)) for plane in planes)
    written = ", ".join("/".join(f"{angle:.0f}" for angle in plane) for plane in planes)
    left = " ".join(one["station"].removeprefix("BK.") for one in record["left_out"])  # type: ignore[attr-defined]
    return (
        f"Mw {record['mw']:.2f}, {written} ({away:.1f}° off), {record['depth_km']:.0f} km, "
        f"{100 * float(record['variance_reduction']):.1f} %, left out: {left or 'none'}"  # type: ignore[arg-type]
    )


def _spent(began: float, used: os.times_result) -> str:
    now = os.times()
    processor = now.children_user + now.children_system - used.children_user - used.children_system
    return f"{time.perf_counter() - began:.1f} s, {processor:.1f} CPU-s"
