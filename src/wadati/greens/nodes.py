"""The traces of a store in memory, as far as they have been asked for."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from wadati.greens.layout import DISTANCES_A_CHUNK, Contents
from wadati.greens.storage import incomplete, read


class Nodes:
    """`traces` (depth, distance, function, sample) in counts and `scale` (depth, distance, function) of a group.

    Memory is taken and chunks are read once, when a query first needs them; any number of threads may ask. Raises
    `ReadError`, which names the store at `url`, for what is missing, damaged or cannot be had now; whoever asks again
    reads again.
    """

    def __init__(self, url: str, group: Any, contents: Contents) -> None:
        nodes = contents.depths.count, contents.distances.count
        self._url, self._group = url, group
        self._depths = contents.depths.values
        self._lock = threading.Lock()
        self._there = np.zeros((nodes[0], -(-nodes[1] // DISTANCES_A_CHUNK)), np.bool_)
        # Pages of memory that nobody touches cost nothing.
        self.traces: npt.NDArray[np.int16] = np.empty((*nodes, len(contents.functions), contents.reduced.samples), "i2")
        self.scale: npt.NDArray[np.float32] = read(url, group, "scale", (slice(None),))
        if not np.isfinite(self.scale).all():
            raise incomplete(url, "scale")

    def need(self, depth: npt.NDArray[np.int64], distance: npt.NDArray[np.int64]) -> None:
        """Have the nodes of these cells, that is also the next ones, in memory."""
        depths, distances = self._there.shape[0], self.traces.shape[1]
        wanted = np.zeros_like(self._there)
        for z in (depth, np.minimum(depth + 1, depths - 1)):
            for x in (distance, np.minimum(distance + 1, distances - 1)):
                wanted[z, x // DISTANCES_A_CHUNK] = True
        with self._lock:
            missing = wanted & ~self._there
            for row in np.flatnonzero(missing.any(axis=1)):
                chunks = np.flatnonzero(missing[row])
                # What lies between is read again: one request for many chunks costs less than many.
                first, last = int(chunks[0]), int(chunks[-1])
                span = slice(first * DISTANCES_A_CHUNK, (last + 1) * DISTANCES_A_CHUNK)
                found = read(self._url, self._group, "traces", (int(row), span))
                # A chunk that is not there reads as zeros; a trace that was stored has one count at least that is none.
                if (~found.any(axis=-1) & (self.scale[row, span] > 0)).any():
                    raise incomplete(self._url, f"traces at {1e-3 * self._depths[row]:g} km")
                self.traces[row, span] = found
                self._there[row, first : last + 1] = True
