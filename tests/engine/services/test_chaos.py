"""Services on real NATS and PostgreSQL: whatever dies, the catalog is that of a run that nobody disturbed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from benchmarks.servers import NatsServer, PostgresServer
from benchmarks.soak.chaos import calm, disturbed
from wadati.formats.tables import read_picks_csv

MINUTES = 3


@pytest.fixture(autouse=True)
def servers() -> None:
    for reason in (NatsServer.missing(), PostgresServer.missing()):
        if reason:
            pytest.skip(reason)
    for module in ("nats", "psycopg"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")


def test_three_minutes_in_which_everything_dies_change_nothing(small, tmp_path: Path) -> None:
    simulated = small.waveforms.parent
    expected = calm(tmp_path / "calm", simulated)
    assert sorted(expected[0]) == sorted(pick.pick_id for pick in read_picks_csv(small.output / "picks.csv"))
    assert len(expected[1]) >= len(small.result.catalog) > 0
    said: list[str] = []
    found, deaths = disturbed(tmp_path / "disturbed", simulated, 60 * MINUTES, 6 / MINUTES, 7, said.append)
    assert len(deaths) > 3, said
    assert found == expected, said
