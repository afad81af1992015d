"""A simulated earthquake seen by twelve good stations, for all tests of tensors."""

from __future__ import annotations

import pytest

from benchmarks.tensors.simulated import Simulated, simulate


@pytest.fixture(scope="session")
def quake() -> Simulated:
    return simulate(3, bad=0)
