"""The ledger of a run: for every unit of work whether it is done, had no data, or failed and why.

Three different facts. Input that had to be left out stands here as a problem; what was used with less than it
could have given stands as a note.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from wadati.engine.review import Decision
from wadati.locators.station_terms import StationTerms as StationDelays
from wadati.magnitudes.station_terms import StationTerms
from wadati.protocols import Problem
from wadati.store.coverage import Coverage


class Timing(msgspec.Struct, frozen=True):
    """What a stage took: wall-clock and CPU seconds (all processes)."""

    stage: str
    wall_s: float
    cpu_s: float


class Ledger:
    """Collects coverage, problems, notes, decisions, timings and station terms while a run goes on."""

    def __init__(self) -> None:
        self.coverage: list[Coverage] = []
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []
        self.decisions: list[Decision] = []
        self.delays: StationDelays | None = None
        self.topography: str | None = None
        self.terms: StationTerms | None = None
        self.timings: list[Timing] = []
        self._children_cpu = 0.0

    def add_worker_cpu(self, cpu: float) -> None:
        """Count CPU seconds that a worker process spent."""
        self._children_cpu += cpu

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage."""
        wall, cpu, children = time.perf_counter(), time.process_time(), self._children_cpu
        yield
        spent = time.process_time() - cpu + self._children_cpu - children
        self.timings.append(Timing(name, round(time.perf_counter() - wall, 3), round(spent, 3)))

    @property
    def partly_failed(self) -> bool:
        """Whether some of the input was left out."""
        return bool(self.problems) or any(unit.status == "failed" for unit in self.coverage)
