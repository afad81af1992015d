"""What a folder holds: of a batch run, of a live run, and of none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wadati.api.holdings import open_holdings
from wadati.engine.flow import Flow
from wadati.errors import InputError
from wadati.store.catalog import CatalogStore


def test_a_batch_run_says_where_its_stations_and_waveforms_are(small) -> None:
    holdings = open_holdings(small.output, Flow())
    assert holdings.documents is not None
    assert holdings.archive is not None
    assert len(holdings.archive.extents()) == len({t.source_id for t in small.scenario.traces})
    assert f"{len(small.result.catalog)} events, 12 stations, waveforms" == holdings.words()
    holdings.close()


def test_a_live_run_says_where_its_stations_are(small, tmp_path: Path) -> None:
    CatalogStore(tmp_path / "catalog.sqlite").close()
    (tmp_path / "live").mkdir()
    status = {"running": True, "written": 0, "station_file": str(small.stations)}
    (tmp_path / "live" / "status.json").write_text(json.dumps(status))
    holdings = open_holdings(tmp_path, Flow())
    assert holdings.words() == "0 events, 12 stations, no waveforms"
    holdings.close()


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no catalog\.sqlite"):
        open_holdings(tmp_path, Flow())
    CatalogStore(tmp_path / "catalog.sqlite").close()
    with pytest.raises(InputError, match="does not exist"):
        open_holdings(tmp_path, Flow(), stations=tmp_path / "none.xml")
    with pytest.raises(InputError, match="does not exist"):
        open_holdings(tmp_path, Flow(), waveforms=[tmp_path / "none"])


def test_stations_that_cannot_be_read_are_told_and_cost_no_others(small, tmp_path: Path) -> None:
    CatalogStore(tmp_path / "catalog.sqlite").close()
    folder = tmp_path / "stations"
    folder.mkdir()
    (folder / "a.xml").write_bytes(small.stations.read_bytes())
    (folder / "b.xml").write_bytes(small.stations.read_bytes()[:2000])
    holdings = open_holdings(tmp_path, Flow(), stations=folder)
    assert [Path(problem.subject).name for problem in holdings.problems()] == ["b.xml"]
    assert "12 stations" in holdings.words()
    holdings.close()
