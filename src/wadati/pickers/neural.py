"""Phase curves from a neural network in ONNX form, with a JSON file beside it that says how to use it.

PhaseNet: Zhu & Beroza (2019), doi:10.1093/gji/ggy423. Any network with input (window, component, sample) and output
(window, class, sample) will do. The default install runs it on the CPU through ONNX Runtime, one thread a session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from math import inf
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.errors import InputError, UsageError
from wadati.model import sampling_rate
from wadati.protocols import Grid
from wadati.units import SECOND

SAMPLING_RATES_HZ = (1.0, 1000.0)
"""The lowest and highest sampling rate that a card may state; between them lie all networks for earthquakes."""

MOST_SAMPLES = 1_000_000
"""The longest window that a card may state, so that a batch of windows fits into memory."""

_DIVISORS = {"std": "standard deviation", "peak": "peak"}


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the JSON file beside a network says; the last five keys may be left out.

    `components` is the order of the component axis, `classes` that of the output (one of them `N`, the noise).
    `normalisation` is `demean-std` or `demean-peak`: every component minus its mean, divided by its standard
    deviation or its largest absolute value. `thresholds` and `time_uncertainty` (s) are by class.
    """

    name: str
    components: str
    classes: tuple[str, ...]
    samples: int
    sampling_rate_hz: float
    normalisation: str
    thresholds: dict[str, float]
    source: str = ""
    licence: str = ""
    hop: int | None = None
    edge: int = 200
    time_uncertainty: dict[str, float] = {}

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


class Neural:
    """The picker behind `neural:PATH.onnx`. Raises `InputError` where the network or its JSON cannot be used, or where
    one does not fit the other; `UsageError` where the path names no file.

    `path` is the network; its card is the file of the same name with the suffix `.json`. Values are normalised relative
    to the data alone, so the unit of a record does not matter.
    """

    argument = "PATH.onnx"

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        if not self._path.name:
            raise UsageError(f"{str(path)!r} names no network: write neural:{self.argument}")
        card = read_card(self._path.with_suffix(".json"))
        self.name = f"neural:{card.name}"
        self.grid = Grid(card.samples, card.step, card.edge, card.sampling_rate_hz)
        self.components = card.components
        self.phases = tuple(name for name in card.classes if name != "N")
        self.thresholds = tuple(card.thresholds[phase] for phase in self.phases)
        self.time_uncertainty = tuple(
            card.time_uncertainty.get(phase, _UNCERTAINTY.get(phase, 0.1)) for phase in self.phases
        )
        self._rows = [card.classes.index(phase) for phase in self.phases]
        self._peak = card.divisor == "peak"
        self._network = _network(self._path, card)

    def curves(self, windows: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        """Probabilities (window, phase, sample) of windows (window, component, sample)."""
        return self._network(normalise(windows, missing, peak=self._peak))[:, self._rows]


_UNCERTAINTY = {"P": 0.05, "S": 0.1}
_ROUNDING = 1e-3


def normalise(
    windows: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_], *, peak: bool
) -> npt.NDArray[np.float32]:
    """Each component minus its mean, divided by its standard deviation or its peak, over the samples that are there.

    A component that does not move counts as missing. In place of missing samples stand those of the next component that
    has them, the last one (the vertical of `ENZ`) first, else 0: with the vertical in all three places, PhaseNet
    finds 99.7 % of the P of one-component stations where with zeros it finds 82.6 %.

    >>> normalise(np.array([[[1, 3]]], np.float32) * 2**-60, np.zeros((1, 1, 2), bool), peak=False)
    array([[[-1.,  1.]]], dtype=float32)
    """
    there = ~missing
    data = windows.astype(np.float64)
    count = np.maximum(there.sum(axis=-1, keepdims=True), 1)
    data -= data.sum(axis=-1, keepdims=True, where=there) / count
    data *= there
    if peak:
        size = np.abs(data).max(axis=-1, keepdims=True)
    else:
        size = np.sqrt(np.square(data).sum(axis=-1, keepdims=True) / count)
    there &= size > 0
    np.divide(data, size, out=data, where=size > 0)
    if not there.all():
        for component in range(data.shape[1]):
            lent = there[:, component]
            for other in reversed(range(data.shape[1])):
                lacking = there[:, other] & ~lent
                np.copyto(data[:, component], data[:, other], where=lacking)
                lent = lent | lacking
    return data.astype(np.float32)


def read_card(path: Path) -> Card:
    """The card of a network. Raises `InputError` that names the file and the key."""
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
    phases = [name for name in card.classes if name != "N"]
    if not phases or len(set(card.classes)) < len(card.classes):
        yield f"`classes` is {', '.join(card.classes) or 'empty'}", "name each class once, and at least one phase"
    for phase in phases:
        if phase not in card.thresholds:
            yield f"`thresholds` has none for {phase}", "give one for every class but N"
        elif not 0 < card.thresholds[phase] <= 1:
            yield f"`thresholds` is {card.thresholds[phase]:g} for {phase}", "give probabilities above 0, at most 1"
        if not 0 < card.time_uncertainty.get(phase, 1) < inf:
            yield f"`time_uncertainty` is {card.time_uncertainty[phase]:g} for {phase}", "give seconds above 0"


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
    elif card.edge < 0 or not 0 < card.step <= card.samples - 2 * card.edge:
        yield "`samples`, `hop` and `edge` leave samples uncovered", "keep hop ≤ samples − 2 edge"


def _network(path: Path, card: Card) -> Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]:
    """The network as a function of normalised windows, tried on windows of zeros.

    It is tried, not only asked for its shapes, because those may be symbolic; and on one window as well as on two,
    because a batch holds as many as there are.
    """
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as states

    # ONNX Runtime has one exception class for each status code, and no base class of its own.
    failures = tuple(one for one in vars(states).values() if isinstance(one, type) and issubclass(one, Exception))
    # Where a damaged network has spoilt its messages or the Python side finds fault, there are Python's own errors.
    failures += (ValueError, RuntimeError)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    if not path.is_file():
        raise InputError(path, "is not there", "give the path of an .onnx file: neural:PATH.onnx")
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"], enable_fallback=0)
    except failures as error:
        raise InputError(path, f"is not a network ONNX Runtime can run ({error})", "export it again") from error
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise InputError(path, f"has {len(inputs)} inputs", "export it with one, (window, component, sample)")

    def run(windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.asarray(session.run(None, {inputs[0].name: windows})[0], np.float32)

    for count in (1, 2):
        taken, wanted = (count, len(card.components), card.samples), (count, len(card.classes), card.samples)
        try:
            out = run(np.zeros(taken, np.float32))
        except failures as error:
            wrong = f"cannot be run on windows of its card, float32 of shape {taken} ({error})"
            raise InputError(path, wrong, "correct `components` and `samples`, or export it again") from error
        if out.shape != wanted:
            wrong = f"gives the shape {out.shape} where its card says {wanted} (window, class, sample)"
            raise InputError(path, wrong, "correct `classes` and `samples`, or export it again")
        if not (out.min() >= -_ROUNDING and out.max() <= 1 + _ROUNDING):
            wrong = f"gives {out.min():g} to {out.max():g}, which are no probabilities"
            raise InputError(path, wrong, "export it with its last softmax or sigmoid")
    return run
