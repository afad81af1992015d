"""What a campaign costs: CPU-seconds and memory per station-day from S3 (moto) to Parquet, with one worker and two.

Whole days of three components at 100 Hz, noise with a hundred bursts a day, 16-bit range, as 512-byte records of
miniSEED 2 in the layout of the NCEDC. The server of S3 is a process of its own whose time is not counted; what a worker
spends on asking it is.
"""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.campaign import clients, second_worker
from benchmarks.campaign.bucket import address, client, server
from wadati.engine.campaign.local import manifests
from wadati.engine.campaign.opened import open_campaign
from wadati.engine.campaign.picking_shard import PICKS
from wadati.engine.campaign.settings import Campaign
from wadati.engine.flow import Flow
from wadati.formats.miniseed import write_miniseed
from wadati.formats.stationxml import write_stationxml
from wadati.model import Channel, Inventory, Response, SourceId, Trace
from wadati.sources.archives.layouts import LAYOUTS
from wadati.units import DAY

RATE, STATIONS, DAYS = 100, 2, 2
START = (datetime.date(2019, 6, 21).toordinal() - datetime.date(1970, 1, 1).toordinal()) * DAY
_BURSTS = 100


def measure() -> dict[str, object]:
    """CPU-seconds per station-day (goal ≤ 3.5), memory (goal ≤ 400 MB), a second worker (goal ≤ 5 % more), bytes a pick
    (goal ≤ 20), and the protocol of shards alone (goal ≤ 2 ms)."""
    os.environ |= {"OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as name, server() as endpoint:
        folder = Path(name)
        stations, inventory = folder / "stations.xml", inventory_of(STATIONS)
        write_stationxml(inventory, stations)
        fill(endpoint, inventory, DAYS)
        flow = flow_of(endpoint, stations, folder / "alone", DAYS)
        began = time.perf_counter()
        alone(flow, folder)
        wall = time.perf_counter() - began
        done = [manifest for manifest in manifests(open_campaign(flow)).values() if manifest is not None]
        days = sum(len(manifest.units) for manifest in done)
        picks = sum(unit.picks for manifest in done for unit in manifest.units)
        found: dict[str, object] = {
            "CPU-s a station-day, one process, its beginning included": round(sum(one.cpu_s for one in done) / days, 2),
            "wall s a station-day": round(wall / days, 2),
            "MB of a worker that is alone": max(one.memory_mb for one in done),
            "requests a station-day": sum(one.requests for one in done) / days,
            "picks": picks,
            "bytes a pick": round(sum(one.files[PICKS].bytes for one in done) / max(picks, 1), 1),
        }
        found |= second_worker.measure(lambda output: flow_of(endpoint, stations, folder / output, 1))
    return found | {f"protocol: {key}": value for key, value in clients.measure().items()}


def alone(flow: Flow, folder: Path) -> None:
    """Pick in a process of its own, so that its memory is that of a worker."""
    path = folder / "flow.json"
    path.write_bytes(msgspec.json.encode(flow))
    code = (
        "import sys, msgspec, pathlib; from wadati.engine.flow import Flow; from wadati.engine.progress import Silent;"
        "from wadati.engine.campaign.local import pick; from wadati.engine.campaign.opened import open_campaign;"
        "flow = msgspec.json.decode(pathlib.Path(sys.argv[1]).read_bytes(), type=Flow);"
        "pick(open_campaign(flow), 1, None, Silent())"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)


def flow_of(endpoint: str, stations: Path, output: Path, days: int, *, picker: str = "wadati") -> Flow:
    """A campaign over the first days of the bucket."""
    campaign = Campaign(
        archive=address(endpoint, "archive"), layout="ncedc", stations=str(stations), output=str(output)
    )
    start, end = (datetime.date(1970, 1, 1) + datetime.timedelta(START // DAY + day) for day in (0, days))
    return Flow(picker=picker, start=start.isoformat(), end=end.isoformat(), campaign=campaign)


def inventory_of(stations: int) -> Inventory:
    """Stations with the response of a common broadband."""
    response = Response(1e9, "m/s", 1.0, poles=((-0.037, 0.037), (-0.037, -0.037)), zeros=((0.0, 0.0), (0.0, 0.0)))
    return Inventory.of(
        Channel(SourceId.from_nslc("XX", f"S{k:02d}", "", f"HH{letter}"), 40.0, -124.0 + 0.1 * k, 0.0, response)
        for k in range(stations)
        for letter in "ENZ"
    )


def keys_of(inventory: Inventory, days: int) -> list[list[str]]:
    """The objects of each station-day."""
    return [
        [
            key
            for channel in inventory
            if channel.source_id.station_key == station.key
            for key in LAYOUTS["ncedc"].paths([channel.source_id], START // DAY + day)
        ]
        for station in inventory.stations()
        for day in range(days)
    ]


def fill(endpoint: str, inventory: Inventory, days: int) -> None:
    """A bucket with the days of the stations."""
    s3 = client(endpoint)
    s3.create_bucket(Bucket="archive")
    samples = 86400 * RATE
    for number, channel in enumerate(inventory):
        for day in range(days):
            random = np.random.default_rng((number, day))
            data = 60.0 * random.normal(size=samples)
            at = np.random.default_rng(day).integers(0, samples - 6000, _BURSTS)
            for first in at:
                data[first : first + 6000] += 8000 * np.exp(-np.arange(6000) / 900) * random.normal(size=6000)
            trace = Trace(channel.source_id, START + day * DAY, Fraction(RATE), data.astype(np.int32))
            (key,) = LAYOUTS["ncedc"].paths([channel.source_id], START // DAY + day)
            s3.put_object(Bucket="archive", Key=key, Body=write_miniseed([trace], version=2))
