"""Association in shards of time without seams: each goes on from the state in which the one before it ended.

An associator that is a stream gives the same events in whatever portions picks come (see `associators.stream`), so the
chain of shards gives what one run over all picks gives. Which stations had picks makes the network, so the chain begins
when all picking shards are done. An associator that is no stream is one shard.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec

from wadati.engine.association import events_of
from wadati.engine.campaign.commit import Manifest
from wadati.engine.campaign.method import association_version
from wadati.engine.campaign.opened import Opened
from wadati.engine.campaign.picks import picks_of
from wadati.engine.campaign.shards import PickingShard
from wadati.engine.progress import Progress
from wadati.model import Event, Inventory, Pick, content_id
from wadati.protocols import Candidate
from wadati.units import DAY

if TYPE_CHECKING:
    from wadati.associators.stream import Stream

CANDIDATES, STATE = "candidates.json", "state.msgpack"


class AssociationShard(msgspec.Struct, frozen=True):
    """The picks of some picking shards; `until` (ns) is when the next begins, None for the last."""

    path: str
    picking: tuple[Manifest, ...]
    until: int | None


def association_shards(opened: Opened, done: Sequence[tuple[PickingShard, Manifest]]) -> tuple[AssociationShard, ...]:
    """The chain over picking shards that are done, in order of time; each is named by all that went into it."""
    days, name = opened.campaign.days, opened.flow.associator
    whole = not hasattr(opened.flow.part("associators"), "stream_of")
    groups = [
        (block, tuple(manifest for _, manifest in some))
        for block, some in groupby(done, key=lambda one: 0 if whole else one[0].days[0] // days)
    ]
    about = msgspec.to_builtins(opened.flow.earth())
    network = [
        (station.key, station.latitude, station.longitude, station.elevation) for station in _network(opened, done)
    ]
    before, found = "", []
    for number, (block, manifests) in enumerate(groups):
        digests = [manifest.digest for manifest in manifests]
        until = (block + 1) * days * DAY if number + 1 < len(groups) else None
        before = content_id("events", before, digests, until, name, about, network, association_version())
        found.append(AssociationShard(f"{name}/{before}", manifests, until))
    return tuple(found)


def associate(
    opened: Opened, done: Sequence[tuple[PickingShard, Manifest]], progress: Progress
) -> tuple[Manifest, ...]:
    """Do what is left of the chain; the manifests of all its shards."""
    shards = association_shards(opened, done)
    progress.start("associate", len(shards))
    found: list[Manifest] = []
    for shard in shards:
        manifest = opened.shelf.manifest(shard.path)
        if manifest is None:
            break
        found.append(manifest)
        progress.step("associate")
    if len(found) < len(shards):
        network = Inventory(tuple(c for c in opened.inventory if c.source_id.station_key in _heard(done)))
        stream = _stream(opened, done)
        if stream is not None and found:
            stream.resume(_state(opened.shelf.output(found[-1], STATE)))
        for shard in shards[len(found) :]:
            found.append(_work_on(shard, opened, network, stream))
            progress.step("associate")
    progress.finish("associate", f"{len(shards)} shards")
    return tuple(found)


def events(opened: Opened, chain: Sequence[Manifest], picks: Sequence[Pick]) -> tuple[Event, ...]:
    """The events of all shards of the chain, in order of time."""
    candidates = [
        candidate
        for manifest in chain
        for candidate in msgspec.json.decode(opened.shelf.output(manifest, CANDIDATES), type=tuple[Candidate, ...])
    ]
    candidates.sort(key=lambda candidate: (candidate.time, candidate.pick_ids))
    by_id = {pick.pick_id: pick for pick in picks}
    name = opened.flow.part("associators").name
    return events_of(candidates, by_id, opened.inventory, opened.flow.earth(), name)


def _work_on(shard: AssociationShard, opened: Opened, network: Inventory, stream: Stream | None) -> Manifest:
    cpu, wall = time.process_time(), time.perf_counter()
    picks = picks_of(opened.shelf, shard.picking)
    associator = opened.flow.part("associators")
    found: tuple[Candidate, ...] = ()
    if stream is not None:
        stream.add(picks)
        found = stream.until(shard.until)
    elif not hasattr(associator, "stream_of"):
        found = associator.associate(picks, network, opened.flow.earth())
    draft = Manifest(
        path=shard.path,
        stage="associate",
        attempt="",
        files={},
        cpu_s=round(time.process_time() - cpu, 3),
        wall_s=round(time.perf_counter() - wall, 3),
        finished=time.time_ns(),
    )
    state = b"" if stream is None else msgspec.msgpack.encode(stream.state())
    return opened.shelf.commit(draft, {CANDIDATES: msgspec.json.encode(found), STATE: state})


def _state(content: bytes) -> Any:
    from wadati.associators.stream_state import StreamState

    return msgspec.msgpack.decode(content, type=StreamState)


def _stream(opened: Opened, done: Sequence[tuple[PickingShard, Manifest]]) -> Stream | None:
    associator = opened.flow.part("associators")
    if not hasattr(associator, "stream_of"):
        return None
    stream: Stream | None = associator.stream_of(_network(opened, done), opened.flow.earth())
    return stream


def _heard(done: Sequence[tuple[PickingShard, Manifest]]) -> set[tuple[str, str]]:
    return {(shard.network, shard.station) for shard, manifest in done if any(unit.picks for unit in manifest.units)}


def _network(opened: Opened, done: Sequence[tuple[PickingShard, Manifest]]) -> list[Any]:
    """The stations that had picks, in order of their codes."""
    heard = _heard(done)
    return [station for station in opened.inventory.stations() if station.key in heard]
