"""How much better picks are explained by an event than by chance: the logarithm of a likelihood ratio.

Each expected arrival adds a term. Found: the density of its residual times the probability of detection, over the rate
of unrelated picks. Not found: the probability of a miss, unless the channel seems dead or other picks of the station
shortly before may hide the arrival, as in a burst of aftershocks. Detection fades with hypocentral distance beyond
a reach that is fitted to each event, so that a small event is not blamed for what far stations could not see.

The idea of weighing misses is that of NET-VISA: Arora, Russell & Sudderth (2013), doi:10.1785/0120120107.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wadati.associators.hypocentre import chance, fit
from wadati.associators.network import Floats, Integers, Network
from wadati.associators.pickset import Flags, PickSet

_REACHES = np.geomspace(5_000.0, 400_000.0, 16)
_FADING = 0.25
_CERTAIN, _HOPELESS = 0.95, 0.02
_ALIVE_WINDOW = 900.0
_HIDDEN_FOR, _HIDDEN_AHEAD = 10.0, 1.0


@dataclass(frozen=True)
class Evidence:
    """What speaks for each hypothesis.

    `total` (hypothesis) is the logarithm of the likelihood ratio; `pick`, `gain` and `counts` have shape (hypothesis,
    station, phase): the nearest free pick, what it adds, and whether it speaks for the event.
    """

    total: Floats
    pick: Integers
    gain: Floats
    counts: Flags

    def picks_of(self, hypothesis: int) -> Integers:
        """The picks that speak for one hypothesis, in order."""
        return np.sort(self.pick[hypothesis][self.counts[hypothesis]])


def weigh(network: Network, picks: PickSet, hypotheses: Floats, sigmas: float) -> Evidence:
    """The evidence for hypotheses (x, y, depth, time), shape (hypothesis, 4), from all stations."""
    station = np.broadcast_to(np.arange(len(network)), (len(hypotheses), len(network)))
    times = network.times(hypotheses, station)
    found = fit(network, picks, hypotheses, times, station, sigmas)
    density = np.exp(-0.5 * (found.residual / found.sigma) ** 2) / (found.sigma * np.sqrt(2 * np.pi))
    with np.errstate(divide="ignore"):
        gain = np.where(found.hit, np.log(density / picks.rate[found.pick]), 0.0)
    phase = np.arange(2)
    rate = picks.rates(station[..., None], phase, found.time)
    unexplained = 1 - chance(rate, found.tolerance)
    tells = picks.channel_is_alive(station[..., None], phase, found.time, _ALIVE_WINDOW) & ~_hidden(
        picks, station, found.time, found.hit
    )
    hypocentral = np.hypot(network.distances(hypotheses, station), hypotheses[:, 2, None])[..., None]
    total = np.full(len(hypotheses), -np.inf)
    detection = np.zeros(hypocentral.shape)
    for reach in _REACHES:
        fading = np.clip((hypocentral - reach) / (_FADING * reach), -50.0, 50.0)
        seen = _HOPELESS + (_CERTAIN - _HOPELESS) / (1 + np.exp(fading))
        terms = np.where(found.hit, gain + np.log(seen), np.where(tells, np.log1p(-seen * unexplained), 0.0))
        value = terms.sum(axis=(1, 2))
        better = value > total
        total = np.where(better, value, total)
        detection = np.where(better[:, None, None], seen, detection)
    gain = np.where(found.hit, gain + np.log(detection), 0.0)
    return Evidence(total, found.pick, gain, gain > 0)


def _hidden(picks: PickSet, station: Integers, time: Floats, hit: Flags) -> Flags:
    """Where picks of other events shortly before may hide an arrival; the event's own P before its S does not."""
    own = np.zeros(hit.shape, np.int64)
    own[..., 1] = hit.any(axis=-1)
    return picks.station_count(station[..., None], time, _HIDDEN_FOR, _HIDDEN_AHEAD) > own
