"""The card of a network: the JSON file beside it that says how to use it, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from math import inf
from pathlib import Path
from typing import Literal

import msgspec

from wadati.errors import InputError, UsageError
from wadati.model import sampling_rate
from wadati.units import SECOND

SAMPLING_RATES_HZ = (1.0, 1000.0)
"""The lowest and highest sampling rate that a card may state; between them lie all networks for earthquakes."""

MOST_SAMPLES = 1_000_000
"""The longest window that a card may state, so that a batch of windows fits into memory."""

_DIVISORS = {"std": "standard deviation", "peak": "peak"}


class TrainingSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A set of examples that a network has learnt from: its name, how many, and what they are."""

    name: str
    n: int
    what: str = ""


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the JSON file beside a network says; only the first seven keys are needed.

    How to use it: `components` is the order of the component axis, `classes` that of the output (one of them may be
    `N`, the noise). `normalisation` is `demean-std` or `demean-peak`: every component minus its mean, divided by its
    standard deviation or its largest absolute value. In place of `missing` samples stand those of another component
    (`lend`) or 0 (`zero`). `thresholds` and `time_uncertainty` (s) are by class. Where `first_motion` is given, the
    network has an output of that name, and this is the least probability for which a pick states its polarity. A
    network whose sample axis is free may state in `early` how many samples windows have that end now.

    What is known of it: `measured` holds one row for each test, with columns as the test has them (`test`, `n`,
    `phase`, `tolerance_s`, `recall` and `precision` are shown in lists); `reliability` by phase how often picks of a
    mean probability were right: (probability, fraction, number). `inputs` are digests of what it was made from.
    """

    name: str
    components: str
    classes: tuple[str, ...]
    samples: int
    sampling_rate_hz: float
    normalisation: str
    thresholds: dict[str, float]
    missing: Literal["lend", "zero"] = "lend"
    hop: int | None = None
    early: int | None = None
    edge: int = 200
    time_uncertainty: dict[str, float] = {}
    first_motion: float | None = None
    source: str = ""
    licence: str = ""
    summary: str = ""
    training: tuple[TrainingSet, ...] = ()
    measured: tuple[dict[str, str | int | float], ...] = ()
    reliability: dict[str, tuple[tuple[float, float, int], ...]] = {}
    limits: tuple[str, ...] = ()
    inputs: dict[str, str] = {}
    made_with: dict[str, str] = {}
    seed: int | None = None

    @property
    def phases(self) -> tuple[str, ...]:
        """The classes but `N`."""
        return tuple(name for name in self.classes if name != "N")

    @property
    def step(self) -> int:
        """The hop, half a window where the card has none."""
        return self.samples // 2 if self.hop is None else self.hop

    @property
    def divisor(self) -> str | None:
        """`std` or `peak`, from the keyword or from its wording; None for any other text."""
        if self.normalisation in ("demean-std", "demean-peak"):
            return self.normalisation.removeprefix("demean-")
        found = [key for key, words in _DIVISORS.items() if self.normalisation.endswith(f"divide by the {words}")]
        return found[0] if found else None


def card_beside(network: Path) -> Card:
    """The card of a network's file, of the same name with the suffix `.json`.

    Raises `UsageError` where the path names no file, and what `read_card` raises.
    """
    if not network.name:
        raise UsageError(f"{str(network)!r} names no network: write neural:PATH.onnx")
    return read_card(network.with_suffix(".json"))


def read_card(path: Path) -> Card:
    """The card in a file. Raises `InputError` that names the file and the key."""
    try:
        card = msgspec.json.decode(path.read_bytes(), type=Card)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "put it beside the .onnx file") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        keys = ", ".join(field.name for field in msgspec.structs.fields(Card))
        raise InputError(path, str(error), f"the keys are {keys}") from error
    for wrong, mend in chain(_mistakes_of_classes(card), _mistakes_of_windows(card)):
        raise InputError(path, wrong, mend)
    return card


def _mistakes_of_classes(card: Card) -> Iterator[tuple[str, str]]:
    """What a card states of the output that cannot be, and the mend."""
    if not card.phases or len(set(card.classes)) < len(card.classes):
        yield f"`classes` is {', '.join(card.classes) or 'empty'}", "name each class once, and at least one phase"
    for phase in card.phases:
        if phase not in card.thresholds:
            yield f"`thresholds` has none for {phase}", "give one for every class but N"
        elif not 0 < card.thresholds[phase] <= 1:
            yield f"`thresholds` is {card.thresholds[phase]:g} for {phase}", "give probabilities above 0, at most 1"
        if not 0 < card.time_uncertainty.get(phase, 1) < inf:
            yield f"`time_uncertainty` is {card.time_uncertainty[phase]:g} for {phase}", "give seconds above 0"
    if card.first_motion is not None:
        if "P" not in card.phases:
            yield "`first_motion` is given but P is no class", "leave it out"
        if not 0.5 < card.first_motion <= 1:
            yield f"`first_motion` is {card.first_motion:g}", "give a probability above 0.5, at most 1"


def _mistakes_of_windows(card: Card) -> Iterator[tuple[str, str]]:
    """What a card states of the input that cannot be, and the mend."""
    if card.divisor is None:
        yield f"`normalisation` is {card.normalisation!r}", "write demean-std or demean-peak"
    if not card.components or set(card.components) - set("ZNE") or len(set(card.components)) < len(card.components):
        yield f"`components` is {card.components!r}", "write the order of Z, N and E, such as ENZ"
    lowest, highest = SAMPLING_RATES_HZ
    if not lowest <= card.sampling_rate_hz <= highest:
        yield f"`sampling_rate_hz` is {card.sampling_rate_hz:g}", f"give {lowest:g} to {highest:g} Hz"
    elif (1 / sampling_rate(card.sampling_rate_hz) * SECOND).denominator > 1:
        yield f"`sampling_rate_hz` is {card.sampling_rate_hz:g}", "give one with an interval of whole nanoseconds"
    if not 0 < card.samples <= MOST_SAMPLES:
        yield f"`samples` is {card.samples}", f"give 1 to {MOST_SAMPLES}"
    elif card.early is not None and not 0 < card.early <= card.samples:
        yield f"`early` is {card.early}", f"give 1 to {card.samples}, the `samples`"
    elif card.edge < 0 or not 0 < card.step <= card.samples - 2 * card.edge:
        yield "`samples`, `hop` and `edge` leave samples uncovered", "keep hop ≤ samples − 2 edge"
