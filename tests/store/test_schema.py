"""Migrations make the tables of the schema, and take them back."""

from __future__ import annotations

import sqlite3

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from wadati.errors import InputError
from wadati.store import migrations
from wadati.store.catalog import CatalogStore
from wadati.store.database import writing
from wadati.store.schema import REVISION, metadata


def test_the_migrations_end_where_the_schema_says(fresh):
    with fresh() as store, store._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert migrations.steps().get_current_head() == REVISION


def test_back_and_forward_again(fresh):
    with fresh() as store:
        with writing(store._engine) as connection:
            migrations.downgrade(connection)
            assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version"}
            migrations.upgrade(connection)
            assert set(metadata.tables) <= set(sa.inspect(connection).get_table_names())
        assert len(store.read()) == 0


def test_a_migration_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def half(connection, revision="head"):
        connection.exec_driver_sql("CREATE TABLE events (event_id TEXT)")
        raise InputError("it", "failed", "try again")

    monkeypatch.setattr(migrations, "upgrade", half)
    with pytest.raises(InputError, match="failed"):
        CatalogStore(tmp_path / "catalog.sqlite")
    monkeypatch.undo()
    with CatalogStore(tmp_path / "catalog.sqlite") as store:
        assert len(store.read()) == 0


def test_a_catalog_of_a_newer_version_is_refused(tmp_path):
    path = tmp_path / "catalog.sqlite"
    CatalogStore(path).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(InputError, match="newer version"):
        CatalogStore(path)


def test_what_is_no_catalog_is_told_without_a_password(tmp_path):
    (tmp_path / "catalog.sqlite").write_text("this is no database, but long enough to be looked at" * 100)
    with pytest.raises(InputError, match="cannot be opened as a catalog"):
        CatalogStore(tmp_path / "catalog.sqlite")
    with pytest.raises(InputError, match="cannot be opened as a catalog"):
        CatalogStore(tmp_path / "absent" / "catalog.sqlite")
    pytest.importorskip("psycopg")
    with pytest.raises(InputError) as raised:
        CatalogStore("postgresql+psycopg://me:secret@127.0.0.1:1/none")
    assert "secret" not in str(raised.value)


def test_a_file_is_in_wal_mode_and_alone_after_closing(tmp_path):
    with CatalogStore(tmp_path / "catalog.sqlite") as store, store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert [path.name for path in tmp_path.iterdir()] == ["catalog.sqlite"]
