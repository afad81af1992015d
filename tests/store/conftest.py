"""Every law of the store holds on SQLite and on a real PostgreSQL server, where its binaries are found."""

from __future__ import annotations

import itertools
import shutil

import pytest
import sqlalchemy as sa

from wadati.store.catalog import CatalogStore
from wadati.store.schema import metadata, writer


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
