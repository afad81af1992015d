"""Latency, CPU and memory with many stations in real time: what `wadati live` says of itself and the system of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.live.network import multiply
from wadati.units import SECOND

START = "2019-07-04T17:31:30Z"
"""Two minutes and twenty seconds before the mainshock."""


def run(stations: int, seconds: float, keep: Path | None = None) -> dict[str, Any]:
    """Send so many seconds of so many stations; the last status, and CPU over the time of sending."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        multiply(stations, START, seconds, folder)
        out = keep or folder / "out"
        sender = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.live.sender", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert sender.stdin is not None
        assert sender.stdout is not None
        port = int(sender.stdout.readline())
        command = [
            sys.executable,
            "-m",
            "wadati.cli.main",
            "live",
            "--source",
            f"seedlink://127.0.0.1:{port}?streams=XX_*",
        ]
        command += ["--stations", str(folder / "stations.csv"), "--output", str(out)]
        log = (folder / "log").open("w")
        ours = subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=log, stderr=log)
        try:
            connected(out)
            sender.stdin.write("\n")
            sender.stdin.flush()
            before, began = cpu_of(ours.pid), time.monotonic()
            sender.stdout.readline()
            spent, lasted = cpu_of(ours.pid) - before, time.monotonic() - began
            time.sleep(6)
            status = json.loads((out / "live" / "status.json").read_text())
            stopping = time.monotonic()
            ours.send_signal(signal.SIGTERM)
            ours.wait(30)
            stopped = time.monotonic() - stopping
            sender.stdin.write("\n")
            sender.stdin.flush()
            sender.wait(10)
            log.close()
        finally:
            for process in (ours, sender):
                process.kill()
        most, before = _step(out / "catalog.sqlite")
    return {
        "status": status,
        "cpu_share": spent / lasted / (os.cpu_count() or 1),
        "stop_s": stopped,
        "picks_a_second": {"most": most, "in_the_minute_before": before},
    }


def connected(out: Path) -> None:
    for _ in range(600):
        time.sleep(0.1)
        try:
            status = json.loads((out / "live" / "status.json").read_text())
        except (OSError, ValueError):
            continue
        if status["sources"][0]["connected"]:
            return
    raise RuntimeError("wadati live did not connect")


def _step(log: Path) -> tuple[int, float]:
    """Early picks in the second that had most of them, and a second in the minute that ended ten seconds before it."""
    with contextlib.closing(sqlite3.connect(log)) as connection:
        stored = np.array([row[0] for row in connection.execute("select stored from early_picks")]) // SECOND
    counts = np.bincount(stored - stored.min())
    top = int(counts.argmax())
    before = counts[max(top - 70, 0) : max(top - 10, 1)]
    return int(counts[top]), float(before.mean())


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and of its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    spent = 0.0
    for one in (str(pid), *children):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        spent += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return spent


def measure() -> dict[str, str]:
    """Rows of the benchmark."""
    found = {}
    for stations, seconds in ((500, 300.0), (2000, 180.0)):
        result = run(stations, seconds)
        status = result["status"]
        latency, delay = status["picks"]["latency_s"], status["events"]["first_origin_delay_s"]
        found |= {
            f"{stations} stations, record in to pick, p50 / p99 (s)": f"{latency['0.5']} / {latency['0.99']}",
            f"{stations} stations, share of the cores": f"{100 * result['cpu_share']:.0f} %",
            f"{stations} stations, memory (MB)": f"{status['memory_mb']:.0f}",
            f"{stations} stations, fourth P to first origin, p50 (s)": str(delay and delay["0.5"]),
            f"{stations} stations, early picks false, missed": (
                f"{status['picks']['early_false_rate']}, {status['picks']['early_missed_rate']}"
            ),
            f"{stations} stations, picks early, final": f"{status['picks']['early']}, {status['picks']['final']}",
            f"{stations} stations, early picks a second, most and before": (
                "{most}, {in_the_minute_before:.1f}".format_map(result["picks_a_second"])
            ),
            f"{stations} stations, SIGTERM to the end (s)": f"{result['stop_s']:.1f}",
        }
    return found


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])), indent=1))
