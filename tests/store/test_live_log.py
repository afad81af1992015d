"""Laws of the log of a live run, on SQLite and PostgreSQL."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from wadati.model import Pick, SourceId
from wadati.store.live_log import EarlyPick, EventVersion, LiveLog
from wadati.store.schema import metadata, writer
from wadati.units import SECOND

Z = SourceId.parse("FDSN:XX_ABC__H_H_Z")


def pick(k: int) -> Pick:
    return Pick.of(Z, "P", k * SECOND, time_uncertainty=0.05, probability=0.9, amplitude=1e-6 * k)


@pytest.fixture(params=["sqlite", "postgresql"])
def log(request, tmp_path):
    if request.param == "sqlite":
        url = tmp_path / "catalog.sqlite"
    else:
        url = request.getfixturevalue("postgresql")
        LiveLog(url).close()
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                if table is not writer:
                    connection.execute(sa.delete(table))
        engine.dispose()
    with LiveLog(url) as opened:
        yield opened


def test_what_is_written_twice_is_there_once(log: LiveLog) -> None:
    for _ in range(2):
        log.write(
            final=[pick(2), pick(1)],
            early=[EarlyPick(pick(3), 7)],
            versions=[EventVersion("wd1", 1, "created", 5, "{}")],
            state={"a": "1"},
        )
    assert log.final() == (pick(1), pick(2))
    assert log.early() == (EarlyPick(pick(3), 7),)
    assert log.versions() == (EventVersion("wd1", 1, "created", 5, "{}"),)
    assert log.state() == {"a": "1"}


def test_the_latest_version_of_each_event(log: LiveLog) -> None:
    told = [("wd1", 1, 5), ("wd2", 1, 6), ("wd1", 2, 7), ("wd3", 1, 2)]
    versions = {(name, number): EventVersion(name, number, "updated", at, "{}") for name, number, at in told}
    log.write(versions=list(versions.values()))
    assert log.latest() == (versions["wd3", 1], versions["wd2", 1], versions["wd1", 2])
    assert log.latest(6) == (versions["wd2", 1], versions["wd1", 2])


def test_the_last_word_counts(log: LiveLog) -> None:
    log.write(early=[EarlyPick(pick(1), 7)], state={"a": "1"})
    log.write(early=[EarlyPick(pick(1), 7, "confirmed")], state={"a": "2", "b": "3"})
    assert log.early() == (EarlyPick(pick(1), 7, "confirmed"),)
    assert log.state() == {"a": "2", "b": "3"}


def test_a_pick_that_is_withdrawn_goes_and_can_come_back(log: LiveLog) -> None:
    log.write(final=[pick(1), pick(2)])
    log.write(withdrawn=[pick(1).pick_id])
    assert log.final() == (pick(2),)
    assert log.withdrawn() == {pick(1).pick_id}
    log.write(final=[pick(1)])
    assert log.withdrawn() == frozenset()
    assert log.final() == (pick(1), pick(2))


def test_picks_that_are_kept_elsewhere_are_dropped(log: LiveLog) -> None:
    log.write(final=[pick(k) for k in range(5)], early=[EarlyPick(pick(1), 7), EarlyPick(pick(9), 7)])
    moved = log.between(0, 3 * SECOND)
    assert moved == (pick(0), pick(1), pick(2))
    log.drop(one.pick_id for one in moved)
    log.forget_early(3 * SECOND)
    assert log.final() == (pick(3), pick(4))
    assert log.final(4 * SECOND) == (pick(4),)
    assert [one.pick for one in log.early()] == [pick(9)]
