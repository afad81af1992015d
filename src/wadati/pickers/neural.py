"""Phase curves from a neural network in ONNX form, with a card beside it that says how to use it.

PhaseNet: Zhu & Beroza (2019), doi:10.1093/gji/ggy423. Any network with input (window, component, sample) and output
(window, class, sample) will do. It runs on the CPU, one thread a picker.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.errors import InputError
from wadati.pickers.card import Card, card_beside
from wadati.pickers.runtime import Network, fastest, open_network
from wadati.protocols import Grid


class Neural:
    """The picker behind `neural:PATH.onnx`. Raises `InputError` where the network or its card cannot be used, or where
    one does not fit the other; `UsageError` where the path names no file.

    `path` is the network; its card is the file of the same name with the suffix `.json`. Values are normalised relative
    to the data alone, so the unit of a record does not matter. `runtime` says what runs the network.
    """

    argument = "PATH.onnx"

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        card = card_beside(self._path)
        self.name = f"neural:{card.name}"
        self.grid = Grid(card.samples, card.step, card.edge, card.sampling_rate_hz)
        self.components = card.components
        self.phases = card.phases
        self.thresholds = tuple(card.thresholds[phase] for phase in self.phases)
        self.time_uncertainty = tuple(
            card.time_uncertainty.get(phase, _UNCERTAINTY.get(phase, 0.1)) for phase in self.phases
        )
        self.first_motion = card.first_motion
        self._rows = [card.classes.index(phase) for phase in self.phases]
        self._peak = card.divisor == "peak"
        self._lend = card.missing == "lend"
        self.early_samples = card.early or card.samples
        self._card = card
        self._network = self._open(card.samples)
        self.runtime = self._network.runtime

    def _open(self, samples: int) -> Network:
        card = msgspec.structs.replace(self._card, samples=samples)
        network = _tried(open_network(self._path, samples), self._path, card)
        return fastest(network, self._path, (len(card.components), samples))

    @cached_property
    def _early_network(self) -> Network:
        """Opened when it is first asked, as only live runs need it."""
        return self._open(self.early_samples)

    def curves(self, windows: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        """Probabilities (window, phase, sample) of windows (window, component, sample), of `early_samples` too.

        Where the card has `first_motion`, two rows follow: how likely a P that arrives there first moves up, and down.
        """
        network = self._network if windows.shape[-1] == self.grid.samples else self._early_network
        out = network.run(normalise(windows, missing, peak=self._peak, lend=self._lend))
        curves = out[0][:, self._rows]
        if self.first_motion is None:
            return curves
        return np.concatenate((curves, out[network.outputs.index(_FIRST_MOTION)]), axis=1)


_UNCERTAINTY = {"P": 0.05, "S": 0.1}
_ROUNDING = 1e-3
_FIRST_MOTION = "first_motion"


def normalise(
    windows: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_], *, peak: bool = False, lend: bool = True
) -> npt.NDArray[np.float32]:
    """Each component minus its mean, divided by its standard deviation or its peak, over the samples that are there.

    A component that does not move counts as missing. With `lend`, in place of missing samples stand those of the next
    component that has them, the last one (the vertical of `ENZ`) first; else 0. A network that has not learnt what a
    missing component looks like needs them: with the vertical in all three places, PhaseNet finds 99.7 % of the P of
    one-component stations where with zeros it finds 82.6 %.

    >>> normalise(np.array([[[1, 3]]], np.float32) * 2**-60, np.zeros((1, 1, 2), bool))
    array([[[-1.,  1.]]], dtype=float32)
    """
    data = windows.astype(np.float64)
    # What is there is asked only where something is missing: most windows are whole, and masks cost more than sums.
    there = ~missing if missing.any() else None
    count: npt.NDArray[np.float64] | int = windows.shape[-1]
    if there is not None:
        data *= there
        count = np.maximum(there.sum(axis=-1, keepdims=True), 1.0)
    data -= data.sum(axis=-1, keepdims=True) / count
    if there is not None:
        data *= there
    if peak:
        size = np.maximum(data.max(axis=-1, keepdims=True), -data.min(axis=-1, keepdims=True))
    else:
        size = np.sqrt(np.einsum("wcs,wcs->wc", data, data)[..., None] / count)
    moves = size > 0
    data /= np.where(moves, size, 1)
    if lend and not (there is None and moves.all()):
        _lend(data, moves & ~missing)
    return data.astype(np.float32)


def _lend(data: npt.NDArray[np.float64], there: npt.NDArray[np.bool_]) -> None:
    """Put samples of other components where a component has none."""
    for component in range(data.shape[1]):
        lent = there[:, component]
        for other in reversed(range(data.shape[1])):
            lacking = there[:, other] & ~lent
            np.copyto(data[:, component], data[:, other], where=lacking)
            lent = lent | lacking


def _tried(network: Network, path: Path, card: Card) -> Network:
    """The network after a trial on windows of zeros. Raises `InputError` where it does not fit its card.

    It is tried, not only asked for its shapes, because those may be symbolic; and on one window as well as on two,
    because a batch holds as many as there are.
    """
    if card.first_motion is not None and _FIRST_MOTION not in network.outputs[1:]:
        wrong = f"has no second output called {_FIRST_MOTION}, only {', '.join(network.outputs)}"
        raise InputError(path, wrong, "take `first_motion` out of its card, or export it again")
    for count in (1, 2):
        taken, classes = (count, len(card.components), card.samples), len(card.classes)
        try:
            out = network.run(np.zeros(taken, np.float32))
        except ValueError as error:
            wrong = f"cannot be run on windows of its card, float32 of shape {taken} ({error})"
            raise InputError(path, wrong, "correct `components` and `samples`, or export it again") from error
        _check(path, out[0], (count, classes, card.samples), "class", "`classes`")
        if card.first_motion is not None:
            motion = out[network.outputs.index(_FIRST_MOTION)]
            _check(path, motion, (count, 2, card.samples), "up or down", "`first_motion`")
    return network


def _check(path: Path, out: npt.NDArray[np.float32], wanted: tuple[int, int, int], axis: str, key: str) -> None:
    if out.shape != wanted:
        wrong = f"gives the shape {out.shape} where its card says {wanted} (window, {axis}, sample)"
        raise InputError(path, wrong, f"correct {key} and `samples`, or export it again")
    if not (out.min() >= -_ROUNDING and out.max() <= 1 + _ROUNDING):
        wrong = f"gives {out.min():g} to {out.max():g}, which are no probabilities"
        raise InputError(path, wrong, "export it with its last softmax or sigmoid")
