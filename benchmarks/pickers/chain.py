"""Any picker on a record through the chain that users run, once, with thresholds so low that all others follow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.pickers.records import Record
from wadati.pickers.continuous import pick_station
from wadati.protocols import Picker
from wadati.units import SECOND

FLOOR = 0.02
"""The threshold that records are picked with. A higher one gives the picks that are at least as high."""


class Open:
    """A picker with all thresholds at the floor; everything else is its own."""

    def __init__(self, picker: Picker) -> None:
        self._picker = picker
        self.thresholds = (FLOOR,) * len(picker.phases)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._picker, name)


@dataclass(frozen=True)
class Picks:
    """All picks of one phase in one record: seconds after its first sample, and probability."""

    times: npt.NDArray[np.float64]
    heights: npt.NDArray[np.float64]


def picks_of(record: Record, picker: Picker) -> dict[str, Picks]:
    """The picks of a record by phase."""
    found = pick_station(record.traces(), Open(picker))
    result = {}
    for phase in ("P", "S"):
        own = [pick for pick in found if pick.phase_hint == phase]
        times = np.array([(pick.time - record.start) / SECOND for pick in own])
        result[phase] = Picks(times, np.array([pick.probability for pick in own]))
    return result


def run(records: Iterable[Record], picker: Picker) -> list[dict[str, Picks]]:
    """The picks of each record."""
    return [picks_of(record, picker) for record in records]
