"""Servers of their own for tests and benchmarks: NATS and PostgreSQL in folders, on free ports of loopback."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

ACCOUNT = "nobody"
"""Who runs PostgreSQL where root asks, whom it refuses."""

_PATIENCE_S = 30.0


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Until something listens there. Raises `TimeoutError`."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        time.sleep(0.02)
    raise TimeoutError(f"nothing listens on port {port}")


class NatsServer:
    """NATS with JetStream in a folder; killed and started again it has what it acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def missing() -> str | None:
        """Why it cannot be had on this machine, or None."""
        return None if shutil.which("nats-server") else "NATS: no nats-server on this machine"

    def start(self, *options: str) -> None:
        """Begin, with more options of the server, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = ["nats-server", "-js", "-sd", str(self.folder), "-a", "127.0.0.1", "-p", str(self.port), *options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(self.port)

    def kill(self) -> None:
        """End it without a word."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def pause(self, seconds: float) -> None:
        """Hold it still: connections stay, and nothing comes."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(_PATIENCE_S)


class PostgresServer:
    """PostgreSQL in a folder, with its writes safe from a kill."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"postgresql+psycopg://wadati@127.0.0.1:{self.port}/postgres"
        self._account = ["runuser", "-u", ACCOUNT, "--"] if os.geteuid() == 0 else []
        self._data = folder / "data"

    @staticmethod
    def missing() -> str | None:
        """Why it cannot be had on this machine, or None."""
        if binaries() is None:
            return "PostgreSQL: no initdb on this machine"
        if os.geteuid() == 0 and shutil.which("runuser") is None:
            return "PostgreSQL: refuses root, and there is no runuser"
        return None

    def start(self) -> None:
        """Begin, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._account:
            shutil.chown(self.folder, ACCOUNT)
        if not self._data.exists():
            self._run(
                "initdb", "-D", self._data, "-U", "wadati", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"
            )
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=50"
        self._run("pg_ctl", "-D", self._data, "-l", self.folder / "log", "-o", options, "-w", "start")

    def replica(self, folder: Path) -> PostgresServer:
        """Another that follows this one and can only be read, not started yet."""
        other = PostgresServer(folder)
        folder.mkdir(parents=True, exist_ok=True)
        if self._account:
            shutil.chown(folder, ACCOUNT)
        other._run(
            "pg_basebackup", "-h", "127.0.0.1", "-p", self.port, "-U", "wadati", "-D", other._data, "-R", "-c", "fast"
        )
        return other

    def kill(self) -> None:
        """End it without a word: its first process and those that it started, by their ids."""
        try:
            first = int((self._data / "postmaster.pid").read_text().split()[0])
            children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        except (FileNotFoundError, IndexError):
            return
        for pid in (first, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + _PATIENCE_S
        while Path(f"/proc/{first}").exists() and time.monotonic() < until:
            time.sleep(0.02)

    def stop(self) -> None:
        """End it."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def _run(self, name: str, *arguments: object) -> None:
        where = binaries()
        assert where is not None
        command = [*self._account, str(where / name), *map(str, arguments)]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder)


def binaries() -> Path | None:
    """Where PostgreSQL's programs are."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    found = shutil.which("initdb", path=os.pathsep.join([*map(str, reversed(folders)), os.environ.get("PATH", "")]))
    return Path(found).resolve().parent if found else None
