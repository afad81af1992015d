"""Even axes of a store: distances and depths, written as start:stop:step in km."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.errors import UsageError

Floats = npt.NDArray[np.float64]


class Axis(msgspec.Struct, frozen=True):
    """`count` values in metres from `start` on, `step` apart."""

    start: float
    step: float
    count: int

    @property
    def stop(self) -> float:
        """The last value."""
        return self.start + self.step * (self.count - 1)

    @property
    def values(self) -> Floats:
        """All values, in order."""
        return self.start + self.step * np.arange(self.count, dtype=np.float64)

    def cell(self, values: npt.ArrayLike) -> tuple[npt.NDArray[np.int64], Floats]:
        """Where values lie: the node below each, and how far to the next, from 0 to 1.

        Values may lie outside by a millionth of a step, as those that were rounded do.
        """
        place = np.clip((np.asarray(values, np.float64) - self.start) / self.step, 0.0, self.count - 1.0)
        below = np.minimum(place.astype(np.int64), max(self.count - 2, 0))
        return below, place - below

    def holds(self, values: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether values lie between the first and the last."""
        slack = 1e-6 * self.step
        given = np.asarray(values, np.float64)
        return np.asarray((given >= self.start - slack) & (given <= self.stop + slack))

    def __str__(self) -> str:
        return f"{self.start / 1000:g} to {self.stop / 1000:g} km"


def parse_axis(text: str) -> Axis:
    """An axis of `start:stop:step` in km, or of one value. Raises `UsageError` for what is none.

    >>> parse_axis("5:200:1")
    Axis(start=5000.0, step=1000.0, count=196)
    """
    parts = text.split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        raise UsageError(f"{text!r} is no axis; write START:STOP:STEP in km, such as 5:200:1") from None
    if len(numbers) == 1:
        numbers = [numbers[0], numbers[0], 1.0]
    if len(numbers) != 3 or not all(math.isfinite(number) for number in numbers):
        raise UsageError(f"{text!r} is no axis; write START:STOP:STEP in km, such as 5:200:1")
    start, stop, step = numbers
    if start < 0:
        raise UsageError(f"{text!r} begins below 0; distances and depths count from the source and the surface on")
    if step <= 0 or stop < start:
        raise UsageError(f"{text!r} goes nowhere; the stop must not be below the start, and the step above 0")
    count = round((stop - start) / step)
    if abs(start + count * step - stop) > 1e-6 * step:
        raise UsageError(f"{text!r} does not end at its stop; give a range that is a whole number of steps")
    return Axis(start * 1000, step * 1000, count + 1)


def parse_band(text: str) -> tuple[float, float]:
    """A band of `LOW:HIGH` in Hz. Raises `UsageError` for what is none.

    >>> parse_band("0.02:0.5")
    (0.02, 0.5)
    """
    low, _, high = text.partition(":")
    try:
        band = float(low), float(high)
    except ValueError:
        raise UsageError(f"{text!r} is no band; write LOW:HIGH in Hz, such as 0.02:0.5") from None
    if not 0 < band[0] < band[1] < math.inf:
        raise UsageError(f"{text!r} is no band; it must be 0 < LOW < HIGH")
    return band
