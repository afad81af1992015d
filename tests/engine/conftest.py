"""An earthquake near whose long periods come from a small store of Green's functions, for mechanisms by themselves."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.greens.conftest import CRUST
from wadati.engine import local
from wadati.engine.flow import Flow
from wadati.engine.greens_building import build_store
from wadati.engine.mechanism_settings import Tensor
from wadati.greens.axis import parse_axis
from wadati.greens.stored import StoredGreens
from wadati.synthetics.scenario import Scenario, simulate


@pytest.fixture(scope="session")
def fine_store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Green's functions of `CRUST` for 1 to 40 km and depths of 4 to 16 km, up to 0.2 Hz."""
    for name in ("zarr", "pygrt"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"Green's functions: {name} is not installed (extra greens)")
    url = str(tmp_path_factory.mktemp("greens") / "near")
    _, problems = build_store(url, CRUST, parse_axis("1:40:1"), parse_axis("4:16:2"), (0.02, 0.2), workers=2)
    assert problems == []
    return url


@dataclass(frozen=True)
class Moved:
    """A simulated network whose largest event has long periods from a store, on disk, and its batch run."""

    scenario: Scenario
    waveforms: Path
    stations: Path
    output: Path
    flow: Flow
    result: local.Result


@pytest.fixture(scope="session")
def moved(fine_store: str, tmp_path_factory: pytest.TempPathFactory) -> Moved:
    folder = tmp_path_factory.mktemp("moved")
    scenario = simulate(4, stations=20, minutes=9, greens=StoredGreens(fine_store))
    scenario.write(folder)
    flow = Flow(workers=1, tensor=Tensor(greens=fine_store))
    result = local.catalog(folder / "waveforms", folder / "stations.xml", folder / "out", flow=flow)
    return Moved(scenario, folder / "waveforms", folder / "stations.xml", folder / "out", flow, result)
