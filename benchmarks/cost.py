"""CPU seconds per station-day by stage: the hour of Ridgecrest, one process."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from benchmarks.common import shared, wadati


def measure() -> dict[str, object]:
    data = shared("data", "ridgecrest-2019")
    neural = f"neural:{shared('weights', 'phasenet_original_3000.onnx')}"
    found: dict[str, object] = {}
    for name, picker in {"stalta": "stalta", "neural": neural}.items():
        folder = Path(tempfile.mkdtemp())
        wadati(
            "catalog",
            data / "waveforms",
            "--stations",
            data / "stations.csv",
            "--output",
            folder,
            "--picker",
            picker,
            "--workers",
            1,
        )
        run = json.loads((folder / "run.json").read_text())
        days = sum(unit["seconds"] for unit in run["coverage"]) / 86400
        for timing in run["timings"]:
            found[f"{name}: {timing['stage']} (CPU s per station-day)"] = round(timing["cpu_s"] / days, 2)
    return found
