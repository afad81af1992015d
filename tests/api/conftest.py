"""A service of the small network's results in a process of its own, as a user starts it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.conftest import Small


@dataclass(frozen=True)
class Served:
    """A running service: where it is, and the folder that it serves."""

    url: str
    folder: Path
    small: Small

    def get(self, path: str, **parameters: object) -> httpx.Response:
        """Ask for something."""
        given = {name: str(value) for name, value in parameters.items()}
        return httpx.get(self.url + path, params=given or None, timeout=30)


@contextmanager
def serving(small: Small, scratch: Path, settings: str = "", waveforms: str = "", greens: str = "") -> Iterator[Served]:
    """`wadati serve` of a copy of the small network's results; `settings` are more lines of [serve]."""
    folder = scratch / "out"
    shutil.copytree(small.output, folder)
    flow = scratch / "flow.toml"
    flow.write_text(
        'authority = "xx.example"\n[serve]\nlicense = "CC-BY-4.0"\n'
        'citation = "doi:10.0000/example"\ncontact = "net@example.org"\n'
        + (settings if "title" in settings else 'title = "Small network"\n' + settings)
    )
    command = [sys.executable, "-m", "wadati.cli.main", "serve", str(folder), "--port", "0", "--flow", str(flow)]
    command += ["--waveforms", waveforms] if waveforms else []
    command += ["--greens", greens] if greens else []
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("http://"), line
            yield Served(line.split(": ")[0], folder, small)
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="session")
def served(small: Small, near_store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service whose catalog no test changes, with Green's functions."""
    with serving(small, tmp_path_factory.mktemp("served"), greens=near_store) as found:
        yield found


@pytest.fixture(scope="module")
def changing(small: Small, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service whose catalog tests may change, each by events of its own."""
    with serving(small, tmp_path_factory.mktemp("changing")) as found:
        yield found
