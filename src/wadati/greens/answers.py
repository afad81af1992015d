"""What any store of Green's functions is asked, whatever it keeps: seismograms, and the six of a tensor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from wadati.errors import InputError, UsageError
from wadati.greens.kernel import at_times
from wadati.greens.layout import STOP, Contents
from wadati.greens.receiver_layout import ReceiverContents
from wadati.greens.source_time import IDENTITY, STEP, Operator, SourceTime, operator
from wadati.model import PointSource, Station, VelocityModel
from wadati.protocols import Problem, ReducedTime

Floats = npt.NDArray[np.float64]

COMPONENTS = ("ZNE", "ZRT")

_ZERO_CROSSINGS = 16
_TENSOR_COMPONENTS = 6


class Seismograms(NamedTuple):
    """Ground motion `samples` (pair, component, sample), the first `start_s` (pair) after the origin."""

    start_s: Floats
    sampling_rate_hz: float
    samples: npt.NDArray[np.float32]


Pairs = TypeVar("Pairs", bound="tuple[npt.NDArray[np.float64], ...]")
"""Arrays of one value for each pair of source and station, as a store finds its answers by."""


class Answers(ABC, Generic[Pairs]):
    """A store that answers as `GreensFunctions` and with seismograms.

    `url` is its name in errors, `contents` what it says of itself, `model` the name of the earth it was made for,
    `layers` that earth where it is of flat layers, else None.
    """

    url: str
    model: str
    layers: VelocityModel | None
    contents: Contents | ReceiverContents
    reduced: ReducedTime

    @property
    @abstractmethod
    def band(self) -> tuple[float, float]:
        """Lowest and highest frequency (Hz) in which the answers are right."""

    @abstractmethod
    def within_reach(self) -> tuple[PointSource, Station]:
        """Some source and some station that the store answers for."""

    @abstractmethod
    def left_out(
        self, latitudes: npt.ArrayLike, longitudes: npt.ArrayLike, stations: Sequence[Station]
    ) -> tuple[Problem | None, ...]:
        """Of each station, why the store has no answer there for sources at all of these places; None where it has."""

    @abstractmethod
    def paths(
        self, latitudes: npt.ArrayLike, longitudes: npt.ArrayLike, depths: npt.ArrayLike, stations: Sequence[Station]
    ) -> Pairs:
        """From each of some sources (degrees, m below sea level) to each station, shape (source · station).

        Raises `InputError` for what lies outside of the store.
        """

    @abstractmethod
    def motion(
        self, paths: Pairs, tensors: npt.ArrayLike, act: Operator, components: str = "ZNE", workers: int = 1
    ) -> Seismograms:
        """What moment tensors (pair, tensor component) give at the ends of paths, each in its own reduced time.

        `act` is an `operator`. Z is up; components after it are N and E, or R (away from the source) and T (clockwise
        from R). `workers` threads share the pairs. Raises `UsageError` for other components.
        """

    def seismograms(
        self,
        sources: Sequence[PointSource],
        stations: Sequence[Station],
        *,
        kind: str = "displacement",
        source_time: SourceTime = STEP,
        components: str = "ZNE",
        workers: int = 1,
    ) -> Seismograms:
        """Ground motion (m, m/s or m/s² by `kind`) of each source at each station, pairs in this order.

        Raises `InputError` for what lies outside of the store, `UsageError` for kinds or components that are none.
        """
        places = np.array([(source.latitude, source.longitude, source.depth) for source in sources]).reshape(-1, 3)
        paths = self.paths(places[:, 0], places[:, 1], places[:, 2], stations)
        tensors = np.array([source.tensor.components for source in sources]).reshape(-1, _TENSOR_COMPONENTS)
        act = operator(source_time, kind, self.reduced.sampling_rate_hz, STOP * self.band[1])
        return self.motion(paths, np.repeat(tensors, len(stations), axis=0), act, components, workers)

    def tensor_responses(
        self,
        latitude: float,
        longitude: float,
        depth: float,
        stations: Sequence[Station],
        *,
        sampling_rate_hz: float,
        start_s: float,
        samples: int,
    ) -> Floats:
        """See `GreensFunctions.tensor_responses`.

        Raises `InputError` for what lies outside of the store, and for a sampling rate too low for any of its band.
        """
        if not sampling_rate_hz > 2 * self.band[0]:
            wrong = f"{sampling_rate_hz:g} samples a second hold nothing of its band, {self.band[0]:g} Hz and more"
            raise InputError(self.url, wrong, "ask for a higher sampling rate")
        paths = self.paths(latitude, longitude, depth, stations)
        six = type(paths)(*(np.repeat(values, _TENSOR_COMPONENTS, axis=0) for values in paths))
        units = np.tile(np.eye(_TENSOR_COMPONENTS), (len(stations), 1))
        found = self.motion(six, units, IDENTITY)
        # The six of a station begin together.
        rows = found.samples.reshape(len(stations), _TENSOR_COMPONENTS * 3, -1)
        together = Seismograms(found.start_s[::_TENSOR_COMPONENTS], found.sampling_rate_hz, rows)
        sampled = resampled(together, start_s + np.arange(samples) / sampling_rate_hz, sampling_rate_hz)
        return np.moveaxis(sampled.reshape(len(stations), _TENSOR_COMPONENTS, 3, samples), 1, 2)


def check_components(components: str) -> None:
    """Raises `UsageError` for components that are none of `COMPONENTS`."""
    if components not in COMPONENTS:
        raise UsageError(f"no components are called {components!r}; there are: {', '.join(COMPONENTS)}")


def in_threads(some: Callable[[slice], None], pairs: int, workers: int) -> None:
    """Call `some` with slices that are all pairs together, one a thread."""
    size = -(-pairs // max(workers, 1)) or 1
    parts = [slice(first, first + size) for first in range(0, pairs, size)]
    if len(parts) == 1:
        some(parts[0])
        return
    with ThreadPoolExecutor(len(parts) or 1) as pool:
        list(pool.map(some, parts))


def resampled(found: Seismograms, times: Floats, sampling_rate_hz: float) -> Floats:
    """Seismograms at common times (s after the origin) with this rate, shape (pair, component, time).

    What the rate cannot hold is taken off. Before their beginning seismograms are 0, after their end they stay.
    """
    out = np.empty((*found.samples.shape[:2], len(times)))
    cutoff = min(1.0, sampling_rate_hz / found.sampling_rate_hz)
    at_times(found.samples, found.start_s, found.sampling_rate_hz, times, cutoff, _ZERO_CROSSINGS, out)
    return out
