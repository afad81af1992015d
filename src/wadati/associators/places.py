"""Where it shakes of late: the places of recent events on a grid, for the scan.

The grid is as fine as the stations can tell events apart: a tenth of the distance to the fourth nearest station.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from wadati.associators.travel import Floats, Travel

_SHARE, _FINEST = 0.1, 1000.0
_NEIGHBOUR = 4
_DOWN = 2.0

Node = tuple[int, int, int, float]


class Places:
    """Grid nodes around the hypocentres of events, each with the time (s) of the last of these."""

    def __init__(self, travel: Travel, low: Floats, high: Floats, lasting: float) -> None:
        self.travel, self.low, self.high, self.lasting = travel, low, high, lasting
        self.last: dict[Node, float] = {}

    def add(self, events: Iterable[Floats], reference: float = 0.0) -> None:
        """Note hypocentres (x, y, depth, time)."""
        for node, time in self._nodes(events):
            self.last[node] = max(self.last.get(node, -math.inf), time + reference)

    def around(self, now: float, events: Iterable[Floats]) -> Floats:
        """Nodes (node, 3) of the events noted since a moment and of others."""
        self.last = {node: time for node, time in self.last.items() if time > now - self.lasting}
        nodes = sorted({*self.last, *(node for node, _ in self._nodes(events))})
        found = np.array([(i * size, j * size, k * _DOWN * size) for i, j, k, size in nodes]).reshape(-1, 3)
        return np.clip(found, self.low, self.high)

    def _nodes(self, events: Iterable[Floats]) -> Iterable[tuple[Node, float]]:
        for x, y, depth, time in events:
            apart = np.hypot(x - self.travel.x, y - self.travel.y)
            rank = min(_NEIGHBOUR, len(apart)) - 1
            wanted = max(_SHARE * float(np.partition(apart, rank)[rank]), _FINEST)
            size = 2.0 ** round(math.log2(wanted))
            i, j, k = round(x / size), round(y / size), round(depth / (_DOWN * size))
            for down in (k - 1, k, k + 1):
                yield (i, j, down, size), float(time)
