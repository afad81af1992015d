"""The tensor of an event by services on real servers: that of a batch run, once, although who makes it is killed."""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.servers import NatsServer, PostgresServer
from benchmarks.soak.cluster import Cluster
from tests.engine.conftest import Moved
from wadati.bus.messages import EventMessage
from wadati.engine.live.mechanisms import NAME
from wadati.engine.mechanisms import computed, has_tensor, is_large, with_tensor
from wadati.greens.stored import StoredGreens
from wadati.model.codec import decode_json
from wadati.store.catalog import CatalogStore
from wadati.store.live_log import LiveLog

LONG_S = 300.0


@pytest.fixture
def cluster(moved: Moved, nats_server: NatsServer, postgres: PostgresServer, tmp_path: Path) -> Iterator[Cluster]:
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("PostgreSQL: psycopg is not installed")
    source = f"replay:{moved.waveforms}?speed=30"
    found = Cluster(tmp_path / "services", f"{nats_server.url}/moved", postgres.url, moved.stations, source)
    found.more["publish"] = ["--stations", str(moved.stations), "--greens", str(moved.flow.tensor.greens)]
    try:
        for name in ("publish-1", "pick-1", "associate-1"):
            found.start(name)
        pause, last = threading.Event(), time.monotonic() + LONG_S
        while not found.said("publish-1", "leads") and time.monotonic() < last:
            pause.wait(0.2)
        found.start("ingest-1")
        yield found
    finally:
        found.stop()


def versions(store: str) -> list[EventMessage]:
    with LiveLog(store) as log:
        told = [decode_json(one.message.encode(), EventMessage) for one in log.versions()]
    return sorted(told, key=lambda message: (message.event_id, message.version))


def until(store: str, what: Callable[[EventMessage], bool]) -> EventMessage:
    """The first version that is so."""
    pause, last = threading.Event(), time.monotonic() + LONG_S
    while time.monotonic() < last:
        if found := [message for message in versions(store) if what(message)]:
            return found[0]
        pause.wait(0.5)
    raise TimeoutError(f"nothing of the kind after {LONG_S:.0f} s")


def test_a_tensor_is_made_once_although_its_maker_is_killed(moved: Moved, cluster: Cluster, postgresql: str) -> None:
    large = until(postgresql, lambda one: one.state == "final" and is_large(one.event, moved.flow.tensor))
    cluster.kill("publish-1")
    cluster.start("publish-1")
    found = until(postgresql, lambda one: NAME in one.additions)
    assert found.event_id == large.event_id
    assert has_tensor(found.event), found.additions
    cluster.wait_until_over(LONG_S)
    told = [message for message in versions(postgresql) if message.event_id == found.event_id]
    assert [message.version for message in told] == list(range(1, len(told) + 1))
    tensors = {one.mechanism_id for message in told for one in message.event.mechanisms if one.tensor is not None}
    assert len(tensors) == 1
    # A batch run over the same event, from the files that were replayed.
    greens = StoredGreens(moved.flow.tensor.greens or "")
    places = {computed(one.event).origin.origin_id: one.event for one in told if one.state == "final"}
    again = [with_tensor(one, moved.scenario, moved.scenario.inventory, greens).event for one in places.values()]
    assert tensors <= {one.mechanism_id for event in again for one in event.mechanisms}
    with CatalogStore(postgresql) as store:
        kept = store.event(found.event_id)
        assert kept is not None
        assert has_tensor(kept)
        assert kept.magnitude is not None
        assert kept.magnitude.magnitude_type == "Mw"
