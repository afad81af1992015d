"""What a second worker adds to the processor time of a station-day, and what any worker takes to begin.

Every worker of a crew does the first shard, then all shards, whatever the others do: so all of them work all the time,
and what the first shard took more than it takes later is the beginning. Crews of one and of two take turns, so that
what else goes on in the machine meets both.
"""

from __future__ import annotations

import os
import resource
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from wadati.engine.campaign.opened import open_campaign
from wadati.engine.campaign.picking_shard import work_on
from wadati.engine.flow import Flow
from wadati.engine.processes import processes

TURNS = 3


def measure(flow_of: Callable[[str], Flow]) -> dict[str, object]:
    """Medians and ranges over turns; `flow_of` gives a campaign of its own for a name."""
    told: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    for turn in range(TURNS):
        for workers, own in told.items():
            own.append(_crew(flow_of(f"{turn}-{workers}"), workers))
    found: dict[str, object] = {}
    for workers, own in told.items():
        for key in own[0]:
            found[f"{key}, {workers} at once"] = spread([one[key] for one in own])
    one, two = (statistics.median(crew["CPU-s a station-day"] for crew in told[workers]) for workers in (1, 2))
    return found | {"a second worker adds (%)": round((two / one - 1) * 100, 1)}


def spread(values: list[float]) -> str:
    """Median and range."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


@dataclass(frozen=True)
class Worked:
    """What a worker took: CPU-seconds a station-day of each shard, the first with all that went before it; its most
    memory (MB) and the picks of the shards after the first."""

    seconds: list[float]
    megabytes: float
    picks: int


def at_work(flow: Flow, workers: int) -> list[Worked]:
    """So many workers, each of which does the first shard of a campaign and then all of them."""
    with ProcessPoolExecutor(workers, processes()) as pool:
        return list(pool.map(_work, [flow] * workers, [dict(os.environ)] * workers))


def _crew(flow: Flow, workers: int) -> dict[str, float]:
    told = at_work(flow, workers)
    return {
        "CPU-s a station-day": statistics.mean(second for one in told for second in one.seconds[1:]),
        "CPU-s of beginning": statistics.mean(one.seconds[0] - one.seconds[1] for one in told),
        "MB": max(one.megabytes for one in told),
    }


def _work(flow: Flow, environment: dict[str, str]) -> Worked:
    os.environ.update(environment)
    before, seconds, picks = 0.0, [], 0
    opened, picker = open_campaign(flow), flow.part("pickers")
    for shard in (opened.shards[0], *opened.shards):
        manifest = work_on(shard, opened, picker, {})
        picks += sum(unit.picks for unit in manifest.units) if seconds else 0
        now = time.process_time()
        seconds.append((now - before) / len(shard.days))
        before = now
    return Worked(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0, picks)
