"""The load of `benchmarks.live.load` through services on NATS and PostgreSQL: latencies, CPU and memory of each.

python -m benchmarks.live.services STATIONS SECONDS PICKERS
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.live.load import START, cpu_of
from benchmarks.live.network import multiply
from benchmarks.servers import NatsServer, PostgresServer
from benchmarks.soak.cluster import Cluster
from wadati.bus.nats import NatsBus
from wadati.engine.services.status import TELL_S, read_statuses


def run(stations: int, seconds: float, pickers: int = 1) -> dict[str, Any]:
    """What each service said of itself last, and its share of the cores while records came."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        multiply(stations, START, seconds, folder)
        nats, postgres = NatsServer(folder / "nats"), PostgresServer(folder / "pg")
        nats.start()
        postgres.start()
        command = [sys.executable, "-m", "benchmarks.live.sender", str(folder)]
        sender = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert sender.stdin is not None
        assert sender.stdout is not None
        source = f"seedlink://127.0.0.1:{int(sender.stdout.readline())}?streams=XX_*"
        cluster = Cluster(folder / "services", f"{nats.url}/load", postgres.url, folder / "stations.csv", source)
        names = [*(f"pick-{k + 1}" for k in range(pickers)), "associate-1", "publish-1", "ingest-1"]
        try:
            for name in names:
                cluster.start(name)
            time.sleep(8)
            sender.stdin.write("\n")
            sender.stdin.flush()
            pids = {name: process.pid for name, process in cluster.processes.items()}
            assert nats.process is not None
            pids |= {"nats-server": nats.process.pid}
            before, began = {name: cpu_of(pid) for name, pid in pids.items()}, time.monotonic()
            sender.stdout.readline()
            lasted = time.monotonic() - began
            share = {
                name: round((cpu_of(pid) - before[name]) / lasted / (os.cpu_count() or 1), 3)
                for name, pid in pids.items()
            }
            time.sleep(TELL_S + 2)
            with NatsBus(f"{nats.url}/load") as bus:
                statuses = read_statuses(bus)
            sender.stdin.write("\n")
            sender.stdin.flush()
        finally:
            cluster.stop()
            sender.kill()
            sender.wait()
            postgres.stop()
            nats.stop()
    return {"share_of_cores": share, "together": round(sum(share.values()), 3), "statuses": statuses}


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])), indent=1))
