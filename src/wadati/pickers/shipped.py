"""The networks that come with Wadati: `models/NAME.onnx` and its card `models/NAME.json` in this folder."""

from __future__ import annotations

from pathlib import Path

from wadati.errors import UsageError
from wadati.pickers.neural import Neural

MODELS = Path(__file__).with_name("models")
"""The folder of the shipped networks."""

DEFAULT = "wadati"
"""The one that is meant where none is named."""


def names() -> tuple[str, ...]:
    """The shipped networks, the default first, the others in order."""
    return tuple(sorted((path.stem for path in MODELS.glob("*.onnx")), key=lambda name: (name != DEFAULT, name)))


def network(name: str) -> Path:
    """The file of a shipped network. Raises `UsageError` for a name that is none."""
    if name not in names():
        raise UsageError(f"no network called {name!r} comes with Wadati; there are: {', '.join(names()) or 'none'}")
    return MODELS / f"{name}.onnx"


class Shipped(Neural):
    """The picker behind `wadati` and `wadati:NAME`; picks bear the name that the card gives the weights."""

    argument = "NAME"

    def __init__(self, name: str = DEFAULT) -> None:
        super().__init__(network(name))
        self.name = self.name.removeprefix("neural:")
