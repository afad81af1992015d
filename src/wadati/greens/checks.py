"""What a store finds out about itself while it is made, and by how much it may be wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wadati.greens.layout import STOP, Contents
from wadati.greens.quantisation import quantised
from wadati.greens.receiver_layout import ReceiverContents

Floats = npt.NDArray[np.float64]

LIMITS = {"causality": 0.005, "band": 0.001, "end": 0.02, "quantisation": 0.001}
"""The largest share that a store is not blamed for."""

_PERIODS = 3


def measured(traces: Floats, contents: Contents | ReceiverContents, starts: Floats, arrivals: Floats) -> Floats:
    """Shares by `layout.MEASURES` of traces (place, row, sample) that begin at `starts`, shape (place, measure).

    The low-pass turns no phase and so begins before the first arrival at `arrivals`: what counts is what comes three
    periods of the band's top earlier. All times in seconds after the origin, shape (place).
    """
    reduced = contents.reduced
    largest = np.abs(traces).max(axis=(1, 2))
    largest = np.where(largest > 0, largest, 1.0)
    soonest = arrivals - _PERIODS / contents.band[1]
    times = starts[:, None] + np.arange(reduced.samples) / reduced.sampling_rate_hz
    early = np.where((times < soonest[:, None])[:, None, :], np.abs(traces), 0.0).max(axis=(1, 2))
    window = np.hanning(reduced.samples)
    spectra = np.abs(np.fft.rfft(np.diff(traces, axis=-1, append=traces[..., -1:]) * window, axis=-1))
    frequency = np.fft.rfftfreq(reduced.samples, 1 / reduced.sampling_rate_hz)
    beyond = spectra[..., frequency > STOP * contents.band[1] + 2 * frequency[1]].max(axis=(1, 2), initial=0.0)
    last = traces[..., -reduced.samples // 10 :]
    end = (last.max(axis=-1) - last.min(axis=-1)).max(axis=1)
    counts, scale = quantised(traces)
    lost = np.abs(counts * scale.astype(np.float64)[..., None] - traces)
    own = np.maximum(np.abs(traces).max(axis=-1), np.finfo(np.float64).tiny)
    worst = (lost.max(axis=-1) / own).max(axis=1)
    strongest = np.maximum(spectra.max(axis=(1, 2)), np.finfo(np.float64).tiny)
    return np.stack([early / largest, beyond / strongest, end / largest, worst], axis=-1)
