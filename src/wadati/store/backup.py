"""A whole catalog as one stream of bytes, and back, between SQLite and PostgreSQL as well.

The stream is gzip (RFC 1952) of MessagePack values, each behind its length: the version of the schema, portions of
rows table by table, and last how many rows there are. It is read from one snapshot while others write, and a part at a
time, so that a store of any size passes through little memory. A stream that was cut short is refused as a whole.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec
import sqlalchemy as sa

from wadati.errors import InputError
from wadati.store import migrations
from wadati.store.database import engine_of, revision_of

_MAGIC = "wadati-backup-1"
_LENGTH = struct.Struct("<I")
_PORTION = 1000
_LEVEL = 3
_SINGLE = "writer"
"""The table whose only row is there from the beginning."""


def back_up(store: str | Path, out: IO[bytes]) -> int:
    """Write all of a store; how many rows. Raises `InputError` for what is no catalog."""
    if "://" not in str(store) and not Path(store).exists():
        raise InputError(store, "is not there", "name a catalog.sqlite or a database URL")
    engine = engine_of(store)
    try:
        with engine.connect().execution_options(isolation_level=_snapshot(engine)) as connection, connection.begin():
            revision = revision_of(connection)
            if revision is None:
                raise InputError(store, "is no catalog", "name a catalog.sqlite or a database URL")
            with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=_LEVEL, mtime=0) as file:
                return _write(connection, revision, file)
    except sa.exc.DBAPIError as error:
        raise InputError(store, f"cannot be read ({error.orig})", "name a catalog.sqlite or a database URL") from error
    finally:
        engine.dispose()


def restore(source: IO[bytes], store: str | Path) -> int:
    """Fill an empty store, all or nothing, and bring it to this version's schema; how many rows.

    Raises `InputError` for a store that holds something, and for a stream that is damaged, cut short or newer.
    """
    engine = engine_of(store)
    try:
        with engine.connect().execution_options(writing=True) as connection, connection.begin():
            if revision_of(connection) is not None:
                raise InputError(store, "holds a catalog already", "restore into a new file or an empty database")
            return _read(connection, source)
    except (EOFError, gzip.BadGzipFile, zlib.error, msgspec.DecodeError, struct.error) as error:
        raise InputError("the backup", f"is damaged or cut short ({error})", "take another one") from error
    except sa.exc.DBAPIError as error:
        raise InputError(store, f"cannot be written ({error.orig})", "name a new file or an empty database") from error
    finally:
        engine.dispose()


def _snapshot(engine: sa.Engine) -> str:
    return "REPEATABLE READ" if engine.dialect.name == "postgresql" else "SERIALIZABLE"


def _write(connection: sa.Connection, revision: str, file: gzip.GzipFile) -> int:
    _put(file, [_MAGIC, revision])
    count = 0
    for table in _tables(connection):
        query = sa.select(table).order_by(*table.primary_key).execution_options(stream_results=True, yield_per=_PORTION)
        names = [f"{column.name}" for column in table.columns]
        for rows in connection.execute(query).partitions(_PORTION):
            _put(file, [f"{table.name}", names, [tuple(row) for row in rows]])
            count += len(rows)
    _put(file, ["", count])
    return count


def _read(connection: sa.Connection, source: IO[bytes]) -> int:
    with gzip.GzipFile(fileobj=source, mode="rb") as file:
        values = _values(file)
        first = next(values, None)
        if not isinstance(first, list) or len(first) != 2 or first[0] != _MAGIC:
            raise InputError("the backup", "is none", "name a file that wadati backup wrote")
        revision = str(first[1])
        if revision not in {step.revision for step in migrations.steps().walk_revisions()}:
            raise InputError("the backup", f"was made by a newer version (schema {revision})", "upgrade wadati")
        migrations.upgrade(connection, revision)
        tables = {table.name: table for table in _tables(connection)}
        connection.execute(sa.delete(tables[_SINGLE]))
        count, told = 0, -1
        for name, *rest in values:
            if name == "":
                told = rest[0]
                continue  # to the end of the stream, where gzip checks itself
            names, rows = rest
            connection.execute(sa.insert(tables[name]), [dict(zip(names, row, strict=True)) for row in rows])
            count += len(rows)
        if count != told:
            raise EOFError(f"{count} rows of {told if told >= 0 else 'more'}")
        migrations.upgrade(connection)
        return count


def _tables(connection: sa.Connection) -> list[sa.Table]:
    """The tables that there are, those that others refer to first."""
    found = sa.MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def _put(file: gzip.GzipFile, value: Any) -> None:
    data = msgspec.msgpack.encode(value)
    file.write(_LENGTH.pack(len(data)) + data)


def _values(file: gzip.GzipFile) -> Iterator[Any]:
    while head := file.read(_LENGTH.size):
        (length,) = _LENGTH.unpack(head)
        data = file.read(length)
        if len(data) < length:
            raise EOFError("the end is missing")
        yield msgspec.msgpack.decode(data)
