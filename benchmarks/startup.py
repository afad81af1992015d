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
import resource, sys
from pathlib import Path
from wadati import registry
from wadati.pickers.continuous import pick_station
from wadati.sources.files import open_waveforms
source = open_waveforms([Path(sys.argv[1])])
first = source.source_ids()[0]
picks = pick_station(tuple(source.read(first.network, first.station)), registry.make("pickers", sys.argv[2]))
assert picks
print(0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""

COMMAND = """
import resource, sys
from wadati.cli.main import main
code = main(sys.argv[1:])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
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
        for what, runs in {
            "first picks of a 3-minute file from Python": [_run(PICK, str(record), picker) for _ in range(5)],
            "`wadati pick` of it": [_command(record, picker) for _ in range(5)],
        }.items():
            found[f"{what}, {name}, median of 5 (s)"] = round(statistics.median(seconds for seconds, _ in runs), 3)
            found[f"{what}, {name}, peak memory (MB)"] = round(max(memory for _, memory in runs))
    return found


def _command(record: Path, picker: str) -> tuple[float, float]:
    stations = shared("data", "ridgecrest-2019", "stations.csv")
    output = tempfile.mkdtemp()
    options = ["--stations", str(stations), "--output", output, "--picker", picker, "--workers", "1"]
    measured = _run(COMMAND, "pick", str(record), *options)
    if len((Path(output) / "picks.csv").read_text().splitlines()) < 2:
        raise RuntimeError(f"{picker} picked nothing in {record}")
    return measured


def _run(code: str, *arguments: str) -> tuple[float, float]:
    """Wall-clock seconds of a fresh process, start of the interpreter included, and its peak memory (MB)."""
    program = [sys.executable, "-c", code, *arguments]
    began = time.perf_counter()
    done = subprocess.run(
        program, check=True, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    seconds = time.perf_counter() - began
    code_of, memory = done.stdout.splitlines()[-1].split()
    if code_of != "0":
        raise RuntimeError(f"{arguments} ended with {code_of}: {done.stderr}")
    return seconds, float(memory)


def _three_minutes() -> Path:
    from wadati.formats.miniseed import read_miniseed, write_miniseed
    from wadati.model import TimeSpan, parse_time

    span = TimeSpan(parse_time("2019-07-04T17:01:30"), parse_time("2019-07-04T17:04:30"))
    traces, _ = read_miniseed(shared("data", "ridgecrest-2019", "waveforms", "CI.CLC.mseed"), span)
    path = Path(tempfile.mkdtemp()) / "CI.CLC.mseed"
    write_miniseed([trace.cut(span) for trace in traces], path)
    return path
