"""fdsnws-dataselect: how long an hour of twenty channels takes, and how much memory a large file.

python -m benchmarks.api.archive FOLDER [URL]

FOLDER is filled once: a day of an SDS tree (20 channels at 100 Hz), and a file of 500 MB in which the same channels
follow one another record by record. Each measurement is a process of its own; times are those of the processor, and in
brackets those of the clock. Where URL is a bucket to which FOLDER/sds was copied, the hour is asked of that too.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

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


def hour(place: str) -> str:
    """The time of the first and of the next answers."""
    began = _clocks()
    archive = Archive([place])
    taken = []
    size = 0
    for _ in range(TIMES):
        size = sum(map(len, archive.records([Selection("*", "*", "*", "*", HOUR)])))
        taken.append(_clocks() - began)
        began = _clocks()
    (first, by_clock), (then, then_by_clock) = taken[0], np.median(taken[1:], axis=0)
    return f"{size / 1e6:.1f} MB: first {first:.2f} ({by_clock:.2f}) s, then {then:.3f} ({then_by_clock:.3f}) s"


def whole(place: str) -> str:
    """The time and memory of all of a large file."""
    before = _most_mb()
    began = time.process_time()
    archive = Archive([place])
    size = sum(map(len, archive.records([Selection("*", "*", "*", "*", TimeSpan(START, START + DAY))])))
    taken = time.process_time() - began
    return f"{size / 1e6:.0f} MB in {taken:.1f} s, memory from {before:.0f} to {_most_mb():.0f} MB"


def _clocks() -> npt.NDArray[np.float64]:
    return np.array([time.process_time(), time.perf_counter()])


def _most_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def _told(measure: Callable[[str], str], place: str) -> None:
    print(f"{measure.__name__:8s} {measure(place)}", flush=True)


def main() -> None:
    folder = Path(sys.argv[1])
    if not (folder / "large").exists():
        fill(folder)
    asked = [(hour, str(folder / "sds")), (whole, str(folder / "large")), *((hour, url) for url in sys.argv[2:])]
    for one in asked:
        process = multiprocessing.get_context("spawn").Process(target=_told, args=one)
        process.start()
        process.join()


if __name__ == "__main__":
    main()
