"""The catalog in SQL: SQLite in a file or PostgreSQL on a server, by one code path.

Every write is one transaction and may be repeated without harm. One writer at a time; readers are never held up.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa

from wadati.errors import UsageError
from wadati.model import Catalog, Event, Origin, Pick, Review, TimeSpan, decode_json, encode_json, reviewed
from wadati.store import event_tables, schema
from wadati.store.coverage import Coverage
from wadati.store.database import Opened, select_in, upsert, upsert_changed, writing
from wadati.store.identity import identities
from wadati.store.rows import pick_of, pick_row


class CatalogStore(Opened):
    """A catalog kept in an SQLite file (made if need be) or behind a database URL; close it, or use it in `with`.

    Raises `InputError` for what cannot be opened or is no catalog.

    >>> import tempfile
    >>> event = Event("wd1", (Origin.of(0, 35.7, -117.5, 8000.0),))
    >>> with tempfile.TemporaryDirectory() as folder, CatalogStore(f"{folder}/catalog.sqlite") as store:
    ...     store.upsert_events([event])
    ...     store.read().events == (event,)
    True
    """

    def upsert_events(self, events: Iterable[Event]) -> None:
        """Make these events current, exactly as they are and under the names they have.

        Origins and magnitudes that they no longer hold are superseded.
        """
        with writing(self._engine) as connection:
            event_tables.save(connection, _distinct(events))

    def upsert_picks(self, picks: Iterable[Pick]) -> None:
        """Keep these picks; one that is known already is replaced."""
        with writing(self._engine) as connection:
            _save_picks(connection, picks)

    def publish(self, events: Iterable[Event]) -> tuple[Event, ...]:
        """Make events current under lasting names (see `identity`); they are returned as they are kept, in their order.

        Merged events become aliases. Events of the catalog that nothing comes in for stay. What analysts said of an
        event holds for whatever comes in for it: their origin stays preferred, and one that they rejected is left out.
        """
        with writing(self._engine) as connection:
            return _publish(connection, _distinct(events), None, None)

    def replace(
        self, events: Iterable[Event], picks: Iterable[Pick] | None = None, span: TimeSpan | None = None
    ) -> tuple[Event, ...]:
        """Make events the whole current catalog of a span of origin times (all times without one), and publish them.

        Events of the span that nothing comes in for are retired: their names are never given to anything else, and
        come back with the same evidence. `picks`, where given, replace all of the span but those that events outside it
        rest on. Except for names, and what analysts said, the result does not depend on what the store held.
        """
        incoming, observed = _distinct(events), None if picks is None else tuple(picks)
        with writing(self._engine) as connection:
            evidence = {arrival.pick_id for event in incoming for arrival in event.origin.arrivals}
            evidence.update(pick.pick_id for pick in observed or ())
            published = _publish(connection, incoming, span, frozenset(evidence))
            if observed is not None:
                _drop_other_picks(connection, {pick.pick_id for pick in observed}, span)
                _save_picks(connection, observed)
        return published

    def review(self, said: Review, picks: Iterable[Pick] = ()) -> Event | None:
        """Keep an analyst's word, with the picks that its origin rests on, and have the event as it leaves it.

        None where it is rejected, which takes it out of the current catalog until it is confirmed. Raises `UsageError`
        for an event that there is none of.
        """
        with writing(self._engine) as connection:
            found = event_tables.load(connection, [said.event_id])
            if not found:
                raise UsageError(f"there is no event {said.event_id}")
            row = {"review_id": said.review_id, "event_id": said.event_id, "time": said.time}
            upsert(connection, schema.reviews, [row | {"content": encode_json(said).decode()}])
            _save_picks(connection, picks)
            event = reviewed(found[0], _reviews(connection, [said.event_id]).get(said.event_id, ()))
            if event is None:
                event_tables.retire(connection, [said.event_id])
            else:
                event_tables.save(connection, [event])
            return event

    def reviews(self, event_id: str) -> tuple[Review, ...]:
        """What analysts said of an event, in order of time."""
        with self._engine.connect() as connection:
            return _reviews(connection, [event_id]).get(event_id, ())

    def latest(self, event_id: str) -> Event | None:
        """The event of a name as it last was, current or not; None where there never was one."""
        with self._engine.connect() as connection:
            return next(iter(event_tables.load(connection, [event_id])), None)

    def picks(self, names: Iterable[str]) -> dict[str, Pick]:
        """The picks of these names that are kept."""
        with self._engine.connect() as connection:
            found = select_in(connection, sa.select(schema.picks), schema.picks.c.pick_id, names)
            return {row["pick_id"]: pick_of(row) for row in found}

    def read(self, span: TimeSpan | None = None) -> Catalog:
        """The current catalog, or the events of a span of origin times with their picks and all others of the span."""
        with self._engine.connect() as connection:
            if span is None:
                found = connection.execute(sa.select(schema.picks)).mappings()
                picks = {row["pick_id"]: pick_of(row) for row in found}
                return Catalog(tuple(event_tables.load(connection)), _in_time(picks))
            events = event_tables.load(connection, _names_within(connection, span))
            within = sa.select(schema.picks).where(_within(schema.picks.c.time, span))
            picks = {row["pick_id"]: pick_of(row) for row in connection.execute(within).mappings()}
            used = {arrival.pick_id for event in events for origin in event.origins for arrival in origin.arrivals}
            others = select_in(connection, sa.select(schema.picks), schema.picks.c.pick_id, used.difference(picks))
            picks.update((row["pick_id"], pick_of(row)) for row in others)
            return Catalog(tuple(events), _in_time(picks))

    def event(self, event_id: str) -> Event | None:
        """The current event of a name or of an alias of it; None where there is none."""
        table = schema.events
        with self._engine.connect() as connection:
            owner = sa.select(schema.aliases.c.event_id).where(schema.aliases.c.alias == event_id)
            by_name = sa.or_(table.c.event_id == event_id, table.c.event_id.in_(owner))
            found = connection.execute(sa.select(table.c.event_id).where(table.c.current, by_name)).scalars().all()
            events = event_tables.load(connection, found)
        return min(events, key=lambda event: event.event_id != event_id, default=None)

    def superseded(self, event_id: str) -> tuple[Origin, ...]:
        """The origins that an event once had, in order of time."""
        with self._engine.connect() as connection:
            events = event_tables.load(connection, [event_id], superseded=True)
        return tuple(sorted(events[0].origins, key=lambda o: (o.time, o.origin_id))) if events else ()

    def retired(self) -> tuple[str, ...]:
        """Names of events that are neither current nor merged into one, in order."""
        merged = sa.select(schema.aliases.c.alias)
        query = sa.select(schema.events.c.event_id).where(
            sa.not_(schema.events.c.current), schema.events.c.event_id.not_in(merged)
        )
        with self._engine.connect() as connection:
            return tuple(sorted(connection.execute(query).scalars()))

    def upsert_coverage(self, units: Iterable[Coverage]) -> None:
        """Keep how units of work ended; the last word on a unit counts."""
        with writing(self._engine) as connection:
            upsert_changed(connection, schema.coverage, map(msgspec.structs.asdict, units))

    def coverage(self) -> tuple[Coverage, ...]:
        """How every unit of work ended, in order of their names."""
        with self._engine.connect() as connection:
            found = connection.execute(sa.select(schema.coverage)).mappings()
            return tuple(sorted((Coverage(**row) for row in found), key=lambda unit: unit.unit))

    def write_run(self, run_id: str, record: str) -> None:
        """Keep the record of a run (JSON text); one of the same name is replaced."""
        with writing(self._engine) as connection:
            upsert_changed(connection, schema.runs, [{"run_id": run_id, "record": record}])

    def runs(self) -> dict[str, str]:
        """The records of runs by name, in order of name."""
        with self._engine.connect() as connection:
            found = connection.execute(sa.select(schema.runs)).mappings()
            return dict(sorted((row["run_id"], row["record"]) for row in found))


def _publish(
    connection: sa.Connection, events: tuple[Event, ...], span: TimeSpan | None, evidence: frozenset[str] | None
) -> tuple[Event, ...]:
    """Name, save and return events; with `evidence` they replace all of the span."""
    stored = event_tables.known(connection, events, span, evidence)
    given = identities(events, stored)
    names = {identity.event_id for identity in given}
    merged = {alias for identity in given for alias in identity.aliases}
    before: dict[str, list[str]] = {}
    for row in select_in(connection, sa.select(schema.aliases), schema.aliases.c.event_id, names | merged):
        before.setdefault(row["event_id"], []).append(row["alias"])
    said = _reviews(connection, names | merged | {alias for own in before.values() for alias in own})
    published, rejected = [], set()
    for event, identity in zip(events, given, strict=True):
        owned = (identity.event_id, *identity.aliases)
        aliases = {*event.aliases, *identity.aliases, *(alias for name in owned for alias in before.get(name, ()))}
        kept = tuple(sorted(aliases - names))
        named = msgspec.structs.replace(event, event_id=identity.event_id, aliases=kept)
        event_now = reviewed(named, tuple(one for name in {identity.event_id, *kept} for one in said.get(name, ())))
        if event_now is None:
            rejected.add(identity.event_id)
        else:
            published.append(event_now)
    event_tables.free_aliases(connection, names, merged)
    event_tables.save(connection, published)
    gone = merged | {item.event_id for item in stored if item.current and item.event_id in rejected}
    if evidence is not None:
        within = (item for item in stored if item.current and (span is None or item.time in span))
        gone.update(item.event_id for item in within if item.event_id not in names)
    event_tables.retire(connection, gone)
    return tuple(published)


def _distinct(events: Iterable[Event]) -> tuple[Event, ...]:
    """The events; repeated ones count once. Raises `UsageError` where two go by one name."""
    found = tuple(dict.fromkeys(events))
    names = [event.event_id for event in found]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise UsageError(f"different events are called {', '.join(twice)}; give each a name of its own")
    return found


def _reviews(connection: sa.Connection, names: Iterable[str]) -> dict[str, tuple[Review, ...]]:
    """What was said of events, by name, in order of time."""
    found: dict[str, list[Review]] = {}
    query = sa.select(schema.reviews).order_by(schema.reviews.c.time, schema.reviews.c.review_id)
    for row in select_in(connection, query, schema.reviews.c.event_id, names):
        found.setdefault(row["event_id"], []).append(decode_json(row["content"].encode(), Review))
    return {name: tuple(own) for name, own in found.items()}


def _save_picks(connection: sa.Connection, picks: Iterable[Pick]) -> None:
    upsert_changed(connection, schema.picks, map(pick_row, picks))


def _drop_other_picks(connection: sa.Connection, kept: set[str], span: TimeSpan | None) -> None:
    """Delete the picks of a span but for those kept and those that current events rest on."""
    query = sa.select(schema.picks.c.pick_id)
    if span is not None:
        query = query.where(_within(schema.picks.c.time, span))
    old = set(connection.execute(query).scalars()) - kept
    current = sa.select(schema.arrivals.c.pick_id).select_from(
        sa.join(schema.arrivals, schema.origins, _same_origin()).join(
            schema.events, schema.events.c.event_id == schema.arrivals.c.event_id
        )
    )
    current = current.where(schema.events.c.current, schema.origins.c.position.is_not(None))
    old -= {row["pick_id"] for row in select_in(connection, current, schema.arrivals.c.pick_id, old)}
    if old:
        gone = schema.picks.c.pick_id == sa.bindparam("gone")
        connection.execute(sa.delete(schema.picks).where(gone), [{"gone": pick_id} for pick_id in sorted(old)])


def _same_origin() -> sa.ColumnElement[bool]:
    return sa.and_(
        schema.arrivals.c.event_id == schema.origins.c.event_id,
        schema.arrivals.c.origin_id == schema.origins.c.origin_id,
    )


def _names_within(connection: sa.Connection, span: TimeSpan) -> list[str]:
    """The names of the current events of a span of origin times."""
    joined = sa.join(schema.events, schema.origins, schema.events.c.event_id == schema.origins.c.event_id)
    query = sa.select(schema.events.c.event_id).select_from(joined)
    query = query.where(schema.events.c.current, schema.origins.c.preferred, _within(schema.origins.c.time, span))
    return list(connection.execute(query).scalars())


def _within(column: sa.ColumnElement[int], span: TimeSpan) -> sa.ColumnElement[bool]:
    return sa.and_(column >= span.start, column < span.end)


def _in_time(picks: dict[str, Pick]) -> tuple[Pick, ...]:
    return tuple(sorted(picks.values(), key=lambda pick: (pick.time, pick.pick_id)))
