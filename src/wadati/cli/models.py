"""The networks there are, and the card of one, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from wadati import registry
from wadati.pickers import shipped
from wadati.pickers.card import Card, card_beside
from wadati.pickers.neural import Neural
from wadati.pickers.runtime import installed

if TYPE_CHECKING:
    from rich.console import Console


class Model(NamedTuple):
    """A network as it is listed: what a user calls it, its file and its card."""

    name: str
    path: Path
    card: Card

    @classmethod
    def of(cls, name: str) -> Model:
        """The model of a shipped name or of `neural:PATH.onnx`. Raises `UsageError` or `InputError`."""
        kind, _, path = name.partition(":")
        file = Path(path) if kind == "neural" and path else shipped.network(name)
        return cls(name, file, card_beside(file))

    def record(self) -> dict[str, Any]:
        """For machines."""
        return {
            "name": self.name,
            "path": str(self.path),
            "bytes": self.path.stat().st_size,
            "card": msgspec.to_builtins(self.card),
        }


def overview() -> dict[str, Any]:
    """All there is, for machines: shipped networks, runtimes (the first one is used), SeisBench, names of pickers."""
    return {
        "models": [Model.of(name).record() for name in shipped.names()],
        "runtimes": list(installed()),
        "seisbench": _seisbench(),
        "pickers": list(registry.names("pickers")),
    }


def detail(name: str) -> dict[str, Any]:
    """One network, for machines; it is opened, so `runtime` is what runs it here."""
    model = Model.of(name)
    return {**model.record(), "runtime": Neural(model.path).runtime}


def print_overview() -> None:
    """The list, 80 columns wide or as wide as the terminal."""
    console = _console()
    models = [Model.of(name) for name in shipped.names()]
    if not models:
        console.print("No networks come with this installation.")
    rows, tests = [], []
    for model in models:
        for first, phase in enumerate(model.card.phases):
            measured = _headline(model.card, phase)
            about = ("", "", "") if first else (model.name, _size(model.path), _training(model.card))
            shares = (measured.get(column, "") for column in ("recall", "precision"))
            rows.append((*about, phase, model.card.thresholds[phase], *shares))
            tests.append((model.name, _test(measured)))
    if rows:
        titles = ("name", "size", "trained on", "", "threshold", "recall", "precision")
        _table(console, titles, rows)
        for (name, words), _ in groupby(tests):
            console.print(f"{name}: recall and precision {words}" if words else f"{name}: not measured", style="dim")
    console.print()
    seisbench = _seisbench()
    door = f"SeisBench {seisbench}" if seisbench else "not installed: pip install 'wadati[seisbench]'"
    others = [f"{name}:{_argument(name)}" for name in ("neural", "seisbench")]
    listed = [name for name in registry.names("pickers") if name not in ("neural", "seisbench", shipped.DEFAULT)]
    _pairs(
        console,
        [
            ("networks run on", " else ".join(installed())),
            ("your own", others[0]),
            ("of SeisBench", f"{others[1]} ({door})"),
            ("other pickers", ", ".join(listed)),
        ],
    )


def print_detail(name: str) -> None:
    """The card of a network."""
    model = Model.of(name)
    runtime = Neural(model.path).runtime
    card, console = model.card, _console()
    about = [card.name, _size(model.path), *([card.licence] if card.licence else [])]
    console.print(" · ".join(about), style="bold")
    for words in (card.summary, card.source):
        if words:
            console.print(words)
    _title(console, "Use")
    _pairs(console, _use(card, runtime))
    if card.training:
        _title(console, "Trained on")
        _table(console, ("", "n", ""), [(one.name, one.n, one.what) for one in card.training])
    if card.measured:
        _title(console, "Measured")
        for columns, some in groupby(card.measured, key=tuple):
            rows = [[row[column] for column in columns] for row in some]
            _table(console, [column.replace("_", " ") for column in columns], rows)
    if card.reliability:
        _title(console, "Reliability: how often picks of a probability were right")
        _table(console, ("", "probability", "right", "n"), _reliability(card))
    if card.limits:
        _title(console, "Limits")
        _table(console, ("", ""), [("–", words) for words in card.limits])
    made = [*card.made_with.items(), *([("seed", str(card.seed))] if card.seed is not None else [])]
    if made:
        _title(console, "Made with")
        _pairs(console, made)
    if card.inputs:
        _title(console, "Made from")
        _pairs(console, list(card.inputs.items()))
    _title(console, "File")
    console.print(f"  {model.path}", soft_wrap=True)


def _use(card: Card, runtime: str) -> Iterator[tuple[str, str]]:
    rate = card.sampling_rate_hz
    yield "picker runs on", runtime
    yield "window", f"{card.samples} samples at {rate:g} Hz, one every {card.step / rate:g} s"
    yield "edges left out", f"{card.edge / rate:g} s"
    missing = {"lend": "another component stands in", "zero": "zeros"}[card.missing]
    yield "components", f"{card.components}, {card.normalisation}; for a missing one {missing}"
    yield "thresholds", _by_phase(card.thresholds, card.phases)
    if card.time_uncertainty:
        yield "time uncertainty", f"{_by_phase(card.time_uncertainty, card.phases)} (s)"
    if card.first_motion is not None:
        yield "first motion", f"stated from a probability of {card.first_motion:g}"


def _by_phase(values: Mapping[str, float], phases: Iterable[str]) -> str:
    return ", ".join(f"{phase} {values[phase]:g}" for phase in phases if phase in values)


def _reliability(card: Card) -> Iterator[tuple[str, float, float, int]]:
    for phase, points in card.reliability.items():
        for place, point in enumerate(points):
            yield "" if place else phase, *point


def _headline(card: Card, phase: str) -> Mapping[str, str | int | float]:
    """The first test that says how many of a phase were found."""
    return next((row for row in card.measured if row.get("phase") == phase and "recall" in row), {})


def _test(row: Mapping[str, str | int | float]) -> str:
    parts = [("on {}", "test"), ("n = {}", "n"), ("within {} s", "tolerance_s")]
    return ", ".join(words.format(row[key]) for words, key in parts if key in row)


def _training(card: Card) -> str:
    return ", ".join(f"{one.name} ({one.n:,})" for one in card.training)


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.2f} MB"


def _argument(name: str) -> str:
    return str(getattr(registry.load("pickers", name), "argument", "ARGUMENT"))


def _seisbench() -> str | None:
    try:
        return version("seisbench")
    except PackageNotFoundError:
        return None


def _console() -> Console:
    from rich.console import Console

    return Console(markup=False, emoji=False, highlight=False)


def _title(console: Console, words: str) -> None:
    console.print()
    console.print(words, style="bold")


def _pairs(console: Console, rows: Iterable[tuple[str, str]]) -> None:
    _table(console, ("", ""), rows)


def _table(console: Console, titles: Sequence[str], rows: Iterable[Sequence[str | float]]) -> None:
    """Columns of words to the left, of numbers to the right; no titles where all are empty."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=any(titles), header_style="dim", pad_edge=False)
    table.add_column("")
    columns = []
    for title, column in zip(titles, zip(*rows, strict=True), strict=True):
        numbers = not all(isinstance(value, str) for value in column)
        table.add_column(title, justify="right" if numbers else "left", overflow="fold", no_wrap=numbers)
        columns.append(_written(column))
    for row in zip(*columns, strict=True):
        table.add_row("", *row)
    console.print(table)


def _written(column: Sequence[str | float]) -> list[str]:
    """Values of a column as text, its fractions with equally many decimals."""
    decimals = max((len(f"{value:.4g}".partition(".")[2]) for value in column if isinstance(value, float)), default=0)
    return [
        value if isinstance(value, str) else f"{value:,}" if isinstance(value, int) else f"{value:.{decimals}f}"
        for value in column
    ]
