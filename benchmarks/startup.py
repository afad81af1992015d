"""How long a user waits for the first sign of life, and how much the first pick takes."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import shared

PICK = """
import resource, sys, time
from pathlib import Path
began = time.perf_counter()
from wadati import registry
from wadati.pickers.continuous import pick_station
from wadati.sources.files import open_waveforms
source = open_waveforms([Path(sys.argv[1])])
picker = registry.make("pickers", sys.argv[2])
first = source.source_ids()[0]
picks = pick_station(tuple(source.read(first.network, first.station)), picker)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(picks))
"""


def measure() -> dict[str, object]:
    help_times = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "wadati.cli.main", "--help"], check=True, capture_output=True)
        help_times.append(time.perf_counter() - began)
    found: dict[str, object] = {"help, median of 5 (s)": round(statistics.median(help_times), 3)}
    record = _three_minutes()
    weights = shared("weights", "phasenet_original_3000.onnx")
    for name, picker in {"stalta": "stalta", "neural": f"neural:{weights}"}.items():
        runs = [_pick(record, picker) for _ in range(5)]
        found[f"first picks from a 3-minute file, {name}, median of 5 (s)"] = round(
            statistics.median(run[0] for run in runs), 3
        )
        found[f"peak memory, {name} (MB)"] = round(max(run[1] for run in runs))
        if not all(run[2] for run in runs):
            raise RuntimeError(f"{name} picked nothing in {record}")
    return found


def _pick(record: Path, picker: str) -> tuple[float, float, int]:
    done = subprocess.run(
        [sys.executable, "-c", PICK, str(record), picker],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    seconds, memory, picks = done.stdout.split()
    return float(seconds), float(memory), int(picks)


def _three_minutes() -> Path:
    from wadati.formats.miniseed import read_miniseed, write_miniseed
    from wadati.model import TimeSpan, parse_time

    span = TimeSpan(parse_time("2019-07-04T17:01:30"), parse_time("2019-07-04T17:04:30"))
    traces, _ = read_miniseed(shared("data", "ridgecrest-2019", "waveforms", "CI.CLC.mseed"), span)
    path = Path(tempfile.mkdtemp()) / "CI.CLC.mseed"
    write_miniseed([trace.cut(span) for trace in traces], path)
    return path
