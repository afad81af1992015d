"""Where the optional real data are, and running `wadati` as a user does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SHARED = Path(os.environ.get("WADATI_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def shared(*parts: str) -> Path:
    path = SHARED.joinpath(*parts)
    if not path.exists():
        raise FileNotFoundError(f"real data {'/'.join(parts)} are not beside the checkout")
    return path


def wadati(*arguments: object) -> str:
    """What a command prints; it must end with 0 or 4."""
    command = [sys.executable, "-m", "wadati.cli.main", *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False
    )
    if done.returncode not in (0, 4):
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def evaluate(*arguments: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(wadati("evaluate", *arguments, "--json"))
    return found
