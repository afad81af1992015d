"""Pickers share the stations, and take over from one another."""

from __future__ import annotations

import importlib.util
import threading
import time
import urllib.request
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.servers import NatsServer, free_port
from benchmarks.soak.cluster import Cluster
from wadati.bus.nats import NatsBus
from wadati.engine.services.leases import Leases, lead
from wadati.engine.services.partitions import COUNT, share_of
from wadati.engine.services.status import read_statuses

NAMES = st.lists(st.text("abcdefgh0123", min_size=1, max_size=6), min_size=1, max_size=12, unique=True)


@given(NAMES)
def test_every_partition_has_one_member_and_all_have_as_many(members: list[str]) -> None:
    shares = [share_of(member, members) for member in members]
    assert sorted(partition for share in shares for partition in share) == list(range(COUNT))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert share_of(members[0], reversed(members)) == shares[0]


def check_for(leases: Leases, seconds: float) -> None:
    until = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < until:
        leases.check()
        pause.wait(0.05)


def test_one_of_several_leads_until_it_is_gone(nats_server: NatsServer) -> None:
    with NatsBus(f"{nats_server.url}/test") as bus:
        stop = threading.Event()
        with Leases(bus, "second") as second:
            with Leases(bus, "first") as first:
                assert lead(first, "associate", stop)
                assert not second.take("leader.associate")
            assert lead(second, "associate", stop)
            bus.release("leader.associate")
            assert bus.lease("leader.associate", 0) is not None
            with pytest.raises(ConnectionError, match="lost"):
                check_for(second, 10.0)


def test_a_picker_that_comes_takes_half_and_one_that_dies_gives_its_own_back(small, tmp_path: Path) -> None:
    if reason := NatsServer.missing():
        pytest.skip(reason)
    if importlib.util.find_spec("nats") is None:
        pytest.skip("NATS: nats-py is not installed")
    server = NatsServer(tmp_path / "nats")
    cluster = Cluster(tmp_path / "c", f"{server.url}/net", str(tmp_path / "a.sqlite"), small.stations, "")

    def wait_for(name: str, count: int, patience_s: float) -> None:
        until = time.monotonic() + patience_s
        pause = threading.Event()
        while not (said := cluster.said(name, "partitions")) or len(said[-1]["held"]) != count:
            assert time.monotonic() < until, cluster.said(name, "partitions")
            pause.wait(0.05)

    try:
        server.start()
        port = free_port()
        cluster.more["pick"] = ["--metrics-port", str(port)]
        cluster.start("pick-1")
        cluster.more = {}
        wait_for("pick-1", COUNT, 60)
        cluster.start("pick-2")
        wait_for("pick-2", COUNT // 2, 60)
        wait_for("pick-1", COUNT // 2, 5)
        cluster.kill("pick-2")
        wait_for("pick-1", COUNT, 15)
        with NatsBus(f"{server.url}/net") as bus:
            statuses = read_statuses(bus)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as reply:
            told = reply.read().decode()
        assert 'wadati_picks_total{service="pick"' in told
        assert "# TYPE wadati_picks_total counter" in told
        assert {one["service"] for one in statuses} == {"pick"}
    finally:
        cluster.stop()
        server.stop()
