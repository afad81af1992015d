"""fdsnws-dataselect: how long an hour of twenty channels takes, and how much memory a large file.

python -m benchmarks.api.archive FOLDER

FOLDER is filled once: a day of an SDS tree (20 channels at 100 Hz), and a file of 500 MB in which the same channels
follow one another record by record. Each measurement is a process of its own; times are those of the processor.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from wadati.formats.miniseed import write_miniseed
from wadati.model import SourceId, TimeSpan, Trace, parse_time, sampling_rate
from wadati.sources.archive import Archive
from wadati.sources.selection import Selection
from wadati.units import DAY, SECOND

START = parse_time("2026-03-01")
CHANNELS = 20
RATE = 100
LARGE_BYTES = 500_000_000
TIMES = 9
HOUR = TimeSpan(START + 13 * 3600 * SECOND, START + 14 * 3600 * SECOND)


def fill(folder: Path) -> None:
    """The tree and the large file."""
    rng = np.random.default_rng(3)
    portions = []
    for number in range(CHANNELS):
        code = f"S{number:02d}"
        data = rng.normal(0, 300, RATE * 86400).astype(np.int32)
        trace = Trace(SourceId.from_nslc("XX", code, "", "HHZ"), START, sampling_rate(RATE), data)
        path = folder / "sds" / "2026" / "XX" / code / "HHZ.D" / f"XX.{code}..HHZ.D.2026.060"
        path.parent.mkdir(parents=True, exist_ok=True)
        portions.append(write_miniseed([trace], path, version=2))
    (folder / "large").mkdir(exist_ok=True)
    shortest = min(map(len, portions))
    with (folder / "large" / "multiplexed.mseed").open("wb") as file:
        while True:
            for place in range(0, shortest, 512):
                for portion in portions:
                    file.write(portion[place : place + 512])
                if file.tell() > LARGE_BYTES:
                    return


def hour(folder: Path) -> str:
    """The time of the first and of the next answers."""
    began = time.process_time()
    archive = Archive([folder / "sds"])
    taken = []
    size = 0
    for _ in range(TIMES):
        size = sum(map(len, archive.records([Selection("*", "*", "*", "*", HOUR)])))
        taken.append(time.process_time() - began)
        began = time.process_time()
    return f"{size / 1e6:.1f} MB: first {taken[0]:.2f} s, then {np.median(taken[1:]):.3f} s"


def whole(folder: Path) -> str:
    """The time and memory of all of the large file."""
    before = _most_mb()
    began = time.process_time()
    archive = Archive([folder / "large"])
    size = sum(map(len, archive.records([Selection("*", "*", "*", "*", TimeSpan(START, START + DAY))])))
    taken = time.process_time() - began
    return f"{size / 1e6:.0f} MB in {taken:.1f} s, memory from {before:.0f} to {_most_mb():.0f} MB"


def _most_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def _told(measure: Callable[[Path], str], folder: Path) -> None:
    print(f"{measure.__name__:8s} {measure(folder)}", flush=True)


def main() -> None:
    folder = Path(sys.argv[1])
    if not (folder / "large").exists():
        fill(folder)
    for measure in (hour, whole):
        process = multiprocessing.get_context("spawn").Process(target=_told, args=(measure, folder))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
