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
    return result
