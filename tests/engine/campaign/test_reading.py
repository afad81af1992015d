"""The table of picks is read as the documents say, by others' programs, and nothing of it is lost on the way."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pandas
import pytest

from tests.engine.campaign.conftest import Midnight

PAGE = Path(__file__).resolve().parents[3] / "docs/how-to/campaign.md"


def blocks(language: str) -> list[str]:
    """The code that the page has on reading picks."""
    section = PAGE.read_text(encoding="utf-8").partition("## Reading the picks\n")[2].partition("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(midnight: Midnight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalog under the name that the page gives it, in the folder where one works."""
    (tmp_path / "northern-california").symlink_to(midnight.one_run)
    monkeypatch.chdir(tmp_path)
    return midnight.one_run


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_pandas_reads_joins_and_names_picks(folder: Path) -> None:
    found: dict[str, pandas.DataFrame] = {}
    for code in blocks("python"):
        exec(code, found)
    written, arrivals = rows(folder / "picks.csv"), rows(folder / "arrivals.csv")
    assert list(found["picks"].pick_id) == [row["pick_id"] for row in written]
    assert len(found["sure"]) == sum(row["phase"] == "S" and float(row["probability"]) > 0.5 for row in written) > 0
    joined = {
        (row.event_id, row.pick_id)
        for row in found["picks"].merge(found["of_events"].drop(columns="pick_id")).itertuples()
    }
    assert joined == {(row["event_id"], row["pick_id"]) for row in arrivals}
    assert len(found["of_events"]) == len(arrivals) > 0


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles"])
def test_duckdb_reads_and_joins_picks_wherever_it_runs(folder: Path, zone: str) -> None:
    duckdb = pytest.importorskip("duckdb")
    counted, joined = blocks("sql")
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = '{zone}'")
        written = [row for row in rows(folder / "picks.csv") if float(row["probability"]) > 0.5]
        expected = {(row["station"], row["phase"]) for row in written}
        found = connection.sql(counted).fetchall()
        assert {row[:2] for row in found} == expected
        assert sum(row[2] for row in found) == len(written) > 0
        arrivals = rows(folder / "arrivals.csv")
        found = connection.sql(joined).fetchall()
        assert sorted((row[0], row[2]) for row in found) == sorted(
            (row["event_id"], row["station"]) for row in arrivals
        )
