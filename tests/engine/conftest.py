from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from wadati.engine import local
from wadati.engine.flow import Flow
from wadati.synthetics.scenario import Scenario, simulate


@dataclass(frozen=True)
class Small:
    """A small simulated network on disk and the catalog of its whole chain."""

    scenario: Scenario
    waveforms: Path
    stations: Path
    output: Path
    result: local.Result


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    folder = tmp_path_factory.mktemp("small")
    scenario = simulate(3, stations=12, minutes=6)
    scenario.write(folder)
    result = local.catalog(folder / "waveforms", folder / "stations.xml", folder / "out", flow=Flow(workers=1))
    return Small(scenario, folder / "waveforms", folder / "stations.xml", folder / "out", result)
