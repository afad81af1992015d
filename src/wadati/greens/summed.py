"""A fault as many point sources: their seismograms on common times, added."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wadati.greens.answers import Seismograms, resampled
from wadati.model import PointSource
from wadati.units import SECOND


def as_one_fault(found: Seismograms, sources: Sequence[PointSource]) -> Seismograms:
    """The sum over sources of their seismograms, shape (station, component, sample), times from the first source's.

    `found` has its pairs in the order of source, then station. Each station's sum begins with its first seismogram
    and ends where the last one that begins does.
    """
    stations = len(found.start_s) // len(sources)
    delays = np.array([(source.time - sources[0].time) / SECOND for source in sources])
    starts = found.start_s.reshape(len(sources), stations) + delays[:, None]
    samples = found.samples.reshape(len(sources), stations, *found.samples.shape[1:])
    first = starts.min(axis=0)
    more = int(np.ceil((starts.max(axis=0) - first).max() * found.sampling_rate_hz))
    times = np.arange(samples.shape[-1] + more) / found.sampling_rate_hz
    sums = []
    for station in range(stations):
        own = Seismograms(starts[:, station], found.sampling_rate_hz, samples[:, station])
        sums.append(resampled(own, first[station] + times, found.sampling_rate_hz).sum(axis=0))
    return Seismograms(first, found.sampling_rate_hz, np.stack(sums).astype(np.float32))
