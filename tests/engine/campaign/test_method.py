"""What gives another result has another name."""

from __future__ import annotations

from pathlib import Path

import pytest

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
