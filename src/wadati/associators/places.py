"""Where it shakes of late: the places of recent events on a grid, for the scan.

The grid is as fine as the stations can tell events apart: a tenth of the distance to the fourth nearest station.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from wadati.associators.travel import Floats, Travel
from wadati.units import HOUR, SECOND

_SHARE, _FINEST = 0.1, 1000.0
_NEIGHBOUR = 4
_DOWN = 2.0
_LASTING = 2 * HOUR

Node = tuple[int, int, int, float]


class Places:
    """Grid nodes around the hypocentres of events, each with the time (s) of the last of these."""

    def __init__(self, travel: Travel, low: Floats, high: Floats) -> None:
        self.travel, self.low, self.high = travel, low, high
        self.reference = 0
        self.last: dict[Node, int] = {}

    def forget(self, now: int) -> None:
        """Leave out what ended some time before a moment (ns), which later times of events count from."""
        self.reference = now
        self.last = {node: time for node, time in self.last.items() if time > now - _LASTING}

    def add(self, events: Iterable[Floats]) -> None:
        """Note hypocentres (x, y, depth, time)."""
        last = dict(self.last)
        for event in events:
            time = self.reference + round(event[3] * SECOND)
            for node in self._nodes(event):
                last[node] = max(last.get(node, time), time)
        self.last = last

    def around(self, events: Iterable[Floats]) -> Floats:
        """Nodes, shape (node, 3), of the events noted and of others."""
        nodes = sorted({*self.last, *(node for event in events for node in self._nodes(event))})
        found = np.array([(i * size, j * size, k * _DOWN * size) for i, j, k, size in nodes]).reshape(-1, 3)
        return np.asarray(np.clip(found, self.low, self.high))

    def _nodes(self, event: Floats) -> Iterable[Node]:
        x, y, depth, _ = event
        apart = np.hypot(x - self.travel.x, y - self.travel.y)
        rank = min(_NEIGHBOUR, len(apart)) - 1
        size = 2.0 ** round(math.log2(max(_SHARE * float(np.partition(apart, rank)[rank]), _FINEST)))
        i, j, k = round(x / size), round(y / size), round(depth / (_DOWN * size))
        return [(i, j, down, size) for down in (k - 1, k, k + 1)]
