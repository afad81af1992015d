"""How many a service answers: a feed for a crowd (by wrk), and picks of one station for callers at a steady rate.

python -m benchmarks.api.crowd [SECONDS]
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from wadati.formats.miniseed import write_miniseed
from wadati.model import TimeSpan
from wadati.store.catalog import CatalogStore
from wadati.synthetics.scenario import simulate
from wadati.units import SECOND

RATES = (50, 100, 1000)
_MINUTE = 60 * SECOND


@contextmanager
def serving(folder: Path, more: Sequence[str] = ()):
    """`wadati serve` of a folder as a process, with more options: (its address, its id)."""
    command = [sys.executable, "-m", "wadati.cli.main", "serve", str(folder), "--port", "0", *more]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    flow = folder / "flow.toml"
    flow.write_text("[serve]\nrequests_a_minute = 10_000_000\n")
    with subprocess.Popen(
        [*command, "--flow", str(flow)], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split(": ")[0], process.pid
        finally:
            process.terminate()
            process.wait(20)


def resident_mb(pid: int) -> float:
    """Of a process now (MB)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6


async def ask(port: int, body: bytes, rate: float, seconds: float) -> tuple[Counter[int], list[float]]:
    """Statuses, and how long answers took (ms), of requests that come at a rate whatever becomes of them.

    The time counts from when a request was due. The client is bare, because it shares the cores with the service.
    """
    request = b"POST /picks HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    statuses: Counter[int] = Counter()
    taken: list[float] = []
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def one(due: float) -> None:
        # The service closes lines that were idle for some seconds.
        while idle and idle[-1][0].at_eof():
            idle.pop()
        line = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", port)
        line[1].write(request)
        head = await line[0].readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        length = re.search(rb"content-length: (\d+)", head)
        await line[0].readexactly(int(length[1]) if length else 0)
        statuses[status] += 1
        if status == 200:
            taken.append(1000 * (time.perf_counter() - due))
        idle.append(line)

    await one(0.0)
    statuses.clear()
    taken.clear()
    began, tasks = time.perf_counter(), []
    for k in range(round(rate * seconds)):
        due = began + k / rate
        if due > time.perf_counter():
            await asyncio.sleep(due - time.perf_counter())
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    for _, writer in idle:
        writer.close()
    return statuses, taken


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        scenario = simulate(3, stations=4, minutes=4)
        CatalogStore(folder / "catalog.sqlite").close()
        first = scenario.traces[0].source_id.station_key
        own = [trace for trace in scenario.traces if trace.source_id.station_key == first][:3]
        start = max(trace.start for trace in own) + _MINUTE
        body = write_miniseed([trace.cut(TimeSpan(start, start + _MINUTE)) for trace in own], version=2)
        with serving(folder) as (url, pid):
            if shutil.which("wrk"):
                command = ["wrk", "-t1", "-c64", f"-d{round(seconds)}s", "--latency", f"{url}/feeds/all_hour.geojson"]
                said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
                found = re.findall(r"Requests/sec:.*|50%.*|99%.*|Non-2xx.*", said)
                print("a feed:", "; ".join(" ".join(one.split()) for one in found))
            print(f"one station, 60 s, three components: {len(body):,} bytes; {resident_mb(pid):.0f} MB")
            for rate in RATES:
                statuses, taken = asyncio.run(ask(int(url.rpartition(":")[2]), body, rate, seconds))
                p50, p99 = np.percentile(taken, [50, 99]) if taken else (np.nan, np.nan)
                told = ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))
                print(f"{rate:5d}/s  {told:24s}  p50 {p50:6.1f}  p99 {p99:6.1f} ms  {resident_mb(pid):.0f} MB")


if __name__ == "__main__":
    main()
