"""Parts are made from what a user writes."""

from __future__ import annotations

import pytest

from wadati import registry
from wadati.errors import UsageError


@pytest.mark.parametrize(
    ("kind", "spec"),
    [("pickers", "stalta:x"), ("associators", "joint:x"), ("locators", "edt:x"), ("attenuation", "iaspei:x")],
)
def test_an_argument_that_a_part_does_not_take_is_refused(kind: str, spec: str) -> None:
    with pytest.raises(UsageError, match=f"{spec[:-2]} takes no argument"):
        registry.make(kind, spec)


@pytest.mark.parametrize("spec", ["neural", "neural:"])
def test_a_part_without_the_argument_it_needs_says_what_to_write(spec: str) -> None:
    with pytest.raises(UsageError, match=r"write neural:PATH\.onnx"):
        registry.make("pickers", spec)


def test_an_error_inside_a_part_is_not_taken_for_a_wrong_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: str) -> None:
        raise TypeError(f"a mistake of its own with {path}")

    monkeypatch.setattr(registry, "load", lambda kind, name: broken)
    with pytest.raises(TypeError, match="a mistake of its own with x"):
        registry.make("pickers", "broken:x")


def test_an_argument_that_a_part_may_take_is_given_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Part:
        argument = "NAME"

        def __init__(self, name: str = "one") -> None:
            self.name = name

    monkeypatch.setattr(registry, "load", lambda kind, name: Part)
    assert registry.make("pickers", "part").name == "one"
    assert registry.make("pickers", "part:two").name == "two"


@pytest.mark.parametrize("kind", registry.KINDS)
def test_every_part_that_needs_no_argument_can_be_made(kind: str) -> None:
    for name in registry.names(kind):
        if name not in ("neural", "seisbench", "parametric", "pyocto", "edt-grids"):
            assert registry.make(kind, name).name
