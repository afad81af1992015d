"""How a moment grows with time, and what of it moves: operators that turn the answer to a step into a seismogram.

One operator is the band-limited sum of three: the moment rate of the source, nothing, one or two derivatives for
displacement, velocity or acceleration, and a low-pass where a store holds nothing. It acts on samples of the store.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.errors import UsageError
from wadati.greens.spectra import taper

Floats = npt.NDArray[np.float64]

KINDS = ("displacement", "velocity", "acceleration")
SHAPES = ("step", "boxcar", "triangle", "half-sine")

_REACH = 20
_POINTS = 2001


class SourceTime(msgspec.Struct, frozen=True):
    """The moment rate: one of `SHAPES` over `duration` seconds, or `samples` of any scale at `sampling_rate_hz`.

    The shape begins at the origin time. A step is done at once. Two samples or more are joined by straight lines, from
    0 a sample before the first to 0 a sample after the last. Raises `UsageError` for what cannot be meant.

    >>> round(float(SourceTime("triangle", 2.0).rate()[1].max()), 2)
    1.0
    """

    shape: str = "step"
    duration: float = 0.0
    samples: tuple[float, ...] = ()
    sampling_rate_hz: float = 0.0

    def __post_init__(self) -> None:
        if self.samples:
            if not (self.sampling_rate_hz > 0 and math.isfinite(sum(self.samples)) and sum(self.samples) != 0):
                raise UsageError("samples of a moment rate need a sampling rate, and a sum that is finite and not 0")
        elif self.shape not in SHAPES:
            raise UsageError(f"no source time function is called {self.shape!r}; there are: {', '.join(SHAPES)}")
        elif self.shape == "step" and self.duration:
            raise UsageError("a step has no duration; name a boxcar, triangle or half-sine")
        elif self.shape != "step" and not (self.duration > 0 and math.isfinite(self.duration)):
            raise UsageError(f"a {self.shape} needs a duration above 0 s")

    @property
    def length(self) -> float:
        """Seconds from the first to the last of its moment rate."""
        return (len(self.samples) - 1) / self.sampling_rate_hz if self.samples else self.duration

    def rate(self) -> tuple[Floats, Floats]:
        """Times (s) and the moment rate there (per second), whose sum times its step is 1."""
        if self.samples:
            times = np.arange(len(self.samples)) / self.sampling_rate_hz
            values = np.asarray(self.samples, np.float64)
        elif self.shape == "step":
            return np.zeros(1), np.ones(1)
        else:
            # Midpoints, so that the jumps of a boxcar weigh what they should.
            place = (np.arange(_POINTS) + 0.5) / _POINTS
            times = place * self.duration
            shapes = {"boxcar": np.ones(_POINTS), "triangle": 1 - np.abs(2 * place - 1)}
            values = shapes[self.shape] if self.shape in shapes else np.sin(np.pi * place)
        return times, values / (values.sum() * (times[1] - times[0] if len(times) > 1 else 1.0))


class Operator(NamedTuple):
    """Weights of samples: output i is the sum over k of `weights[k]` times input i − `first` − k."""

    weights: npt.NDArray[np.float32]
    first: int


STEP = SourceTime()
IDENTITY = Operator(np.ones(1, np.float32), 0)
"""What leaves traces as they are."""


def operator(source: SourceTime, kind: str, sampling_rate_hz: float, stop_hz: float) -> Operator:
    """What turns displacement for a step into `kind` of motion (m, m/s, m/s²) for a moment rate.

    Exact up to `stop_hz`, the frequency beyond which a store holds nothing. Raises `UsageError` for another kind.

    >>> operator(SourceTime(), "displacement", 2.0, 0.7)
    Operator(weights=array([1.], dtype=float32), first=0)
    """
    if kind not in KINDS:
        raise UsageError(f"no kind of motion is called {kind!r}; there are: {', '.join(KINDS)}")
    order = KINDS.index(kind)
    if order == 0 and source.length == 0:
        return IDENTITY
    joined = len(source.samples) > 1
    beside = _REACH + (math.ceil(sampling_rate_hz / source.sampling_rate_hz) if joined else 0)
    reach = math.ceil(source.length * sampling_rate_hz) + 2 * beside
    size = 1 << (4 * reach).bit_length()
    frequency = np.fft.rfftfreq(size, 1 / sampling_rate_hz).astype(np.float64)
    times, rate = source.rate()
    spectrum = np.exp(-2j * np.pi * frequency[:, None] * times) @ (rate / rate.sum())
    if joined:
        # Impulses repeat their spectrum at their own rate; straight lines between them do not.
        spectrum *= np.sinc(frequency / source.sampling_rate_hz) ** 2
    spectrum *= (2j * np.pi * frequency) ** order * taper(frequency, stop_hz, sampling_rate_hz / 2)
    weights = np.fft.irfft(spectrum, size)
    first = -beside
    kept = np.roll(weights, -first)[: reach + 1]
    edge = np.minimum(np.arange(1, reach + 2), np.arange(reach + 1, 0, -1)) / (_REACH // 2)
    kept = kept * np.sin(np.pi / 2 * np.minimum(edge, 1.0)) ** 2
    # What was cut off must not change the level that the ground ends at.
    kept += ((1.0 if order == 0 else 0.0) - kept.sum()) / len(kept)
    return Operator(kept.astype(np.float32), first)
