"""Every block of the tutorial, run as it stands: on a replica of the bucket (moto) and a station service of our own.

The replica holds five stations and twenty minutes around a midnight, a simulated network moved to where and when the
tutorial is. Only the second picker is another one: its weights are nobody's to ship.
"""

from __future__ import annotations

import csv
import math
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources.archives.replica import client, fill, objects
from wadati.cli.main import main
from wadati.engine.compute import AwsBatch
from wadati.engine.flow import read_flow
from wadati.formats.stationxml import write_stationxml
from wadati.model import Channel, Inventory, TimeSpan, Trace, parse_time
from wadati.store.catalog import CatalogStore
from wadati.synthetics.scenario import Scenario, simulate
from wadati.units import DAY

PAGE = Path(__file__).resolve().parents[2] / "docs/tutorials/northern-california.md"
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
SERVICE = "https://service.ncedc.org"
LATITUDE, LONGITUDE, START = 40.2, -124.0, parse_time("2019-06-24T00:00:00Z")


def moved(scenario: Scenario) -> tuple[Inventory, list[Trace]]:
    """The network around another place, as many km apart, and its records some whole days earlier."""
    south = min(one.latitude for one in scenario.inventory)
    west = min(one.longitude for one in scenario.inventory)
    narrower = math.cos(math.radians(south)) / math.cos(math.radians(LATITUDE))
    channels = [
        Channel(
            one.source_id,
            LATITUDE + one.latitude - south,
            LONGITUDE + (one.longitude - west) * narrower,
            one.elevation,
            one.response,
            one.azimuth,
            one.dip,
            epoch=TimeSpan(START - 100 * DAY, START + 100 * DAY),
            sampling_rate_hz=one.sampling_rate_hz,
        )
        for one in scenario.inventory
    ]
    days = (min(trace.start for trace in scenario.traces) // DAY) * DAY - START
    traces = [Trace(one.source_id, one.start - days, one.sampling_rate, one.data) for one in scenario.traces]
    return Inventory.of(channels), traces


@pytest.fixture
def beside(moto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder from which the bucket and the service are reached, though neither is the real one."""
    inventory, traces = moved(simulate(5, stations=5, minutes=20, spacing_km=8.0))
    content = objects(traces, "ncedc")
    fill(moto, "ncedc-pds", content)
    for name in content:  # the real one is read without keys, too
        client(moto).put_object_acl(Bucket="ncedc-pds", Key=name, ACL="public-read")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_stationxml(inventory, tmp_path / "stations.xml")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def service(beside: Path, tmp_path: Path) -> Iterator[str]:
    """`wadati serve`, which is a station service too."""
    folder = tmp_path / "served"
    folder.mkdir()
    CatalogStore(folder / "catalog.sqlite").close()
    command = [sys.executable, "-m", "wadati.cli.main", "serve", str(folder), "--port", "0"]
    command += ["--stations", str(tmp_path / "stations.xml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("http://"), line
        yield line.split(": ")[0]
        process.terminate()
        process.wait(20)


def test_every_block_of_the_tutorial_does_what_it_says(
    beside: Path, service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = iter(("campaign.toml", "campaign-aws.toml", "campaign-phasenet.toml"))
    ran = []
    for language, code in BLOCKS:
        if language == "python":
            assert "import" in code
            exec(compile(code.replace(SERVICE, service), PAGE.name, "exec"), {})
        elif language == "toml":
            tomllib.loads(code)
            Path(next(names)).write_text(code.replace("neural:phasenet.onnx", "stalta"))
        else:
            for line in code.splitlines():
                words = shlex.split(line)
                assert words[0] == "wadati"
                assert main(words[1:]) == 0, capsys.readouterr().err
                ran.append(words[1])
    assert list(names) == []
    assert ran == ["plan", "run", "status", "plan", "run", "evaluate"]
    with Path("stations.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["station"] for row in rows}) == 5
    with Path("northern-california/events.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) >= 2
    for name in ("northern-california/report.html", "northern-california/map.png"):
        assert Path(name).stat().st_size > 1000
    assert isinstance(read_flow(Path("campaign-aws.toml")).compute, AwsBatch)
    assert {path.name.partition("-")[0] for path in Path("northern-california/shards").iterdir() if path.is_dir()} >= {
        "wadati",
        "stalta",
    }


def test_the_service_tells_the_stations_of_the_region_too(
    beside: Path, service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = next(code for language, code in BLOCKS if language == "toml")
    Path("asked.toml").write_text(text.replace("stations.csv", f"fdsn:{service}"))
    assert main(["plan", "asked.toml"]) == 0
    assert re.search(r"stations +5\b", capsys.readouterr().out)
