"""Services on real NATS and PostgreSQL: whatever dies, the catalog is that of a run that nobody disturbed."""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

import wadati
from benchmarks.servers import NatsServer, PostgresServer
from benchmarks.soak.chaos import Running, calm, disturbed
from wadati.formats.tables import read_picks_csv
from wadati.store.schema import REVISION

MINUTES = 3


@pytest.fixture(autouse=True)
def servers() -> None:
    for reason in (NatsServer.missing(), PostgresServer.missing()):
        if reason:
            pytest.skip(reason)
    for module in ("nats", "psycopg"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")


@pytest.fixture(scope="module")
def undisturbed(small, tmp_path_factory):
    return calm(tmp_path_factory.mktemp("calm"), small.waveforms.parent)


def test_services_find_what_a_batch_run_finds(small, undisturbed) -> None:
    picks, events = undisturbed
    assert sorted(picks) == sorted(pick.pick_id for pick in read_picks_csv(small.output / "picks.csv"))
    assert len(events) >= len(small.result.catalog) > 0


def test_three_minutes_in_which_everything_dies_change_nothing(small, undisturbed, tmp_path: Path) -> None:
    said: list[str] = []
    found, deaths = disturbed(tmp_path, small.waveforms.parent, 60 * MINUTES, 6 / MINUTES, 7, said.append)
    assert len(deaths) > 3, said
    assert found == undisturbed, said


def test_services_are_upgraded_one_by_one_while_data_flow(small, undisturbed, tmp_path: Path) -> None:
    with Running(tmp_path / "run", small.waveforms.parent, 10.0) as running:
        cluster, postgres = running.cluster, running.postgres
        pause = threading.Event()
        pause.wait(8)
        cluster.python_path = next_version(tmp_path / "next")
        for name in list(cluster.processes):
            cluster.replace(name)
            pause.wait(2)
        cluster.wait_until_over(120)
        # This version refuses a catalog of a newer one.
        code = f"from benchmarks.soak.cluster import outcome; print(outcome({postgres.url!r}))"
        environment = os.environ | {"PYTHONPATH": str(cluster.python_path)}
        asked = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, check=True, text=True
        )
        assert ast.literal_eval(asked.stdout) == undisturbed
        engine = sa.create_engine(postgres.url)
        with engine.connect() as connection:
            assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == "9999"
            connection.execute(sa.text("SELECT said FROM live_state"))
        engine.dispose()


def next_version(folder: Path) -> Path:
    """This package with another step of the schema: a column more."""
    package = Path(wadati.__file__).parent
    shutil.copytree(package, folder / "wadati", ignore=shutil.ignore_patterns("__pycache__"))
    schema = folder / "wadati" / "store" / "schema.py"
    schema.write_text(schema.read_text().replace(f'REVISION = "{REVISION}"', 'REVISION = "9999"'))
    step = folder / "wadati" / "store" / "migrations" / "versions" / "v9999_more.py"
    step.write_text(
        "import sqlalchemy as sa\n"
        "from alembic import op\n\n"
        f'revision, down_revision, branch_labels, depends_on = "9999", "{REVISION}", None, None\n\n\n'
        "def upgrade() -> None:\n"
        '    op.add_column("live_state", sa.Column("said", sa.Text, nullable=True))\n\n\n'
        "def downgrade() -> None:\n"
        '    op.drop_column("live_state", "said")\n'
    )
    return folder
