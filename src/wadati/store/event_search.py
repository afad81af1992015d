"""Which events of a catalog fit a query, found in columns held in memory that follow the database.

A query of a million events is a comparison of a few columns, some milliseconds, whatever it asks for; an index of a
database serves some questions well and others not at all. A column holds an event at the place of its number.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from wadati.model import Event, EventSummary, Pick
from wadati.store import event_tables, schema
from wadati.store.database import CHUNK, Opened, select_in
from wadati.store.event_query import COLUMNS, WORDS, EventQuery, column_of, fits
from wadati.store.rows import SUMMARY_FIELDS, pick_of, summary_of

_PORTION = 4000
_SPARE = 1.05


class EventSearch(Opened):
    """The current events of a catalog's database (see `CatalogStore`), to be asked by any number of threads.

    >>> import tempfile
    >>> from wadati.model import Origin
    >>> from wadati.store.catalog import CatalogStore
    >>> event = Event("wd1", (Origin.of(0, 35.7, -117.5, 8000.0),))
    >>> with tempfile.TemporaryDirectory() as folder, CatalogStore(f"{folder}/catalog.sqlite") as store:
    ...     store.upsert_events([event])
    ...     with EventSearch(f"{folder}/catalog.sqlite") as search:
    ...         found = search.find(EventQuery(min_depth=5000.0))
    ...         [summary.event_id for summary in search.summaries(found)]
    ['wd1']
    """

    def __init__(self, target: str | Path) -> None:
        super().__init__(target)
        self._lock = threading.Lock()
        self._columns = {name: np.zeros(0, kind) for name, kind in COLUMNS.items()}
        self._words: dict[str, dict[str, int]] = {name: {} for name in WORDS}
        self._orders: dict[str, tuple[NDArray[np.int32], NDArray[Any]]] = {}
        self._size = 0
        self._revision = -1

    def revision(self) -> int:
        """A number that grows with each change of the catalog."""
        with self._engine.connect() as connection:
            found: int = connection.execute(sa.select(schema.writer.c.revision)).scalar_one()
            return found

    def find(self, query: EventQuery) -> NDArray[np.int32]:
        """The numbers of the events that fit, in the order asked for."""
        with self._lock:
            self._follow()
            ordered = self._ordered(query)
            found = ordered[self._fits(query)[ordered]]
        if not query.order.endswith("-asc"):
            found = found[::-1] if query.order == "time" else _magnitudes_down(found, self._columns["magnitude"])
        return found[query.offset : None if query.limit is None else query.offset + query.limit]

    def months(self) -> dict[str, int]:
        """How many events each month (`2019-07`) has, the latest first; months without events are left out."""
        with self._lock:
            self._follow()
            times = self._columns["time"][: self._size][self._columns["current"][: self._size]]
        found, counts = np.unique(times.astype("datetime64[ns]").astype("datetime64[M]"), return_counts=True)
        return {str(month): int(count) for month, count in zip(found[::-1], counts[::-1], strict=True)}

    def summaries(self, numbers: Sequence[int] | NDArray[np.int32]) -> Iterator[EventSummary]:
        """The events of these numbers in their order, some hundreds of them in memory at a time."""
        table = schema.summaries
        query = sa.select(table.c.number, *(table.c[name] for name in SUMMARY_FIELDS)).where(table.c.current)
        with self._engine.connect() as connection:
            for part in _parts(numbers):
                found = connection.execute(query.where(table.c.number.in_(part))).all()
                rows = {row[0]: row[1:] for row in found}
                aliases: dict[str, list[str]] = {}
                names = [row[0] for row in rows.values()]
                for alias in select_in(connection, sa.select(schema.aliases), schema.aliases.c.event_id, names):
                    aliases.setdefault(alias["event_id"], []).append(alias["alias"])
                for number in part:
                    if (row := rows.get(number)) is not None:
                        yield summary_of(row, tuple(sorted(aliases.get(row[0], ()))))

    def events(
        self, numbers: Sequence[int] | NDArray[np.int32], *, picks: bool = False
    ) -> Iterator[tuple[Event, dict[str, Pick]]]:
        """The events of these numbers as a whole, in their order, each with the picks of its origins if asked for."""
        with self._engine.connect() as connection:
            for part in _parts(numbers):
                names = {row["number"]: row["event_id"] for row in _of_numbers(connection, part)}
                events = {event.event_id: event for event in event_tables.load(connection, names.values())}
                used = {a.pick_id for event in events.values() for o in event.origins for a in o.arrivals}
                query = sa.select(schema.picks)
                rows = select_in(connection, query, schema.picks.c.pick_id, used) if picks else ()
                known = {row["pick_id"]: pick_of(row) for row in rows}
                for number in part:
                    event = events.get(names.get(number, ""))
                    if event is not None:
                        own = {arrival.pick_id for origin in event.origins for arrival in origin.arrivals}
                        yield event, {pick_id: known[pick_id] for pick_id in own if pick_id in known}

    def number(self, event_id: str) -> int | None:
        """The number of the current event of a name or of an alias of it; None where there is none."""
        table = schema.summaries
        owner = sa.select(schema.aliases.c.event_id).where(schema.aliases.c.alias == event_id)
        by_name = sa.or_(table.c.event_id == event_id, table.c.event_id.in_(owner))
        query = sa.select(table.c.number).where(table.c.current, by_name).order_by(table.c.event_id != event_id)
        with self._engine.connect() as connection:
            found: int | None = connection.execute(query).scalars().first()
            return found

    def _follow(self) -> None:
        """Take in what changed since the last time."""
        with self._engine.connect() as connection:
            revision: int = connection.execute(sa.select(schema.writer.c.revision)).scalar_one()
            if revision == self._revision:
                return
            names = [name for name in COLUMNS if name != "number"]
            table = schema.summaries
            query = sa.select(table.c.number, *(table.c[name] for name in names)).where(
                table.c.revision > self._revision
            )
            for rows in connection.execution_options(stream_results=True).execute(query).partitions(_PORTION):
                self._take([tuple(row) for row in rows], names)
        self._orders.clear()
        self._revision = revision

    def _take(self, rows: Sequence[tuple[object, ...]], names: Sequence[str]) -> None:
        numbers, *values = zip(*rows, strict=True)
        places = np.array(numbers, np.int64)
        self._grow(int(places.max()) + 1)
        for name, some in zip(names, values, strict=True):
            self._columns[name][places] = column_of(name, COLUMNS[name], some, self._words)

    def _grow(self, size: int) -> None:
        if size > len(self._columns["time"]):
            for name, column in self._columns.items():
                larger = np.zeros(int(size * _SPARE) + 16, column.dtype)
                larger[: len(column)] = column
                self._columns[name] = larger
        self._size = max(self._size, size)

    def _ordered(self, query: EventQuery) -> NDArray[np.int32]:
        """The current events of the times asked for, by the column that orders them."""
        by = query.order.removesuffix("-asc")
        if by not in self._orders:
            current = np.flatnonzero(self._columns["current"][: self._size]).astype(np.int32)
            order = np.argsort(self._columns[by][current], kind="stable")
            ordered = current[order]
            self._orders[by] = ordered, self._columns[by][ordered]
        ordered, values = self._orders[by]
        if by != "time":
            return ordered
        first = 0 if query.start is None else np.searchsorted(values, query.start, "left")
        last = None if query.end is None else np.searchsorted(values, query.end, "right")
        return ordered[first:last]

    def _fits(self, query: EventQuery) -> NDArray[np.bool_]:
        """Of each number whether its event fits; columns are read as they lie, which is faster than choosing first."""
        return fits(query, {name: column[: self._size] for name, column in self._columns.items()}, self._words)


def _magnitudes_down(ordered: NDArray[np.int32], magnitude: NDArray[np.float64]) -> NDArray[np.int32]:
    """The other way round, those without a magnitude still last."""
    known = len(ordered) - int(np.isnan(magnitude[ordered]).sum())
    return np.concatenate((ordered[:known][::-1], ordered[known:]))


def _parts(numbers: Sequence[int] | NDArray[np.int32]) -> Iterator[list[int]]:
    for start in range(0, len(numbers), CHUNK):
        yield [int(number) for number in numbers[start : start + CHUNK]]


def _of_numbers(connection: sa.Connection, numbers: Sequence[int]) -> Iterator[sa.RowMapping]:
    table = schema.summaries
    return select_in(connection, sa.select(table).where(table.c.current), table.c.number, numbers)
