"""The image's contents are known: locked, listed, and of one list of steps. `deploy/check.sh` builds it and runs it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text()
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def locked(path: Path) -> set[tuple[str, str]]:
    return set(PINNED.findall(path.read_text()))


def test_the_image_has_the_packages_that_are_tested() -> None:
    """`make lock` makes both."""
    assert locked(ROOT / "requirements.lock") <= locked(DEPLOY / "image.lock")
    ours = {name for name, _ in locked(DEPLOY / "image.lock")}
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for extra in ("bucket", "nats", "openid", "postgresql"):
        assert {re.split(r"[\[>=]", one)[0] for one in extras[extra]} <= ours


def test_every_locked_package_has_its_digests() -> None:
    for name in ("image.lock", "image-build.lock"):
        for block in re.split(r"^(?=\w)", (DEPLOY / name).read_text(), flags=re.MULTILINE):
            assert not block.strip() or "--hash=sha256:" in block, block


def test_the_bill_names_every_locked_package_once() -> None:
    command = [sys.executable, str(DEPLOY / "sbom.py"), str(DEPLOY / "image.lock")]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == text
    bill = json.loads(text)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    named = [(one["name"], one["version"]) for one in bill["components"]]
    assert sorted(named) == sorted(locked(DEPLOY / "image.lock"))
    references = [one["bom-ref"] for one in bill["components"]]
    assert len(set(references)) == len(references)
    digests = sum(len(one["hashes"]) for one in bill["components"])
    assert digests == (DEPLOY / "image.lock").read_text().count("--hash=sha256:")


def test_a_bill_of_what_is_installed_names_nothing_else(tmp_path: Path) -> None:
    (name, version), *_ = sorted(locked(DEPLOY / "image.lock"))
    (tmp_path / f"{name.replace('-', '_')}-{version}.dist-info").mkdir()
    (tmp_path / "unknown-1.0.dist-info").mkdir()
    command = [sys.executable, str(DEPLOY / "sbom.py"), str(DEPLOY / "image.lock"), str(tmp_path)]
    bill = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert [(one["name"], one["version"]) for one in bill["components"]] == [(name, version)]


def test_the_bill_refuses_what_it_would_leave_out(tmp_path: Path) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text("six>=1.17\n")
    done = subprocess.run([sys.executable, DEPLOY / "sbom.py", lock], check=False, capture_output=True, text=True)
    assert done.returncode != 0
    assert "six>=1.17" in done.stderr


def test_the_image_is_made_by_the_script_alone_and_runs_as_nobody_special() -> None:
    steps = re.findall(r"^RUN (.*)$", CONTAINERFILE, re.MULTILINE)
    assert steps
    assert all(re.search(r"\bsh \S*image\.sh (build|runtime)\b", step) for step in steps)
    last = CONTAINERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert "\nHEALTHCHECK " in last
    assert "\nSTOPSIGNAL SIGTERM\n" in last


def test_what_is_copied_is_let_through_and_nothing_else() -> None:
    through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        name.split("/")[0]
        for line in re.findall(r"^COPY (?!--from)(.*)$", CONTAINERFILE, re.MULTILINE)
        for name in line.split()[:-1]
    }
    assert copied == through
