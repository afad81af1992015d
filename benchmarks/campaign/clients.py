"""The protocol of shards alone: a thousand clients of one store in memory, each a worker that computes nothing.

A client goes through its shards as one of a batch system does: is the campaign cancelled, is the shard done, else two
outputs and the manifest. A tenth of the shards are given to two clients, so that commits are raced for.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from wadati.engine.campaign.commit import Manifest, Shelf, Unit
from wadati.engine.campaign.picking_shard import AMPLITUDES, PICKS
from wadati.store.objects import Place, open_place

CLIENTS, SHARDS = 1000, 10_000
CANCELLED = "campaign/cancelled"
_DAYS = 10
_OUTPUTS = {PICKS: bytes(10_000), AMPLITUDES: bytes(50_000)}


@dataclass
class Counted:
    """A place that counts what is asked of it: (what, name) to how often."""

    place: Place
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)

    def put(self, name: str, content: bytes, media_type: str, max_age: int) -> None:
        self.asked["put", name] += 1
        self.place.put(name, content, media_type, max_age)

    def get(self, name: str) -> bytes | None:
        self.asked["get", name] += 1
        return self.place.get(name)

    def create(self, name: str, content: bytes) -> bool:
        self.asked["create", name] += 1
        return self.place.create(name, content)

    def remove(self, name: str) -> None:
        self.asked["remove", name] += 1
        self.place.remove(name)


@dataclass
class Client:
    """A worker with a view of its own of the store, and the manifests that it takes to count."""

    place: Counted
    shards: Sequence[str]
    found: dict[str, Manifest] = field(default_factory=dict)

    def work(self) -> None:
        """Go through the shards."""
        shelf = Shelf(self.place)
        for path in self.shards:
            if self.place.get(CANCELLED) is not None:
                return
            self.found[path] = shelf.manifest(path) or shelf.commit(_draft(path), _OUTPUTS)


def clients_of(place: Place, clients: int, shards: int) -> list[Client]:
    """Clients with their shards; each tenth shard is the next client's as well."""
    dealt: list[list[str]] = [[] for _ in range(clients)]
    for number in range(shards):
        path = f"collection/picks-{number:06d}"
        dealt[number % clients].append(path)
        if number % 10 == 0:
            dealt[(number + 1) % clients].append(path)
    return [Client(Counted(place), own) for own in dealt]


def run(clients: Sequence[Client]) -> Counter[tuple[str, str]]:
    """Let all of them work at once; what they asked of the store."""
    threads = [threading.Thread(target=client.work) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum((client.place.asked for client in clients), Counter())


def measure() -> dict[str, object]:
    """Milliseconds a shard (goal ≤ 2), requests a shard, and how often the most asked keys are asked for."""
    clients = clients_of(open_place("memory:///"), CLIENTS, SHARDS)
    wall, cpu = time.perf_counter(), time.process_time()
    asked = run(clients)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    keys = Counter[str]()
    for (_, name), count in asked.items():
        keys[name] += count
    mark = keys.pop(CANCELLED)
    done = len({path for client in clients for path in client.found})
    kinds = Counter[str]()
    for (kind, _), count in asked.items():
        kinds[kind] += count
    return {
        "clients": CLIENTS,
        "shards": done,
        "wall ms a shard": round(wall / done * 1000, 3),
        "CPU ms a shard": round(cpu / done * 1000, 3),
        "requests a shard": round(sum(asked.values()) / done, 2),
        "kinds of requests": dict(kinds),
        "most requests for a key of a shard": max(keys.values()),
        "requests a shard for the mark of a cancelled campaign": round(mark / done, 2),
    }


def _draft(path: str) -> Manifest:
    units = tuple(Unit("XX.ABC", day, "done", seconds=86400.0, band="HH", picks=100) for day in range(_DAYS))
    return Manifest(path=path, stage="pick", attempt="", files={}, units=units, finished=time.time_ns())
