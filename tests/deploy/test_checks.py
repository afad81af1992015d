"""The checks leave out what a machine cannot do, and say so; programs that play such machines stand before the real."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAYS = "#!/bin/sh\necho "


def run(command: str, programs: dict[str, str], folder: Path) -> str:
    for name, script in programs.items():
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
    return subprocess.run([ROOT / command], check=True, capture_output=True, text=True, env=environment).stdout


@pytest.mark.parametrize(
    ("failing", "words"), [("unshare", "root may not mount here"), ("buildah", "buildah does not work here")]
)
def test_an_image_that_cannot_be_built_here_is_skipped(failing: str, words: str, tmp_path: Path) -> None:
    programs = dict.fromkeys(("buildah", "mmdebstrap", "unshare"), "#!/bin/sh\n") | {"id": f"{SAYS}0"}
    assert f"skipped: the image is not built, {words}" in run(
        "deploy/check.sh", programs | {failing: "#!/bin/sh\nexit 1\n"}, tmp_path
    )


@pytest.mark.parametrize("node", [0, 1])
def test_the_portal_is_checked_where_node_is_new_enough(node: int, tmp_path: Path) -> None:
    programs = {
        "apt-get": "#!/bin/sh\n",
        "npm": "#!/bin/sh\n",
        "make": f'{SAYS}"made $*"',
        "id": f"{SAYS}1000",
        "node": f'#!/bin/sh\n[ "$1" = --version ] && echo v18.20.4 || exit {node}\n',
    }
    words = run(".ci/run", programs, tmp_path)
    assert ("made portal-check" in words) == (node == 0)
    assert ("skipped: make portal-check, node is v18.20.4 and 20 is needed" in words) == (node == 1)
    assert "made test\n" in words
