"""A small store of Green's functions, made once."""

from __future__ import annotations

import importlib.util

import pytest

from wadati.engine.greens_building import build_store
from wadati.greens.axis import parse_axis
from wadati.greens.stored import StoredGreens
from wadati.model import Layer, VelocityModel

CRUST = VelocityModel(
    "two layers",
    (
        Layer(0.0, 5500.0, 3180.0, 2600.0, 600.0, 300.0),
        Layer(12000.0, 6300.0, 3640.0, 2750.0, 700.0, 350.0),
        Layer(30000.0, 7800.0, 4500.0, 3200.0, 900.0, 450.0),
    ),
)


@pytest.fixture(scope="session")
def extra() -> None:
    """What needs the extra `greens`."""
    for name in ("zarr", "pygrt"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"Green's functions: {name} is not installed (extra greens)")


@pytest.fixture(scope="session")
def small_store(extra: None, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store of `CRUST`: 12 distances, 4 depths, up to 0.2 Hz."""
    url = str(tmp_path_factory.mktemp("greens") / "store")
    axes = parse_axis("20:42:2"), parse_axis("6:12:2")
    _, problems = build_store(url, CRUST, *axes, (0.03, 0.2), workers=2)
    assert problems == []
    return url


@pytest.fixture(scope="session")
def greens(small_store: str) -> StoredGreens:
    """The small store, open."""
    return StoredGreens(small_store, CRUST)
