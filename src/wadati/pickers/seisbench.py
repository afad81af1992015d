"""Phase curves from the models of SeisBench: Woollam et al. (2022), doi:10.1785/0220210324.

A model runs as SeisBench runs it: its window, sampling rate, order of components, filter and normalisation, with zeros
for missing samples; its curves equal SeisBench's for the same windows. What lies around is Wadati's: windows stand on
the absolute grid, overlapping ones are averaged (SeisBench takes the maximum for some models), peaks are read as for
every picker. A filter that belongs to the weights is applied window by window.

SeisBench adds 1e-10 to what it divides by, which silences records of tiny numbers (those in metres, say). Here each
window is first multiplied by a power of two that makes its largest value about 1e9, so that records of any unit are
picked alike; where SeisBench's own addend does not count, this changes nothing.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wadati.errors import InputError, MissingExtraError, UsageError
from wadati.pickers.card import SAMPLING_RATES_HZ
from wadati.protocols import Grid

_UNCERTAINTY = {"P": 0.05, "S": 0.1}
_EXPONENT = 30
_HOW = "write seisbench:MODEL/WEIGHTS, such as seisbench:PhaseNet/instance, or seisbench:MODEL:PATH.pt for a file"
_DESCRIBE = """such as {"model_args": {"phases": "NPS", "component_order": "ENZ", "norm": "std"}}"""


class SeisBench:
    """The picker behind `seisbench:MODEL/WEIGHTS` and `seisbench:MODEL:PATH.pt`.

    WEIGHTS are published ones, which SeisBench fetches once and keeps. PATH is a checkpoint as SeisBench saves it,
    `NAME.pt` or `NAME.pt.v1`, with `NAME.json` or `NAME.json.v1` beside it. Raises `UsageError` for an argument of
    another form, `MissingExtraError` without SeisBench, and `InputError` where the weights cannot be had or read, or
    where the model gives no curves of P or S over its whole window.
    """

    argument = "MODEL/WEIGHTS"

    def __init__(self, argument: str) -> None:
        kind, sign, rest = _parted(argument)
        family = _family(kind)
        model, weights = _read(family, Path(rest)) if sign == ":" else _fetched(family, rest)
        self.name = f"seisbench:{kind}/{weights}"
        defaults: dict[str, Any] = {name: value for name, (_, value) in family._annotate_args.items()}  # noqa: SLF001
        settings = {**defaults, **model.default_args}
        for wrong in _obstacles(model, settings):
            raise InputError(self.name, wrong, "take a model with curves of P and S, such as PhaseNet or EQTransformer")
        self._model = model.eval()
        self._settings = {**model.default_args, "blinding": (0, 0)}
        overlap = settings["overlap"]
        if 0 <= overlap < 1:
            overlap = overlap * model.in_samples
        blinding = settings.get("blinding") or (0, 0)
        self.grid = Grid(model.in_samples, model.in_samples - round(overlap), max(blinding), float(model.sampling_rate))
        self.components = "".join(model.component_order)
        self.phases = tuple(label for label in model.labels if label in _UNCERTAINTY)
        self._rows = [list(model.labels).index(phase) for phase in self.phases]
        self.thresholds = tuple(float(_threshold(settings, phase)) for phase in self.phases)
        self.time_uncertainty = tuple(_UNCERTAINTY[phase] for phase in self.phases)
        self.runtime = f"torch {_torch().__version__}"
        self._check()

    def curves(self, windows: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        """Probabilities (window, phase, sample) of windows (window, component, sample)."""
        _, exponent = np.frexp(np.abs(windows).max(axis=(1, 2), keepdims=True))
        windows = np.ldexp(windows, _EXPONENT - exponent)
        if self._model.filter_args is not None or self._model.filter_kwargs is not None:
            windows = self._filtered(windows, missing)
        # torch computes a window that is alone in another way, which moves probabilities by several 1e-6.
        given = np.repeat(windows, 2, axis=0) if len(windows) == 1 else windows
        model, settings = self._model, self._settings
        with _torch().no_grad():
            batch = model.annotate_batch_pre(_torch().from_numpy(given), argdict=settings)
            batch, piggyback = batch if isinstance(batch, tuple) else (batch, None)
            out = model.annotate_batch_post(model(batch), piggyback=piggyback, argdict=settings)
        curves = out.numpy()[: len(windows), :, self._rows].transpose(0, 2, 1)
        return np.ascontiguousarray(np.clip(curves, 0, 1), np.float32)

    def _filtered(self, windows: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        """Windows after the filter of the weights, each unbroken run by itself."""
        from obspy import Stream, Trace

        out = np.zeros_like(windows)
        for window, component in np.ndindex(windows.shape[:2]):
            header = {"sampling_rate": self.grid.sampling_rate_hz, "channel": f"HH{self.components[component]}"}
            edges = np.flatnonzero(np.diff(~missing[window, component], prepend=False, append=False))
            for start, end in zip(edges[::2], edges[1::2], strict=True):
                trace = Trace(windows[window, component, start:end], header)
                self._model._filter_stream(Stream([trace]))  # noqa: SLF001 - what `annotate` calls
                out[window, component, start:end] = trace.data
        return out

    def _check(self) -> None:
        """Try the model on a window of zeros. Raises `InputError` where it gives no value for each sample."""
        grid = self.grid
        if not (0 < grid.hop <= grid.samples - 2 * grid.edge and grid.edge >= 0):
            raise InputError(self.name, f"leaves samples uncovered by its windows: {grid}", "lower its `overlap`")
        zeros = np.zeros((1, len(self.components), grid.samples), np.float32)
        curves = self.curves(zeros, zeros > 0)
        if curves.shape != (1, len(self.phases), grid.samples) or np.isnan(curves).any():
            wrong = f"does not give each of the {grid.samples} samples of a window a value"
            raise InputError(self.name, wrong, "take a model that does, such as PhaseNet or EQTransformer")


def _parted(argument: str) -> tuple[str, str, str]:
    """Model, `/` or `:`, and what follows. Raises `UsageError` where it is not so."""
    found = re.fullmatch(r"(\w+)([/:])(.+)", argument)
    if found is None:
        raise UsageError(f"seisbench:{argument} names no model with its weights: {_HOW}")
    return found[1], found[2], found[3]


def _torch() -> Any:
    import torch

    return torch


def _family(kind: str) -> Any:
    """The class of a model, and torch on one thread. Raises `MissingExtraError` or `UsageError`."""
    try:
        from seisbench import models

        _torch().set_num_threads(1)
    except ImportError as error:
        raise MissingExtraError(f"seisbench ({error})", "seisbench") from error
    family = getattr(models, kind, None)
    if not (isinstance(family, type) and issubclass(family, models.WaveformModel)):
        raise UsageError(f"SeisBench has no picker called {kind!r}, such as PhaseNet or EQTransformer: {_HOW}")
    return family


def _fetched(family: Any, weights: str) -> tuple[Any, str]:
    """A published model and its name; SeisBench finds it in its cache or in its repository."""
    try:
        model = family.from_pretrained(weights)
    except (OSError, ValueError) as error:
        raise InputError(
            f"seisbench:{family.__name__}/{weights}",
            f"SeisBench could not get these weights ({error})",
            f"check the name and the connection, or give a local file: seisbench:{family.__name__}:PATH.pt",
        ) from error
    return model, f"{weights}.v{model.weights_version or 1}"


def _read(family: Any, path: Path) -> tuple[Any, str]:
    """A model from a checkpoint of tensors alone and the description beside it, and its name."""
    found = re.fullmatch(r"(.+)\.pt(?:\.v(.+))?", path.name)
    if found is None:
        raise InputError(path, "is not named as SeisBench names weights", "give NAME.pt or NAME.pt.v1")
    stem, version = found[1], found[2]
    beside = path.with_name(f"{stem}.json" + (f".v{version}" if version else ""))
    for one, mend in ((path, "give the path of a checkpoint"), (beside, f"write it, {_DESCRIBE}")):
        if not one.is_file():
            raise InputError(one, "is not there", mend)
    try:
        model = family.load(path.with_name(stem), version_str=version, weights_only=True, map_location="cpu")
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        words = " ".join(str(error).split())[:300]
        wrong = f"is not what {beside.name} says of {family.__name__} ({words})"
        raise InputError(path, wrong, "compare the two, and the model's name") from error
    return model, f"{stem}.v{version or model.weights_version or 1}"


def _threshold(settings: dict[str, Any], phase: str) -> Any:
    return settings.get(f"{phase}_threshold", settings.get("*_threshold"))


def _obstacles(model: Any, settings: dict[str, Any]) -> Iterator[str]:
    """Why a model gives no phase curves from three components, if it does not."""
    if model.output_type != "array" or not model.in_samples:
        yield f"gives one {model.output_type or 'unknown'} value a window, not curves"
    elif tuple(model.pred_sample) != (0, model.in_samples):
        yield f"gives curves of samples {model.pred_sample} of its window of {model.in_samples}"
    order = model.component_order
    if not order or set(order) - set("ZNE") or len(set(order)) < len(order):
        yield f"takes the components {order}, not Z, N and E"
    if callable(model.labels) or not set(_UNCERTAINTY) & set(model.labels or ()):
        yield "gives neither P nor S"
    elif any(_threshold(settings, phase) is None for phase in _UNCERTAINTY if phase in model.labels):
        yield "has no thresholds"
    rate = float(model.sampling_rate or 0)
    if not (isfinite(rate) and SAMPLING_RATES_HZ[0] <= rate <= SAMPLING_RATES_HZ[1]):
        yield f"has a sampling rate of {model.sampling_rate} Hz"
