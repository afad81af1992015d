"""Events in their tables: what is current is read and written exactly, what is superseded stays."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from wadati.model import Event, TimeSpan
from wadati.store import rows, schema
from wadati.store.database import CHUNK, select_in, upsert
from wadati.store.identity import SAME_TIME, Known, used_picks


def load(connection: sa.Connection, event_ids: Iterable[str] | None = None, *, superseded: bool = False) -> list[Event]:
    """Current events in order of time, or those of the given names whether current or not.

    With `superseded`, their superseded origins and magnitudes in place of the others.
    """
    ids = None if event_ids is None else set(event_ids)

    def fetch(table: sa.Table) -> Iterable[sa.RowMapping]:
        query = sa.select(table)
        if table in (schema.origins, schema.magnitudes, schema.mechanisms):
            query = query.where(table.c.position.is_(None) if superseded else table.c.position.is_not(None))
        if ids is not None:
            return select_in(connection, query, table.c.event_id, ids)
        if table is schema.events:
            query = query.where(table.c.current)
        return connection.execute(query).mappings()

    arrivals = _grouped(fetch(schema.arrivals), "event_id", "origin_id")
    stations = _grouped(fetch(schema.station_magnitudes), "event_id", "magnitude_id")
    origins = _grouped(fetch(schema.origins), "event_id")
    magnitudes = _grouped(fetch(schema.magnitudes), "event_id")
    mechanisms = _grouped(fetch(schema.mechanisms), "event_id")
    aliases = _grouped(fetch(schema.aliases), "event_id")
    events = []
    for row in fetch(schema.events):
        name = row["event_id"]
        if origins[name,]:
            events.append(
                Event(
                    name,
                    tuple(
                        rows.origin_of(item, tuple(map(rows.arrival_of, arrivals[name, item["origin_id"]])))
                        for item in origins[name,]
                    ),
                    tuple(
                        rows.magnitude_of(
                            item, tuple(map(rows.station_magnitude_of, stations[name, item["magnitude_id"]]))
                        )
                        for item in magnitudes[name,]
                    ),
                    row["preferred_origin_id"],
                    row["preferred_magnitude_id"],
                    row["event_type"],
                    tuple(item["alias"] for item in aliases[name,]),
                    tuple(map(rows.mechanism_of, mechanisms[name,])),
                    next((item["mechanism_id"] for item in mechanisms[name,] if item["preferred"]), None),
                )
            )
    return sorted(events, key=lambda event: (event.origin.time, event.event_id))


def _grouped(found: Iterable[sa.RowMapping], *keys: str) -> defaultdict[tuple[str, ...], list[sa.RowMapping]]:
    groups: defaultdict[tuple[str, ...], list[sa.RowMapping]] = defaultdict(list)
    for row in found:
        groups[tuple(row[key] for key in keys)].append(row)
    for group in groups.values():
        group.sort(key=lambda row: -1 if row["position"] is None else row["position"])
    return groups


def save(connection: sa.Connection, events: Sequence[Event]) -> None:
    """Make each of these events current and exactly so; what they no longer hold is superseded.

    An event that is so already is not touched.
    """
    found = list(select_in(connection, sa.select(schema.events), schema.events.c.event_id, _names(events)))
    stored = {event.event_id: event for event in load(connection, [row["event_id"] for row in found if row["current"]])}
    changed = [event for event in events if stored.get(event.event_id) != event]
    if not changed:
        return
    names = _names(changed)
    numbers = {row["event_id"]: row["number"] for row in found}
    _number(connection, changed, numbers)
    upsert(connection, schema.events, [rows.event_row(event, numbers[event.event_id]) for event in changed])
    revision, updated = next_revision(connection), time.time_ns()
    found_rows = [rows.summary_row(event, numbers[event.event_id], revision, updated) for event in changed]
    upsert(connection, schema.summaries, found_rows)
    _each(connection, sa.update(schema.origins).values(position=None, preferred=False), schema.origins, names)
    _each(connection, sa.update(schema.magnitudes).values(position=None), schema.magnitudes, names)
    _each(connection, sa.update(schema.mechanisms).values(position=None, preferred=False), schema.mechanisms, names)
    _each(connection, sa.delete(schema.aliases), schema.aliases, names)
    _delete(connection, schema.arrivals, [(e.event_id, o.origin_id) for e in changed for o in e.origins])
    _delete(
        connection, schema.station_magnitudes, [(e.event_id, m.magnitude_id) for e in changed for m in e.magnitudes]
    )
    for table, make in (
        (schema.aliases, rows.alias_rows),
        (schema.origins, rows.origin_rows),
        (schema.arrivals, rows.arrival_rows),
        (schema.magnitudes, rows.magnitude_rows),
        (schema.mechanisms, rows.mechanism_rows),
        (schema.station_magnitudes, rows.station_magnitude_rows),
    ):
        upsert(connection, table, [row for event in changed for row in make(event)])


def retire(connection: sa.Connection, event_ids: Collection[str]) -> None:
    """Take events out of the current catalog; their names and last origins stay."""
    if not event_ids:
        return
    _each(connection, sa.update(schema.events).values(current=False), schema.events, event_ids)
    gone = {"current": False, "revision": next_revision(connection), "updated": time.time_ns()}
    _each(connection, sa.update(schema.summaries).values(gone), schema.summaries, event_ids)


def free_aliases(connection: sa.Connection, event_ids: Collection[str], merged: Collection[str]) -> None:
    """Names that events carry again are nobody's aliases; aliases of merged events go to the new owner."""
    for column, names in ((schema.aliases.c.alias, event_ids), (schema.aliases.c.event_id, merged)):
        for part in _chunks(names):
            connection.execute(sa.delete(schema.aliases).where(column.in_(part)))


def known(
    connection: sa.Connection, events: Sequence[Event], span: TimeSpan | None, evidence: frozenset[str] | None
) -> list[Known]:
    """What the store knows of events that these may be: of the same names, picks or times.

    With `evidence`, the picks of a catalog that replaces all in `span`, also whether an event's own have vanished.
    """
    columns = (schema.events.c.event_id, schema.events.c.number, schema.events.c.current)
    place = (schema.origins.c.time, schema.origins.c.latitude, schema.origins.c.longitude)
    joined = sa.join(schema.events, schema.origins, schema.events.c.event_id == schema.origins.c.event_id)
    query = sa.select(*columns, *place).select_from(joined).where(schema.origins.c.preferred)
    sharing = sa.select(schema.arrivals.c.event_id)
    names = _names(events)
    used = {pick_id for event in events for pick_id in used_picks(event.origin)}
    names.update(row["event_id"] for row in select_in(connection, sharing, schema.arrivals.c.pick_id, used))
    found = {row["event_id"]: row for row in select_in(connection, query, schema.events.c.event_id, names)}
    for first, last in _stretches(events, span, everything=evidence is not None):
        within = query.where(schema.origins.c.time.between(first, last))
        found.update((row["event_id"], row) for row in connection.execute(within).mappings())
    picks: dict[str, set[str]] = {name: set() for name in found}
    weighing = sa.and_(
        schema.arrivals.c.event_id == schema.origins.c.event_id,
        schema.arrivals.c.origin_id == schema.origins.c.origin_id,
        schema.origins.c.position.is_not(None),
        schema.arrivals.c.weight > 0,
    )
    used_in = sa.select(schema.arrivals.c.event_id, schema.arrivals.c.pick_id).select_from(
        sa.join(schema.arrivals, schema.origins, weighing)
    )
    for row in select_in(connection, used_in, schema.arrivals.c.event_id, found):
        picks[row["event_id"]].add(row["pick_id"])
    return [
        Known(
            **row,
            picks=frozenset(picks[name]),
            vanishing=evidence is not None
            and row["current"]
            and (span is None or row["time"] in span)
            and evidence.isdisjoint(picks[name]),
        )
        for name, row in found.items()
    ]


def _stretches(events: Sequence[Event], span: TimeSpan | None, *, everything: bool) -> Iterator[tuple[int, int]]:
    """The times around incoming events and the replaced span, each once."""
    ends = [(event.origin.time - SAME_TIME, event.origin.time + SAME_TIME) for event in events]
    if everything:
        ends.append((-(2**63), 2**63 - 1) if span is None else (span.start, span.end - 1))
    ends.sort()
    while ends:
        first, last = ends.pop(0)
        while ends and ends[0][0] <= last:
            last = max(last, ends.pop(0)[1])
        yield first, last


def _names(events: Iterable[Event]) -> set[str]:
    return {event.event_id for event in events}


def _number(connection: sa.Connection, events: Iterable[Event], numbers: dict[str, int]) -> None:
    """Give the next numbers to the events that have none, in order of time."""
    new = sorted((event.origin.time, event.event_id) for event in events if event.event_id not in numbers)
    if not new:
        return
    published: int = connection.execute(sa.select(schema.writer.c.published)).scalar_one()
    numbers.update((name, published + count) for count, (_, name) in enumerate(new, 1))
    connection.execute(sa.update(schema.writer).values(published=published + len(new)))


def next_revision(connection: sa.Connection) -> int:
    """The number of this change of the catalog; only the one writer calls it."""
    revision: int = connection.execute(sa.select(schema.writer.c.revision)).scalar_one() + 1
    connection.execute(sa.update(schema.writer).values(revision=revision))
    return revision


def _each(connection: sa.Connection, statement: Any, table: sa.Table, event_ids: Iterable[str]) -> None:
    """Run a statement on the rows of these events."""
    for part in _chunks(event_ids):
        connection.execute(statement.where(table.c.event_id.in_(part)))


def _delete(connection: sa.Connection, table: sa.Table, keys: Sequence[tuple[str, str]]) -> None:
    """Delete the rows below these (event, parent)."""
    event_id, parent = list(table.primary_key)[:2]
    if keys:
        connection.execute(
            sa.delete(table).where(event_id == sa.bindparam("owner"), parent == sa.bindparam("parent")),
            [{"owner": owner, "parent": child} for owner, child in keys],
        )


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
    ordered = sorted(values)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]
