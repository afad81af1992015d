"""The conformance suite of pickers: laws that every implementation of `protocols.Picker` keeps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wadati.protocols import Picker


def check_picker(picker: Picker, *, seed: int = 0, tolerance: float = 1e-6) -> None:
    """Raise `AssertionError` naming the first law a picker breaks.

    Windows are noise with an onset, on very different scales, with dead and missing components. `tolerance` bounds
    how far a curve may move when only the batch or a power of two of the scale changes.

    >>> from wadati.pickers.stalta import StaLta
    >>> check_picker(StaLta())
    """
    grid = picker.grid
    if not (0 < grid.hop <= grid.samples - 2 * grid.edge and 0 <= 2 * grid.edge < grid.samples):
        raise AssertionError(f"{picker.name}: windows of {grid} leave samples that no window covers")
    if not len(picker.phases) == len(picker.thresholds) == len(picker.time_uncertainty):
        raise AssertionError(f"{picker.name}: need one threshold and one time uncertainty for each of {picker.phases}")
    windows, missing = _windows(picker, np.random.default_rng(seed))
    whole = picker.curves(windows, missing)
    rows = len(picker.phases) + (0 if getattr(picker, "first_motion", None) is None else 2)
    if whole.shape != (len(windows), rows, grid.samples):
        raise AssertionError(f"{picker.name}: curves have shape {whole.shape}, not (window, phase, sample)")
    if not (np.isfinite(whole).all() and whole.min() >= 0 and whole.max() <= 1):
        raise AssertionError(f"{picker.name}: curves leave [0, 1]")
    for index in range(len(windows)):
        one = slice(index, index + 1)
        _same(picker.name, whole[one], picker.curves(windows[one], missing[one]), tolerance, "the rest of the batch")
    order = np.arange(len(windows))[::-1]
    _same(picker.name, whole[order], picker.curves(windows[order], missing[order]), tolerance, "the order of the batch")
    scaled = (windows * np.float32(2.0**-40)).astype(np.float32)
    _same(picker.name, whole, picker.curves(scaled, missing), tolerance, "the scale of the numbers")


def _windows(picker: Picker, random: np.random.Generator) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    count, components, samples = 6, len(picker.components), picker.grid.samples
    windows = random.normal(size=(count, components, samples))
    onset = samples // 2
    decay = np.exp(-np.arange(samples - onset) / (samples / 10))
    windows[:, :, onset:] += 20 * decay * random.normal(size=(count, components, samples - onset))
    missing = np.zeros(windows.shape, bool)
    windows[1] *= 1e6
    windows[2, 1:] = 0  # dead horizontals
    missing[3, 1:] = True  # a one-component station
    missing[4, :, samples // 4 : samples // 3] = True  # a gap
    missing[5, :, : samples // 2 - 100] = True  # data that start within the window
    windows[missing] = 0
    return windows.astype(np.float32), missing


def _same(
    name: str, expected: npt.NDArray[np.float32], got: npt.NDArray[np.float32], tolerance: float, words: str
) -> None:
    worst = float(np.abs(expected - got).max())
    if not worst <= tolerance:
        raise AssertionError(f"{name}: curves depend on {words} (by {worst:.2g})")
