"""Every law of the store holds on SQLite and on a real PostgreSQL server, where its binaries are found."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from wadati.store.catalog import CatalogStore
from wadati.store.schema import metadata, writer

ACCOUNT = "nobody"
"""Who runs the server where the tests are run by root, whom PostgreSQL refuses."""


def _binaries() -> Path | None:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    found = shutil.which("initdb", path=os.pathsep.join([*map(str, reversed(folders)), os.environ.get("PATH", "")]))
    return Path(found).resolve().parent if found else None


@pytest.fixture(scope="session")
def postgresql():
    """The URL of a server of its own, in a temporary folder."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL: no initdb on this machine")
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("PostgreSQL: psycopg is not installed")
    as_root = os.geteuid() == 0
    if as_root and shutil.which("runuser") is None:
        pytest.skip("PostgreSQL: refuses root, and there is no runuser")
    account = ["runuser", "-u", ACCOUNT, "--"] if as_root else []
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="wadati-pg-"))
    if as_root:
        shutil.chown(folder, ACCOUNT)
    data = str(folder / "data")

    def server(*command: str) -> None:
        subprocess.run(
            [*account, str(binaries / command[0]), *command[1:]], check=True, capture_output=True, cwd=folder
        )

    server("initdb", "-D", data, "-U", "wadati", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    server("pg_ctl", "-D", data, "-l", str(folder / "log"), "-o", options, "-w", "start")
    yield f"postgresql+psycopg://wadati@127.0.0.1:{port}/postgres"
    server("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory):
    """An SQLite catalog with nothing in it."""
    path = tmp_path_factory.mktemp("empty") / "catalog.sqlite"
    CatalogStore(path).close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request, tmp_path):
    """A function that opens an empty store."""
    if request.param == "sqlite":
        empty = request.getfixturevalue("empty_file")
        paths = (tmp_path / f"{count}.sqlite" for count in itertools.count())
        return lambda: CatalogStore(shutil.copy(empty, next(paths)))
    url = request.getfixturevalue("postgresql")

    def emptied() -> CatalogStore:
        store = CatalogStore(url)
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                if table is not writer:
                    connection.execute(sa.delete(table))
            connection.execute(sa.update(writer).values(published=0))
        engine.dispose()
        return store

    return emptied
