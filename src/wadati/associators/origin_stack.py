"""Origin times stacked on a grid: where and when many picks could have come from one event.

Every pick votes, at every node, for the span of origin times from which it could come, by how surprising its presence
is. Spans are added as differences and summed along time, so that the width of each costs nothing.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d

from wadati.associators.hypocentre import chance
from wadati.associators.network import Floats, Integers, Network
from wadati.associators.pickset import PickSet

_NEAREST_STATIONS = 60
_BLOCK = 25_000.0
_BIN = 0.5
_SPAN = 240.0
_EDGE = 3.0
_APART = 1.0
_PART_OF_BEST = 0.7
_VOTES_AT_ONCE = 4_000_000
_SPEED = np.array([6000.0, 3500.0])


class OriginStack:
    """A grid of nodes over the volume, `spacing` (m) apart and 1.5 times that in depth.

    Only the nearest stations vote at a node: an event is seen by the stations around it.
    """

    def __init__(self, network: Network, spacing: float, sigmas: float) -> None:
        axes = [
            np.linspace(low, high, int(np.ceil((high - low) / step)) + 1)
            for low, high, step in zip(network.low, network.high, (spacing, spacing, 1.5 * spacing), strict=True)
        ]
        x, y, depth = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
        block = np.floor((x - network.low[0]) / _BLOCK) * 1000 + np.floor((y - network.low[1]) / _BLOCK)
        order = np.argsort(block, kind="stable")
        self.nodes = np.stack([x, y, depth], axis=-1)[order]
        self._block_starts = np.flatnonzero(np.diff(block[order], prepend=-1.0))
        every = np.broadcast_to(np.arange(len(network)), (len(self.nodes), len(network)))
        distance = network.distances(self.nodes, every)
        near = min(_NEAREST_STATIONS, len(network))
        self.near = np.sort(np.argsort(distance, axis=1, kind="stable")[:, :near], axis=1)
        times = network.times(self.nodes, self.near)
        self.longest = float(times.max())
        self._network, self._sigmas = network, sigmas
        # The same by station: rows of a station are [starts, starts + counts).
        pair = np.argsort(self.near.ravel(), kind="stable")
        self._node = pair // near
        self._times = times.reshape(-1, 2)[pair]
        self._blur = 0.7 * sigmas * network.model_error(self._times) + 0.5 * spacing / _SPEED
        self._counts = np.bincount(self.near.ravel(), minlength=len(network))
        self._starts = np.cumsum(self._counts) - self._counts

    def spans(self, picks: PickSet) -> Floats:
        """Starts, on the absolute time grid, of the spans of origin times from which there are picks."""
        first = np.floor((picks.time.min() - self.longest) / _SPAN) * _SPAN
        starts = np.arange(first, picks.time.max(), _SPAN)
        time = np.sort(picks.time)
        last = np.searchsorted(time, starts + _SPAN + self.longest + 2 * _EDGE)
        return starts[last > np.searchsorted(time, starts - _EDGE)]

    def touched(self, spans: Floats, times: Floats) -> Floats:
        """The spans whose seeds may have changed because events at these times took their picks."""
        reach = self.longest + 2 * _EDGE
        near = (spans[:, None] < times + reach) & (spans[:, None] + _SPAN > times - reach)
        return spans[near.any(axis=1)]

    def seeds(self, picks: PickSet, start: float) -> tuple[Floats, Integers]:
        """Maxima of the stack of free picks with origin times in the span from `start`.

        Returns hypotheses (x, y, depth, time), shape (seed, 4), and the stations near each, shape (seed, station).
        """
        stack = self._stack(picks, start - _EDGE, round((_SPAN + 2 * _EDGE) / _BIN))
        # Rounded, because equal sums differ by the order of addition.
        blocks = np.round(np.maximum.reduceat(stack, self._block_starts, axis=0), 6)
        width = 2 * round(_APART / _BIN) + 1
        peaks = maximum_filter1d(blocks, width, axis=1)
        peak = (blocks == peaks) & (blocks > 0) & (blocks >= _PART_OF_BEST * peaks.max(axis=0))
        peak[:, 1:] &= ~(peak[:, :-1] & (blocks[:, 1:] == blocks[:, :-1]))
        inside = round(_EDGE / _BIN)
        block, column = np.nonzero(peak[:, inside:-inside])
        column += inside
        ends = np.append(self._block_starts[1:], len(self.nodes))
        node = np.array(
            [
                self._block_starts[b] + stack[self._block_starts[b] : ends[b], c].argmax()
                for b, c in zip(block, column, strict=True)
            ],
            np.int64,
        )
        time = start - _EDGE + column * _BIN
        return np.column_stack([self.nodes[node], time]), self.near[node]

    def _stack(self, picks: PickSet, start: float, bins: int) -> Floats:
        """The sum of votes, shape (node, bin)."""
        index = picks.within(start, start + bins * _BIN + self.longest + _EDGE)
        votes = np.zeros(len(self.nodes) * (bins + 1))
        votes_each = self._counts[picks.station[index]]
        for part in np.split(index, np.flatnonzero(np.diff(np.cumsum(votes_each) // _VOTES_AT_ONCE)) + 1):
            counts = self._counts[picks.station[part]]
            rank = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            row = np.repeat(self._starts[picks.station[part]], counts) + rank
            phase = np.repeat(picks.phase[part], counts)
            origin = np.repeat(picks.time[part] - start, counts) - self._times[row, phase]
            blur = self._blur[row, phase]
            base = self._network.error_base[picks.phase[part]]
            weight = np.repeat(-np.log(chance(picks.rate[part], self._sigmas * base)), counts)
            first = self._node[row] * (bins + 1)
            opens = first + np.clip(np.ceil((origin - blur) / _BIN), 0, bins).astype(np.int64)
            closes = first + np.clip(np.floor((origin + blur) / _BIN) + 1, 0, bins).astype(np.int64)
            both = np.concatenate([opens, closes])
            votes += np.bincount(both, np.concatenate([weight, -weight]), len(votes))
        stack = votes.reshape(len(self.nodes), bins + 1)
        return np.cumsum(stack, axis=1, out=stack)[:, :bins]
