"""Laws of the catalog store, on every database."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wadati.errors import UsageError
from wadati.formats.geojson import write_geojson
from wadati.formats.quakeml import write_quakeml
from wadati.model import Arrival, Catalog, Event, Magnitude, Origin, Pick, SourceId, TimeSpan
from wadati.store.catalog import CatalogStore
from wadati.store.coverage import Coverage
from wadati.store.identity import new_event_id
from wadati.testing import strategies
from wadati.units import SECOND

law = settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])


@law
@given(catalog=strategies.catalogs(), random=st.randoms())
def test_what_is_written_is_read_once_in_any_order(fresh, catalog, random):
    events, picks = list(catalog.events), list(catalog.picks)
    writes = [(CatalogStore.upsert_events, [event]) for event in events]
    writes += [(CatalogStore.upsert_picks, [pick]) for pick in picks]
    writes += writes[:3]
    random.shuffle(writes)
    with fresh() as store:
        for write, values in writes:
            write(store, values)
        assert store.read() == catalog
        store.upsert_events(events[::-1])
        store.upsert_picks(picks)
        assert store.read() == catalog


@law
@given(catalog=strategies.catalogs())
def test_a_rerun_changes_nothing(fresh, catalog):
    with fresh() as store:
        published = store.replace(catalog.events, catalog.picks)
        before = store.read()
        assert set(published) == set(before.events)
        assert store.replace(catalog.events[::-1], catalog.picks[::-1])[::-1] == published
        assert store.publish(catalog.events) == published
        assert store.read() == before
        assert store.retired() == ()


@law
@given(one=strategies.catalogs(), other=strategies.catalogs())
def test_the_result_does_not_depend_on_what_was_there_but_for_names(fresh, one, other):
    def nameless(catalog: Catalog) -> list[Event]:
        plain = [msgspec.structs.replace(event, event_id="", aliases=()) for event in catalog]
        return sorted(plain, key=lambda event: (event.origin.time, msgspec.msgpack.encode(event)))

    with fresh() as store:
        store.replace(one.events, one.picks)
        names = {event.event_id for event in store.read()}
        store.replace(other.events, other.picks)
        assert nameless(store.read()) == nameless(other)
        assert store.read().picks == other.picks
        gone = names - {event.event_id for event in store.read()}
        aliases = {alias for event in store.read() for alias in event.aliases}
        assert gone <= aliases | set(store.retired())
        store.replace(one.events, one.picks)
        assert {event.event_id for event in store.read()} == names


def event_of(picks: str, time: int = 0, **changes) -> Event:
    """An event that rests on picks named by letters, with the name it gets when new."""
    arrivals = tuple(Arrival(pick, "XX", pick, "P", 1e3, 0.0, 0.0, 1.0) for pick in picks)
    origin = Origin.of(time, 35.0, -117.0, 8000.0, arrivals=arrivals, **changes)
    size = Magnitude(f"magnitude-{origin.origin_id}", origin.origin_id, "ML", 1.0)
    return Event(new_event_id(origin), (origin,), (size,), origin.origin_id, size.magnitude_id)


def names(events) -> list[str]:
    return [event.event_id for event in events]


def test_a_relocated_event_keeps_its_name_and_its_old_origin(fresh):
    first, second = event_of("abcd"), event_of("abce", time=SECOND, method="again")
    with fresh() as store:
        store.replace([first])
        (published,) = store.replace([second])
        assert published.event_id == first.event_id != second.event_id
        assert published.origins == second.origins
        assert store.read().events == (published,)
        assert store.superseded(first.event_id) == first.origins
        store.replace([first])
        assert store.read().events == (first,)
        assert store.superseded(first.event_id) == second.origins


def test_a_merge_keeps_the_oldest_name_and_a_split_gives_both_back(fresh):
    older, younger = event_of("abc"), event_of("defgh", time=SECOND)
    both = event_of("abcdefgh")
    with fresh() as store:
        store.publish([older])
        store.publish([younger])
        (merged,) = store.replace([both])
        assert (merged.event_id, merged.aliases) == (older.event_id, (younger.event_id,))
        assert store.event(younger.event_id) == store.event(older.event_id) == merged
        assert store.retired() == ()
        assert store.replace([both]) == (merged,)
        assert store.replace([older, younger]) == (older, younger)
        assert store.read().events == (older, younger)


def test_a_retired_name_is_never_given_to_something_else(fresh):
    first, other = event_of("abc"), event_of("xyz", time=100 * SECOND)
    with fresh() as store:
        store.replace([first])
        store.replace([other])
        assert store.retired() == (first.event_id,)
        assert store.event(first.event_id) is None
        assert names(store.replace([event_of("abd", time=SECOND), other])) == [first.event_id, other.event_id]
        assert store.retired() == ()


def test_another_picker_keeps_the_names(fresh):
    with fresh() as store:
        (first,) = store.replace([event_of("abc")])
        (second,) = store.replace([event_of("xyz", time=SECOND)])
        assert second.event_id == first.event_id


def test_an_event_that_comes_in_near_another_is_another(fresh):
    first, near = event_of("abc"), event_of("xyz", time=SECOND)
    with fresh() as store:
        store.publish([first])
        assert store.publish([near]) == (near,)
        assert store.read().events == (first, near)


def pick_at(time: int) -> Pick:
    sid = SourceId.parse("FDSN:XX_ABC__H_H_Z")
    return Pick.of(sid, "P", time, time_uncertainty=0.1, probability=0.5)


def test_only_the_span_is_replaced(fresh):
    picks = [pick_at(second * SECOND) for second in (5, 12, 15, 25)]
    early = event_of("abc")
    arrivals = tuple(Arrival(pick.pick_id, "XX", "ABC", "P", 1e3, 0.0, 0.0, 1.0) for pick in picks[:2])
    early = Event("early", (msgspec.structs.replace(early.origin, arrivals=arrivals),))
    inside, late = event_of("def", time=11 * SECOND), event_of("ghi", time=20 * SECOND)
    with fresh() as store:
        store.replace([early, inside, late], picks)
        store.replace([], [], TimeSpan(10 * SECOND, 20 * SECOND))
        assert store.read() == Catalog((early, late), (picks[0], picks[1], picks[3]))
        assert store.retired() == (inside.event_id,)


def test_a_span_is_read_with_the_picks_of_its_events(fresh):
    picks = tuple(pick_at(second * SECOND) for second in (5, 12, 15, 25))
    arrivals = (Arrival(picks[3].pick_id, "XX", "ABC", "P", 1e3, 0.0, 0.0, 1.0),)
    event = Event("one", (Origin.of(12 * SECOND, 35.0, -117.0, 0.0, arrivals=arrivals),))
    with fresh() as store:
        store.replace([event, event_of("a", time=30 * SECOND)], picks)
        assert store.read(TimeSpan(10 * SECOND, 15 * SECOND)) == Catalog((event,), (picks[1], picks[3]))


def test_exports_of_a_rerun_are_the_same_bytes_whatever_came_between(fresh, tmp_path):
    events = [event_of("abc"), event_of("defgh", time=SECOND)]
    contents = set()
    with fresh() as store:
        for between in ([], [events], [[event_of("abcd")], [event_of("abcdefgh")], events[:1], []]):
            for other in between:
                store.replace(other)
            store.replace(events)
            write_quakeml(store.read(), tmp_path / "catalog.xml")
            write_geojson(store.read(), tmp_path / "events.geojson")
            contents.add((tmp_path / "catalog.xml").read_bytes() + (tmp_path / "events.geojson").read_bytes())
    assert len(contents) == 1


def test_different_events_of_one_name_are_refused(fresh):
    with fresh() as store, pytest.raises(UsageError, match="different events are called x"):
        store.replace([Event("x", event_of("a").origins), Event("x", event_of("b").origins)])


def test_coverage_keeps_the_last_word(fresh):
    units = (
        Coverage("CI.CCC/2019-07-04", "failed", "corrupt record", 3600.0, "HH", 12),
        Coverage("CI.TOW2", "no data"),
    )
    with fresh() as store:
        store.upsert_coverage(units[::-1])
        store.upsert_coverage(units)
        assert store.coverage() == units
        done = Coverage("CI.TOW2", "done")
        store.upsert_coverage([done])
        assert store.coverage() == (units[0], done)


def test_runs_are_kept_by_name(fresh):
    with fresh() as store:
        store.write_run("b", "{}")
        store.write_run("a", '{"picker":"stalta"}')
        store.write_run("b", "{}")
        assert store.runs() == {"a": '{"picker":"stalta"}', "b": "{}"}


def test_an_error_in_the_middle_leaves_the_old_state(fresh, monkeypatch):
    with fresh() as store:
        store.replace([event_of("abc")], [pick_at(1)])
        before = store.read()

        def fail(*_):
            raise RuntimeError("in the middle")

        monkeypatch.setattr("wadati.store.catalog._save_picks", fail)
        with pytest.raises(RuntimeError):
            store.replace([event_of("xyz", time=100 * SECOND)], [pick_at(2)])
        monkeypatch.undo()
        assert store.read() == before
        assert store.retired() == ()


def test_the_file_is_the_same_bytes_after_a_rerun(tmp_path):
    path = tmp_path / "catalog.sqlite"
    contents = []
    for _ in range(2):
        with CatalogStore(path) as store:
            store.replace([event_of("abc"), event_of("def", time=SECOND)], [pick_at(1), pick_at(2)])
            store.upsert_coverage([Coverage("CI.CCC", "done")])
            store.write_run("a", "{}")
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]


@pytest.mark.parametrize("step", ["begun", "events", "retired", "picks"])
def test_a_kill_in_the_middle_leaves_the_old_state(tmp_path, step):
    path = tmp_path / "catalog.sqlite"
    with CatalogStore(path) as store:
        store.replace([event_of("abc")], [pick_at(1)])
        before = store.read()
    program = f"""
        import os, signal
        from wadati.model import Event, Origin, Pick, SourceId
        from wadati.store import catalog, event_tables
        def dying(function, after):
            def call(*arguments):
                result = function(*arguments) if after else None
                os.kill(os.getpid(), signal.SIGKILL)
            return call
        for name, module, function, after in (
            ("begun", event_tables, "known", False),
            ("events", event_tables, "save", True),
            ("retired", event_tables, "retire", True),
            ("picks", catalog, "_save_picks", True),
        ):
            if name == {step!r}:
                setattr(module, function, dying(getattr(module, function), after))
        pick = Pick.of(SourceId.parse("FDSN:XX_ABC__H_H_Z"), "P", 7, time_uncertainty=0.1, probability=0.5)
        catalog.CatalogStore({str(path)!r}).replace([Event("x", (Origin.of(7, 1.0, 2.0, 3.0),))], [pick])
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert ended.returncode == -9
    with CatalogStore(path) as store:
        assert store.read() == before
        assert store.retired() == ()


def test_services_that_begin_together_on_an_empty_database_make_its_tables_once(postgresql):
    engine = sa.create_engine(postgresql, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE together"))
    code = "import sys; from wadati.store.catalog import CatalogStore; CatalogStore(sys.argv[1]).close()"
    url = postgresql.rpartition("/")[0] + "/together"
    opening = [subprocess.Popen([sys.executable, "-c", code, url]) for _ in range(6)]
    assert [process.wait(60) for process in opening] == [0] * 6
    with engine.connect() as connection:
        connection.execute(sa.text("DROP DATABASE together"))
    engine.dispose()
