"""A SeedLink server that sends prepared records as if they were recorded now. A process of its own; loopback only."""

from __future__ import annotations

import json
import struct
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from wadati.formats.miniseed import read_miniseed
from wadati.model import TimeSpan
from wadati.testing.seedlink_server import SeedLinkServer
from wadati.units import SECOND

RECORD = 512
_BTIME = struct.Struct(">HHBBBxH")


def shifted(record: bytes, by_s: int) -> bytes:
    """A miniSEED 2 record as if recorded so many whole seconds later."""
    year, day, hour, minute, second, fraction = _BTIME.unpack_from(record, 20)
    moment = datetime(year, 1, 1, hour, minute, second, tzinfo=UTC) + timedelta(days=day - 1, seconds=by_s)
    new = bytearray(record)
    _BTIME.pack_into(
        new, 20, moment.year, moment.timetuple().tm_yday, moment.hour, moment.minute, moment.second, fraction
    )
    return bytes(new)


def main(folder: Path, lead_s: float) -> None:
    about = json.loads((folder / "ends.json").read_text())
    raw, ends = (folder / "records.bin").read_bytes(), about["ends"]
    rows = [line.split(",") for line in (folder / "stations.csv").read_text().splitlines()[1:]]
    with SeedLinkServer() as server:
        server.announce(sorted({f"{row[0]}_{row[1]}" for row in rows}))
        print(server.port, flush=True)
        sys.stdin.readline()  # the client is there
        begin = time.time() + lead_s
        by = round(begin - about["start"] / SECOND)
        begin = about["start"] / SECOND + by
        at = 0
        while at < len(ends):
            now = time.time() - begin
            some = []
            while at < len(ends) and ends[at] <= now:
                record = shifted(raw[at * RECORD : (at + 1) * RECORD], by)
                ((trace, *_), _) = read_miniseed(record)
                some.append((trace.source_id, TimeSpan(trace.start, trace.end), record))
                at += 1
            if some:
                server.push_known(some)
            time.sleep(0.02)
        print("sent", flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main(Path(sys.argv[1]), 1.0)
