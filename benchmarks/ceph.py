"""A server of S3 of its own: Ceph's RADOS gateway, over one monitor and one store in memory, on loopback."""

from __future__ import annotations

import shutil
import subprocess
import time
import uuid
from pathlib import Path

from benchmarks.servers import free_port, wait_for

ACCESS = SECRET = "placeholder"
PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
_SETTINGS = """[global]
fsid = {fsid}
mon host = v1:127.0.0.1:{mon_port}/0
auth cluster required = none
auth service required = none
auth client required = none
ms bind ipv6 = false
public addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 0
mon data avail warn = 0
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 1073741824
paxos propose interval = 0.05
paxos min wait = 0.02
run dir = {folder}
admin socket = {folder}/$name.asok
log file = {folder}/$name.log
mon data = {folder}/mon
osd data = {folder}/osd
rgw data = {folder}/rgw
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw enable apis = s3
rgw thread pool size = 32
"""


class CephServer:
    """Buckets in memory; the folder's path has to be short, since sockets lie in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self._mon_port = folder, free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._processes: list[subprocess.Popen[bytes]] = []

    @staticmethod
    def missing() -> str | None:
        """Why it cannot be had on this machine, or None."""
        left = [program for program in PROGRAMS if not shutil.which(program)]
        return f"Ceph: no {', '.join(left)} on this machine" if left else None

    def start(self) -> None:
        """Make the cluster and an account with `ACCESS` and `SECRET`, and wait until the gateway answers."""
        fsid = str(uuid.uuid4())
        for name in ("mon", "osd", "rgw"):
            (self.folder / name).mkdir(parents=True)
        settings = _SETTINGS.format(fsid=fsid, mon_port=self._mon_port, port=self.port, folder=self.folder)
        (self.folder / "ceph.conf").write_text(settings)
        members = str(self.folder / "monmap")
        address = f"[v1:127.0.0.1:{self._mon_port}]"
        self._run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, members)
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", members)
        self._begin("ceph-mon", "-i", "a")
        wait_for(self._mon_port)
        self._run("ceph", "osd", "create")
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", str(uuid.uuid4()))
        self._run("ceph", "osd", "crush", "add", "osd.0", "1", "host=here", "root=default")
        self._begin("ceph-osd", "-i", "0")
        self._begin("radosgw", "-n", "client.rgw")
        keys = ("--access-key", ACCESS, "--secret", SECRET)
        self._run("radosgw-admin", "user", "create", "--uid", "tests", "--display-name", "tests", *keys)
        until = time.monotonic() + 120.0
        while time.monotonic() < until:
            try:
                return wait_for(self.port)
            except TimeoutError:
                assert all(process.poll() is None for process in self._processes), "a program of Ceph ended"
        raise TimeoutError(f"the gateway does not listen on port {self.port}")

    def stop(self) -> None:
        """End it; what it held is gone."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *words: str) -> None:
        command = [program, "-c", str(self.folder / "ceph.conf"), *words]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr[-2000:]}"

    def _begin(self, program: str, *words: str) -> None:
        command = [program, "-f", "-c", str(self.folder / "ceph.conf"), *words]
        log = subprocess.DEVNULL
        self._processes.append(subprocess.Popen(command, stdout=log, stderr=log))
