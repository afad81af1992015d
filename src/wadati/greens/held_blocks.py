"""Blocks of receiver Green tensors in memory: as many as fit, the last asked for stay."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from wadati.greens.storage import incomplete, read

HELD_BYTES = 2 << 30
"""Memory that blocks take; more than that only while one answer needs it."""
_READERS = 16


class Block(NamedTuple):
    """`traces` (component, point, strain, sample) in counts and `scale` (component, point, strain) of a block."""

    traces: npt.NDArray[np.int16]
    scale: npt.NDArray[np.float32]


class HeldBlocks:
    """The blocks of a group by receiver and block; any number of threads may ask.

    Raises `ReadError`, which names the store at `url`, for what is missing, damaged or cannot be had now.
    """

    def __init__(self, url: str, group: Any) -> None:
        self._url, self._group = url, group
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[int, int], Block] = OrderedDict()

    def of(self, wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Block]:
        """The blocks of these pairs of receiver and block, read at once as far as they are not held."""
        each = set(wanted)
        with self._lock:
            found = {key: self._held[key] for key in each if key in self._held}
            for key in found:
                self._held.move_to_end(key)
        missing = sorted(each - found.keys())
        if not missing:
            return found
        with ThreadPoolExecutor(min(_READERS, len(missing))) as pool:
            new = dict(zip(missing, pool.map(self._read, missing), strict=True))
        with self._lock:
            # A receiver that is not made yet may be there at the next question.
            self._held.update((key, block) for key, block in new.items() if np.isfinite(block.scale).all())
            held = sum(block.traces.nbytes for block in self._held.values())
            while held > HELD_BYTES:
                _, dropped = self._held.popitem(last=False)
                held -= dropped.traces.nbytes
        return found | new

    def _read(self, key: tuple[int, int]) -> Block:
        where = key[0], slice(None), key[1]
        traces, scale = (read(self._url, self._group, name, where) for name in ("rgt", "scale"))
        # A chunk that is not there reads as zeros; a trace that was stored has one count at least that is none.
        if (~traces.any(axis=-1) & (scale > 0)).any():
            raise incomplete(self._url, f"strains of receiver {key[0]}")
        return Block(traces, scale)
