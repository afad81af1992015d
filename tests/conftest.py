"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("wadati", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("wadati")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The optional folder of real data beside the checkout (or where WADATI_SHARED says)."""
    folder = Path(os.environ.get("WADATI_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"real data: {folder} is not here")
    return folder
