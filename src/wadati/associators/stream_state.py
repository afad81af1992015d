"""The state of an association between two of its steps, as plain values that can be kept and sent."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.model import Pick


class Array(msgspec.Struct, frozen=True):
    """An array as its type, its shape and its bytes.

    >>> Array.of(np.arange(3, dtype=np.int32)).array().tolist()
    [0, 1, 2]
    """

    dtype: str
    shape: tuple[int, ...]
    data: bytes

    @classmethod
    def of(cls, values: npt.NDArray[Any]) -> Array:
        """The value of an array."""
        return cls(values.dtype.str, values.shape, values.tobytes())

    def array(self) -> npt.NDArray[Any]:
        """The array, one's own to change."""
        return np.frombuffer(self.data, np.dtype(self.dtype)).reshape(self.shape).copy()


class StreamState(msgspec.Struct, frozen=True):
    """What a `Stream` has to know to go on: picks that later steps may ask for and which of them events have, the next
    step, how deaf stations are, the times of the last events, the terms learned and the places where it shook."""

    picks: tuple[Pick, ...]
    taken: tuple[str, ...]
    next: int | None
    deafness: Array | None
    times: tuple[int, ...]
    terms: tuple[Array, ...]
    term_places: int
    places: tuple[tuple[int, int, int, float, int], ...]
    reference: int
    late: int
