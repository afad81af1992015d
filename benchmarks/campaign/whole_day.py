"""A simulated network's day from S3 to the report by one command: `python -m benchmarks.campaign.whole_day FOLDER`.

The day is simulated first, which takes some seconds a station and some 25 MB, and kept in the folder; so is the
campaign's output. Printed are wall time, processor time, the most memory of coordinator and worker, and how the catalog
stands beside the truth: events whose P at least six stations recorded have to be found, and any true event may be.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

from benchmarks.campaign.bucket import address, client, server
from benchmarks.campaign.simulated_day import DATE, NEXT, write_day
from benchmarks.common import evaluate, wadati


def measure(folder: Path, workers: int) -> dict[str, object]:
    """What `wadati run` takes and finds of a day that was written; the output folder is made anew."""
    output = folder / "out"
    shutil.rmtree(output, ignore_errors=True)
    with server() as endpoint:
        size = _fill(endpoint, folder / "archive")
        flow = folder / "campaign.toml"
        flow.write_text(
            f'start = "{DATE}"\nend = "{NEXT}"\n[campaign]\narchive = "{address(endpoint, "archive")}"\n'
            f'layout = "ncedc"\nstations = "{folder / "stations.xml"}"\n'
            f'output = "{output}"\nshards = "{address(endpoint, "shards")}"\n'
        )
        planned = json.loads(wadati("plan", flow, "--workers", workers, "--json"))
        wall, cpu, memory = _run(flow, workers, folder / "run.log")
        found = json.loads(wadati("status", flow, "--json"))
    run = json.loads((output / "run.json").read_text())
    days = sum(found["station_days"].values())
    # Workers are copies of a process that nobody waits for, so that only their manifests say what they took.
    picking = found["stages"][0]["cpu_s"]
    result: dict[str, object] = {
        "stations": len({line["unit"] for line in run["coverage"]}),
        "station-days": found["station_days"],
        "bytes in the bucket": size,
        "planned CPU-hours": planned["cpu_hours"],
        "wall (s)": round(wall, 1),
        "CPU (s), all processes": round(cpu + picking, 1),
        "CPU-s a station-day, all stages": round((cpu + picking) / days, 2),
        "CPU-s a station-day, S3 to Parquet": round(picking / days, 2),
        "CPU-s of association": found["stages"][1]["cpu_s"],
        "MB, coordinator": memory,
        "MB, worker": found["memory_mb"],
        "picks, events": [run["counts"]["picks"], run["counts"]["events"]],
        "bytes of report.html": (output / "report.html").stat().st_size,
        "bytes a pick in picks/": round(_size(output / "picks") / max(run["counts"]["picks"], 1), 1),
        "timings (s of CPU)": {one["stage"]: round(one["cpu_s"], 1) for one in run["timings"]},
    }
    recorded, true = (evaluate(output, folder / f"{name}.csv") for name in ("recorded", "truth"))
    result["found of those that six stations recorded"] = _share(recorded["recall"])
    result["true events of those found"] = _share(true["precision"])
    for key in ("distance", "depth", "time", "magnitude"):
        result[f"{key}: what was found beside the truth"] = true[key]
    return result


def _share(counted: dict[str, float]) -> str:
    return " ".join(f"{key} {value:.4g}" for key, value in counted.items())


def _run(flow: Path, workers: int, log: Path) -> tuple[float, float, float]:
    """Wall seconds, and processor seconds and MB of the first process, of `wadati run`."""
    command = [sys.executable, "-m", "wadati.cli.main", "run", str(flow), "--workers", str(workers)]
    most = 0.0
    began = time.perf_counter()
    with log.open("w") as file, subprocess.Popen(command, stdout=file, stderr=file) as process:
        ended = threading.Event()

        def watch() -> None:
            nonlocal most
            while not ended.wait(0.2):
                most = max(most, _resident_mb(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        _, status, used = os.wait4(process.pid, 0)
        ended.set()
        watcher.join()
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 4):
        raise RuntimeError(f"wadati run ended with {process.returncode}: {log.read_text()[-2000:]}")
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, most


def _resident_mb(pid: int) -> float:
    """The most memory that a process has had (Linux)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def _fill(endpoint: str, archive: Path) -> int:
    s3 = client(endpoint)
    for bucket in ("archive", "shards"):
        s3.create_bucket(Bucket=bucket)
    size = 0
    for path in sorted(archive.rglob("*")):
        if path.is_file():
            s3.put_object(Bucket="archive", Key=str(path.relative_to(archive)), Body=path.read_bytes())
            size += path.stat().st_size
    return size


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.campaign.whole_day", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stations", type=int, default=200)
    parser.add_argument("--events", type=int, default=120)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    write_day(
        options.folder,
        seed=options.seed,
        stations=options.stations,
        events=options.events,
        workers=options.workers,
    )
    print(json.dumps(measure(options.folder, options.workers), indent=1))


if __name__ == "__main__":
    main()
