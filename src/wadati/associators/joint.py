"""Association by likelihood ratios: hypotheses from P picks, weighed together, each pick to one event.

1. Every P pick proposes the place around its station where most other picks agree (`proposals`).
2. Proposals move to where picks agree best (`hypocentre`), and what speaks for and against each is weighed (`evidence`).
3. The best becomes an event and takes its picks; proposals that wanted some of these are weighed anew with what is
   left, until none is better than chance.
4. Picks then go to the event that explains them best, events are located and weighed again, and those that no longer
   hold, or are the second half of a larger one, are dropped; what their picks propose is tried once more.

Time is cut at multiples of a step since the epoch. The events of a step are found from the picks of some minutes around
it, less those of the events of earlier steps; so it does not matter in what portions picks come, and what is earlier
than the picks that are still awaited never changes.
"""

from __future__ import annotations

import heapq
import time
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from wadati.associators.compiled import compiled
from wadati.associators.evidence import weigh
from wadati.associators.hypocentre import NARROW, WIDE, refine
from wadati.associators.picks_of_window import Flags, Picks, busy_with_free, deafness_of, window_of
from wadati.associators.places import Places
from wadati.associators.proposals import propose
from wadati.associators.scan import BIN, peaks, scan
from wadati.associators.terms import Terms, learned, no_terms
from wadati.associators.travel import PHASES, Floats, Integers, Travel, model_error, travel_of, travel_time
from wadati.associators.volume import Volume, volume_of
from wadati.model import Inventory, Pick, Station, VelocityModel, seconds
from wadati.protocols import Candidate
from wadati.traveltime.geodesy import LocalFrame
from wadati.units import SECOND

FEWEST_STATIONS = 4
"""Fewer stations never make an event."""

_ROUNDS = 3
_SAME = (0.5, 3000.0)


@dataclass(frozen=True)
class Hypothesis:
    """A place (x, y, depth, time) with what speaks for it and its picks (window numbers) with their gains."""

    place: Floats
    evidence: float
    picks: Integers
    gains: Floats
    quality: float
    holds: bool
    counts: tuple[int, ...]


@dataclass(frozen=True)
class JointAssociator:
    name: str = "joint"
    min_stations: int = 4
    min_picks: int = 6
    min_p: int = 2
    needs: tuple[int,int,int] = (4, 2, 1)
    least: float = 18.0
    quality: float = 10.0
    crowd: float = 2.0
    separation: float = 2.0
    depth_range: tuple[float | None, float] = (None, 250_000.0)
    error: tuple[tuple[float, float], tuple[float, float]] = ((0.03, 0.06), (0.05, 0.10))
    sigmas: float = 3.0
    rate_floor: float = 1 / 100
    relative_spacing: float = 0.25
    near: int = 25
    step: float = 120.0
    around: float = 20.0
    belief: float = 0.5
    deep: float = 35_000.0
    lasting: float = 7200.0
    place: float = 10_000.0
    learn: bool = True
    part: float = 0.6
    free_rates: bool = True
    rounds: int = 2
    scan_least: float = 8.0

    def associate(self, picks: Iterable[Pick], inventory: Inventory, model: VelocityModel) -> tuple[Candidate, ...]:
        stations = {station.key: station for station in inventory.stations()}
        usable = {
            pick.pick_id: pick for pick in picks if pick.source_id.station_key in stations and pick.phase_hint in PHASES
        }
        keys = sorted({pick.source_id.station_key for pick in usable.values()})
        if len(keys) < FEWEST_STATIONS:
            return ()
        run = _Run(self, [stations[key] for key in keys], model, tuple(usable.values()))
        return run.candidates()


class _Run:
    def __init__(
        self, settings: JointAssociator, stations: Sequence[Station], model: VelocityModel, picks: tuple[Pick, ...]
    ) -> None:
        self.settings = settings
        latitude = np.array([station.latitude for station in stations])
        longitude = np.array([station.longitude for station in stations])
        elevation = np.array([station.elevation for station in stations])
        turned = (longitude - longitude[0] + 180.0) % 360.0 - 180.0
        self.frame = LocalFrame(float(latitude.mean()), float(longitude[0] + turned.mean()))
        x, y = self.frame.to_xy(latitude, longitude)
        aperture = float(np.hypot(np.ptp(x), np.ptp(y)))
        margin = float(np.clip(0.3 * aperture, 10_000.0, 100_000.0))
        top = settings.depth_range[0]
        if top is None:
            top = -1000.0 * math.floor(max(float(np.median(elevation)), 0.0) / 1000.0)
        bottom = min(settings.depth_range[1], max(30_000.0, 0.5 * aperture))
        self.low = np.array([x.min() - margin, y.min() - margin, top])
        self.high = np.array([x.max() + margin, y.max() + margin, bottom])
        diameter = float(np.hypot(*(self.high - self.low)[:2]))
        self.travel = travel_of(x, y, elevation, model, (top, bottom), diameter, settings.error)
        self.volume = volume_of(self.travel, self.low, self.high, settings.relative_spacing, settings.near, settings.sigmas)
        self.terms = no_terms(self.low, self.high, len(stations), settings.place)
        self.places = Places(self.travel, self.low, self.high, settings.lasting)
        self.longest = float(self.volume.time.max()) + 5.0
        number = {station.key: i for i, station in enumerate(stations)}
        station = np.array([number[pick.source_id.station_key] for pick in picks])
        phase = np.array([PHASES.index(pick.phase_hint) for pick in picks])
        times = np.array([pick.time for pick in picks])
        order = np.array(sorted(range(len(picks)), key=lambda i: (picks[i].time, picks[i].pick_id)))
        self.picks = [picks[i] for i in order]
        self.station, self.phase, self.nanoseconds = station[order], phase[order], times[order]
        self.origin = int(self.nanoseconds[0] // (86400 * SECOND) * 86400 * SECOND)
        self.time = (self.nanoseconds - self.origin) / SECOND
        self.error = np.array([pick.time_uncertainty for pick in self.picks])
        probability = np.clip([pick.probability for pick in self.picks], 0.02, 0.98)
        self.belief = np.clip(settings.belief * (np.log(probability / (1 - probability)) - 0.2), -1.5, 1.5)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.size = np.array(
                [math.nan if not pick.amplitude else math.log10(pick.amplitude * 1000.0) for pick in self.picks]
            )
        self.deaf: Floats | None = None
        self.taken = np.zeros(len(self.picks), bool)
        self.needs = settings
        sensible = max(FEWEST_STATIONS, math.ceil(0.45 * len(stations)))
        if sensible < settings.min_stations:
            self.needs = msgspec_replace(settings, sensible)
        from collections import defaultdict
        self.T = defaultdict(float)
        self.stats = {"anchors": 0, "proposed": 0, "popped": 0}

    def candidates(self) -> tuple[Candidate, ...]:
        step, found = self.settings.step, []
        first = math.floor((self.time[0] - self.longest) / step)
        last = math.floor(self.time[-1] / step)
        for k in range(first, last + 1):
            found += self.step(k * step)
        return tuple(sorted(found, key=lambda candidate: (candidate.time, candidate.pick_ids)))

    def deafness(self, begin: float, end: int) -> Floats:
        if begin % 1200.0 == 0.0 or self.deaf is None:
            start = np.searchsorted(self.time, begin - 6 * 3600.0)
            self.deaf = deafness_of(self.station[start:end], self.size[start:end], len(self.travel.x))
        return self.deaf

    def step(self, begin: float) -> list[Candidate]:
        around, step = self.settings.around, self.settings.step
        a = np.searchsorted(self.time, begin - around - 30.0)
        b = np.searchsorted(self.time, begin + step + around + self.longest)
        index = np.arange(a, b)
        index = index[~self.taken[a:b]]
        if len(index) < self.needs.min_picks:
            return []
        channel = 2 * self.station + self.phase
        index = index[np.lexsort((index, channel[index]))]
        reference = begin
        recent = np.searchsorted(self.time, begin - 1800.0)
        alive = np.bincount(channel[recent:b], minlength=2 * len(self.travel.x)) > 0
        # Taken picks of earlier events still hide arrivals and make channels busy.
        picks = window_of(
            self.time[index] - reference,
            self.station[index],
            self.phase[index],
            self.error[index],
            self.belief[index],
            self.size[index],
            alive,
            self.deafness(begin, b),
            self.settings.rate_floor,
            (-around - 30.0, step + around + self.longest),
        )
        solver = _Window(self, picks, -around, step + around, reference)
        out = []
        events = [event for event in solver.events() if event.place[3] < step]
        self.places.add((event.place for event in events), reference)
        self.terms = solver.terms_of(self.terms, events)
        for event in events:
            mine = index[event.picks]
            self.taken[mine] = True
            latitude, longitude = self.frame.to_lat_lon(event.place[0], event.place[1])
            mine = np.sort(mine)
            out.append(
                Candidate(
                    self.origin + seconds(float(event.place[3] + reference)),
                    float(latitude),
                    float(longitude),
                    float(event.place[2]),
                    tuple(self.picks[i].pick_id for i in mine),
                )
            )
        return out


def msgspec_replace(settings: JointAssociator, stations: int) -> JointAssociator:
    from dataclasses import replace

    return replace(settings, min_stations=stations, min_picks=settings.min_picks - settings.min_stations + stations)


class _Window:
    """The events of some minutes."""

    def __init__(self, run: _Run, picks: Picks, begin: float, end: float, reference: float) -> None:
        self.run, self.picks, self.begin, self.end, self.reference = run, picks, begin, end, reference
        self.terms = run.terms
        stations = len(run.travel.x)
        self.chosen = np.empty(2 * stations, np.int64)
        self.gains = np.empty(2 * stations)
        self.work = np.empty((2 * stations, 4))
        self.counts = np.empty(4, np.int64)

    def look(self, place: Floats, schedule: Floats) -> Hypothesis:
        run, settings = self.run, self.run.needs
        place = place.copy()
        refine(place, self.picks, run.travel, run.volume, self.terms, settings.sigmas, schedule)
        evidence = weigh(
            place,
            self.picks,
            run.travel,
            run.volume,
            self.terms,
            settings.sigmas,
            self.chosen,
            self.gains,
            self.work,
            self.counts,
        )
        evidence -= max(0.0, place[2] - settings.deep) / 40_000.0
        count, p, stations, both = (int(v) for v in self.counts)
        quality = evidence * math.sqrt((1 + both) / max(stations, 1))
        holds = quality > settings.quality and self.begin <= place[3] < self.end and count >= settings.min_picks and p >= settings.min_p and stations >= settings.min_stations
        return Hypothesis(place, evidence, self.chosen[:count].copy(), self.gains[:count].copy(), quality, holds, (count, p, stations, both))

    def propose(self, which: Flags | None = None) -> list[Hypothesis]:
        run, picks = self.run, self.picks
        wanted = (picks.phase == 0) & picks.free & (picks.time >= self.begin) & (picks.time < self.end + 15.0)
        if which is not None:
            wanted &= which
        anchors = np.flatnonzero(wanted)
        run.stats["anchors"] += len(anchors)
        out, score = np.empty((len(anchors), 4)), np.empty(len(anchors))
        propose(anchors, picks, run.travel, run.volume, np.array(run.needs.needs), out, score)
        found = []
        for place in out[score > run.needs.least]:
            run.stats["proposed"] += 1
            one = self.look(place, WIDE)
            if one.holds:
                found.append(one)
        return found

    def greedy(self, pool: list[Hypothesis], others: list[Hypothesis]) -> list[Hypothesis]:
        """Events in order of evidence."""
        heap = [(-one.evidence, tuple(one.place), one, True) for one in pool]
        heapq.heapify(heap)
        events = []
        while heap:
            _, _, one, fresh = heapq.heappop(heap)
            if self.picks.free[one.picks].all():
                if self.crowded(one, [*others, *events]):
                    continue
                self.picks.free[one.picks] = False
                events.append(one)
                continue
            self.run.stats["popped"] += 1
            again = self.look(one.place, NARROW)
            if again.holds:
                heapq.heappush(heap, (-again.evidence, tuple(again.place), again, True))
        return events

    def events(self) -> list[Hypothesis]:
        T=self.run.T; t=time.process_time()
        events = self.greedy(self.scanned([]), [])
        T['scan1']+=time.process_time()-t; t=time.process_time()
        events += self.greedy(self.propose(), events)
        T['propose1']+=time.process_time()-t; t=time.process_time()
        for _ in range(self.run.needs.rounds):
            if not events:
                break
            self.terms = self.terms_of(self.run.terms, events)
            if self.run.needs.free_rates:
                self.picks = busy_with_free(self.picks)
            self.picks.free[:] = True
            places = [event.place for event in events]
            old = [self.look(place, NARROW) for place in places]
            events = self.greedy([*(one for one in old if one.holds), *self.scanned(places)], [])
            events = self.reassign(events)
            events += self.greedy(self.scanned(places), events)
            T['scan2']+=time.process_time()-t; t=time.process_time()
            events += self.greedy(self.propose(), events)
            T['propose2']+=time.process_time()-t; t=time.process_time()
        return self.without_parts(events)

    def crowded(self, one: Hypothesis, events: list[Hypothesis]) -> bool:
        """Whether so much else happens at the time that chance could make it: among many events there are more ways."""
        beside = sum(abs(other.place[3] - one.place[3]) < 15.0 for other in events)
        return one.quality < self.run.needs.quality + self.run.needs.crowd * math.log2(1 + beside)

    def scanned(self, places: list[Floats]) -> list[Hypothesis]:
        run = self.run
        nodes = run.places.around(self.reference, places)
        if not len(nodes):
            return []
        score = scan(nodes, self.picks, run.travel, run.volume, self.terms, self.begin, self.end)
        which, bin = peaks(score, nodes, 3000.0, 3, run.needs.scan_least)
        found = []
        for i, j in zip(which, bin, strict=True):
            one = self.look(np.array([*nodes[i], self.begin + (j + 0.5) * BIN]), NARROW)
            if one.holds:
                found.append(one)
        return found

    def terms_of(self, terms: Terms, events: list[Hypothesis]) -> Terms:
        run, picks = self.run, self.picks
        events = [one for one in events if len(one.picks) >= 10 and one.evidence > 20.0]
        if not events or not run.needs.learn:
            return terms
        event = np.repeat(np.arange(len(events)), [len(one.picks) for one in events])
        pick = np.concatenate([one.picks for one in events])
        place = np.array([one.place for one in events])
        residual = residuals(place, event, pick, picks, run.travel)
        return learned(terms, place[:, 0], place[:, 1], event, picks.station[pick], picks.phase[pick], residual)

    def reassign(self, events: list[Hypothesis]) -> list[Hypothesis]:
        free = self.picks.free
        owner = np.full(len(free), -1)
        best = np.zeros(len(free))
        free[:] = True
        for k, event in enumerate(events):
            again = self.look(event.place, np.zeros(0))
            loyalty = 0.02 * min(event.evidence, 100.0)
            gain = again.gains + loyalty
            better = gain > best[again.picks]
            owner[again.picks[better]] = k
            best[again.picks[better]] = gain[better]
        unwanted = owner < 0
        kept = []
        for k in sorted(range(len(events)), key=lambda k: -events[k].evidence):
            free[:] = unwanted | (owner == k)
            one = self.look(events[k].place, NARROW)
            unwanted |= owner == k
            if one.holds and not self.crowded(one, kept):
                unwanted[one.picks] = False
                kept.append(one)
        free[:] = unwanted
        return kept

    def without_parts(self, events: list[Hypothesis]) -> list[Hypothesis]:
        """Events less those made of what larger ones left over."""
        kept: list[Hypothesis] = []
        channel = 2 * self.picks.station + self.picks.phase
        for one in sorted(events, key=lambda e: -e.evidence):
            if not any(
                len(one.picks) < len(other.picks)
                and left_over(other.place, np.isin(channel[one.picks], channel[other.picks]), one.picks, self.picks, self.run.travel)
                > self.run.needs.part * len(one.picks)
                for other in kept
                if abs(one.place[3] - other.place[3]) < self.run.longest
            ):
                kept.append(one)
        return kept


@compiled
def left_over(place: Floats, used: Flags, pick: Integers, picks: Picks, travel: Travel) -> int:
    """How many picks lie near the arrivals of an event in channels where it has none."""
    found = 0
    for k in range(len(pick)):
        if used[k]:
            continue
        s = picks.station[pick[k]]
        distance = math.sqrt((place[0] - travel.x[s]) ** 2 + (place[1] - travel.y[s]) ** 2)
        for phase in range(2):
            time = travel_time(travel, s, phase, distance, place[2])[0]
            if abs(picks.time[pick[k]] - place[3] - time) < 2.0 + 4.0 * model_error(travel, phase, time):
                found += 1
                break
    return found


@compiled
def residuals(place: Floats, event: Integers, pick: Integers, picks: Picks, travel: Travel) -> Floats:
    """Seconds by which picks are later than travel times say."""
    found = np.empty(len(pick))
    for k in range(len(pick)):
        x, y, depth, time = place[event[k]]
        s = picks.station[pick[k]]
        distance = math.sqrt((x - travel.x[s]) ** 2 + (y - travel.y[s]) ** 2)
        found[k] = picks.time[pick[k]] - time - travel_time(travel, s, picks.phase[pick[k]], distance, depth)[0]
    return found
