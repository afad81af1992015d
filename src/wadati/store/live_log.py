"""The log of a live run in the catalog's database: picks as they are made, early ones apart, versions of events, state.

A tick of the runner is one transaction. Final picks stand in the table of picks; once an hour old they are moved to
Parquet (one file a day), which costs a few tens of bytes a pick where a row costs some hundreds.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import sqlalchemy as sa

from wadati.model import Pick
from wadati.store import schema
from wadati.store.database import Opened, insert_new, select_in, upsert, writing
from wadati.store.rows import pick_of, pick_row


class EarlyPick(msgspec.Struct, frozen=True):
    """An early pick, when it was stored (ns), and what became of it: `confirmed`, `withdrawn` or nothing yet."""

    pick: Pick
    stored: int
    outcome: str | None = None


class EventVersion(msgspec.Struct, frozen=True):
    """A version of an event that was published: its message as JSON and when it was (ns)."""

    event_id: str
    version: int
    state: str
    stored: int
    message: str


class LiveLog(Opened):
    """The log in a database (see `CatalogStore`); close it, or use it in `with`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, LiveLog(f"{folder}/catalog.sqlite") as log:
    ...     log.write(state={"XX.ABC": "1"})
    ...     log.state()
    {'XX.ABC': '1'}
    """

    def write(
        self,
        *,
        final: Sequence[Pick] = (),
        early: Sequence[EarlyPick] = (),
        withdrawn: Sequence[str] = (),
        versions: Sequence[EventVersion] = (),
        state: Mapping[str, str] | None = None,
    ) -> None:
        """Put down what a tick gave, all of it or nothing; writing it again changes nothing."""
        with writing(self._engine) as connection:
            upsert(connection, schema.picks, [pick_row(pick) for pick in final])
            now = time.time_ns()
            insert_new(connection, schema.final_picks, [{"pick_id": pick.pick_id, "stored": now} for pick in final])
            rows = [pick_row(one.pick) | {"stored": one.stored, "outcome": one.outcome} for one in early]
            upsert(connection, schema.early_picks, rows)
            upsert(connection, schema.event_versions, [msgspec.structs.asdict(one) for one in versions])
            upsert(connection, schema.live_state, [{"name": k, "value": v} for k, v in (state or {}).items()])
            if withdrawn:
                upsert(connection, schema.withdrawn_picks, [{"pick_id": pick_id} for pick_id in withdrawn])
                gone = schema.picks.c.pick_id == sa.bindparam("gone")
                connection.execute(sa.delete(schema.picks).where(gone), [{"gone": pick_id} for pick_id in withdrawn])
            if final:
                back = schema.withdrawn_picks.c.pick_id == sa.bindparam("back")
                connection.execute(sa.delete(schema.withdrawn_picks).where(back), [{"back": p.pick_id} for p in final])

    def state(self) -> dict[str, str]:
        """What was put down as state, by name."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(schema.live_state)).mappings()
            return {row["name"]: row["value"] for row in rows}

    def final(self, since: int | None = None) -> tuple[Pick, ...]:
        """Final picks in the log from a time on, in order of time."""
        query = sa.select(schema.picks)
        if since is not None:
            query = query.where(schema.picks.c.time >= since)
        return self._picks(query)

    def withdrawn(self) -> frozenset[str]:
        """Picks that were final and are no more."""
        with self._engine.connect() as connection:
            return frozenset(connection.execute(sa.select(schema.withdrawn_picks.c.pick_id)).scalars())

    def early(self, stored_since: int = 0) -> tuple[EarlyPick, ...]:
        """Early picks in the log, or those stored from a time on, in order of time."""
        query = sa.select(schema.early_picks)
        if stored_since:
            query = query.where(schema.early_picks.c.stored >= stored_since)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        own = [{name: value for name, value in row.items() if name not in ("stored", "outcome")} for row in rows]
        found = [EarlyPick(pick_of(of), row["stored"], row["outcome"]) for of, row in zip(own, rows, strict=True)]
        return tuple(sorted(found, key=lambda one: (one.pick.time, one.pick.pick_id)))

    def put_down(self, since: int) -> tuple[tuple[int, Pick], ...]:
        """Final picks that were put down from a time on, each with when (ns)."""
        table = schema.final_picks
        joined = sa.join(table, schema.picks, table.c.pick_id == schema.picks.c.pick_id)
        query = sa.select(table.c.stored, schema.picks).select_from(joined).where(table.c.stored >= since)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        own = [(row["stored"], {name: value for name, value in row.items() if name != "stored"}) for row in rows]
        return tuple((stored, pick_of(of)) for stored, of in own)

    def picks(self, names: Iterable[str]) -> dict[str, Pick]:
        """The picks of these names, final or early."""
        found: dict[str, Pick] = {}
        with self._engine.connect() as connection:
            for table in (schema.early_picks, schema.picks):
                columns = [table.c[column.name] for column in schema.picks.c]
                rows = select_in(connection, sa.select(*columns), table.c.pick_id, names)
                found.update((row["pick_id"], pick_of(row)) for row in rows)
        return found

    def versions(self, since: int = 0) -> tuple[EventVersion, ...]:
        """Versions of events stored from a time on, in the order in which they came."""
        table = schema.event_versions
        query = sa.select(table).where(table.c.stored >= since).order_by(table.c.stored, table.c.version)
        with self._engine.connect() as connection:
            return tuple(EventVersion(**row) for row in connection.execute(query).mappings())

    def latest(self, since: int = 0) -> tuple[EventVersion, ...]:
        """Of each event with versions stored from a time on the latest, in the order in which they came."""
        table = schema.event_versions
        last = sa.select(table.c.event_id, sa.func.max(table.c.version).label("version"))
        last_ones = last.where(table.c.stored >= since).group_by(table.c.event_id).subquery()
        same = (table.c.event_id == last_ones.c.event_id) & (table.c.version == last_ones.c.version)
        query = sa.select(table).join(last_ones, same).order_by(table.c.stored, table.c.event_id)
        with self._engine.connect() as connection:
            return tuple(EventVersion(**row) for row in connection.execute(query).mappings())

    def last(self, event_id: str) -> EventVersion | None:
        """The latest version of an event; None where none was told."""
        table = schema.event_versions
        query = sa.select(table).where(table.c.event_id == event_id).order_by(table.c.version.desc()).limit(1)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
            return None if row is None else EventVersion(**row)

    def between(self, begin: int, end: int) -> tuple[Pick, ...]:
        """Final picks between two times (ns), which may be moved elsewhere."""
        time = schema.picks.c.time
        return self._picks(sa.select(schema.picks).where((time >= begin) & (time < end)))

    def drop(self, picks: Iterable[str]) -> None:
        """Take out picks that are kept elsewhere, but for those that current events rest on."""
        table = schema.picks
        with writing(self._engine) as connection:
            wanted = set(picks)
            arrivals = sa.select(schema.arrivals.c.pick_id)
            used = {row["pick_id"] for row in select_in(connection, arrivals, schema.arrivals.c.pick_id, wanted)}
            gone = sorted(wanted - used)
            if gone:
                statement = sa.delete(table).where(table.c.pick_id == sa.bindparam("gone"))
                connection.execute(statement, [{"gone": pick_id} for pick_id in gone])

    def forget_early(self, before: int) -> None:
        """Drop early picks from before a time (ns)."""
        with writing(self._engine) as connection:
            connection.execute(sa.delete(schema.early_picks).where(schema.early_picks.c.time < before))
            connection.execute(sa.delete(schema.final_picks).where(schema.final_picks.c.stored < before))

    def _picks(self, query: sa.Select[tuple[object, ...]]) -> tuple[Pick, ...]:
        with self._engine.connect() as connection:
            found = [pick_of(row) for row in connection.execute(query).mappings()]
        return tuple(sorted(found, key=lambda pick: (pick.time, pick.pick_id)))
