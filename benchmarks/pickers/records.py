"""Records with known arrivals, and quiet ones: what pickers are judged on."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from benchmarks.common import shared
from benchmarks.pickers.split import is_held_back
from wadati.model import SourceId, Trace
from wadati.signal.bands import choose_band, orient
from wadati.units import SECOND

Array = npt.NDArray[np.float64]

START = 1_500_000_000 * SECOND
"""About when all records are put, each at its own random instant, so that arrivals stand anywhere in a window."""

_SPREAD = 120 * SECOND


@dataclass(frozen=True)
class Record:
    """What one sensor recorded; `data` has shape (component, sample), NaN where there is no sample.

    `window` names what was recorded, whatever was done to it since; `letters` are the components as Z, N, E; `labels`
    are (phase, seconds after the first sample).
    """

    window: str
    source_ids: tuple[SourceId, ...]
    letters: str
    rate: Fraction
    data: Array
    labels: tuple[tuple[str, float], ...] = ()
    start: int = START

    @property
    def seconds(self) -> float:
        return float(self.data.shape[1] / self.rate)

    @property
    def near(self) -> tuple[float, float]:
        """From 5 s before the first labelled arrival to 5 s after the last: other arrivals are few there."""
        times = [time for _, time in self.labels]
        return min(times) - 5.0, max(times) + 5.0

    def traces(self) -> Iterator[Trace]:
        """The stretches without missing samples, component by component."""
        for source_id, row in zip(self.source_ids, self.data, strict=True):
            there = np.concatenate(([False], np.isfinite(row), [False]))
            edges = np.flatnonzero(there[1:] != there[:-1])
            for low, high in edges.reshape(-1, 2):
                start = self.start + int(low) * SECOND * self.rate.denominator // self.rate.numerator
                yield Trace(source_id, start, self.rate, row[low:high])

    def only(self, letters: str) -> Record:
        """With these components alone."""
        kept = [k for k, letter in enumerate(self.letters) if letter in letters]
        return replace(
            self,
            source_ids=tuple(self.source_ids[k] for k in kept),
            letters="".join(self.letters[k] for k in kept),
            data=self.data[kept],
        )


def generator(*names: object) -> np.random.Generator:
    """Random numbers that depend on the names alone."""
    digest = hashlib.sha256("/".join(map(str, names)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def moved(record: Record, *names: object) -> Record:
    """The record at an instant drawn by its window and the names."""
    return replace(record, start=START + int(generator("start", record.window, *names).integers(_SPREAD)))


def northern_california(choose: Callable[[str, str], bool] = is_held_back) -> list[Record]:
    """Windows of 90 s with P and S of analysts, as they are: one-component stations have one component."""
    folder = shared("data", "ncedc-picks")
    found = []
    with (folder / "waveform.csv").open(newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["fname"])
    for row in rows:
        network, station = row["fname"].split("_")[:2]
        if not choose(network, station):
            continue
        with np.load(folder / "windows" / row["fname"]) as window:
            codes = str(window["channels"]).split("_")
            data = np.asarray(window["data"], np.float64).T[-len(codes) :]
            labels = (("P", float(window["itp"]) / 100), ("S", float(window["its"]) / 100))
        ids = tuple(SourceId.from_nslc(network, station, "", code) for code in codes)
        name = f"ncedc/{row['fname'].removesuffix('.npz')}"
        found.append(Record(name, ids, "".join(code[-1] for code in codes), Fraction(100), data, labels))
    return found


def uturuncu(choose: Callable[[str, str], bool] = is_held_back) -> list[Record]:
    """Records of 60 s from about the origin time on, with the phases that NonLinLoc used.

    Those were read by a program (a fit to a characteristic function), not by analysts. The ones with a residual over
    0.5 s or no weight are left out; arrivals that it did not read are many, so precision says little here.
    """
    import obspy

    folder = shared("data", "uturuncu-2011")
    phases = _phases([path.read_text() for path in sorted((folder / "nlloc").glob("*.hyp"))])
    found = []
    for path in sorted((folder / "waveforms").glob("*.mseed")):
        stream = obspy.read(str(path))
        for network, station in sorted({(one.stats.network, one.stats.station) for one in stream}):
            if not choose(network, station):
                continue
            record = _joined(f"uturuncu/{path.stem}/{station}", stream.select(network, station))
            arrivals = ((phase, (time - record.start) / SECOND) for phase, time in phases.get(station, ()))
            labels = tuple((phase, after) for phase, after in arrivals if 0.5 <= after <= record.seconds - 0.5)
            if labels:
                found.append(replace(record, labels=labels))
    return found


def _joined(window: str, stream: object) -> Record:
    """The best instrument of a station's ObsPy traces on one axis; traces of one component are at the same place."""
    traces = {SourceId.from_nslc(*one.id.split(".")): one for one in stream}  # type: ignore[attr-defined]
    letters = orient(one for one in traces if one.instrument_key == choose_band(traces)[0])
    ids = tuple(sorted(letters, key=lambda one: "ENZ".index(letters[one])))
    start = max(traces[one].stats.starttime.ns for one in ids)
    rate = Fraction(traces[ids[0]].stats.sampling_rate).limit_denominator(1000)
    rows = []
    for one in ids:
        skipped = round((start - traces[one].stats.starttime.ns) * rate / SECOND)
        rows.append(np.asarray(traces[one].data, np.float64)[skipped:])
    count = min(map(len, rows))
    data = np.stack([row[:count] for row in rows])
    return Record(window, ids, "".join(letters[one] for one in ids), rate, data, start=start)


_PHASE = re.compile(
    r"^(\S+)\s+\S+\s+\S+\s+\S+\s+([PS])\s+\S+\s+(\d{8})\s+(\d{4})\s+(\S+)\s+GAU[^>]*>\s+\S+\s+(\S+)\s+(\S+)\s"
)


def _phases(texts: list[str]) -> dict[str, list[tuple[str, int]]]:
    """(phase, time in ns) by station: those with weight and a residual of at most 0.5 s, of NonLinLoc hypocentres."""
    found: dict[str, list[tuple[str, int]]] = {}
    for line in "\n".join(texts).splitlines():
        match = _PHASE.match(line)
        if match is None or abs(float(match[6])) > 0.5 or float(match[7]) <= 0:
            continue
        minute = datetime.strptime(match[3] + match[4], "%Y%m%d%H%M").replace(tzinfo=UTC)
        time = int(minute.timestamp()) * SECOND + round(float(match[5]) * SECOND)
        found.setdefault(match[1], []).append((match[2], time))
    return found
