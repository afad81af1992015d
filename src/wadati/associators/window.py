"""The events of some minutes: hypotheses are made, weighed and chosen, twice over with what the first choice taught."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from wadati.associators.evidence import weigh
from wadati.associators.hypocentre import NARROW, UNMOVED, WIDE, refine
from wadati.associators.joint_settings import JointSettings
from wadati.associators.parts import share_left_over
from wadati.associators.picks_of_window import Picks, busy_with_free
from wadati.associators.places import Places
from wadati.associators.proposals import propose
from wadati.associators.scan import scan, seeds
from wadati.associators.terms import Terms, learned
from wadati.associators.travel import Floats, Integers, Travel, residuals
from wadati.associators.volume import Volume

_ROUNDS = 2
_PART = 0.6
_BESIDE = 15.0
_LOYALTY, _LOYALTY_LIMIT = 0.02, 100.0
_NO_PAIR = 0.5
_DEEP, _DEEPER = 35_000.0, 40_000.0
_TEACHING_PICKS, _TEACHING_EVIDENCE = 10, 20.0


@dataclass(frozen=True)
class Hypothesis:
    """A place (x, y, depth in m; time in s) with its evidence and quality, its picks (numbers in the window) and what
    each adds, how many are P and of how many stations they are, and whether it may be an event."""

    place: Floats
    evidence: float
    quality: float
    picks: Integers
    gains: Floats
    p: int
    stations: int
    holds: bool


class Window:
    """Picks of some minutes and the events among them between two times (s), other than those `earlier` (s)."""

    def __init__(
        self,
        settings: JointSettings,
        travel: Travel,
        volume: Volume,
        terms: Terms,
        places: Places,
        picks: Picks,
        span: tuple[float, float],
        earlier: Sequence[float],
    ) -> None:
        self.settings, self.travel, self.volume = settings, travel, volume
        self.known, self.terms, self.places = terms, terms, places
        self.picks, (self.begin, self.end) = picks, span
        self.earlier = earlier
        self.nearest_miss: Hypothesis | None = None
        channels = 2 * len(travel.x)
        self._chosen, self._gains = np.empty(channels, np.int64), np.empty(channels)
        self._work, self._counts = np.empty((channels, 5)), np.empty(5, np.int64)

    def events(self) -> list[Hypothesis]:
        """Events in order of evidence; their picks are no longer free."""
        events = self._choose(self._scanned([]), [])
        events += self._choose(self._proposed(), events)
        for _ in range(_ROUNDS):
            if not events:
                break
            self.terms = self.taught(self.known, events)
            self.picks = busy_with_free(self.picks)
            self.picks.free[:] = True
            here = [event.place for event in events]
            again = (self._look(place, NARROW) for place in here)
            events = self._choose([*(one for one in again if one.holds), *self._scanned(here)], [])
            events = self._reassigned(events)
            events += self._choose(self._scanned(here), events)
            events += self._choose(self._proposed(), events)
        return self._without_parts(events)

    def first_events(self) -> list[Hypothesis]:
        """Events in order of evidence as they look at first."""
        return self._choose(self._proposed(), [])

    def taught(self, terms: Terms, events: Iterable[Hypothesis]) -> Terms:
        """Terms that also know the residuals of events that are sure enough."""
        sure = [one for one in events if len(one.picks) >= _TEACHING_PICKS and one.evidence > _TEACHING_EVIDENCE]
        if not sure:
            return terms
        event = np.repeat(np.arange(len(sure)), [len(one.picks) for one in sure])
        pick = np.concatenate([one.picks for one in sure])
        place = np.array([one.place for one in sure])
        station, phase = self.picks.station[pick], self.picks.phase[pick]
        late = residuals(self.travel, place, event, station, phase, self.picks.time[pick])
        return learned(terms, place[:, 0], place[:, 1], event, station, phase, late)

    def _look(self, start: Floats, schedule: Floats) -> Hypothesis:
        """The hypothesis that free picks around a place and time lead to."""
        settings, place = self.settings, start.copy()
        shared = (self.picks, self.travel, self.volume, self.terms, settings.sigmas)
        refine(place, *shared, schedule)
        evidence = weigh(place, *shared, self._chosen, self._gains, self._work, self._counts)
        evidence -= max(0.0, place[2] - _DEEP) / _DEEPER
        count, p, stations, both, unheard = self._counts.tolist()
        pairs = 1 + both if both or self.picks.s_is_rare or unheard == stations else _NO_PAIR
        quality = evidence * math.sqrt(pairs / max(stations - unheard, 1))
        enough = count + unheard >= settings.min_picks and p >= settings.min_p and stations >= settings.min_stations
        inside = self.begin <= place[3] < self.end
        one = Hypothesis(
            place,
            evidence,
            quality,
            self._chosen[:count].copy(),
            self._gains[:count].copy(),
            p,
            stations,
            inside and enough and quality > settings.quality,
        )
        if inside and not one.holds and (self.nearest_miss is None or one.quality > self.nearest_miss.quality):
            self.nearest_miss = one
        return one

    def _proposed(self) -> list[Hypothesis]:
        found = []
        explained = np.zeros(len(self.picks.time), bool)
        for start, anchor in zip(*propose(self.picks, self.volume, self.begin, self.end), strict=True):
            if explained[anchor]:
                continue
            one = self._look(start, WIDE)
            if one.holds:
                found.append(one)
                # Of what may still change, one hypothesis is enough for all the picks that it explains.
                explained[one.picks] = self.picks.until.min() < np.inf
        return found

    def _scanned(self, here: Sequence[Floats]) -> list[Hypothesis]:
        nodes = self.places.around(here)
        if not len(nodes):
            return []
        score = scan(nodes, self.picks, self.travel, self.volume, self.terms, self.begin, self.end)
        return [one for one in (self._look(start, NARROW) for start in seeds(score, nodes, self.begin)) if one.holds]

    def _choose(self, pool: Iterable[Hypothesis], beside: Sequence[Hypothesis]) -> list[Hypothesis]:
        """Events in order of evidence; what has lost picks to one of them is looked at again."""
        heap = [(-one.evidence, tuple(one.place), one) for one in pool]
        heapq.heapify(heap)
        events: list[Hypothesis] = []
        while heap:
            one = heapq.heappop(heap)[2]
            if not self.picks.free[one.picks].all():
                again = self._look(one.place, NARROW)
                if again.holds:
                    heapq.heappush(heap, (-again.evidence, tuple(again.place), again))
            elif not self._crowded(one, [*beside, *events]):
                self.picks.free[one.picks] = False
                events.append(one)
        return events

    def _crowded(self, one: Hypothesis, others: Iterable[Hypothesis]) -> bool:
        """Whether so much happens at the time that chance may have made it."""
        times = (*self.earlier, *(other.place[3] for other in others))
        beside = sum(abs(time - one.place[3]) < _BESIDE for time in times)
        return one.quality < self.settings.quality + self.settings.crowding * math.log2(1 + beside)

    def _reassigned(self, events: Sequence[Hypothesis]) -> list[Hypothesis]:
        """Events whose picks are each with the event that explains it best; what then holds no longer is left out."""
        free = self.picks.free
        owner, best = np.full(len(free), -1), np.zeros(len(free))
        free[:] = True
        for k, event in enumerate(events):
            again = self._look(event.place, UNMOVED)
            gain = again.gains + _LOYALTY * min(event.evidence, _LOYALTY_LIMIT)
            better = gain > best[again.picks]
            owner[again.picks[better]] = k
            best[again.picks[better]] = gain[better]
        unwanted = owner < 0
        kept: list[Hypothesis] = []
        for k in sorted(range(len(events)), key=lambda k: -events[k].evidence):
            free[:] = unwanted | (owner == k)
            one = self._look(events[k].place, NARROW)
            unwanted |= owner == k
            if one.holds and not self._crowded(one, kept):
                unwanted[one.picks] = False
                kept.append(one)
        free[:] = unwanted
        return kept

    def _without_parts(self, events: Iterable[Hypothesis]) -> list[Hypothesis]:
        kept: list[Hypothesis] = []
        for one in sorted(events, key=lambda event: (-event.evidence, tuple(event.place))):
            larger = (
                other
                for other in kept
                if len(other.picks) > len(one.picks) and abs(other.place[3] - one.place[3]) < self.volume.longest
            )
            if not any(
                share_left_over(other.place, other.picks, one.picks, self.picks, self.travel) > _PART
                for other in larger
            ):
                kept.append(one)
        return kept
