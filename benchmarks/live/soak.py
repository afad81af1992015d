"""Memory over many hours of data, as fast as they are taken: a simulated network that is quiet but for 20 minutes of a
mainshock sequence every two hours; the records come again and again."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.live.sender import shifted
from wadati.engine.live.runner import live
from wadati.model import Trace
from wadati.protocols import Packet, Problem
from wadati.sources.replay import cut_records
from wadati.synthetics.scenario import Scenario, simulate
from wadati.units import SECOND

STATIONS, MINUTES, QUIET = 10, 20, 5
"""Stations, minutes of the sequence, and how often as long there is noise alone after it."""


class Again:
    """The records of a simulation, one time after the other, each later by its length."""

    name, ends = "again", True

    def __init__(self, lively: Sequence[tuple[int, bytes]], quiet: Sequence[tuple[int, bytes]], hours: float) -> None:
        self.lively, self.quiet, self.times = lively, quiet, round(hours * 60 / MINUTES)
        self.memory: list[tuple[float, list[float]]] = []

    def problems(self) -> Sequence[Problem]:
        return ()

    async def packets(self, _: Mapping[str, int]) -> AsyncIterator[Packet]:
        number = 0
        for again in range(self.times):
            by = again * MINUTES * 60
            for end, record in self.quiet if again % (1 + QUIET) else self.lively:
                yield Packet(shifted(record, by), self.name, number, time.time_ns(), end + by * SECOND)
                number += 1
            self.memory.append(((again + 1) * MINUTES / 60, resident_mb()))


def resident_mb() -> list[float]:
    """Of this process and of each of its children."""
    children = Path("/proc/self/task").joinpath(str(Path("/proc/self").resolve().name), "children").read_text().split()
    return [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6 for pid in ("self", *children)]


def _records(traces: Sequence[Trace]) -> list[tuple[int, bytes]]:
    return sorted((one for trace in traces for one in cut_records(trace)), key=lambda one: one[0])


def _noise(scenario: Scenario) -> list[Trace]:
    """Noise as strong as before the first event of each trace."""
    rng = np.random.default_rng(5)
    return [
        Trace(t.source_id, t.start, t.sampling_rate, rng.normal(0, np.std(t.data[:2000]), len(t)).astype(t.data.dtype))
        for t in scenario.traces
    ]


def run(hours: float) -> list[tuple[float, list[float]]]:
    """(hours of data, resident MB of picking, of what multiprocessing keeps, and of the events) along the way."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        scenario = simulate(5, stations=STATIONS, minutes=MINUTES, defects=False)
        scenario.write(folder)
        source = Again(_records(scenario.traces), _records(_noise(scenario)), hours)
        live([source], folder / "stations.xml", folder / "out")
        return source.memory


if __name__ == "__main__":
    for hour, megabytes in run(float(sys.argv[1])):
        print(f"{hour:6.1f} h  {sum(megabytes):7.1f} MB = {' + '.join(f'{one:.1f}' for one in megabytes)}", flush=True)
