"""What a search finds is what a look at every event finds, on every database, and it follows the catalog."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wadati.model import Catalog, Event, EventSummary, Magnitude, Origin, format_time
from wadati.store import migrations
from wadati.store.catalog import CatalogStore
from wadati.store.database import writing
from wadati.store.event_query import EventQuery, fitting
from wadati.store.event_search import EventSearch
from wadati.testing import strategies
from wadati.units import DAY

law = settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def opened(fresh):
    """A function that gives an empty store and a search of it."""

    def open_both() -> tuple[CatalogStore, EventSearch]:
        store = fresh()
        url = store._engine.url
        return store, EventSearch(url.render_as_string(hide_password=False))

    return open_both


def names(search: EventSearch, query: EventQuery) -> list[str]:
    return [summary.event_id for summary in search.summaries(search.find(query))]


def summaries(catalog: Catalog) -> list[EventSummary]:
    return [EventSummary.of(event) for event in catalog]


@law
@given(catalog=strategies.catalogs())
def test_summaries_are_those_of_the_events_and_the_migration_makes_the_same(opened, catalog):
    store, search = opened()
    with store, search:
        store.upsert_events(catalog.events)
        found = list(search.summaries(search.find(EventQuery(order="time-asc"))))
        assert all(one.updated for one in found)

        def plain(one: EventSummary) -> tuple[object, ...]:
            return (one.event_id, one.time, one.depth, one.magnitude, one.arrivals, one.used_stations, set(one.aliases))

        assert sorted(map(plain, found), key=str) == sorted(map(plain, summaries(catalog)), key=str)
        with writing(store._engine) as connection:
            migrations.downgrade(connection, "0002")
            migrations.upgrade(connection)
        with EventSearch(store._engine.url.render_as_string(hide_password=False)) as again:
            filled = list(again.summaries(again.find(EventQuery(order="time-asc"))))
        assert sorted(map(plain, filled), key=str) == sorted(map(plain, found), key=str)


queries = st.builds(
    EventQuery,
    start=st.none() | strategies.times(),
    end=st.none() | strategies.times(),
    min_latitude=st.none() | st.floats(-90, 90),
    max_latitude=st.none() | st.floats(-90, 90),
    min_longitude=st.none() | st.floats(-180, 180),
    max_longitude=st.none() | st.floats(-180, 180),
    min_depth=st.none() | st.floats(-5000, 300_000),
    min_magnitude=st.none() | st.floats(-2, 9),
    max_magnitude=st.none() | st.floats(-2, 9),
    magnitude_type=st.none() | st.sampled_from(("ML", "ml", "Mw")),
    event_types=st.none() | st.sampled_from((("earthquake",), ("explosion", "ice/quake"))),
    order=st.sampled_from(("time", "time-asc", "magnitude", "magnitude-asc")),
)


def fits(one: EventSummary, query: EventQuery) -> bool:
    west, east = query.min_longitude, query.max_longitude
    right_of, left_of = west is None or one.longitude >= west, east is None or one.longitude <= east
    across = west is not None and east is not None and west > east
    return (
        (query.start is None or one.time >= query.start)
        and (query.end is None or one.time <= query.end)
        and (query.min_latitude is None or one.latitude >= query.min_latitude)
        and (query.max_latitude is None or one.latitude <= query.max_latitude)
        and (right_of or left_of if across else right_of and left_of)
        and (query.min_depth is None or one.depth >= query.min_depth)
        and (query.min_magnitude is None or (one.magnitude is not None and one.magnitude >= query.min_magnitude))
        and (query.max_magnitude is None or (one.magnitude is not None and one.magnitude <= query.max_magnitude))
        and (query.magnitude_type is None or (one.magnitude_type or "").lower() == query.magnitude_type.lower())
        and (query.event_types is None or one.event_type in query.event_types)
    )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(catalog=strategies.catalogs(), some=st.lists(queries, min_size=1, max_size=8))
def test_a_search_finds_what_a_look_at_every_event_finds(opened, catalog, some):
    store, search = opened()
    with store, search:
        store.upsert_events(catalog.events)
        every = summaries(catalog)
        for query in some:
            found = list(search.summaries(search.find(query)))
            assert {one.event_id for one in found} == {one.event_id for one in every if fits(one, query)}
            key = [one.time if query.order.startswith("time") else one.magnitude for one in found]
            known = [value for value in key if value is not None]
            assert known == sorted(known, reverse=not query.order.endswith("-asc"))
            assert key[len(known) :] == [None] * (len(key) - len(known))


def event(name: str, time: int, latitude: float = 35.0, longitude: float = -117.0, size: float | None = None) -> Event:
    origin = Origin.of(time, latitude, longitude, 8000.0)
    sizes = () if size is None else (Magnitude(f"m-{name}", origin.origin_id, "ML", size),)
    return Event(name, (origin,), sizes, origin.origin_id, sizes[0].magnitude_id if sizes else None)


def test_it_follows_what_is_added_changed_and_taken_back(opened):
    store, search = opened()
    with store, search:
        assert names(search, EventQuery()) == []
        store.upsert_events([event("a", 10), event("b", 20)])
        assert names(search, EventQuery()) == ["b", "a"]
        before = search.revision()
        store.upsert_events([event("a", 10), event("b", 20)])
        assert search.revision() == before
        store.upsert_events([event("a", 30, size=2.0)])
        assert names(search, EventQuery()) == ["a", "b"]
        assert names(search, EventQuery(min_magnitude=1.0)) == ["a"]
        store.replace([event("c", 5, latitude=-20.0)])
        assert names(search, EventQuery()) == ["c"]
        assert search.number("a") is None


def test_portions_put_together_are_the_whole(opened):
    store, search = opened()
    with store, search:
        store.upsert_events([event(f"e{k:03d}", k, size=k / 100) for k in range(700)])
        for order in ("time", "time-asc", "magnitude", "magnitude-asc"):
            whole = names(search, EventQuery(order=order))
            parts = [names(search, EventQuery(order=order, limit=99, offset=start)) for start in range(0, 700, 99)]
            assert [name for part in parts for name in part] == whole
            assert len(whole) == 700
        assert [one.event_id for one, _ in search.events(search.find(EventQuery(limit=3)))] == ["e699", "e698", "e697"]


def test_rings_lie_on_a_sphere_and_cross_the_date_line(opened):
    store, search = opened()
    with store, search:
        places = [(0.0, 179.5), (0.0, -179.5), (60.0, 0.0), (60.0, 4.0)]
        store.upsert_events([event(f"e{k}", k, *place) for k, place in enumerate(places)])
        assert names(search, EventQuery(latitude=0.0, longitude=180.0, max_radius=0.6, order="time-asc")) == [
            "e0",
            "e1",
        ]
        # 4 degrees of longitude at 60 N are 2 degrees of arc, less the bend of the great circle.
        arc = math.degrees(2 * math.asin(math.cos(math.radians(60)) * math.sin(math.radians(2))))
        for radius, found in ((arc - 1e-6, ["e2"]), (arc + 1e-6, ["e2", "e3"])):
            assert names(search, EventQuery(latitude=60.0, longitude=0.0, max_radius=radius, order="time-asc")) == found
        assert names(search, EventQuery(min_longitude=179.0, max_longitude=-179.0, order="time-asc")) == ["e0", "e1"]


def test_what_was_changed_after_a_time(opened):
    store, search = opened()
    with store, search:
        store.upsert_events([event("a", 10)])
        (first,) = search.summaries(search.find(EventQuery()))
        assert first.updated is not None
        store.upsert_events([event("b", 10)])
        assert names(search, EventQuery(updated_after=first.updated)) == ["b"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    places=st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=1, max_size=30, unique=True),
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
    radius=st.floats(0, 180),
)
def test_a_ring_holds_what_is_near_enough_anywhere(opened, places, latitude, longitude, radius):
    def arc(there: tuple[float, float]) -> float:
        a, b = math.radians(latitude), math.radians(there[0])
        c = math.radians(there[1] - longitude)
        across = math.hypot(
            math.cos(b) * math.sin(c), math.cos(a) * math.sin(b) - math.sin(a) * math.cos(b) * math.cos(c)
        )
        return math.degrees(math.atan2(across, math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(c)))

    store, search = opened()
    with store, search:
        store.upsert_events([event(f"e{k:02d}", k, *place) for k, place in enumerate(places)])
        found = set(names(search, EventQuery(latitude=latitude, longitude=longitude, max_radius=radius)))
    near = {f"e{k:02d}": arc(place) for k, place in enumerate(places)}
    assert {name for name, degrees in near.items() if degrees < radius - 1e-5} <= found
    assert not {name for name, degrees in near.items() if degrees > radius + 1e-5} & found


@law
@given(catalog=strategies.catalogs())
def test_months_count_every_event_once(opened, catalog):
    store, search = opened()
    with store, search:
        store.upsert_events(catalog.events)
        counted = Counter(format_time(event.origin.time - event.origin.time % DAY, 0)[:7] for event in catalog)
        assert search.months() == dict(counted)
        assert list(search.months()) == sorted(counted, reverse=True)


@settings(max_examples=25)
@given(catalog=strategies.catalogs(), query=queries)
def test_events_at_hand_fit_as_those_of_the_catalog_do(catalog, query):
    every = summaries(catalog)
    assert fitting(query, every) == [one for one in every if fits(one, query)]
