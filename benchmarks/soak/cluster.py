"""A live run as services, each a process of its own, that can be killed and started again, also as another version."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from wadati.model import Event
from wadati.store.catalog import CatalogStore
from wadati.store.live_log import LiveLog

FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
"""What shows another clock to a program, where it is installed."""


class Cluster:
    """Services on one bus and one store; each has a name such as `pick-1`, and a log in the folder."""

    def __init__(self, folder: Path, bus: str, store: str, stations: Path, source: str) -> None:
        self.folder, self.bus, self.store, self.stations, self.source = folder, bus, store, stations, source
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.python_path: Path | None = None
        self.addresses: dict[str, tuple[str, str]] = {}
        """Bus and store of a service, where it has another way to them."""
        self.more: dict[str, list[str]] = {}
        """Further words for the services of a kind."""
        folder.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, clock: str = "") -> None:
        """Start a service, or start it again, on a machine whose `clock` is off by so much (`+3600s`)."""
        service = name.partition("-")[0]
        bus, store = self.addresses.get(name, (self.bus, self.store))
        command = [sys.executable, "-m", "wadati.cli.main", "live", service, "--bus", bus]
        if service == "ingest":
            command += ["--source", self.source, "--output", str(self.folder / name)]
        else:
            command += ["--store", store]
        if service in ("pick", "associate"):
            command += ["--stations", str(self.stations)]
        if service == "publish":
            command += ["--output", str(self.folder / "public")]
        command += self.more.get(service, [])
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        if clock:
            environment |= {"LD_PRELOAD": str(FAKETIME), "FAKETIME": clock, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        if self.python_path is not None:
            environment["PYTHONPATH"] = str(self.python_path)
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def kill(self, name: str) -> None:
        """End a service without a word."""
        self.processes[name].kill()
        self.processes[name].wait()

    def replace(self, name: str) -> None:
        """Have a service end in order, and start it again."""
        self.processes[name].terminate()
        self.processes[name].wait(20)
        self.start(name)

    def pause(self, name: str, seconds: float) -> None:
        """Hold a service still, as when its machine hangs."""
        self.processes[name].send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.processes[name].send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End all services."""
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def said(self, name: str, what: str) -> list[dict[str, object]]:
        """What a service said of a kind."""
        path = self.folder / f"{name}.log"
        lines = path.read_bytes().splitlines() if path.exists() else []
        found = [msgspec.json.decode(line) for line in lines if line.startswith(b"{")]
        return [one for one in found if one.get("event") == what]

    def wait_until_over(self, patience_s: float) -> None:
        """Until the associator says that no more comes. Raises `TimeoutError`."""
        until = time.monotonic() + patience_s
        while not any(self.said(name, "over") for name in self.processes if name.startswith("associate")):
            if time.monotonic() > until:
                raise TimeoutError(f"not over after {patience_s} s; see {self.folder}")
            time.sleep(0.1)


def outcome(store: str) -> tuple[list[str], list[tuple[object, ...]]]:
    """The final picks of a run, and its events without their names."""
    with LiveLog(store) as log, CatalogStore(store) as catalog:
        picks = [pick.pick_id for pick in log.final()]
        return picks, [_plain(event) for event in catalog.read()]


def _plain(event: Event) -> tuple[object, ...]:
    origin, size = event.origin, event.magnitude
    return (
        *(origin.time, origin.latitude, origin.longitude, origin.depth, origin.standard_error),
        tuple(sorted((a.pick_id, a.phase, a.distance, a.time_residual, a.weight) for a in origin.arrivals)),
        None if size is None else (size.magnitude_type, size.value, size.uncertainty, len(size.station_magnitudes)),
    )
