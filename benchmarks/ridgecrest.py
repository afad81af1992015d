"""An hour around the 2019 Ridgecrest Mw 6.4, the neural picker, one command, no tuning flags, beside ComCat."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.common import evaluate, shared, wadati

SPANS = {"all": (), "before the Mw 6.4": ("--end", "2019-07-04T17:30"), "after it": ("--start", "2019-07-04T17:30")}


def measure() -> dict[str, object]:
    data = shared("data", "ridgecrest-2019")
    picker = f"neural:{shared('weights', 'phasenet_original_3000.onnx')}"
    folder = Path(tempfile.mkdtemp())
    wadati("catalog", data / "waveforms", "--stations", data / "stations.csv", "--output", folder, "--picker", picker)
    found: dict[str, object] = {}
    for name, span in SPANS.items():
        result = evaluate(folder, data / "comcat_reviewed.csv", *span)
        found |= {f"{name}: {key}": value for key, value in _row(result).items()}
    return found


def _row(result: dict[str, Any]) -> dict[str, object]:
    return {
        "recall": _share(result["recall"]),
        "precision (lower bound)": _share(result["precision"]),
        "chance recall": result["chance_recall"] and round(result["chance_recall"], 3),
        "epicentre, median and p90 (km)": _pair(result["distance"], "median", "p90_absolute", 1000),
        "depth, median and MAD (km)": _pair(result["depth"], "median", "mad", 1000),
        "origin time, median absolute (s)": round(result["time"]["median_absolute"], 2),
        "ML against ml and mlr, median and MAD": _pair(result["local_magnitude"], "median", "mad", 1),
        "events with ML against ml or mlr": result["local_magnitude"]["count"],
    }


def _share(share: dict[str, Any]) -> str:
    return f"{share['value']:.3f} ({share['count']} of {share['total']}; {share['low']:.2f} to {share['high']:.2f})"


def _pair(residuals: dict[str, Any], first: str, second: str, unit: float) -> str:
    if not residuals["count"]:
        return "none"
    return f"{residuals[first] / unit:+.2f}, {residuals[second] / unit:.2f}"
