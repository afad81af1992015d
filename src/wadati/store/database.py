"""The connection to SQLite or PostgreSQL: one writer at a time, whole transactions or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from wadati.errors import InputError
from wadati.store import migrations
from wadati.store.rows import Row
from wadati.store.schema import REVISION, writer

CHUNK = 500
"""Values in one list of a query."""

_PATIENCE = 30
"""Seconds that a writer of SQLite waits for another."""

_CUT_OFF = 20
"""Seconds after which PostgreSQL gives up a writer that is silent in the middle of a transaction: one whose line is cut
would keep all others from writing until TCP finds out, which can take hours."""

_MAKING = 0x57616461
"""The number of PostgreSQL's lock that whoever makes the tables holds: our own, of many that a database may have."""

_KEEP_ALIVE = {"connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
"""How long a line may be dead until this side finds out (s, s, s, times)."""


class Opened:
    """The database of a URL or of an SQLite file, with the tables of this version; close it, or use it in `with`.

    Raises what `connect` raises.
    """

    def __init__(self, target: str | Path) -> None:
        self._engine = connect(target)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def connect(target: str | Path) -> sa.Engine:
    """The engine of a URL or of an SQLite file, with the tables of this version.

    Raises `InputError` for what cannot be opened, is no catalog, or was made by a newer version.
    """
    subject = sa.make_url(str(target)).render_as_string(hide_password=True) if "://" in str(target) else str(target)
    engine = engine_of(target)
    try:
        _bring_up_to_date(engine, subject)
    except sa.exc.DatabaseError as error:
        engine.dispose()
        wrong = f"cannot be opened as a catalog ({error.orig})"
        raise InputError(subject, wrong, "name a catalog.sqlite or a database URL that can be written") from None
    except InputError:
        engine.dispose()
        raise
    return engine


def engine_of(target: str | Path) -> sa.Engine:
    """The engine of a URL or of an SQLite file, as it is."""
    url = str(target) if "://" in str(target) else f"sqlite:///{target}"
    if not url.startswith("sqlite"):
        return sa.create_engine(url, connect_args=_KEEP_ALIVE | {"tcp_user_timeout": 1000 * _CUT_OFF})
    engine = sa.create_engine(url, connect_args={"timeout": _PATIENCE})

    @sa.event.listens_for(engine, "connect")
    def _settings(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        for setting in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {setting}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        """Take the right to write at once: a transaction that reads first could be refused it later."""
        immediate = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _bring_up_to_date(engine: sa.Engine, subject: str) -> None:
    with engine.connect() as connection:
        if revision_of(connection) == REVISION:
            return
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":  # of several that begin together, one makes the tables
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MAKING)))
        found = revision_of(connection)
        if found is not None and found not in {step.revision for step in migrations.steps().walk_revisions()}:
            raise InputError(subject, f"was made by a newer version (schema {found})", "upgrade wadati")
        migrations.upgrade(connection)


def revision_of(connection: sa.Connection) -> str | None:
    """The version of the schema; None where there are no tables of ours."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return found


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction of the only writer; committed as a whole when the block ends well, else nothing of it stays."""
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = '{_CUT_OFF}s'")
        connection.execute(sa.select(writer.c.id).with_for_update())
        yield connection


def upsert(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert rows, or replace those that have their primary keys."""
    if not rows:
        return
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement: Any = insert(table)
    keys = [column.name for column in table.primary_key]
    others = {name: statement.excluded[name] for name in table.columns.keys() if name not in keys}  # noqa: SIM118
    if others:
        statement = statement.on_conflict_do_update(index_elements=keys, set_=others)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    connection.execute(statement, list(rows))


def insert_new(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert the rows whose primary keys are not there yet."""
    if rows:
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        connection.execute(insert(table).on_conflict_do_nothing(), list(rows))


def upsert_changed(connection: sa.Connection, table: sa.Table, rows: Iterable[Row]) -> None:
    """Upsert only the rows that are new or differ, so that a rerun writes nothing. The primary key is one column."""
    (key,) = table.primary_key
    wanted = {row[key.name]: row for row in rows}
    stored = select_in(connection, sa.select(table), key, wanted)
    same = {row[key.name] for row in stored if dict(row) == wanted[row[key.name]]}
    upsert(connection, table, [row for name, row in wanted.items() if name not in same])


def select_in(
    connection: sa.Connection, query: sa.Select[Any], column: sa.ColumnElement[Any], values: Iterable[Any]
) -> Iterator[sa.RowMapping]:
    """The rows of a query whose column has one of the values, however many these are."""
    ordered = sorted(set(values))
    for start in range(0, len(ordered), CHUNK):
        yield from connection.execute(query.where(column.in_(ordered[start : start + CHUNK]))).mappings().all()
