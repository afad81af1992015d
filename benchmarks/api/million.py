"""fdsnws-event over a catalog of a million events: how long queries that return a thousand of them take.

python -m benchmarks.api.million STORE [COUNT]

STORE is a folder for SQLite, or the URL of an empty PostgreSQL database.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np

from wadati.api.app import application
from wadati.api.holdings import Holdings
from wadati.api.server import Server
from wadati.engine.flow import Flow
from wadati.model import Arrival, Event, Magnitude, Origin, parse_time
from wadati.store import event_tables, rows, schema
from wadati.store.database import connect, upsert, writing

PORTION = 20_000
ARRIVALS = 8
START, YEARS = parse_time("1990-01-01"), 30
QUERIES = {
    "latest": {},
    "a box": {"minlatitude": 34, "maxlatitude": 35, "minlongitude": -118, "maxlongitude": -117},
    "a ring": {"latitude": 35, "longitude": -118, "maxradius": 1},
    "a year": {"starttime": "2005-01-01", "endtime": "2006-01-01"},
    "large ones, largest first": {"minmagnitude": 3, "orderby": "magnitude"},
    "deep ones of one type, oldest first": {"mindepth": 18, "magnitudetype": "ML", "orderby": "time-asc"},
    "far into the list": {"offset": 900_000},
    "all limits at once": {
        "starttime": "1995-01-01", "minlatitude": 33, "maxlatitude": 37, "minlongitude": -120, "maxlongitude": -115,
        "maxdepth": 15, "minmagnitude": 1, "maxmagnitude": 2, "eventtype": "earthquake", "orderby": "magnitude-asc",
    },
}  # fmt: skip
TIMES = 25


def events(count: int) -> Iterator[list[Event]]:
    """Earthquakes of a region over years: sizes by Gutenberg and Richter, places in clusters."""
    rng = np.random.default_rng(7)
    moments = np.sort(rng.integers(0, YEARS * 365 * 86400, count))
    for first in range(0, count, PORTION):
        some = []
        for k in range(first, min(first + PORTION, count)):
            latitude, longitude = rng.normal(35.0, 1.5), rng.normal(-117.5, 1.5)
            arrivals = tuple(
                Arrival(f"pick-{k}-{n}", "XX", f"S{n:02d}", "P", 1e4 * (n + 1), 45.0, 0.05, 1.0)
                for n in range(ARRIVALS)
            )
            origin = Origin.of(
                START + int(moments[k]) * 10**9, latitude, longitude, float(rng.uniform(0, 20_000)), arrivals=arrivals,
                azimuthal_gap=90.0, standard_error=0.1,
            )  # fmt: skip
            size = Magnitude(f"m-{k}", origin.origin_id, "ML", float(rng.exponential(0.45)))
            some.append(Event(f"wd{k:08d}", (origin,), (size,), origin.origin_id, size.magnitude_id))
        yield some


def fill(store: str, count: int) -> None:
    """Put events into an empty store, as they are stored one by one but without asking what is there."""
    engine = connect(store)
    for number, some in enumerate(events(count)):
        with writing(engine) as connection:
            first = number * PORTION
            upsert(connection, schema.events, [rows.event_row(e, first + k) for k, e in enumerate(some, 1)])
            made = [rows.summary_row(e, first + k, number + 1, time.time_ns()) for k, e in enumerate(some, 1)]
            upsert(connection, schema.summaries, made)
            upsert(connection, schema.origins, [row for e in some for row in rows.origin_rows(e)])
            upsert(connection, schema.arrivals, [row for e in some for row in rows.arrival_rows(e)])
            upsert(connection, schema.magnitudes, [row for e in some for row in rows.magnitude_rows(e)])
            event_tables.next_revision(connection)
    engine.dispose()


def resident_mb() -> float:
    """Of this process now (MB)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def measure(store: str) -> None:
    """Print how long each query takes in each format, and what all events take."""
    server = Server(application(Holdings(store, None, None, Flow())), "127.0.0.1", 0)
    threading.Thread(target=server.run, daemon=True).start()
    url = server.address + "/fdsnws/event/1/query"
    began = time.perf_counter()
    httpx.get(url, params={"limit": 1, "format": "text"}, timeout=120)
    print(f"first answer after {time.perf_counter() - began:.1f} s, {resident_mb():.0f} MB")
    whole: dict[str, list[float]] = {}
    with httpx.Client(timeout=120) as client:
        for name, query in QUERIES.items():
            for form, times in (("text", TIMES), ("geojson", TIMES), ("xml", 3)):
                taken = []
                for _ in range(times):
                    began = time.perf_counter()
                    answer = client.get(url, params={**query, "limit": 1000, "format": form})
                    taken.append(1000 * (time.perf_counter() - began))
                count = answer.content.count({"text": b"\n", "geojson": b'"Feature"', "xml": b"<event "}[form])
                whole.setdefault(form, []).extend(taken)
                p50, p95 = np.percentile(taken, [50, 95])
                print(f"{name:38s} {form:8s} {count - (form == 'text'):5d} events  p50 {p50:6.1f}  p95 {p95:6.1f} ms")
        for form, taken in whole.items():
            p50, p95 = np.percentile(taken, [50, 95])
            print(f"{'all queries':38s} {form:8s} {len(taken):5d} answers p50 {p50:6.1f}  p95 {p95:6.1f} ms")
        before, began, size = resident_mb(), time.perf_counter(), 0
        largest = before
        with client.stream("GET", url, params={"format": "text"}) as answer:
            for chunk in answer.iter_raw():
                size += len(chunk)
                largest = max(largest, resident_mb())
        print(
            f"all as text: {size / 1e6:.0f} MB in {time.perf_counter() - began:.1f} s, {before:.0f} to {largest:.0f} MB"
        )


def main() -> None:
    target, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    store = target if "://" in target else str(Path(target) / "catalog.sqlite")
    if "://" in target or not Path(store).exists():
        began = time.perf_counter()
        fill(store, count)
        print(f"{count:,} events filled in {time.perf_counter() - began:.0f} s")
    measure(store)


if __name__ == "__main__":
    main()
