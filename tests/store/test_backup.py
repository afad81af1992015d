"""Laws of back-up and restore: the same catalog again, on either database, all of it or nothing."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import sqlalchemy as sa

from wadati.cli.main import main
from wadati.errors import InputError
from wadati.model import Catalog, Event, Origin, Pick, SourceId
from wadati.store import migrations
from wadati.store.backup import back_up, restore
from wadati.store.catalog import CatalogStore
from wadati.store.database import engine_of
from wadati.store.live_log import EarlyPick, EventVersion, LiveLog
from wadati.units import SECOND

Z = SourceId.parse("FDSN:XX_ABC__H_H_Z")


def pick(k: int) -> Pick:
    return Pick.of(Z, "P", k * SECOND, time_uncertainty=0.05, probability=0.9)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A catalog with something of everything."""
    path = tmp_path / "catalog.sqlite"
    events = tuple(Event(f"wd{k}", (Origin.of(k * SECOND, 35.0 + k, -117.0, 8000.0),)) for k in range(5))
    with CatalogStore(path) as catalog, LiveLog(path) as log:
        catalog.publish(Catalog(events))
        log.write(
            final=[pick(k) for k in range(2500)],
            early=[EarlyPick(pick(3), 7)],
            versions=[EventVersion("wd1", 1, "final", 5, "{}")],
            state={"a": "1"},
        )
    return path


def held(target: str | Path) -> tuple[object, ...]:
    with CatalogStore(target) as catalog, LiveLog(target) as log:
        return tuple(catalog.read()), log.final(), log.early(), log.versions(), log.state()


@pytest.fixture
def empty(postgres, request) -> str:
    """An empty database of the server."""
    name = "restored"
    engine = sa.create_engine(postgres.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return postgres.url.rpartition("/")[0] + f"/{name}"


def test_what_was_backed_up_is_restored(store: Path, tmp_path: Path) -> None:
    file = io.BytesIO()
    count = back_up(store, file)
    again = tmp_path / "again.sqlite"
    assert restore(io.BytesIO(file.getvalue()), again) == count
    assert held(again) == held(store)
    second = io.BytesIO()
    back_up(again, second)
    assert second.getvalue() == file.getvalue()


def test_it_goes_from_one_database_to_the_other_and_back(store: Path, empty: str, tmp_path: Path) -> None:
    file, back = io.BytesIO(), io.BytesIO()
    back_up(store, file)
    restore(io.BytesIO(file.getvalue()), empty)
    assert held(empty) == held(store)
    back_up(empty, back)
    restore(io.BytesIO(back.getvalue()), tmp_path / "again.sqlite")
    assert held(tmp_path / "again.sqlite") == held(store)


def test_one_that_was_cut_short_or_changed_leaves_nothing(store: Path, tmp_path: Path) -> None:
    file = io.BytesIO()
    back_up(store, file)
    whole = file.getvalue()
    target = tmp_path / "target.sqlite"
    for damaged in (whole[:-1], whole[: len(whole) // 2], b"", b"text", whole[:100] + b"x" + whole[101:]):
        with pytest.raises(InputError):
            restore(io.BytesIO(damaged), target)
    restore(io.BytesIO(whole), target)
    assert held(target) == held(store)


def test_nothing_is_written_over(store: Path) -> None:
    file = io.BytesIO()
    back_up(store, file)
    with pytest.raises(InputError, match="already"):
        restore(io.BytesIO(file.getvalue()), store)


def test_one_of_an_earlier_version_comes_to_this_one(tmp_path: Path) -> None:
    old = tmp_path / "old.sqlite"
    engine = engine_of(old)
    with engine.connect() as connection, connection.begin():
        migrations.upgrade(connection, "0001")
    engine.dispose()
    file = io.BytesIO()
    back_up(old, file)
    restore(io.BytesIO(file.getvalue()), tmp_path / "new.sqlite")
    assert held(tmp_path / "new.sqlite")[1:] == ((), (), (), {})


def test_the_commands(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", str(store), "--to", str(tmp_path / "a.wadati")]) == 0
    assert main(["restore", str(tmp_path / "a.wadati"), "--store", str(tmp_path / "b.sqlite")]) == 0
    assert held(tmp_path / "b.sqlite") == held(store)
    assert main(["backup", str(tmp_path / "absent.sqlite"), "--to", str(tmp_path / "c")]) == 3
    assert not (tmp_path / "c").exists()
    assert not (tmp_path / "absent.sqlite").exists()
