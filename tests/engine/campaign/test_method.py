"""What gives another result has another name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from wadati.engine.campaign import method
from wadati.engine.campaign.method import picker_digest


@pytest.mark.parametrize(("weights", "beside"), [("net.pt", "net.json"), ("net.pt.v1", "net.json.v1")])
def test_weights_in_a_file_and_their_description_count(weights: str, beside: str, tmp_path: Path) -> None:
    (tmp_path / weights).write_bytes(b"one")
    (tmp_path / beside).write_text("{}")
    spec = f"seisbench:PhaseNet:{tmp_path / weights}"
    found = [picker_digest(spec)]
    (tmp_path / weights).write_bytes(b"two")
    found.append(picker_digest(spec))
    (tmp_path / beside).write_text('{"docstring": ""}')
    found.append(picker_digest(spec))
    assert len(set(found)) == 3
    assert picker_digest(spec) == found[-1]
    assert picker_digest(spec.replace("PhaseNet", "EQTransformer")) != found[-1]


def test_models_with_weights_of_the_same_name_are_others() -> None:
    specs = ("seisbench:PhaseNet/original", "seisbench:EQTransformer/original", "seisbench:PhaseNet/instance")
    assert len(set(map(picker_digest, specs))) == 3


SOURCES = Path(method.__file__).resolve().parents[3]
WADATI = SOURCES / "wadati"
CARRIERS = {
    "engine/campaign/commit.py",
    "engine/campaign/method.py",
    "engine/campaign/opened.py",
    "engine/flow.py",
    "engine/ledger.py",
}
"""What only hands on or keeps: the channels and settings that it hands on are in a shard's name themselves."""

PICKING = frozenset({"engine/campaign/picking_shard.py", "engine/live/tracks.py", "engine/picking.py"})
DECIDE_NOTHING = {
    "engine/campaign/settings.py",
    "engine/campaign/shards.py",
    "engine/processes.py",
    "engine/progress.py",
    "errors.py",
    "formats/atomic.py",
    "formats/buckets.py",
    "formats/csv_rows.py",
    "protocols.py",
    "registry.py",
    "store/coverage.py",
    "units.py",
}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    paths = [SOURCES / f"{name.replace('.', '/')}.py" for name in names if name.startswith("wadati.")]
    return {str(path.relative_to(WADATI)) for path in paths if path.is_file()}


@pytest.mark.parametrize(
    ("first", "parts", "before"),
    [
        ("engine/campaign/picking_shard.py", method._PICKING, frozenset()),
        ("engine/campaign/association_shards.py", method._ASSOCIATION, PICKING),
    ],
)
def test_the_code_that_decides_a_result_is_in_its_digest(
    first: str, parts: tuple[str, ...], before: frozenset[str]
) -> None:
    """Whatever the work imports is in the digest, or decides nothing; what the stage before gave is named by itself."""
    digest = {str(file.relative_to(WADATI)) for part in parts for file in method._files(WADATI / part)}
    assert first in digest
    reached, left = set(), [first]
    while left:
        name = left.pop()
        if name not in reached | CARRIERS | before:
            reached.add(name)
            left += imported(WADATI / name)
    assert sorted(reached - digest - DECIDE_NOTHING) == []
