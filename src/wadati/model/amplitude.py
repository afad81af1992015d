"""Ground motion kept small: extremes of the Wood–Anderson record in bins of half a second.

Magnitudes need the largest swing in a window that is known only once the event is located. Extremes in bins on the
absolute time grid cost 16 bytes a second and channel, stream, and make the waveform unnecessary after picking.
"""

from __future__ import annotations

from typing import Any, final

import numpy as np
import numpy.typing as npt

from wadati.model.source_id import SourceId
from wadati.units import SECOND

BIN = SECOND // 2
"""Length of a bin in nanoseconds; bins start at multiples of it since the epoch."""


@final
class AmplitudeTrack:
    """Smallest and largest Wood–Anderson displacement (m) of one channel in consecutive bins.

    `first_bin` counts bins since the epoch. `minimum` and `maximum` have shape (bin,), float32, NaN where there were
    no samples; `clipped` has shape (bin,), bool. The displacement (m) is what a Wood–Anderson seismograph (0.8 s,
    damping 0.7, magnification 2080) would draw: 1 mm at 100 km is ML 3. Up, north, east positive.
    """

    __slots__ = ("clipped", "first_bin", "maximum", "minimum", "source_id")

    source_id: SourceId
    first_bin: int
    minimum: npt.NDArray[np.float32]
    maximum: npt.NDArray[np.float32]
    clipped: npt.NDArray[np.bool_]

    def __init__(
        self,
        source_id: SourceId,
        first_bin: int,
        minimum: npt.ArrayLike,
        maximum: npt.ArrayLike,
        clipped: npt.ArrayLike,
    ) -> None:
        arrays = (
            np.asarray(minimum, np.float32).view(),
            np.asarray(maximum, np.float32).view(),
            np.asarray(clipped, np.bool_).view(),
        )
        if len({array.shape for array in arrays}) != 1 or arrays[0].ndim != 1:
            raise ValueError(f"{source_id}: minimum, maximum and clipped must have one shape (bin,)")
        for name, value in zip(
            ("source_id", "first_bin", "minimum", "maximum", "clipped"),
            (source_id, int(first_bin), *arrays),
            strict=True,
        ):
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"an AmplitudeTrack is frozen: {name} cannot be set")

    def __reduce__(self) -> tuple[Any, ...]:
        return AmplitudeTrack, (self.source_id, self.first_bin, self.minimum, self.maximum, self.clipped)

    def __len__(self) -> int:
        return len(self.minimum)

    def bins(self, start: int, end: int) -> slice:
        """The bins that lie wholly or partly in [start, end) ns, as a slice of the arrays."""
        first = max(start // BIN - self.first_bin, 0)
        last = max(min(-(-end // BIN) - self.first_bin, len(self)), first)
        return slice(first, last)

    def within(self, start: int, end: int) -> AmplitudeTrack:
        """The track of the bins in [start, end) ns, both multiples of `BIN`; empty where it has none there."""
        part = self.bins(start, end)
        arrays = (self.minimum[part], self.maximum[part], self.clipped[part])
        return AmplitudeTrack(self.source_id, self.first_bin + part.start, *arrays)

    def half_peak_to_peak(self, start: int, end: int) -> float | None:
        """Half of largest minus smallest displacement (m) in [start, end); None without samples there."""
        part = self.bins(start, end)
        low = np.fmin.reduce(self.minimum[part], initial=np.nan)
        high = np.fmax.reduce(self.maximum[part], initial=np.nan)
        return None if np.isnan(low) else float(high - low) / 2

    def is_clipped(self, start: int, end: int) -> bool:
        """Whether any bin in [start, end) holds clipped samples."""
        return bool(self.clipped[self.bins(start, end)].any())
