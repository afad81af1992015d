"""The units: systemd reads them, the program takes their commands, and they are held within bounds."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from wadati.cli.main import parser

FOLDER = Path(__file__).resolve().parents[2] / "deploy/systemd"
UNITS = sorted(FOLDER.glob("*.service"))
PROGRAM = "/opt/wadati/bin/wadati"
WORST_EXPOSURE = 2.0

every_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)


def told(text: str, word: str) -> list[str]:
    return re.findall(rf"^{word}=(.*)$", text.replace("\\\n", " "), re.MULTILINE)


@every_unit
def test_the_program_takes_the_command(unit: Path) -> None:
    (command,) = told(unit.read_text(), "ExecStart")
    words = shlex.split(command)
    assert words[0] == PROGRAM
    assert parser().parse_args(words[1:]).run is not None


@every_unit
def test_what_a_unit_asks_of_its_environment_is_said(unit: Path) -> None:
    text = unit.read_text()
    given = set(re.findall(r"^(\w+)=", (FOLDER / "wadati.env").read_text(), re.MULTILINE)) | {"CREDENTIALS_DIRECTORY"}
    assert set(re.findall(r"\$\{(\w+)\}", text)) <= given
    secrets = {secret.split(":")[0] for secret in told(text, "LoadCredential")}
    assert "--store ${WADATI_STORE}" not in text or "pgpass" in secrets
    assert "password_file" not in text or "bus-password" in secrets


def test_the_target_wants_units_that_are_there() -> None:
    (wanted,) = [told((FOLDER / "wadati-network.target").read_text(), "Wants")]
    names = {re.sub(r"@\d+", "@", name) for name in " ".join(wanted).split()}
    assert names <= {unit.name for unit in UNITS}
    assert names == {unit.name for unit in UNITS if "PartOf=wadati-network.target" in unit.read_text()}


def test_systemd_reads_them_and_finds_them_well_held(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd: no systemd-analyze on this machine")
    folder = tmp_path / "units"
    shutil.copytree(FOLDER, folder)
    for unit in folder.glob("*.service"):
        unit.write_text(unit.read_text().replace(PROGRAM, "/bin/true"))
        if unit.name.endswith("@.service"):
            unit.rename(unit.with_name(unit.name.replace("@", "@1")))
    units = sorted(folder.glob("*.service"))
    environment = {"SYSTEMD_UNIT_PATH": f"{folder}:", "PATH": "/usr/bin:/bin"}
    every = [*units, folder / "wadati-network.target"]
    read = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *every], env=environment, check=False, capture_output=True, text=True
    )
    assert (read.returncode, read.stderr) == (0, "")
    for unit in units:
        judged = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        exposure = re.search(r"exposure level for \S+: ([\d.]+)", judged.stdout)
        assert exposure is not None, judged.stderr
        assert float(exposure[1]) <= WORST_EXPOSURE, unit.name


@every_unit
def test_a_unit_has_a_limit_of_memory_that_nothing_overrides(unit: Path) -> None:
    """What stands in a drop-in goes before what stands in the unit itself."""
    assert len(told(unit.read_text(), "MemoryMax")) == 1
    assert told((FOLDER / "wadati-.service.d/held.conf").read_text(), "MemoryMax") == []
