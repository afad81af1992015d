"""How long a station-day takes on this machine: measured once for each picker and code, and kept.

A station with three components at 100 Hz is picked on for two hours of noise with bursts, from miniSEED in memory to
Parquet, once to warm up and once to measure.
"""

from __future__ import annotations

import os
import platform
import time
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np

from wadati.engine.campaign.method import picker_digest, picking_version
from wadati.engine.campaign.picking_shard import outputs_of
from wadati.engine.flow import Flow
from wadati.engine.picking import pick_one
from wadati.formats.atomic import atomic_write
from wadati.formats.miniseed import write_miniseed
from wadati.model import Channel, Inventory, Response, SourceId, TimeSpan, Trace
from wadati.protocols import Picker
from wadati.sources.archives.days import DaySource, Reading
from wadati.units import DAY, HOUR

_HOURS = 2
_RATE = 100
_CHANNELS = tuple(SourceId.from_nslc("XX", "CAL", "", f"HH{letter}") for letter in "ENZ")


class Calibration(msgspec.Struct, frozen=True):
    """CPU-seconds and seconds by the clock of a station-day with three components at 100 Hz, and bytes of its picks and
    amplitudes; where and when (ns) they were measured."""

    cpu_s_per_station_day: float
    wall_s_per_station_day: float
    output_bytes_per_station_day: float
    machine: str
    measured: int


def calibration(flow: Flow) -> Calibration:
    """The stored calibration of this machine for a picker; measured where there is none.

    It is kept in `$XDG_CACHE_HOME/wadati` (`~/.cache/wadati`).
    """
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wadati"
    path = folder / f"calibration-{picker_digest(flow.picker)}-{picking_version()}.json"
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Calibration)
    except (OSError, msgspec.DecodeError):
        found = None
    if found is None or found.machine != _machine():
        found = measure(flow.part("pickers"))
        with atomic_write(path) as partial:
            partial.write_bytes(msgspec.json.encode(found))
    return found


def measure(picker: Picker) -> Calibration:
    """Measure now."""
    archive = _InMemory(_records())
    _once(archive, picker)
    began, wall = time.process_time(), time.perf_counter()
    size = _once(archive, picker)
    spent, passed = time.process_time() - began, time.perf_counter() - wall
    days = _HOURS / 24
    return Calibration(round(spent / days, 3), round(passed / days, 3), size / days, _machine(), time.time_ns())


def _once(archive: _InMemory, picker: Picker) -> int:
    response = Response(1e9, "m/s", 1.0)
    inventory = Inventory.of(Channel(sid, 35.0, -117.0, 0.0, response) for sid in _CHANNELS)
    span = TimeSpan(DAY, DAY + _HOURS * HOUR)
    result = pick_one(DaySource(Reading(archive), inventory, span), inventory, picker, span, "XX", "CAL")
    return sum(map(len, outputs_of(result.picks, result.tracks).values()))


def _records() -> dict[str, bytes]:
    random = np.random.default_rng(1)
    samples = _HOURS * 3600 * _RATE
    envelope = np.full(samples, 300.0)
    for start in range(60 * _RATE, samples, 300 * _RATE):
        after = np.arange(min(4000, samples - start))
        envelope[start : start + 4000] += 30_000 * np.exp(-after / 800)
    return {
        str(sid): write_miniseed(
            [Trace(sid, DAY, Fraction(_RATE), (envelope * random.normal(size=samples)).astype(np.int32))], version=2
        )
        for sid in _CHANNELS
    }


class _InMemory:
    """A `protocols.DayArchive` of one day in memory."""

    name = "memory"
    sizes_are_cheap = True
    lists = False

    def __init__(self, contents: dict[str, bytes]) -> None:
        self._contents = contents

    def places(self, _: object, day: int) -> tuple[str, ...]:
        return tuple(self._contents) if day == 1 else ()

    def read(self, place: str) -> bytes | None:
        return self._contents.get(place)

    def size(self, place: str) -> int | None:
        return len(self._contents[place])

    def stationxml(self, *_: str) -> bytes | None:
        return None

    def station_codes(self, _: object) -> tuple[tuple[str, str], ...]:
        return ()


def _machine() -> str:
    return f"{platform.node()} {platform.machine()} {os.cpu_count()}"
