"""What all tests share."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from benchmarks import ceph as ceph_server
from benchmarks.ceph import CephServer
from benchmarks.servers import NatsServer, PostgresServer
from tests.formats import clouds
from wadati.engine import local
from wadati.engine.flow import Flow
from wadati.engine.greens_building import build_store
from wadati.greens.axis import parse_axis
from wadati.synthetics.scenario import Scenario, simulate

settings.register_profile("wadati", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("wadati")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The optional folder of real data beside the checkout (or where WADATI_SHARED says)."""
    folder = Path(os.environ.get("WADATI_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"real data: {folder} is not here")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of its own."""
    if reason := PostgresServer.missing():
        pytest.skip(reason)
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("PostgreSQL: psycopg is not installed")
    folder = Path(tempfile.mkdtemp(prefix="wadati-pg-"))  # short, and where the account of the server may go
    server = PostgresServer(folder)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql(postgres: PostgresServer) -> str:
    """The URL of a PostgreSQL server."""
    return postgres.url


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    """A NATS server of its own."""
    if reason := NatsServer.missing():
        pytest.skip(reason)
    if importlib.util.find_spec("nats") is None:
        pytest.skip("NATS: nats-py is not installed")
    server = NatsServer(tmp_path / "nats")
    server.start()
    yield server
    server.stop()


@dataclass(frozen=True)
class Small:
    """A small simulated network on disk and the catalog of its whole chain."""

    scenario: Scenario
    waveforms: Path
    stations: Path
    output: Path
    result: local.Result


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    folder = tmp_path_factory.mktemp("small")
    scenario = simulate(3, stations=12, minutes=6)
    scenario.write(folder)
    result = local.catalog(folder / "waveforms", folder / "stations.xml", folder / "out", flow=Flow(workers=1))
    return Small(scenario, folder / "waveforms", folder / "stations.xml", folder / "out", result)


@pytest.fixture(scope="session")
def near_store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store of Green's functions for the small network: 4 to 60 km away, 4 to 12 km deep, up to 0.2 Hz."""
    for name in ("zarr", "pygrt"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"Green's functions: {name} is not installed (extra greens)")
    from tests.greens.conftest import CRUST

    url = str(tmp_path_factory.mktemp("near") / "store")
    _, problems = build_store(url, CRUST, parse_axis("4:60:4"), parse_axis("4:12:4"), (0.03, 0.2), workers=2)
    assert problems == []
    return url


@pytest.fixture(scope="session")
def ceph() -> Iterator[CephServer]:
    """Ceph's gateway, a server of S3 in its own right."""
    if reason := CephServer.missing():
        pytest.skip(reason)
    server = CephServer(Path(tempfile.mkdtemp(prefix="wadati-ceph-")))  # short: sockets lie in it
    try:
        try:
            server.start()
        except (AssertionError, TimeoutError, subprocess.TimeoutExpired) as error:
            pytest.skip(f"Ceph does not start: {error}")
        yield server
    finally:
        server.stop()


@pytest.fixture
def rgw(ceph: CephServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of Ceph's gateway, empty."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ceph_server.ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", ceph_server.SECRET)
    yield ceph.url
    client = pytest.importorskip("boto3").client("s3", endpoint_url=ceph.url, region_name="us-east-1")
    for bucket in client.list_buckets()["Buckets"]:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"]):
            for one in page.get("Contents", ()):
                client.delete_object(Bucket=bucket["Name"], Key=one["Key"])
        client.delete_bucket(Bucket=bucket["Name"])


@pytest.fixture(params=["rgw", "moto"], ids=["ceph", "moto"])
def s3(request: pytest.FixtureRequest) -> str:
    """The address of a server of S3, empty, on loopback: Ceph's and moto's."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server of Amazon's interfaces, empty, on loopback."""
    server_module = pytest.importorskip("moto.server")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "placeholder")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "placeholder")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")).close()
    yield endpoint
    server.stop()


@pytest.fixture(params=["azure", "google"])
def cloud(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[clouds.Cloud]:
    """Buckets of another vendor, empty, on loopback."""
    server = {"azure": clouds.azure, "google": clouds.google}[request.param]
    with server(tmp_path / "server", monkeypatch) as found:
        yield found
