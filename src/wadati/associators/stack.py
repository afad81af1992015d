"""Association by stacking, greedy choice and reassignment.

1. Origin times of all picks are stacked on a grid; maxima are seeds (`origin_stack`).
2. Each seed is moved to where picks agree (`hypocentre`), and what speaks for and against it is weighed (`evidence`).
3. Seeds become events in order of evidence, each taking its picks; the stack is made anew from what is left, until
   nothing more is found.
4. Picks then go to the event that explains them best, events are located and weighed again, and those that no longer
   hold, or are the second half of a larger one, are dropped.

Everything is local in time: what an event becomes depends on picks within some minutes of it only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from wadati.associators.evidence import Evidence, weigh
from wadati.associators.hypocentre import NARROW, fit, refine
from wadati.associators.network import PHASES, Floats, Integers, Network
from wadati.associators.origin_stack import OriginStack
from wadati.associators.pickset import PickSet
from wadati.model import Inventory, Pick, VelocityModel, seconds
from wadati.protocols import Candidate

_SPACINGS = (3_000.0, 8_000.0)
FEWEST_STATIONS = 4
"""Fewer stations never make an event."""

SMALL_NETWORK_SHARE = 0.6
"""In a network of fewer than a dozen stations with picks, this share of them suffices for an event."""

_AT_ONCE = 200
_REASSIGNMENTS = 3
_LOYALTY, _LOYALTY_LIMIT = 0.02, 100.0


@dataclass(frozen=True)
class _Event:
    """A hypothesis (x, y, depth, time) that holds, its evidence and its picks in order."""

    hypothesis: Floats
    total: float
    picks: Integers

    @property
    def rank(self) -> tuple[float, float, float, float]:
        """Order of evidence, ties broken by place."""
        x, y, _, time = self.hypothesis
        return -round(self.total, 6), float(time), float(x), float(y)


@dataclass(frozen=True)
class StackAssociator:
    """Associates picks by stacking origin times, with misses counted against an event.

    An event needs `min_stations` stations, `min_picks` picks, `min_p` of them P, both P and S at `min_both` stations
    and at a share of `min_both_share` of its stations, and positive evidence. Of two events within `separation`
    seconds, one with less than half the picks of the other is a part of it. Hypocentres lie within `depth_range`
    (m below sea level) and `margin` (m) around the stations with picks. `error_base` (s) and `error_fraction` (of the
    travel time) are one standard deviation of the travel-time model for P and S; a pick fits within `sigmas` of them.
    The rate of unrelated picks of a channel is counted over `rate_window` seconds on either side and is at least
    `rate_floor` a second. The spacing of the grid is `relative_spacing` of the distance within which half the stations
    have `min_stations` − 1 others.

    >>> from wadati.model import Inventory
    >>> from wadati.traveltime.models import DEFAULT
    >>> StackAssociator().associate([], Inventory(), DEFAULT)
    ()
    """

    name: str = "stack"
    min_stations: int = 7
    min_picks: int = 8
    min_p: int = 3
    min_both: int = 2
    min_both_share: float = 0.15
    separation: float = 3.0
    depth_range: tuple[float, float] = (0.0, 30_000.0)
    margin: float = 20_000.0
    error_base: tuple[float, float] = (0.15, 0.35)
    error_fraction: tuple[float, float] = (0.02, 0.035)
    sigmas: float = 3.0
    rate_window: float = 30.0
    rate_floor: float = 1 / 30
    relative_spacing: float = 0.6

    def associate(self, picks: Iterable[Pick], inventory: Inventory, model: VelocityModel) -> tuple[Candidate, ...]:
        """Candidates in order of time.

        Picks of stations that are not in the inventory and of phases other than P and S are ignored.
        """
        stations = {station.key: station for station in inventory.stations()}
        usable = {
            pick.pick_id: pick for pick in picks if pick.source_id.station_key in stations and pick.phase_hint in PHASES
        }
        keys = sorted({pick.source_id.station_key for pick in usable.values()})
        if len(keys) < FEWEST_STATIONS:
            return ()
        # Seven of five stations cannot be asked for.
        stations_needed = min(self.min_stations, max(FEWEST_STATIONS, math.ceil(SMALL_NETWORK_SHARE * len(keys))))
        settings = replace(
            self, min_stations=stations_needed, min_picks=self.min_picks - self.min_stations + stations_needed
        )
        number = {key: i for i, key in enumerate(keys)}
        network = Network(
            [stations[key] for key in keys], model, self.margin, self.depth_range, self.error_base, self.error_fraction
        )
        station = [number[pick.source_id.station_key] for pick in usable.values()]
        return _Run(
            settings, network, PickSet(list(usable.values()), station, self.rate_window, self.rate_floor)
        ).candidates()


class _Run:
    """One association: the settings, the network and the picks."""

    def __init__(self, settings: StackAssociator, network: Network, picks: PickSet) -> None:
        self.settings, self.network, self.picks = settings, network, picks
        reach = network.spacing(settings.min_stations - 1)
        spacing = float(np.clip(settings.relative_spacing * reach, *_SPACINGS))
        self.stack = OriginStack(network, spacing, settings.sigmas)

    def candidates(self) -> tuple[Candidate, ...]:
        events = self.find()
        for _ in range(_REASSIGNMENTS):
            events = self.reassign(events)
        events = self.without_parts(events)
        found = []
        for event in events:
            latitude, longitude = self.network.frame.to_lat_lon(*event.hypothesis[:2])
            ids = tuple(self.picks.picks[i].pick_id for i in sorted(event.picks, key=lambda i: (self.picks.time[i], i)))
            found.append(
                Candidate(
                    seconds(event.hypothesis[3]), float(latitude), float(longitude), float(event.hypothesis[2]), ids
                )
            )
        return tuple(sorted(found, key=lambda candidate: (candidate.time, candidate.pick_ids)))

    def find(self) -> list[_Event]:
        """Events in order of evidence; each has its picks to itself."""
        events: list[_Event] = []
        free = np.ones(len(self.picks), bool)
        spans = self.stack.spans(self.picks)
        todo = spans
        while len(todo):
            self.picks.set_free(free)
            found = [event for start in todo for event in self.proposals(start)]
            times = []
            for event in sorted(found, key=lambda event: event.rank):
                if free[event.picks].all():
                    free[event.picks] = False
                    events.append(event)
                    times.append(event.hypothesis[3])
            todo = self.stack.touched(spans, np.array(times))
        return events

    def proposals(self, start: float) -> list[_Event]:
        """Events that the free picks propose in the span of origin times from `start`; they may share picks."""
        seeds, station = self.stack.seeds(self.picks, start)
        events = []
        for part in np.array_split(np.arange(len(seeds)), len(seeds) // _AT_ONCE + 1):
            place, near = seeds[part], station[part]
            times = self.network.times(place, near)
            wide = fit(self.network, self.picks, place, times, near, 2.5 * self.settings.sigmas)
            enough = wide.hit.any(axis=2).sum(axis=1) >= self.settings.min_stations
            if enough.any():
                place = refine(self.network, self.picks, place[enough], near[enough], self.settings.sigmas)
                events += self.holding(place, weigh(self.network, self.picks, place, self.settings.sigmas))
        return events

    def holding(self, hypotheses: Floats, evidence: Evidence) -> list[_Event]:
        """The hypotheses that meet the settings."""
        counts, settings = evidence.counts, self.settings
        stations, both = counts.any(axis=2).sum(axis=1), counts.all(axis=2).sum(axis=1)
        holds = (
            (evidence.total > 0)
            & (counts.sum(axis=(1, 2)) >= settings.min_picks)
            & (counts[..., 0].sum(axis=1) >= settings.min_p)
            & (stations >= settings.min_stations)
            & (both >= np.maximum(settings.min_both, settings.min_both_share * stations))
        )
        return [
            _Event(hypotheses[i], float(evidence.total[i]), evidence.picks_of(int(i))) for i in np.flatnonzero(holds)
        ]

    def reassign(self, events: list[_Event]) -> list[_Event]:
        """Each pick to the event that explains it best, then each event with its picks and those nobody wants."""
        if not events:
            return []
        owner = self.owners(events)
        free = owner < 0
        kept = []
        for k in sorted(range(len(events)), key=lambda k: events[k].rank):
            self.picks.set_free(free | (owner == k))
            every = np.arange(len(self.network))[None]
            place = refine(self.network, self.picks, events[k].hypothesis[None], every, self.settings.sigmas, NARROW)
            found = self.holding(place, weigh(self.network, self.picks, place, self.settings.sigmas))
            free = free | (owner == k)
            for event in found:
                free[event.picks] = False
                kept.append(event)
        return kept

    def owners(self, events: list[_Event]) -> Integers:
        """The number of the event that gains most from each pick, −1 for none; shape (pick,)."""
        self.picks.set_free(np.ones(len(self.picks), bool))
        owner = np.full(len(self.picks), -1)
        best = np.zeros(len(self.picks))
        for first in range(0, len(events), _AT_ONCE):
            part = events[first : first + _AT_ONCE]
            evidence = weigh(
                self.network, self.picks, np.array([event.hypothesis for event in part]), self.settings.sigmas
            )
            for k, event in enumerate(part):
                mine = evidence.pick[k][evidence.counts[k]]
                loyalty = _LOYALTY * min(event.total, _LOYALTY_LIMIT)
                gain = np.round(evidence.gain[k][evidence.counts[k]] + loyalty, 6)
                better = gain > best[mine]
                owner[mine[better]] = first + k
                best[mine[better]] = gain[better]
        return owner

    def without_parts(self, events: list[_Event]) -> list[_Event]:
        """Events in order of time without those made of the remains of a larger one at nearly the same time."""
        events = sorted(events, key=lambda event: float(event.hypothesis[3]))
        time = np.array([event.hypothesis[3] for event in events])
        size = np.array([len(event.picks) for event in events])
        first = np.searchsorted(time, time - self.settings.separation, side="left")
        last = np.searchsorted(time, time + self.settings.separation, side="right")
        return [event for i, event in enumerate(events) if 2 * size[i] >= size[first[i] : last[i]].max()]
