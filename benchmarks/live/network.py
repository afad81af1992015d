"""Real records multiplied: station k has the records of a real one, noise of its own and a place of its own.

It stands at the distance of the real one from the sequence, turned about it by some degrees, so that waves of the
sequence would arrive there when they did arrive at the real one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from benchmarks.common import shared
from wadati.formats.miniseed import write_miniseed
from wadati.formats.miniseed_headers import split_records
from wadati.model import SourceId, TimeSpan, Trace, parse_time
from wadati.sources.files import open_waveforms
from wadati.units import SECOND

CENTRE = (35.70, -117.51)
"""The sequence (degrees)."""

TURN = 6.0
"""Standard deviation of the turns (degrees)."""

NOISE = 0.3


def turned(latitude: float, longitude: float, angle: float) -> tuple[str, str]:
    """A place turned about the sequence by an angle (radians)."""
    scale = np.cos(np.radians(CENTRE[0]))
    north, east = latitude - CENTRE[0], (longitude - CENTRE[1]) * scale
    back, side = np.cos(angle), np.sin(angle)
    north, east = back * north - side * east, side * north + back * east
    return f"{CENTRE[0] + north:.5f}", f"{CENTRE[1] + east / scale:.5f}"


def multiply(stations: int, start: str, seconds: float, folder: Path) -> None:
    """Write `stations.csv`, `records.bin` (512 bytes each, in order of end) and `ends.json` (s after the start)."""
    data = shared("data", "ridgecrest-2019")
    span = TimeSpan(parse_time(start), parse_time(start) + round(seconds * SECOND))
    source = open_waveforms([data / "waveforms"], span)
    rows = [line.split(",") for line in (data / "stations.csv").read_text().splitlines()]
    header, own = rows[0], [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    real = sorted({(row["network"], row["station"]) for row in own})
    read = {key: list(source.read(*key, span)) for key in real}
    real = [key for key in real if read[key]]
    rng = np.random.default_rng(7)
    table, found = [header], []
    for k in range(stations):
        network, code = real[k % len(real)]
        turn = np.radians(rng.normal(0, TURN)) if k >= len(real) else 0.0
        name = f"{k:04d}"
        band = {trace.source_id.band + trace.source_id.source for trace in read[network, code]}
        kept = "HH" if "HH" in band else sorted(band)[0]
        for row in own:
            if (row["network"], row["station"]) == (network, code) and row["channel"].startswith(kept):
                moved = row | {"network": "XX", "station": name}
                moved["latitude"], moved["longitude"] = turned(float(row["latitude"]), float(row["longitude"]), turn)
                table.append([moved[column] for column in header])
        for trace in read[network, code]:
            sid = trace.source_id
            if sid.band + sid.source != kept:
                continue
            scale = NOISE * float(np.median(np.abs(np.diff(trace.data[:3000].astype(float))))) + 1
            noise = rng.normal(0, scale, len(trace)).astype(np.int32)
            new = SourceId("XX", name, sid.location, sid.band, sid.source, sid.subsource)
            whole = write_miniseed([Trace(new, trace.start, trace.sampling_rate, trace.data + noise)], version=2)
            found += [((until - span.start) / SECOND, record) for until, record in split_records(whole)[0]]
    found.sort(key=lambda one: one[0])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stations.csv").write_text("\n".join(",".join(row) for row in table) + "\n")
    (folder / "records.bin").write_bytes(b"".join(record for _, record in found))
    (folder / "ends.json").write_text(json.dumps({"start": span.start, "ends": [end for end, _ in found]}))


if __name__ == "__main__":
    multiply(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), Path(sys.argv[4]))
