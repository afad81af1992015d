"""Versions of a live run after an analyst said something of their event."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from wadati.bus.messages import EventMessage
from wadati.engine.live.events import LiveEvents
from wadati.model import Event, Origin, Review
from wadati.model.codec import decode_json, encode_json
from wadati.store.catalog import CatalogStore
from wadati.store.live_log import EventVersion, LiveLog

ORIGIN = Origin.of(0, 35.0, -117.0, 8000.0)
EVENT = Event("wd1", (ORIGIN,), (), ORIGIN.origin_id)
MANUAL = Origin.of(0, 36.0, -117.0, 5000.0, evaluation_mode="manual")


def version(number: int, state: str) -> EventMessage:
    return EventMessage(event_id="wd1", version=number, state=state, event=EVENT, released=True)  # type: ignore[arg-type]


@pytest.fixture
def live(tmp_path: Path):
    """The part of a live run that publishes, what it told, and the store behind it."""
    told: list[EventMessage] = []
    with CatalogStore(tmp_path / "catalog.sqlite") as catalog, LiveLog(tmp_path / "catalog.sqlite") as log:
        events = LiveEvents.__new__(LiveEvents)
        events.catalog, events.log, events._publish = catalog, log, told.append
        events.open = {"wd1": SimpleNamespace(version=2)}
        yield events, told


def say(events: LiveEvents, action: str, **more: object) -> None:
    """What the service does: the word into the store, and the next version into the log."""
    events.catalog.publish([EVENT])
    found = events.catalog.review(
        Review(event_id="wd1", time=1, reviewer="me", action=action, **more)  # type: ignore[arg-type]
    )
    state = "retracted" if found is None else "final"
    message = msgspec.structs.replace(version(2, state), event=found or EVENT)
    events.log.write(versions=[EventVersion("wd1", 2, state, 1, encode_json(message).decode())])


def test_without_a_word_a_version_is_as_it_was(live) -> None:
    events, told = live
    events.publish(version(2, "updated"))
    assert told == [version(2, "updated")]


@pytest.mark.parametrize("state", ["updated", "final"])
def test_the_origin_of_an_analyst_stays_preferred_and_its_version_is_not_written_over(live, state: str) -> None:
    events, told = live
    say(events, "relocate", origin=MANUAL)
    events.publish(version(2, state))
    assert (told[-1].version, told[-1].state) == (3, state)
    assert told[-1].event.origin == MANUAL
    assert events.open["wd1"].version == 3
    logged = events.log.versions()
    assert [one.version for one in logged] == [2, 3]
    assert decode_json(logged[0].message.encode(), EventMessage).event.origin == MANUAL
    assert events.catalog.event("wd1").origin == MANUAL


@pytest.mark.parametrize("state", ["updated", "final"])
def test_a_rejected_event_is_retracted_whatever_comes(live, state: str) -> None:
    events, told = live
    say(events, "reject")
    events.publish(version(2, state))
    assert (told[-1].state, told[-1].held_back) == ("retracted", "an analyst rejected it")
    assert events.catalog.event("wd1") is None
