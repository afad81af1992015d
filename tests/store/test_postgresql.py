"""What a server over a network can do that a file cannot: be cut off, and be followed by replicas."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from benchmarks.line import Line
from wadati.model import Event, Origin, Pick, SourceId
from wadati.store import database, schema
from wadati.store.catalog import CatalogStore
from wadati.store.event_query import EventQuery
from wadati.store.event_search import EventSearch
from wadati.store.live_log import LiveLog
from wadati.units import SECOND

PICK = Pick.of(SourceId.parse("FDSN:XX_ABC__H_H_Z"), "P", SECOND, time_uncertainty=0.05, probability=0.9)


def is_cut_off(engine: sa.Engine, line: Line, url: str) -> None:
    """In the middle of its transaction; then its line is mended and it goes on, after another has written."""
    with LiveLog(url) as log, database.writing(engine) as connection:
        line.cut()
        log.write(state={"after the cut": "1"})
        line.mend()
        connection.execute(sa.select(schema.live_state))


def test_a_writer_that_is_cut_off_does_not_keep_others_from_writing(postgres, monkeypatch) -> None:
    monkeypatch.setattr(database, "_CUT_OFF", 1)
    line = Line(postgres.port)
    try:
        engine = database.connect(postgres.url.replace(str(postgres.port), str(line.port)))
        with pytest.raises(sa.exc.DBAPIError):
            is_cut_off(engine, line, postgres.url)
        engine.dispose()
        with LiveLog(postgres.url) as log:
            assert log.state()["after the cut"] == "1"
    finally:
        line.close()


def test_a_replica_is_a_store_for_who_reads(postgres) -> None:
    folder = Path(tempfile.mkdtemp(prefix="wadati-pg-"))
    with LiveLog(postgres.url) as log, CatalogStore(postgres.url) as written:
        written.publish([Event("wd1", (Origin.of(0, 35.7, -117.5, 8000.0),))])
        log.write(final=[PICK], state={"replicated": "1"})
    replica = postgres.replica(folder)
    replica.start()
    try:
        with LiveLog(postgres.url) as log, LiveLog(replica.url) as reading:
            assert reading.state()["replicated"] == "1"
            assert PICK in reading.final()
            with EventSearch(replica.url) as search, CatalogStore(replica.url) as catalog:
                assert len(search.find(EventQuery())) == len(catalog.read().events) > 0
            log.write(state={"replicated": "2"})
            until, pause = time.monotonic() + 20, threading.Event()
            while reading.state()["replicated"] != "2" and time.monotonic() < until:
                pause.wait(0.05)
            assert reading.state()["replicated"] == "2"
    finally:
        replica.stop()
        shutil.rmtree(folder, ignore_errors=True)
