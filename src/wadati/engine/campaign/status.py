"""How a campaign does, from what its shards left; and what an operator does about it."""

from __future__ import annotations

import time
from collections import Counter

import msgspec

from wadati.engine.campaign.association_shards import association_shards
from wadati.engine.campaign.aws_batch import JobState, states, terminate
from wadati.engine.campaign.commit import Manifest, Unit
from wadati.engine.campaign.local import manifests
from wadati.engine.campaign.opened import open_campaign
from wadati.engine.campaign.prices import backend_of
from wadati.engine.campaign.purse import Purse
from wadati.engine.compute import AwsBatch
from wadati.engine.flow import Flow
from wadati.units import HOUR, SECOND

_LATELY = HOUR


class Stage(msgspec.Struct, frozen=True):
    """One stage: shards, those done, its rate of late (shards an hour), what is left (s) at that rate, CPU time (s)."""

    stage: str
    shards: int
    done: int
    shards_an_hour: float | None
    left_s: float | None
    cpu_s: float


class Status(msgspec.Struct, frozen=True):
    """How a campaign does. `failures` counts failed station-days by cause, `failed` are the first of them, `jobs`
    what AWS Batch says of jobs that were sent to it."""

    name: str
    cancelled: bool
    stages: tuple[Stage, ...]
    station_days: dict[str, int]
    picks: int
    dollars_spent: float
    backend: str
    bytes_read: int
    requests: int
    memory_mb: float
    failures: dict[str, int]
    failed: tuple[Unit, ...]
    jobs: tuple[JobState, ...]


def status(flow: Flow, *, now: int | None = None) -> Status:
    """How a campaign does now (ns); each shard is asked for by its name."""
    opened = open_campaign(flow)
    found = manifests(opened)
    done = [(shard, manifest) for shard, manifest in found.items() if manifest is not None]
    picked = [manifest for _, manifest in done]
    chain: list[Manifest | None] = []
    if len(done) == len(found):
        chain = [opened.shelf.manifest(shard.path) for shard in association_shards(opened, done)]
    moment = time.time_ns() if now is None else now
    units = [unit for manifest in picked for unit in manifest.units]
    failed = tuple(unit for unit in units if unit.status == "failed")
    return Status(
        opened.name,
        opened.is_cancelled,
        (
            _stage("pick", len(found), picked, moment),
            _stage("associate", len(chain), [one for one in chain if one is not None], moment),
        ),
        dict(Counter(unit.status for unit in units)),
        sum(unit.picks for unit in units),
        round(Purse(opened, picked, None).spent, 4),
        backend_of(opened.campaign, opened.flow.compute).name,
        sum(manifest.bytes_read for manifest in picked),
        sum(manifest.requests for manifest in picked),
        max((manifest.memory_mb for manifest in picked), default=0.0),
        dict(Counter(unit.cause for unit in failed).most_common()),
        failed[:40],
        states(opened) if isinstance(opened.flow.compute, AwsBatch) else (),
    )


def _stage(name: str, shards: int, done: list[Manifest], now: int) -> Stage:
    lately = sorted(manifest.finished for manifest in done if now - manifest.finished < _LATELY)
    rate = None
    if len(lately) > 1 and lately[-1] > lately[0]:
        rate = round((len(lately) - 1) * HOUR / (lately[-1] - lately[0]), 1)
    left = None if rate is None else round((shards - len(done)) / rate * HOUR / SECOND, 1)
    return Stage(name, shards, len(done), rate, left, round(sum(manifest.cpu_s for manifest in done), 3))


def retry(flow: Flow) -> int:
    """Let the shards with failed days count as not done, so that the next run does them again; how many."""
    opened = open_campaign(flow)
    again = [shard for shard, manifest in manifests(opened).items() if manifest is not None and manifest.failed]
    for shard in again:
        opened.shelf.take_back(shard.path)
    return len(again)


def cancel(flow: Flow) -> int:
    """Ask all who work on a campaign to begin nothing more and end its jobs; how many. `wadati run` goes on later."""
    opened = open_campaign(flow)
    opened.place.put(f"{opened.name}/cancelled", b"", "text/plain", 0)
    return terminate(opened) if isinstance(opened.flow.compute, AwsBatch) else 0
