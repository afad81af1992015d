"""A campaign gives what one run over the same data gives, however it is cut, interrupted and shared."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.campaign.conftest import Midnight
from wadati.engine.campaign.local import run

TABLES = ("events.csv", "arrivals.csv", "picks.csv", "catalog.xml", "events.geojson")


def contents(folder: Path) -> dict[str, bytes]:
    """What a run gives: tables, exchange formats, Parquet."""
    files = [folder / name for name in TABLES] + sorted((folder / "picks").iterdir()) + [folder / "amplitudes.parquet"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_campaign_in_shards_of_a_day_gives_what_one_run_gives(midnight: Midnight, tmp_path: Path) -> None:
    result = run(midnight.flow(tmp_path / "out"))
    assert len(result.catalog) >= 3
    found, expected = contents(tmp_path / "out"), contents(midnight.one_run)
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []
    assert (tmp_path / "out" / "report.html").exists()
