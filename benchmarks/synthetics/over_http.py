"""`python -m benchmarks.synthetics.over_http FOLDER [DEPTHS]`: how long a service takes for a source at 100 stations.

The service runs as a process of its own on a store of made-up traces with that many depths (40, 4.1 GB, without); each
request has a place and depth of its own. First one caller alone, then four at a time; by POST, and as Syngine is asked.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import msgspec
import numpy as np

from benchmarks.api.crowd import serving
from benchmarks.synthetics.filled import DEPTHS, filled
from wadati.store.catalog import CatalogStore
from wadati.traveltime.geodesy import destination

_STATIONS, _REQUESTS, _CALLERS = 100, 300, 4
_TICK = os.sysconf("SC_CLK_TCK")


def prepare(folder: Path, depths: int) -> Path:
    """A folder that can be served, with 100 stations 20 to 300 km away from the sources."""
    rng = np.random.default_rng(5)
    folder.mkdir(parents=True, exist_ok=True)
    CatalogStore(folder / "catalog.sqlite").close()
    rows = ["network,station,location,channel,latitude,longitude,elevation_m"]
    for number in range(_STATIONS):
        spot = destination(37.0, -122.0, float(rng.uniform(2.5e4, 2.9e5)), 3.6 * number)
        rows.append(f"XX,S{number:03d},,HHZ,{float(spot[0]):.5f},{float(spot[1]):.5f},0")
    (folder / "stations.csv").write_text("\n".join(rows) + "\n")
    filled(str(folder / "store"), msgspec.structs.replace(DEPTHS, count=depths))
    return folder


def requests(depths: int, count: int) -> list[tuple[str, str, str | None]]:
    """(method, address, body), in turn by POST and as Syngine is asked."""
    rng = np.random.default_rng(7)
    found: list[tuple[str, str, str | None]] = []
    for number in range(count):
        latitude, longitude = 37.0 + rng.uniform(-0.02, 0.02), -122.0 + rng.uniform(-0.02, 0.02)
        depth = rng.uniform(DEPTHS.start, DEPTHS.start + DEPTHS.step * (depths - 1))
        if number % 2:
            asked = {"sourcelatitude": latitude, "sourcelongitude": longitude, "sourcedepthinmeters": depth}
            words = urlencode(asked | {"station": "*", "sourcedoublecouple": "233,66,-6,4e15"})
            found.append(("GET", f"/syngine/1/query?{words}", None))
        else:
            fault = {"strike": 233.0, "dip": 66.0, "rake": -6.0, "magnitude": 4.4}
            source = {"latitude": latitude, "longitude": longitude, "depth": depth} | fault
            found.append(("POST", "/synthetics", json.dumps({"sources": [source]})))
    return found


def ask(address: str, asked: list[tuple[str, str, str | None]]) -> dict[str, list[float]]:
    """How long each took (ms), by method."""
    there = urlsplit(address)
    line = http.client.HTTPConnection(there.hostname or "", there.port, timeout=30)
    spent: dict[str, list[float]] = {"POST": [], "GET": []}
    for method, path, body in asked:
        began = time.perf_counter()
        line.request(method, path, body)
        answer = line.getresponse()
        content = answer.read()
        spent[method].append(1000 * (time.perf_counter() - began))
        assert answer.status == 200, content[:300]
    line.close()
    return spent


def cpu_s(pid: int) -> float:
    """CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def told(name: str, spent: list[float]) -> None:
    print(f"{name}: median {np.median(spent):.1f}, p95 {np.percentile(spent, 95):.1f} ms")


def main() -> None:
    folder, depths = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else DEPTHS.count
    prepare(folder, depths)
    more = ["--greens", str(folder / "store"), "--stations", str(folder / "stations.csv")]
    with serving(folder, more) as (address, pid):
        for _ in range(3):  # Until all that is asked for is in memory.
            ask(address, requests(depths, _REQUESTS))
        before = cpu_s(pid)
        alone = ask(address, requests(depths, _REQUESTS))
        print(f"{_STATIONS} stations x 3, {depths} depths; {1000 * (cpu_s(pid) - before) / _REQUESTS:.1f} ms CPU each")
        told("POST /synthetics, alone", alone["POST"])
        told("GET /syngine/1/query, alone", alone["GET"])
        many: list[float] = []
        callers = [
            threading.Thread(target=lambda: many.extend(ask(address, requests(depths, _REQUESTS)[::2])["POST"]))
            for _ in range(_CALLERS)
        ]
        began = time.perf_counter()
        for one in callers:
            one.start()
        for one in callers:
            one.join()
        told(f"POST /synthetics, {_CALLERS} callers", many)
        print(f"{len(many) / (time.perf_counter() - began):.0f} answers a second")


if __name__ == "__main__":
    main()
