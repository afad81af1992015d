"""Packets through NATS on disk without picking: from their coming into `ingest` to a reader of all partitions.

python -m benchmarks.live.through_bus STATIONS SECONDS
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.servers import NatsServer
from wadati.bus.nats import NatsBus
from wadati.engine.services.ingest import ingest, packets_of
from wadati.engine.services.partitions import COUNT
from wadati.formats.miniseed import write_miniseed
from wadati.model import SourceId, Trace
from wadati.protocols import Packet, Problem

CHANNELS, SAMPLES_A_RECORD, RATE = 3, 400, 100.0
_STEP_S = 0.01


class Paced:
    """Records of many stations as often as they come in quiet, spread over time as those of many instruments are."""

    name, ends = "paced", True

    def __init__(self, stations: int, seconds: float) -> None:
        noise = np.random.default_rng(1).integers(-60, 60, 380).astype(np.int32)
        trace = Trace(SourceId.from_nslc("XX", "A", "", "HHZ"), 0, Fraction(100), noise)
        record = write_miniseed([trace], version=2, record_length=512)[:512]
        names = [f"{k:05d}".encode() for k in range(stations)]
        self.records = [record[:8] + name + record[13:] for name in names for _ in range(CHANNELS)]
        self.a_second = len(self.records) * RATE / SAMPLES_A_RECORD
        self.seconds = seconds

    def problems(self) -> Sequence[Problem]:
        return ()

    async def packets(self, _: Mapping[str, int]) -> AsyncIterator[Packet]:
        began, sent = time.monotonic(), 0
        while (spent := time.monotonic() - began) < self.seconds:
            due = int(spent * self.a_second)
            for number in range(sent, due):
                now = time.time_ns()
                yield Packet(self.records[number % len(self.records)], self.name, number, now, now)
            sent = due
            await asyncio.sleep(_STEP_S)


def listen(url: str) -> None:
    """Read all partitions until each has ended; what it saw, as JSON."""
    with NatsBus(url) as bus:
        readers = [bus.read("packets", f"{partition:02d}", 0) for partition in range(COUNT)]
        print("ready", flush=True)
        delays: list[float] = []
        ended = 0
        while ended < COUNT:
            now_before = len(delays)
            for reader in readers:
                for message in reader.take():
                    packets = packets_of(message.data)
                    ended += not packets
                    now = time.time_ns()
                    delays += [(now - packet.received) / 1e6 for packet in packets]
            if len(delays) == now_before:
                time.sleep(0.005)
    quantiles = np.quantile(delays, [0.5, 0.9, 0.99, 1.0]).round(1).tolist()
    print(json.dumps({"packets": len(delays), "ms": quantiles, "cpu_s": time.process_time()}))


def run(stations: int, seconds: float) -> dict[str, Any]:
    """Packets a second, how long each took (ms at 50, 90, 99, 100 %), and CPU of ingest, server and reader."""
    with tempfile.TemporaryDirectory() as scratch:
        server = NatsServer(Path(scratch) / "nats")
        server.start()
        try:
            url = f"{server.url}/bench"
            source = Paced(stations, seconds)
            command = [sys.executable, "-m", "benchmarks.live.through_bus", "--listen", url]
            reader = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert reader.stdout is not None
            assert server.process is not None
            reader.stdout.readline()
            before, began = time.process_time(), time.monotonic()
            with NatsBus(url) as bus:
                ingest([source], bus, threading.Event(), lambda *_, **__: None)
            lasted, ours = time.monotonic() - began, time.process_time() - before
            fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
            theirs = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            seen = json.loads(reader.stdout.readline())
            reader.wait(10)
        finally:
            server.stop()
    cores = os.cpu_count() or 1
    cpu = {"ingest": ours, "nats-server": theirs, "reader": seen["cpu_s"]}
    return {
        "packets_a_second": round(seen["packets"] / lasted),
        "ms": dict(zip(("p50", "p90", "p99", "most"), seen["ms"], strict=True)),
        "share_of_cores": {name: round(spent / lasted / cores, 3) for name, spent in cpu.items()},
    }


if __name__ == "__main__":
    if sys.argv[1] == "--listen":
        listen(sys.argv[2])
    else:
        print(json.dumps(run(int(sys.argv[1]), float(sys.argv[2])), indent=1))
