"""What a campaign costs: CPU-seconds and memory per station-day from S3 (moto) to Parquet, with one worker and two.

Whole days of three components at 100 Hz, noise with a hundred bursts a day, 16-bit range, as 512-byte records of
miniSEED 2 in the layout of the NCEDC. The server of S3 is a process of its own whose time is not counted; what a worker
spends on asking it is.
"""

from __future__ import annotations

import datetime
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np

from wadati.engine.campaign.local import manifests, pick
from wadati.engine.campaign.opened import open_campaign
from wadati.engine.campaign.picking_shard import PICKS
from wadati.engine.campaign.settings import Campaign
from wadati.engine.flow import Flow
from wadati.engine.progress import Silent
from wadati.formats.miniseed import write_miniseed
from wadati.formats.stationxml import write_stationxml
from wadati.model import Channel, Inventory, Response, SourceId, Trace
from wadati.sources.archives.layouts import LAYOUTS
from wadati.units import DAY

RATE, STATIONS, DAYS = 100, 2, 2
START = (datetime.date(2019, 6, 21).toordinal() - datetime.date(1970, 1, 1).toordinal()) * DAY
_BURSTS = 100


def measure() -> dict[str, float]:
    """CPU-seconds per station-day (goal ≤ 3.5), memory (goal ≤ 400 MB), a second worker (goal ≤ 5 % more), bytes a pick
    (goal ≤ 20)."""
    os.environ |= {"OMP_NUM_THREADS": "1", "AWS_ACCESS_KEY_ID": "placeholder", "AWS_SECRET_ACCESS_KEY": "placeholder"}
    with tempfile.TemporaryDirectory() as folder, _server() as endpoint:
        stations = Path(folder) / "stations.xml"
        inventory = _inventory()
        write_stationxml(inventory, stations)
        _fill(endpoint, inventory)
        found: dict[str, float] = {}
        for workers in (1, 2):
            flow = _flow(endpoint, stations, Path(folder) / f"out-{workers}")
            opened = open_campaign(flow)
            began = time.perf_counter()
            # One worker is a process of its own as well, so that its memory is that of a worker.
            if workers == 1:
                _alone(flow, Path(folder))
            else:
                pick(opened, workers, None, Silent())
            wall = time.perf_counter() - began
            done = [manifest for manifest in manifests(opened).values() if manifest is not None]
            days = sum(len(manifest.units) for manifest in done)
            picks = sum(unit.picks for manifest in done for unit in manifest.units)
            found |= {
                f"CPU-s a station-day, {workers} workers": round(sum(one.cpu_s for one in done) / days, 2),
                f"wall s a station-day, {workers} workers": round(wall / days, 2),
                f"MB a worker, {workers} workers": max(one.memory_mb for one in done),
                f"requests a station-day, {workers} workers": sum(one.requests for one in done) / days,
            }
        size = sum(one.files[PICKS].bytes for one in done)
        found |= {"picks": picks, "bytes a pick": round(size / max(picks, 1), 1)}
        return found


def _alone(flow: Flow, folder: Path) -> None:
    path = folder / "flow.json"
    path.write_bytes(msgspec.json.encode(flow))
    code = (
        "import sys, msgspec, pathlib; from wadati.engine.flow import Flow; from wadati.engine.progress import Silent;"
        "from wadati.engine.campaign.local import pick; from wadati.engine.campaign.opened import open_campaign;"
        "flow = msgspec.json.decode(pathlib.Path(sys.argv[1]).read_bytes(), type=Flow);"
        "pick(open_campaign(flow), 1, None, Silent())"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)


def _flow(endpoint: str, stations: Path, output: Path) -> Flow:
    campaign = Campaign(
        archive=f"s3://archive?endpoint={endpoint}&region=us-east-1",
        layout="ncedc",
        stations=str(stations),
        output=str(output),
    )
    start, end = (datetime.date(1970, 1, 1) + datetime.timedelta(START // DAY + days) for days in (0, DAYS))
    return Flow(start=start.isoformat(), end=end.isoformat(), campaign=campaign)


def _inventory() -> Inventory:
    response = Response(1e9, "m/s", 1.0, poles=((-0.037, 0.037), (-0.037, -0.037)), zeros=((0.0, 0.0), (0.0, 0.0)))
    return Inventory.of(
        Channel(SourceId.from_nslc("XX", f"S{k:02d}", "", f"HH{letter}"), 40.0, -124.0 + 0.1 * k, 0.0, response)
        for k in range(STATIONS)
        for letter in "ENZ"
    )


def _fill(endpoint: str, inventory: Inventory) -> None:
    import boto3

    s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    s3.create_bucket(Bucket="archive")
    samples = 86400 * RATE
    for number, channel in enumerate(inventory):
        for day in range(DAYS):
            random = np.random.default_rng((number, day))
            data = 60.0 * random.normal(size=samples)
            at = np.random.default_rng(day).integers(0, samples - 6000, _BURSTS)
            for first in at:
                data[first : first + 6000] += 8000 * np.exp(-np.arange(6000) / 900) * random.normal(size=6000)
            trace = Trace(channel.source_id, START + day * DAY, Fraction(RATE), data.astype(np.int32))
            (key,) = LAYOUTS["ncedc"].paths([channel.source_id], START // DAY + day)
            s3.put_object(Bucket="archive", Key=key, Body=write_miniseed([trace], version=2))


@contextmanager
def _server() -> Iterator[str]:
    """moto in a process of its own."""
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            port = next(match[1] for line in process.stderr if (match := re.search(r"http://127\.0\.0\.1:(\d+)", line)))
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
