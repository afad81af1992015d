"""Many clients of one store: what they ask of it grows with the shards alone, and what counts is the same for all."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.campaign.clients import CANCELLED, clients_of, run
from wadati.engine.campaign.commit import Shelf
from wadati.store.objects import Place, open_place


@pytest.fixture(params=["memory", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        return open_place(str(tmp_path))
    pytest.importorskip("obstore")
    return open_place("memory:///")


def test_all_clients_take_the_same_attempt_to_count(place: Place) -> None:
    clients = clients_of(place, 20, 100)
    run(clients)
    shelf = Shelf(place)
    found = [(path, manifest) for client in clients for path, manifest in client.found.items()]
    assert len(found) == 110
    assert len({path for path, _ in found}) == 100
    assert all(manifest == shelf.manifest(path) for path, manifest in found)
    for _, manifest in found:
        assert all(shelf.output(manifest, kind) for kind in manifest.files)


def test_no_key_is_asked_for_by_more_than_those_who_have_its_shard(place: Place) -> None:
    """At most two look and create, and the one who is late looks again; the mark of a cancelled campaign is looked for
    once a shard; no output is written twice. A store as clients see it cannot even list."""
    clients = clients_of(place, 20, 100)
    asked = run(clients)
    keys = Counter[str]()
    for (kind, name), count in asked.items():
        keys[name] += count
        assert kind != "put" or count == 1
    assert keys.pop(CANCELLED) == 110
    assert max(keys.values()) <= 5
    assert sum(asked.values()) <= 110 * 6
    assert {name for name in vars(Place) if not name.startswith("_")} == {"put", "get", "create", "remove"}


def test_who_comes_again_only_looks(place: Place) -> None:
    run(clients_of(place, 4, 40))
    again = clients_of(place, 4, 40)
    asked = run(again)
    assert {kind for kind, _ in asked} == {"get"}
    assert sum(asked.values()) == 2 * 44


def test_nobody_begins_anything_in_a_campaign_that_is_cancelled(place: Place) -> None:
    place.put(CANCELLED, b"", "text/plain", 0)
    clients = clients_of(place, 4, 40)
    assert sum(run(clients).values()) == 4
    assert not any(client.found for client in clients)
