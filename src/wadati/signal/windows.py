"""Windows on the absolute time grid, and their curves put together again.

A window begins with the first sample at or after a multiple of the hop since the epoch, wherever the data begin.
Windows that reach beyond the data are filled up with missing samples; windows without any sample are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from wadati.protocols import Grid
from wadati.signal.axis import Section
from wadati.units import SECOND


class Batch(NamedTuple):
    """Windows: `firsts` are their first indices; `windows` and `missing` have shape (window, component, sample)."""

    firsts: list[int]
    windows: npt.NDArray[np.float32]
    missing: npt.NDArray[np.bool_]


def cut_windows(section: Section, grid: Grid, batch: int = 16) -> Iterator[Batch]:
    """The windows of a section in order of time, `batch` at a time.

    From each component of a window the mean of its samples is taken away before the values become float32; missing
    samples are 0, and so is a component whose samples are all equal.

    >>> from fractions import Fraction
    >>> from wadati.model import SourceId, Trace
    >>> from wadati.signal.axis import assemble
    >>> z = SourceId.parse("FDSN:XX_ABC__H_H_Z")
    >>> sections = assemble([Trace(z, 12, Fraction(100), np.arange(9))], {z: "Z"}, "Z", longest_gap=0)
    >>> [batch.firsts for batch in cut_windows(sections[0], Grid(samples=4, hop=2))]
    [[-2, 0, 2, 4, 6, 8]]
    """
    axis = section.axis
    firsts = list(
        window_starts(section, grid, axis.time_of(axis.first - grid.samples), axis.time_of(axis.end)).values()
    )
    for at in range(0, len(firsts), batch):
        cut = windows_at(section, grid, firsts[at : at + batch])
        if cut.firsts:
            yield cut


def window_starts(section: Section, grid: Grid, start: int, end: int) -> dict[int, int]:
    """First indices of the windows of a section whose instants lie in [start, end) ns, by instant, in order of time."""
    hop = round(grid.hop * SECOND / grid.sampling_rate_hz)
    axis = section.axis
    start, end = max(start, axis.time_of(axis.first - grid.samples)), min(end, axis.time_of(axis.end - 1) + 1)
    instants = range(-(-start // hop) * hop, end, hop)
    firsts = zip(instants, axis.first_at_or_after(instants), strict=True)
    return {instant: k for instant, k in firsts if axis.first - grid.samples < k < axis.end}


def windows_at(section: Section, grid: Grid, firsts: Sequence[int]) -> Batch:
    """The windows that begin at these indices (in order of time), without those that hold no sample."""
    data, missing = section.read(firsts[0], firsts[-1] + grid.samples)
    places = [slice(first - firsts[0], first - firsts[0] + grid.samples) for first in firsts]
    gone = np.stack([missing[:, place] for place in places])
    kept = np.flatnonzero(~gone.all(axis=(1, 2))).tolist()
    if not kept:
        shape = (0, *gone.shape[1:])
        return Batch([], np.zeros(shape, np.float32), np.zeros(shape, bool))
    windows = np.stack([data[:, places[k]] for k in kept])
    return Batch([firsts[k] for k in kept], _without_mean(windows, gone[kept]), gone[kept])


def _without_mean(data: npt.NDArray[np.float64], missing: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Data minus the mean of what is there; 0 where missing or where nothing moves. Missing samples of `data` are 0."""
    incomplete = bool(missing.any())
    there: Any = ~missing if incomplete else True
    low = np.min(data, axis=-1, keepdims=True, initial=np.inf, where=there)
    high = np.max(data, axis=-1, keepdims=True, initial=-np.inf, where=there)
    count = np.sum(there, axis=-1, keepdims=True) if incomplete else data.shape[-1]
    data -= data.sum(axis=-1, keepdims=True) / np.maximum(count, 1)
    if incomplete or not (low < high).all():
        data *= there & (low < high)
    return data.astype(np.float32)


def combine(
    curves: Iterable[tuple[list[int], npt.NDArray[np.float32]]], grid: Grid
) -> Iterator[tuple[int, npt.NDArray[np.float64]]]:
    """The mean of the curves of the windows that cover each sample, as consecutive blocks in order of time.

    `curves` gives first indices and curves (window, phase, sample) in rising order; of each window the samples
    [`edge`, `samples` − `edge`) count. Blocks are (first index, mean of shape (phase, sample)); samples that no window
    covers are 0, and a block follows the one before without a gap.
    """
    base = covered = 0
    total: npt.NDArray[np.float64] | None = None
    cover = np.zeros(0)
    inner = grid.samples - 2 * grid.edge
    for firsts, some in curves:
        if total is None:
            base = covered = firsts[0] + grid.edge
            total = np.zeros((some.shape[1], 0))
        grown = max(firsts[-1] + grid.edge + inner - base - len(cover), 0)
        total = np.concatenate((total, np.zeros((len(total), grown))), axis=1)
        cover = np.concatenate((cover, np.zeros(grown)))
        for first, curve in zip(firsts, some[:, :, grid.edge : grid.edge + inner], strict=True):
            at = first + grid.edge - base
            shared = max(min(covered - base - at, inner), 0)
            total[:, at : at + shared] += curve[:, :shared]
            cover[at : at + shared] += 1
            total[:, at + shared : at + inner] = curve[:, shared:]
            cover[at + shared : at + inner] = 1
            covered = max(covered, base + at + inner)
        final = firsts[-1] + grid.edge - base
        if final > 0:
            yield base, _mean(total[:, :final], cover[:final])
            base, total, cover = base + final, total[:, final:], cover[final:]
    if total is not None:
        yield base, _mean(total, cover)


def _mean(total: npt.NDArray[np.float64], cover: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Sums over how many they are of; most windows lie edge to edge, and a division would cost as much as the rest."""
    return total / np.maximum(cover, 1) if cover.max(initial=0) > 1 else total
