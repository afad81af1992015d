"""`python -m benchmarks.synthetics.cold`: the first answer of a process that holds nothing, from a bucket.

The bucket is moto's server of S3 on loopback, the store made up (41 MB, 4,000 nodes). A process is started, which
imports, opens the store and makes the seismograms of a source at 100 stations; the least of five of each. Bytecode and
what numba compiles are on disk, as in an image.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

from benchmarks.servers import free_port, wait_for
from benchmarks.synthetics.filled import filled
from wadati.greens.axis import Axis

_TIMES = 5

_SCRIPT = """
import json, os, sys, time
began = float(os.environ["BEGAN"])
from wadati.engine.synthetics.seismograms import Motion, synthetics
from wadati.greens.stored import StoredGreens
from wadati.model import MomentTensor, PointSource, Station
imported = time.time(), time.process_time()
store = StoredGreens(sys.argv[1])
opened = time.time(), time.process_time()
source = PointSource(0, 37.0, -122.0, 4e3, MomentTensor.of_fault(233.0, 66.0, -6.0, 4e15))
stations = [Station("XX", f"S{i}", 37.1 + 0.015 * i, -122.0, 0.0) for i in range(100)]
found, _ = synthetics(store, [source], stations, Motion())
made = time.time(), time.process_time()
assert len(found[0].traces) == 300
print(json.dumps([(wall - began, cpu) for wall, cpu in (imported, opened, made)]))
"""


def main() -> None:
    port = free_port()
    os.environ |= {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}
    store = f"s3://greens/store?endpoint=http://127.0.0.1:{port}&region=us-east-1"
    # A process of its own, so that nothing of it stands in the way of what is measured.
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen([sys.executable, "-m", "moto.server", "-p", str(port)], stderr=subprocess.DEVNULL) as server,
    ):
        wait_for(port)
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/greens", method="PUT")).close()
        filled(store, Axis(2e3, 1000.0, 4), Axis(5e3, 200.0, 1000))
        found = []
        kept = os.environ | {"PYTHONPYCACHEPREFIX": folder}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        for _ in range(_TIMES + 1):  # the first compiles
            environ = kept | {"BEGAN": repr(time.time())}
            done = subprocess.run(
                [sys.executable, "-c", _SCRIPT, store], env=environ, check=True, capture_output=True, text=True
            )
            found.append(json.loads(done.stdout))
        server.terminate()
    best = [[min(one[stage][kind] for one in found[1:]) for kind in (0, 1)] for stage in range(3)]
    for name, (wall, cpu) in zip(("modules loaded", "store open", "300 seismograms"), best, strict=True):
        print(f"{name}: {wall:.2f} s after the process began, {cpu:.2f} CPU-s")


if __name__ == "__main__":
    main()
