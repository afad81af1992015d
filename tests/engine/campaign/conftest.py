"""Twenty minutes around midnight of a simulated network, as an archive, and its catalog from one run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from tests.sources.archives.replica import objects
from wadati.engine import local
from wadati.engine.campaign.settings import Campaign
from wadati.engine.flow import Flow
from wadati.synthetics.scenario import Scenario, simulate

START, END = "2026-03-01", "2026-03-03"


@dataclass(frozen=True)
class Midnight:
    """The network, its archive in the layout of SDS, and the folder of its catalog by `wadati catalog`."""

    scenario: Scenario
    archive: Path
    stations: Path
    one_run: Path

    def flow(self, output: Path | str, **campaign: object) -> Flow:
        """A campaign over the archive in shards of one day."""
        settings = {"archive": str(self.archive), "stations": str(self.stations), "output": str(output), "days": 1}
        return msgspec.structs.replace(SETTINGS, campaign=msgspec.convert(settings | campaign, Campaign))


SETTINGS = Flow(picker="stalta", start=START, end=END, workers=1)


@pytest.fixture(autouse=True, scope="session")
def calibrations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where calibrations are kept while tests run."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


def write_flow(flow: Flow, path: Path) -> Path:
    """A Flow as the file that a user would write."""
    import json

    lines = [f"{name} = {json.dumps(getattr(flow, name))}" for name in ("picker", "start", "end")]
    settings = msgspec.to_builtins(flow.campaign)
    lines += [
        "[campaign]",
        *(f"{name} = {json.dumps(value)}" for name, value in settings.items() if value and name != "compute"),
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="session")
def midnight(tmp_path_factory: pytest.TempPathFactory) -> Midnight:
    folder = tmp_path_factory.mktemp("midnight")
    scenario = simulate(5, stations=8, minutes=20, spacing_km=8.0)
    scenario.write(folder)
    for name, content in objects(scenario.traces, "sds").items():
        path = folder / "archive" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    local.catalog(folder / "waveforms", folder / "stations.xml", folder / "out", flow=SETTINGS)
    return Midnight(scenario, folder / "archive", folder / "stations.xml", folder / "out")
