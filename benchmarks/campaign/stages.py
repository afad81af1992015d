"""Where the processor time of a station-day goes, from S3 to Parquet: `python -m benchmarks.campaign.stages`."""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.campaign.bucket import server
from benchmarks.campaign.measure import fill, flow_of, inventory_of
from wadati.engine import picking
from wadati.engine.campaign import picking_shard
from wadati.engine.campaign.commit import Shelf
from wadati.engine.campaign.opened import open_campaign
from wadati.formats.records import Records
from wadati.formats.stationxml import write_stationxml
from wadati.sources.archives import days

TIMES = 3


def measure() -> dict[str, float]:
    """CPU-seconds of each stage of a station-day, the mean of three, after one that does not count."""
    os.environ |= {"OMP_NUM_THREADS": "1"}
    spent: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name, server() as endpoint, ExitStack() as stack:
        folder = Path(name)
        inventory = inventory_of(1)
        write_stationxml(inventory, folder / "stations.xml")
        fill(endpoint, inventory, 1)
        opened = open_campaign(flow_of(endpoint, folder / "stations.xml", folder / "out", 1))
        picker = opened.flow.part("pickers")
        for stage, owner, attribute in (
            ("get", type(opened.archive), "read"),
            ("parse", days, "scan_miniseed"),
            ("parse", days, "read_records"),
            ("parse", Records, "traces"),
            ("network", type(picker), "curves"),
            ("windows and peaks", picking, "pick_station"),
            ("Wood–Anderson", picking, "amplitude_tracks"),
            ("Wood–Anderson", picking, "with_amplitudes"),
            ("Parquet", picking_shard, "outputs_of"),
            ("commit", Shelf, "commit"),
        ):
            stack.enter_context(patch.object(owner, attribute, _timed(spent, stage, getattr(owner, attribute))))
        for turn in range(TIMES + 1):
            if turn == 1:
                spent.clear()
                began = time.process_time()
            picking_shard.work_on(opened.shards[0], opened, picker, {})
        whole = time.process_time() - began
    spent["windows and peaks"] -= spent["network"]
    spent["the rest"] = whole - sum(spent.values())
    return {stage: round(seconds / TIMES, 3) for stage, seconds in spent.items()} | {"whole": round(whole / TIMES, 3)}


def _timed(spent: Counter[str], stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*arguments: Any, **named: Any) -> Any:
        began = time.process_time()
        try:
            return function(*arguments, **named)
        finally:
            spent[stage] += time.process_time() - began

    return run


if __name__ == "__main__":
    for stage, seconds in measure().items():
        print(f"{stage:<20} {seconds}")
