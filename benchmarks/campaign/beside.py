"""A campaign beside SeisBench and ObsPy doing the same work: `python -m benchmarks.campaign.beside PYTHON [TURNS]`.

PYTHON is an interpreter that has seisbench, torch, obspy, boto3 and pyarrow. The same days in the same bucket (those of
`benchmarks.campaign.measure`) go through both in turns, each on one thread: objects of S3 to picks and amplitudes in
Parquet. Ours runs with the shipped network and with PhaseNet's original weights, which are the rival's. Counted is
processor time from the first request of a day to its table. Each does the first day twice, and the first time, with all
that is loaded then, does not count.

Ours writes the Wood–Anderson record of the whole day in bins of half a second as well. The rival has what that would
take it measured apart, and is counted both with that and with what a pick needs only.
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
from benchmarks.campaign.measure import fill, flow_of, inventory_of, keys_of
from benchmarks.campaign.second_worker import at_work, spread
from benchmarks.common import shared
from wadati.formats.stationxml import write_stationxml

STATIONS, TURNS = 2, 5
_RIVAL = Path(__file__).with_name("seisbench_day.py")
_RIVALS = {"amplitudes of picks": "whole day", "the day's Wood–Anderson record": "amplitudes"}
"""How the rival is counted, and the step that is left out then."""


def measure(python: str, turns: int = TURNS) -> dict[str, object]:
    """CPU-seconds a station-day of each, medians and ranges over turns, and how many times ours the rival takes."""
    networks = {
        "shipped network": "wadati",
        "PhaseNet's weights": f"neural:{shared('weights', 'phasenet_original_3000.onnx')}",
    }
    weights = shared("weights", "phasenet_original.json.v1").with_name("phasenet_original")
    os.environ |= {"OMP_NUM_THREADS": "1"}
    seconds: dict[str, list[float]] = {name: [] for name in (*networks, *_RIVALS)}
    memory: dict[str, list[float]] = {"Wadati": [], "SeisBench + ObsPy": []}
    steps: dict[str, list[float]] = {}
    picks: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as name, server() as endpoint:
        folder = Path(name)
        stations, inventory = folder / "stations.xml", inventory_of(STATIONS)
        write_stationxml(inventory, stations)
        fill(endpoint, inventory, 1)
        days = [",".join(keys) for keys in keys_of(inventory, 1)]
        command = [python, str(_RIVAL), endpoint, "archive", str(weights), str(stations), str(folder), days[0], *days]
        for turn in range(turns):
            for number, (words, picker) in enumerate(networks.items()):
                (worked,) = at_work(flow_of(endpoint, stations, folder / f"{turn}-{number}", 1, picker=picker), 1)
                seconds[words].append(statistics.mean(worked.seconds[1:]))
                memory["Wadati"].append(worked.megabytes)
                picks[words] = worked.picks
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            told = [json.loads(line) for line in out.splitlines() if line.startswith("{")][1:]
            picks["SeisBench"] = sum(one["picks"] for one in told)
            memory["SeisBench + ObsPy"].append(max(one["memory_mb"] for one in told))
            taken = {step: statistics.mean(one["steps"][step] for one in told) for step in told[0]["steps"]}
            for words, without in _RIVALS.items():
                seconds[words].append(sum(taken.values()) - taken[without])
            for step, value in taken.items():
                steps.setdefault(step, []).append(value)
    found: dict[str, object] = {"turns": turns, "station-days a turn": STATIONS, "picks of a turn": picks}
    found |= {f"CPU-s a station-day, Wadati, {words}": spread(seconds[words]) for words in networks}
    found |= {f"CPU-s a station-day, SeisBench + ObsPy, {words}": spread(seconds[words]) for words in _RIVALS}
    found |= {f"  {step}": spread(values) for step, values in steps.items()}
    for theirs in _RIVALS:
        for ours in networks:
            ratios = [other / own for other, own in zip(seconds[theirs], seconds[ours], strict=True)]
            found[f"SeisBench + ObsPy, {theirs}, takes times Wadati, {ours}"] = spread(ratios)
    return found | {f"MB, {name}": spread(own) for name, own in memory.items()}


def main() -> None:
    for key, value in measure(sys.argv[1], *map(int, sys.argv[2:3])).items():
        print(f"{key:<100} {value}")


if __name__ == "__main__":
    main()
