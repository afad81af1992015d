from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from wadati.engine.flow import Flow, override, read_flow
from wadati.errors import InputError, UsageError


def test_toml_is_the_identity(tmp_path: Path) -> None:
    flow = Flow(picker="neural:w.onnx", start="2019-07-04", workers=3, magnitude_terms="none")
    path = tmp_path / "flow.toml"
    settings = {name: value for name, value in msgspec.to_builtins(flow).items() if isinstance(value, (str, int))}
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items()))
    assert read_flow(path) == flow


def test_a_wrong_field_is_named_with_those_there_are(tmp_path: Path) -> None:
    path = tmp_path / "flow.toml"
    path.write_text('pickr = "stalta"\n')
    with pytest.raises(InputError, match=r"pickr.*fields are picker"):
        read_flow(path)


def test_flags_override(tmp_path: Path) -> None:
    assert override(Flow(picker="a", workers=4), picker="b", workers=None) == Flow(picker="b", workers=4)


@pytest.mark.parametrize(
    ("flow", "words"),
    [
        (Flow(picker="nobody"), "no picker is called 'nobody'; there are: "),
        (Flow(velocity_model="mars"), "southern-california"),
    ],
)
def test_unknown_parts_are_refused_with_the_names_there_are(flow: Flow, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        flow.part("pickers") if flow.picker == "nobody" else flow.earth()


def test_an_end_before_the_start_is_refused() -> None:
    with pytest.raises(UsageError, match="is not after"):
        Flow(start="2019-07-05", end="2019-07-04").span()
