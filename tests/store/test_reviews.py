"""What analysts said outlasts every new run: manual before automatic, rejected stays rejected, twice is once."""

from __future__ import annotations

import msgspec
import pytest

from wadati.errors import UsageError
from wadati.model import Arrival, Event, Magnitude, Origin, Pick, Review, SourceId
from wadati.store.event_query import EventQuery
from wadati.store.event_search import EventSearch
from wadati.units import SECOND

STATIONS = [SourceId.parse(f"FDSN:XX_S{number:02}__H_H_Z") for number in range(6)]


def picks_at(time: int, mode: str = "automatic", shift: int = 0) -> tuple[Pick, ...]:
    return tuple(
        Pick.of(sid, "P", time + k * SECOND + shift, time_uncertainty=0.1, probability=0.9, evaluation_mode=mode)
        for k, sid in enumerate(STATIONS)
    )


def origin_of(time: int, picks: tuple[Pick, ...], latitude: float = 35.0, mode: str = "automatic") -> Origin:
    arrivals = tuple(Arrival(pick.pick_id, *pick.source_id.station_key, "P", 1e4, 0.0, 0.0, 1.0) for pick in picks)
    return Origin.of(time, latitude, -117.0, 8000.0, arrivals=arrivals, evaluation_mode=mode)


def event_of(name: str, origin: Origin) -> Event:
    size = Magnitude(f"m-{origin.origin_id}", origin.origin_id, "ML", 2.0)
    return Event(name, (origin,), (size,), origin.origin_id, size.magnitude_id)


def said(event: Event, action: str, time: int = 1, **more: object) -> Review:
    return Review(event_id=event.event_id, time=time, reviewer="me", action=action, **more)  # type: ignore[arg-type]


@pytest.fixture
def kept(fresh):
    """A store with one event that a run found, and what the run gave."""
    picks = picks_at(100 * SECOND)
    with fresh() as store:
        (event,) = store.replace([event_of("a", origin_of(90 * SECOND, picks))], picks)
        yield store, event, picks


def test_a_manual_origin_is_preferred_beside_the_automatic_one(kept) -> None:
    store, event, _ = kept
    moved = picks_at(100 * SECOND, "manual", SECOND // 10)
    manual = origin_of(90 * SECOND, moved, 35.1, "manual")
    found = store.review(said(event, "relocate", origin=manual), moved)
    assert found.origin == manual
    assert set(found.origins) == {*event.origins, manual}
    assert store.read().events == (found,)
    assert {pick.pick_id for pick in store.read().picks} >= {pick.pick_id for pick in moved}


def test_a_new_run_keeps_it_whether_its_picks_are_the_same_or_not(kept) -> None:
    store, event, picks = kept
    moved = picks_at(100 * SECOND, "manual", SECOND // 10)
    manual = origin_of(90 * SECOND, moved, 35.1, "manual")
    store.review(said(event, "relocate", origin=manual), moved)
    for again in (picks, (*picks[:5], *picks_at(101 * SECOND)[5:])):
        automatic = origin_of(90 * SECOND + 1, again, 35.02)
        (published,) = store.replace([event_of("b", automatic)], again)
        assert published.event_id == event.event_id
        assert published.origin == manual
        assert automatic in published.origins
        assert store.read().events == (published,)
        assert {pick.pick_id for pick in store.read().picks} >= {pick.pick_id for pick in moved}


def test_what_is_rejected_stays_so_until_it_is_confirmed(kept) -> None:
    store, event, picks = kept
    assert store.review(said(event, "reject")) is None
    assert len(store.read()) == 0
    assert store.retired() == (event.event_id,)
    again = event_of("b", origin_of(90 * SECOND + 1, picks, 35.02))
    revision = _revision(store)
    assert store.replace([again], picks) == ()
    assert store.publish([again]) == ()
    assert (len(store.read()), _revision(store)) == (0, revision)
    manual = msgspec.structs.replace(event.origin, origin_id="origin-manual", evaluation_mode="manual")
    assert store.review(said(event, "confirm", 2, origin=manual)).event_id == event.event_id
    (published,) = store.replace([again], picks)
    assert (published.event_id, published.origin) == (event.event_id, manual)


def test_a_type_that_was_given_stays(kept) -> None:
    store, event, picks = kept
    store.review(said(event, "type", event_type="quarry blast"))
    (published,) = store.replace([event_of("b", origin_of(90 * SECOND, picks))], picks)
    assert (published.event_type, published.origin.evaluation_mode) == ("quarry blast", "automatic")


def test_a_word_said_twice_is_said_once_and_a_run_again_changes_nothing(kept) -> None:
    store, event, picks = kept
    manual = msgspec.structs.replace(event.origin, origin_id="origin-manual", evaluation_mode="manual")
    word = said(event, "confirm", origin=manual)
    first = store.review(word)
    assert store.review(word) == first
    assert store.reviews(event.event_id) == (word,)
    store.replace([event], picks)
    revision = _revision(store)
    assert store.replace([event], picks) == (first,)
    assert _revision(store) == revision


def test_the_latest_word_counts_and_earlier_ones_are_superseded(kept) -> None:
    store, event, _ = kept
    first, second = (
        msgspec.structs.replace(event.origin, origin_id=f"origin-{k}", latitude=36.0 + k, evaluation_mode="manual")
        for k in range(2)
    )
    store.review(said(event, "relocate", 1, origin=first))
    found = store.review(said(event, "relocate", 2, origin=second))
    assert found.origin == second
    assert first not in found.origins
    assert first in store.superseded(event.event_id)


def test_a_word_on_a_part_stays_with_it_when_events_are_split_again(fresh) -> None:
    first, second = picks_at(100 * SECOND), picks_at(130 * SECOND)
    one, two = event_of("a", origin_of(90 * SECOND, first)), event_of("b", origin_of(120 * SECOND, second))
    with fresh() as store:
        a, b = store.replace([one, two], (*first, *second))
        moved = msgspec.structs.replace(b.origin, origin_id="origin-moved", latitude=40.0, evaluation_mode="manual")
        store.review(said(b, "relocate", origin=moved))
        store.replace([event_of("c", origin_of(90 * SECOND, (*first, *second)))], (*first, *second))
        again = {event.event_id: event for event in store.replace([one, two], (*first, *second))}
        assert again[a.event_id].origin == a.origin
        assert again[b.event_id].origin == moved


def test_searches_see_it(kept, tmp_path) -> None:
    store, event, _ = kept
    with EventSearch(store._engine.url.render_as_string(hide_password=False)) as search:
        assert len(search.find(EventQuery())) == 1
        store.review(said(event, "reject"))
        assert len(search.find(EventQuery())) == 0


def test_an_event_that_is_none_cannot_be_reviewed(kept) -> None:
    store, event, _ = kept
    with pytest.raises(UsageError, match="no event nothing"):
        store.review(said(msgspec.structs.replace(event, event_id="nothing"), "reject"))


def _revision(store) -> int:
    with EventSearch(store._engine.url.render_as_string(hide_password=False)) as search:
        return search.revision()
