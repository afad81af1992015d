"""The whole inversion: tensor, depth, place and time of the centroid, from what stations saw.

At each depth of a grid the inversion is linear. Stations that do not tell of the same source are left out first (see
`consensus`), once for all depths; then depth is refined to a kilometre, and the centroid moved along a grid of places
where that explains much more.

Long waves leave the depth of a shallow earthquake nearly open, and tell it through a model of the crust. So what the
hypocentre says counts, too: the depth is that of the largest posterior, with the hypocentre's depth as the prior
(a standard error of 5 km where none is stated, of 2 km at least; none where its depth was free) and two independent
numbers a station.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wadati.errors import InputError, ReadError
from wadati.model import MomentTensor, Origin
from wadati.protocols import Problem
from wadati.tensors.alignment import Fit, align
from wadati.tensors.blocks import Blocks, at_lags, blocks_of
from wadati.tensors.consensus import Verdict, agreeing, verdicts
from wadati.tensors.quality import Quality, azimuthal_gap, open_range, quality
from wadati.tensors.solution import Kind, isotropic_is_called_for, solve
from wadati.tensors.spread import Spread, bootstrap
from wadati.tensors.stations import Seen, Window
from wadati.tensors.synthetics import Responses
from wadati.traveltime.geodesy import LocalFrame
from wadati.units import KILOMETRE

Floats = npt.NDArray[np.float64]

LEAST_STATIONS = 3
"""With fewer stations that agree there is no tensor."""
NEARLY = 1.1
"""Depths and places are as good as the best while the misfit is at most this many times the best."""

_DEPTHS = (
    2,
    4,
    6,
    8,
    10,
    12,
    15,
    18,
    22,
    26,
    30,
    35,
    40,
    50,
    60,
    75,
    90,
    110,
    130,
    160,
    190,
    230,
    270,
    320,
    400,
    500,
    600,
)
_AROUND = 15e3
_FARTHEST = 0.4
_STEPS = (-10e3, -5e3, 0.0, 5e3, 10e3)
_ROUNDS = 6
_NUMBERS = 2
_NUMBERS_OF_A_COMPONENT = 2
_DEPTH_ERROR = 5e3
_LEAST_DEPTH_ERROR = 2e3


@dataclass(frozen=True, eq=False)
class Node:
    """A place that was tried: degrees, metres below sea level, and what came of it."""

    latitude: float
    longitude: float
    depth: float
    blocks: Blocks
    synthetics: Floats
    fit: Fit


@dataclass(frozen=True, eq=False)
class Inversion:
    """What came out.

    `stations` are all that had data; `weights` (station,) are 0 for those left out, and `left_out` says why.
    `explained` (station,) is the share of each one's variance, `node` the centroid, `curve` all depths that were
    tried at its place. `kind` is what the solution is made of, `chance` that noise gives as much to an isotropic part.
    """

    stations: tuple[Seen, ...]
    weights: Floats
    left_out: tuple[Problem, ...]
    explained: Floats
    node: Node
    curve: tuple[Node, ...]
    kind: Kind
    chance: float
    spread: Spread
    quality: Quality

    @property
    def tensor(self) -> MomentTensor:
        """In N m."""
        return MomentTensor(*self.node.fit.solution.tensor.tolist())

    @property
    def used(self) -> tuple[int, ...]:
        """Places in `stations` of those that count."""
        return tuple(np.flatnonzero(self.weights > 0).tolist())


def default_depths(origin: Origin) -> tuple[float, ...]:
    """The depths (m) that are tried for a hypocentre: within 15 km of it, or 40 % of its depth where that is more; all
    down to 600 km where its depth was free or never found.

    >>> default_depths(Origin.of(0, 38.0, 20.0, 12e3))
    (2000.0, 4000.0, 6000.0, 8000.0, 10000.0, 12000.0, 15000.0, 18000.0, 22000.0, 26000.0)
    """
    around = max(_AROUND, _FARTHEST * origin.depth) if _depth_is_known(origin) else math.inf
    return tuple(km * KILOMETRE for km in _DEPTHS if abs(km * KILOMETRE - origin.depth) <= around)


def tried_places(origin: Origin) -> list[tuple[float, float]]:
    """Latitudes and longitudes (degrees) that the centroid may move to: a grid within 10 km of the epicentre.

    >>> len(tried_places(Origin.of(0, 38.0, 20.0, 12e3)))
    24
    """
    frame = LocalFrame(origin.latitude, origin.longitude)
    steps = [(east, north) for east in _STEPS for north in _STEPS if not east == north == 0.0]
    return [(float(latitude), float(longitude)) for latitude, longitude in (frame.to_lat_lon(*step) for step in steps)]


def _depth_is_known(origin: Origin) -> bool:
    return origin.uncertainty is None or origin.uncertainty.depth_resolved


def invert(
    stations: Sequence[Seen],
    responses: Responses,
    origin: Origin,
    window: Window,
    *,
    depths: Sequence[float] | None = None,
    kind: Kind | None = None,
    fixed: bool = False,
) -> Inversion:
    """The moment tensor of what stations saw.

    `depths` (m) are those tried, by default `default_depths`; with `fixed` they are not refined and the epicentre is
    kept. `kind` None is a deviatoric tensor, or a full one where an F-test calls for it. Raises `InputError` where the
    Green's functions know none of the depths or fewer than three stations agree, `ReadError` where they cannot be had.
    """
    seen = tuple(stations)
    if len(seen) < LEAST_STATIONS:
        raise InputError("moment tensor", f"{len(seen)} stations have data", "give at least three around the event")
    search = _Search(seen, responses, origin, window, "full" if kind == "full" else "deviatoric")
    nodes = search.curve(origin.latitude, origin.longitude, depths or default_depths(origin))
    weights, left_out = search.agree(nodes)
    nodes = search.refit(nodes, weights)
    if not fixed:
        nodes = search.refined(nodes, weights)
        moved = search.moved(search.best(nodes, weights), weights)
        if moved is not None:
            at_place = search.curve(moved.latitude, moved.longitude, [node.depth for node in nodes], weights)
            nodes = search.refined(at_place, weights)
        weights, left_out = search.judged(nodes, weights)
        nodes = search.refit(nodes, weights)
    best = search.best(nodes, weights)
    node, chosen, chance = search.final(best, weights, kind)
    curve = tuple(node if other is best else other for other in nodes)
    spread = bootstrap([(n.depth, n.blocks, n.fit) for n in curve], curve.index(node), weights, chosen)
    _, explained = search.verdicts(node)
    least = min(_misfit(n) for n in nodes)
    good = [n.depth for n in nodes if n is best or _misfit(n) <= NEARLY * max(least, 1e-3)]
    solution = node.fit.solution
    used = np.flatnonzero(weights > 0)
    figures = quality(
        stations=len(used),
        gap=azimuthal_gap([seen[k].azimuth for k in used]),
        variance_reduction=solution.variance_reduction,
        condition=solution.condition,
        depth_range=max(good) - min(good) if fixed else open_range(good, [n.depth for n in nodes]),
        bootstrap_angle=spread.angle_90,
    )
    return Inversion(seen, weights, left_out, explained, node, curve, chosen, chance, spread, figures)


class _Search:
    def __init__(
        self, seen: tuple[Seen, ...], responses: Responses, origin: Origin, window: Window, linear: Kind
    ) -> None:
        self._seen, self._responses, self._origin, self._window = seen, responses, origin, window
        self._linear = linear
        self._stations = [one.station for one in seen]
        self._data = np.array([one.data for one in seen])
        self._snr = np.array([one.snr for one in seen])
        self._quiet = 1 / np.sqrt(1 + 4 / np.maximum(self._snr, 1e-3) ** 2)
        self._distance = np.array([max(one.distance, KILOMETRE) for one in seen])
        until = np.array([window.until(one.distance) for one in seen])
        self._used = np.arange(window.samples) / window.sampling_rate_hz < until[:, None]
        self._everyone = self._distance / self._distance.min()

    def node(self, latitude: float, longitude: float, depth: float, weights: Floats | None = None) -> Node:
        """A place tried, with all stations or with some."""
        synthetics = self._responses(latitude, longitude, depth, self._stations)
        calm = self._quiet[..., None]
        blocks = blocks_of(self._data * calm, synthetics * calm[..., None], self._used, self._window.margin)
        fit = align(blocks, self._everyone if weights is None else weights, self._window.shift, self._linear)
        return Node(latitude, longitude, depth, blocks, synthetics, fit)

    def curve(
        self, latitude: float, longitude: float, depths: Sequence[float], weights: Floats | None = None
    ) -> list[Node]:
        """All depths that the Green's functions know."""
        nodes, refused = [], None
        for depth in sorted(set(depths)):
            try:
                nodes.append(self.node(latitude, longitude, depth, weights))
            except ReadError:
                raise  # a depth that cannot be had now would be missed without a word
            except InputError as error:
                refused = refused or error
        if not nodes:
            raise refused or InputError("moment tensor", "has no depth to try", "give one")
        return nodes

    def agree(self, nodes: Sequence[Node]) -> tuple[Floats, tuple[Problem, ...]]:
        """Weights of stations, 0 for those that do not tell of the same source, with the reasons."""
        several = nodes[:: max(len(nodes) // 5, 1)]
        asked = [agreeing(node.blocks, self._window.shift) for node in several]
        inside, _ = min(asked, key=lambda one: one[1])
        return self.judged(nodes, self._everyone * inside)

    def judged(self, nodes: Sequence[Node], weights: Floats) -> tuple[Floats, tuple[Problem, ...]]:
        """Ask of all what those that count say; take in who agrees, leave out who does not, until nothing changes."""
        told: tuple[Problem, ...] = ()
        for _ in range(_ROUNDS):
            self._enough(weights)
            best = self.best(self.refit(nodes, weights), weights)
            found, _ = self.verdicts(best)
            agreed = self._everyone * [verdict is None for verdict in found]
            told = tuple(
                Problem(
                    f"{one.station.network}.{one.station.code}", f"{verdict.components} {verdict.words}", "check it"
                )
                for one, verdict in zip(self._seen, found, strict=True)
                if verdict is not None
            )
            if np.array_equal(agreed, weights):
                break
            weights = agreed
        self._enough(weights)
        return weights, told

    def verdicts(self, node: Node) -> tuple[list[Verdict | None], Floats]:
        """What a node says of all stations."""
        fit = node.fit
        return verdicts(node.blocks, fit.solution.tensor, fit.centroid, self._window.shift, self._snr)

    def refit(self, nodes: Sequence[Node], weights: Floats) -> list[Node]:
        """The same places with other weights."""
        return [_with(node, align(node.blocks, weights, self._window.shift, self._linear)) for node in nodes]

    def refined(self, nodes: list[Node], weights: Floats) -> list[Node]:
        """Depths by the kilometre between the neighbours of the best."""
        at = nodes.index(self.best(nodes, weights))
        low, high = nodes[max(at - 1, 0)].depth, nodes[min(at + 1, len(nodes) - 1)].depth
        known = {node.depth for node in nodes}
        best = nodes[at]
        between = set(np.arange(low + KILOMETRE, high, KILOMETRE).tolist()) - known
        more = self.curve(best.latitude, best.longitude, sorted(between), weights) if between else []
        return sorted([*nodes, *more], key=lambda node: node.depth)

    def best(self, nodes: Sequence[Node], weights: Floats) -> Node:
        """The depth of the largest posterior."""
        numbers = _NUMBERS * int((weights > 0).sum())
        stated = self._origin.uncertainty
        spread = _DEPTH_ERROR
        if not _depth_is_known(self._origin):
            spread = math.inf
        elif stated is not None and math.isfinite(stated.depth):
            spread = max(stated.depth, _LEAST_DEPTH_ERROR)

        def surprise(node: Node) -> float:
            away = (node.depth - self._origin.depth) / spread
            return numbers * math.log(max(_misfit(node), 1e-6)) + away**2

        return min(nodes, key=surprise)

    def moved(self, best: Node, weights: Floats) -> Node | None:
        """A place within 10 km that explains much more, if there is one."""
        tried = []
        for latitude, longitude in tried_places(self._origin):
            try:
                tried.append(self.node(latitude, longitude, best.depth, weights))
            except ReadError:
                raise
            except InputError:
                continue
        found = _best(tried) if tried else None
        return found if found is not None and NEARLY * _misfit(found) < _misfit(best) else None

    def final(self, best: Node, weights: Floats, kind: Kind | None) -> tuple[Node, Kind, float]:
        """The solution of the kind that is wanted, or called for; and the chance of an isotropic part by noise."""
        shift = self._window.shift
        full = align(best.blocks, weights, shift, "full")
        independent = _NUMBERS_OF_A_COMPONENT * self._snr[weights > 0].size
        plain = best.fit if self._linear == "deviatoric" else align(best.blocks, weights, shift)
        # At the same lags, as the test is of one more unknown and not of other shifts.
        squares, products, energies = at_lags(best.blocks, plain.lags + best.blocks.middle)
        nested = solve(np.einsum("s,sij->ij", weights, squares), weights @ products, float(weights @ energies), "full")
        called, chance = isotropic_is_called_for(plain.solution, nested, independent)
        chosen: Kind = kind or ("full" if called else "deviatoric")
        if chosen == "deviatoric":
            return best, chosen, chance
        return _with(best, full if chosen == "full" else align(best.blocks, weights, shift, chosen)), chosen, chance

    def _enough(self, weights: Floats) -> None:
        used = int((weights > 0).sum())
        if used < LEAST_STATIONS:
            wrong = f"only {used} of {len(weights)} stations tell of the same source"
            raise InputError("moment tensor", wrong, "give more stations, or another earth model")


def _with(node: Node, fit: Fit) -> Node:
    return Node(node.latitude, node.longitude, node.depth, node.blocks, node.synthetics, fit)


def _best(nodes: Sequence[Node]) -> Node:
    return max(nodes, key=lambda node: node.fit.solution.variance_reduction)


def _misfit(node: Node) -> float:
    return 1 - node.fit.solution.variance_reduction
