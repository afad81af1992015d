"""A fault as many point sources: their seismograms on common times, added."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wadati.greens.answers import Seismograms
from wadati.greens.reductions import added
from wadati.model import PointSource
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import SECOND


def as_one_fault(found: Seismograms, sources: Sequence[PointSource], velocity: float) -> Seismograms:
    """The sum over sources of their seismograms, shape (station, component, sample), times from the first source's.

    `found` has its pairs in the order of source, then station, cut in reduced time of `velocity` (m/s). Each station's
    sum begins with its first seismogram; all are as long as one of any station has to be (`longer`).
    """
    stations = len(found.start_s) // len(sources)
    starts = found.start_s.reshape(len(sources), stations) + delays(sources)[:, None]
    samples = found.samples.reshape(len(sources), stations, *found.samples.shape[1:])
    first = starts.min(axis=0)
    length = samples.shape[-1] + longer(sources, found.sampling_rate_hz, velocity)
    sums = np.zeros((stations, samples.shape[2], length))
    for station, total in enumerate(sums):
        offset = (starts[:, station] - first[station]) * found.sampling_rate_hz
        added(samples[:, station], offset, total)
    return Seismograms(first, found.sampling_rate_hz, sums.astype(np.float32))


def delays(sources: Sequence[PointSource]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Seconds from the first source's origin to each."""
    return np.array([(source.time - sources[0].time) / SECOND for source in sources])


def longer(sources: Sequence[PointSource], sampling_rate_hz: float, velocity: float) -> int:
    """Samples that a sum of sources needs more than one of them, wherever the station: seismograms begin as far apart
    as the sources do, and as a wave of `velocity` (m/s) takes across them."""
    places = np.array([(source.latitude, source.longitude, source.depth) for source in sources])
    (south, west, top), (north, east, bottom) = places.min(axis=0), places.max(axis=0)
    across, _ = distance_azimuth((south, south, north), west, (north, south, north), east)
    latest = delays(sources)
    seconds = latest.max() - latest.min() + np.hypot(across.max(), bottom - top) / velocity
    return int(np.ceil(float(seconds) * sampling_rate_hz))
