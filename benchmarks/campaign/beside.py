"""A campaign beside SeisBench and ObsPy doing the same work: `python -m benchmarks.campaign.beside PYTHON`.

PYTHON is an interpreter that has seisbench, torch, obspy, boto3 and pyarrow. The same days in the same bucket (those of
`benchmarks.campaign.measure`) go through both in turns, each on one thread: objects of S3 to picks and amplitudes in
Parquet. Ours runs with the shipped network and with PhaseNet's original weights, which are the rival's. Counted is
processor time from the first request of a day to its table; starting Python and loading networks are not in it. What
ours writes beside the rival's table are amplitude tracks of the whole day.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.campaign.bucket import server
from benchmarks.campaign.measure import alone, fill, flow_of, inventory_of, keys_of
from benchmarks.campaign.second_worker import spread
from benchmarks.common import shared
from wadati.engine.campaign.local import manifests
from wadati.engine.campaign.opened import open_campaign
from wadati.formats.stationxml import write_stationxml

STATIONS, DAYS, TIMES = 1, 2, 5
_RIVAL = Path(__file__).with_name("seisbench_day.py")


def measure(python: str, times: int = TIMES) -> dict[str, object]:
    """CPU-seconds a station-day of each, median and range over turns, and how many times the rival takes ours."""
    network = f"neural:{shared('weights', 'phasenet_original_3000.onnx')}"
    weights = shared("weights", "phasenet_original.json.v1").with_name("phasenet_original")
    os.environ |= {"OMP_NUM_THREADS": "1"}
    ours: dict[str, list[float]] = {"wadati": [], network: []}
    picks: dict[str, int] = {}
    rival: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as name, server() as endpoint:
        folder = Path(name)
        stations, inventory = folder / "stations.xml", inventory_of(STATIONS)
        write_stationxml(inventory, stations)
        fill(endpoint, inventory, DAYS)
        for turn in range(times):
            for picker, found in ours.items():
                flow = flow_of(endpoint, stations, folder / f"{turn}-{len(picker)}", DAYS, picker=picker)
                alone(flow, folder)
                done = [one for one in manifests(open_campaign(flow)).values() if one is not None]
                days = sum(len(one.units) for one in done)
                found.append(sum(one.cpu_s for one in done) / days)
                picks[picker] = sum(unit.picks for one in done for unit in one.units)
            command = [python, str(_RIVAL), endpoint, "archive", str(weights), str(stations), str(folder)]
            command += [",".join(keys) for keys in keys_of(inventory, DAYS)]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            told = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
            picks["rival"] = sum(one["picks"] for one in told)
            rival.append({key: statistics.mean(one["steps"][key] for one in told) for key in told[0]["steps"]})
    whole = [sum(seconds for key, seconds in one.items() if key != "whole day") for one in rival]
    result: dict[str, object] = {"turns, station-days a turn": [times, STATIONS * DAYS], "picks": list(picks.values())}
    for words, found in zip(("shipped network", "PhaseNet's weights"), ours.values(), strict=True):
        result[f"Wadati, {words}, CPU-s a station-day"] = spread(found)
        result[f"SeisBench + ObsPy takes, times that of Wadati, {words}"] = spread(
            [other / own for other, own in zip(whole, found, strict=True)]
        )
    result["SeisBench + ObsPy, CPU-s a station-day"] = spread(whole)
    for key in rival[0]:
        result[f"  {key}"] = spread([one[key] for one in rival])
    return result


def main() -> None:
    for key, value in measure(sys.argv[1], *map(int, sys.argv[2:3])).items():
        print(f"{key:<70} {value}")


if __name__ == "__main__":
    main()
