"""The dashboard and the alert rules ask for metrics that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATUS = (ROOT / "src/wadati/engine/live/status.py").read_text()
SERVICES = (ROOT / "src/wadati/engine/services/status.py").read_text()
NAMES = {f"wadati_{name}" for name in re.findall(r'"(\w+)"', STATUS + SERVICES)}
FILES = [
    ROOT / "deploy/grafana/wadati-live.json",
    ROOT / "deploy/prometheus/wadati-rules.yml",
    ROOT / "docs/reference/live.md",
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_metrics_that_are_asked_for_exist(path: Path) -> None:
    asked = set(re.findall(r"\bwadati_[a-z_]+\b", path.read_text()))
    assert asked
    assert asked <= NAMES


def test_the_dashboard_is_json_and_every_panel_asks_something() -> None:
    board = json.loads(FILES[0].read_text())
    assert all(panel["targets"] for panel in board["panels"])
