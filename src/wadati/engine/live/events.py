"""Events while they grow: each candidate of the associator is one event with versions, from created to final.

The associator's stream is asked again whenever picks came: for events that no later pick can change, which become
final, and for what the picks so far, early ones included, say of the time after. A candidate is the open event with
which it shares at least half of the observations of the one that has fewer (a pick of the same phase at the same
station within a second), or else the one nearest in time and place. What was an event and is none three times in a row
is retracted, and so is what lies in final time and did not become final; two that locate to one earthquake are one.
Records that come after their time was final change the picks of events that were; these are told once more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from wadati.associators.stream import Stream
from wadati.bus.messages import EventMessage, EventState, OriginMessage
from wadati.engine.association import event_of
from wadati.engine.duplicates import same_earthquake
from wadati.engine.flow import Flow
from wadati.engine.live.latecomers import misfit
from wadati.engine.live.observations import Observation, observation, same_observations, shared_observations
from wadati.engine.live.settings import Live
from wadati.engine.live.tracks import channels_of, tracks_within
from wadati.engine.location import onsets
from wadati.errors import InputError
from wadati.locators.edt import EdtLocator
from wadati.locators.learning import learn_station_terms
from wadati.locators.station_terms import StationTerms
from wadati.magnitudes.joint_inversion import JointLocalMagnitude
from wadati.model import Arrival, Event, Inventory, Origin, Pick, TimeSpan, Trace
from wadati.model.amplitude import BIN
from wadati.model.codec import decode_json, encode_json
from wadati.protocols import Candidate, Locator
from wadati.store.catalog import CatalogStore
from wadati.store.live_log import EventVersion, LiveLog
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import HOUR, MINUTE, SECOND

Key = tuple[str, str]
Arrived = Callable[[Key, int], int | None]
Publish = Callable[[EventMessage | OriginMessage], None]
Traces = Callable[[Sequence[Key], TimeSpan], tuple[Trace, ...]]

_NEAR_TIME, _NEAR = 4 * SECOND, 30_000.0
_MISSES = 3
_KEPT = 6 * HOUR
_RELEARN = HOUR
_LEAST_LEARN = 20
_MOST_SIZED = 30
_MOST_LOCATED = 60
_RESIZE = 3 * SECOND
_CODA = 60 * SECOND
_SETTLING = 2 * MINUTE
_FIRST, _SETTLED = 6, 20 * SECOND


class Open(msgspec.Struct):
    """An event that is followed, or was not long ago."""

    event: Event
    observations: tuple[Observation, ...]
    version: int = 0
    state: EventState = "created"
    misses: int = 0
    released: bool = False
    sized: int = 0
    final: bool = False
    began: int = 0
    came: dict[Key, int] = msgspec.field(default_factory=dict)
    """When (ns) the records with its first P came in, and when it was first told."""


class LiveEvents:
    """The events side of a live run. `traces` gives the horizontals there are of some stations in a span, and
    `arrival` when the record with a station's sample of a time came in.
    """

    def __init__(
        self,
        flow: Flow,
        inventory: Inventory,
        settings: Live,
        log: LiveLog,
        catalog: CatalogStore,
        publish: Publish,
        traces: Traces,
        arrival: Arrived,
    ) -> None:
        self.flow, self.settings, self._publish, self._traces, self._arrival = flow, settings, publish, traces, arrival
        self.log, self.catalog = log, catalog
        self.model = flow.earth()
        self.associator = flow.part("associators")
        locator: Locator = flow.part("locators")
        if isinstance(locator, EdtLocator):
            if ground := flow.ground():
                locator = locator.with_topography(ground)
            if delays := flow.delays():
                locator = locator.with_terms(delays)
        self.locator = locator
        relation = flow.part("attenuation")
        self.sizer = JointLocalMagnitude(relation, terms=flow.terms(relation.name), learns=False)
        self.open: dict[str, Open] = {}
        self.delays: list[float] = []
        self.failures = 0
        self._picks: dict[str, Pick] = {}
        self._early: dict[str, Pick] = {}
        self._stream: Stream | None = None
        self._heard: frozenset[Key] = frozenset()
        self._learned = 0
        self.use(inventory)

    def use(self, inventory: Inventory) -> None:
        """Go on with another inventory: the stream is made anew from the picks of the last hours."""
        self.inventory = inventory
        self.stations = {station.key: station for station in inventory.stations()}
        self._channels = channels_of(inventory)
        self._heard = frozenset()

    def restore(self, picks: Iterable[Pick], versions: Iterable[EventVersion]) -> None:
        """Take up what another process left: final picks, and the last version of each event."""
        self._picks = {pick.pick_id: pick for pick in picks}
        last = {version.event_id: version for version in versions}
        for version in last.values():
            message = decode_json(version.message.encode(), EventMessage)
            self.open[version.event_id] = Open(
                event=message.event,
                observations=self._observed(message.event.origin.arrivals),
                version=version.version,
                state=message.state,
                released=message.released,
                final=message.state in ("final", "retracted"),
            )

    def released(self) -> list[Event]:
        """Events that have been released and not taken back."""
        return [one.event for one in self.open.values() if one.released and one.state != "retracted"]

    def step(
        self,
        new: Iterable[Pick],
        early: Iterable[Pick],
        withdrawn: Iterable[str],
        heard: Iterable[Key],
        known: Mapping[Key, int],
        watermark: int | None,
        clock: int,
    ) -> None:
        """Take what came; `early` are all early picks that are still open, `known` says until when (ns) the picks of
        each station are known, early ones included. With no watermark all is final."""
        gone = frozenset(withdrawn)
        fresh = [pick for pick in new if pick.pick_id not in gone]
        self._picks |= {pick.pick_id: pick for pick in fresh}
        lost = gone & self._picks.keys()
        for pick_id in lost:
            del self._picks[pick_id]
        self._early = {pick.pick_id: pick for pick in early if pick.pick_id not in self._picks}
        stream = self._current(frozenset(heard) & self.stations.keys())
        if stream is None:
            return
        stream.withdraw(lost)
        self._amend(stream.add(fresh), lost, clock)
        final = stream.until(watermark)
        until = stream.final_until if watermark is not None else clock + HOUR
        self._reconcile(final, final_until=until, finished=True, clock=clock)
        if watermark is not None:
            provisional = stream.provisional(self._early.values(), known)
            self._reconcile(provisional, final_until=until, finished=False, clock=clock)
        self._merge(clock)
        self._learn(clock)
        self._forget(min(clock, clock if stream.final_until is None else stream.final_until))

    def _current(self, heard: frozenset[Key]) -> Stream | None:
        """The stream for the stations that were heard; made anew where there are others."""
        if not heard <= self._heard:
            self._heard |= heard
            keys = sorted(self._heard)
            self._stream = None
            if len(keys) >= self.associator.min_stations:
                self._stream = Stream(self.associator, [self.stations[key] for key in keys], self.model)
                self._stream.add(self._picks.values())
        return self._stream

    def _reconcile(
        self, candidates: Sequence[Candidate], *, final_until: int | None, finished: bool, clock: int
    ) -> None:
        known = self._picks | self._early
        seen: set[str] = set()
        for candidate in sorted(candidates, key=lambda one: (-len(one.pick_ids), one.time)):
            observations = tuple(sorted(observation(known[pick_id]) for pick_id in candidate.pick_ids))
            name = self._match(candidate, observations, seen)
            if name is None and not finished and self._beside(candidate):
                continue  # what a larger event left over, as long as it still grows
            if name is None:
                name = self._preliminary(candidate, known).event_id
                again = 2
                while name in self.open:
                    name, again = f"{name.partition('-')[0]}-{again}", again + 1
            seen.add(name)
            self._update(name, candidate, observations, known, finished=finished, clock=clock)
        for name, one in self.open.items():
            if one.final or name in seen:
                continue
            past = final_until is not None and one.event.origin.time < final_until - 30 * SECOND
            if finished and past:
                self._say(name, one, "retracted")
            elif not finished and not past:
                one.misses += 1
                if one.misses >= _MISSES:
                    self._say(name, one, "retracted")

    def _match(self, candidate: Candidate, observations: Sequence[Observation], seen: set[str]) -> str | None:
        """The event that a candidate is, if there is one."""
        best: tuple[float, str] | None = None
        for name, one in self.open.items():
            apart = abs(one.event.origin.time - candidate.time)
            if name in seen or one.state == "retracted" or apart > MINUTE:
                continue
            shared = shared_observations(one.observations, observations)
            likeness = shared / max(min(len(one.observations), len(observations)), 1)
            if likeness < 0.5 and one.final:
                continue  # what is final is known again by its picks alone
            if likeness < 0.5 and apart <= _NEAR_TIME:
                origin = one.event.origin
                metres, _ = distance_azimuth(origin.latitude, origin.longitude, candidate.latitude, candidate.longitude)
                likeness = 0.5 - 0.4 * float(metres) / _NEAR if metres < _NEAR else 0.0
            if likeness > 0 and (shared or apart <= _NEAR_TIME) and (best is None or (likeness, name) > best):
                best = likeness, name
        return best[1] if best and best[0] > 0.05 else None

    def _beside(self, candidate: Candidate) -> bool:
        """Whether a candidate lies where an event is that is still open."""
        rules = self.flow.review
        for one in self.open.values():
            origin = one.event.origin
            if one.final or abs(origin.time - candidate.time) > 2 * rules.same_time_s * SECOND:
                continue
            metres, _ = distance_azimuth(origin.latitude, origin.longitude, candidate.latitude, candidate.longitude)
            if metres <= 2000 * rules.same_distance_km:
                return True
        return False

    def _update(
        self,
        name: str,
        candidate: Candidate,
        observations: tuple[Observation, ...],
        known: Mapping[str, Pick],
        *,
        finished: bool,
        clock: int,
    ) -> None:
        one = self.open.get(name)
        if one is not None:
            one.misses = 0
            if one.final:
                return
        same = one is not None and same_observations(one.observations, observations)
        due = one is not None and clock - one.sized >= _RESIZE and clock - one.event.origin.time < _CODA
        if same and not finished and not due:
            return
        if not same or finished:
            picks = sorted((known[pick_id] for pick_id in candidate.pick_ids), key=lambda pick: pick.time)
            if not finished:
                picks = picks[:_MOST_LOCATED]
            origin = self._located(picks, candidate, known)
        else:
            assert one is not None
            origin = one.event.origin
        grown = self._sized(Event(name, (origin,), preferred_origin_id=origin.origin_id), known, clock)
        if one is None:
            one = self.open[name] = Open(event=grown, observations=observations, began=time.time_ns())
        elif same and not finished and _size(one.event) == _size(grown):
            one.sized = clock
            return
        one.event, one.observations, one.sized = grown, observations, clock
        self._note_first(one, known, clock)
        self._tell_origin(name, origin, candidate)
        self._say(name, one, "final" if finished else "updated" if one.version else "created")

    def _located(self, picks: Sequence[Pick], candidate: Candidate, known: Mapping[str, Pick]) -> Origin:
        try:
            return self.locator.locate(picks, self.inventory, self.model, candidate)
        except InputError:
            return self._preliminary(candidate, known).origin
        except Exception:  # a locator is anybody's code, and one event must not cost the others
            self.failures += 1
            return self._preliminary(candidate, known).origin

    def _tell_origin(self, name: str, origin: Origin, candidate: Candidate) -> None:
        self._publish(
            OriginMessage(
                event_id=name,
                origin_id=origin.origin_id,
                time=origin.time,
                latitude=origin.latitude,
                longitude=origin.longitude,
                depth=origin.depth,
                arrivals=sum(arrival.weight > 0 for arrival in origin.arrivals),
                early_picks=sum(pick_id in self._early for pick_id in candidate.pick_ids),
            )
        )

    def _amend(self, late: Iterable[Pick], lost: Collection[str], clock: int) -> None:
        """Final events whose picks changed by records that came late: their next version, final again."""
        joining: dict[str, list[Pick]] = {}
        for pick in late:
            station = self.stations.get(pick.source_id.station_key)
            fits = [
                (misfit(one.event.origin, pick, station, self.model, self.associator), name)
                for name, one in self.open.items()
                if station is not None and one.state == "final"
            ]
            if fits and min(fits)[0] < 1:
                joining.setdefault(min(fits)[1], []).append(pick)
        for name, one in list(self.open.items()):
            arrivals = one.event.origin.arrivals
            if one.state != "final" or not (name in joining or any(a.pick_id in lost for a in arrivals)):
                continue
            held = [self._picks[a.pick_id] for a in arrivals if a.pick_id in self._picks]
            seen = {(pick.source_id.station_key, pick.phase_hint) for pick in held}
            more = [p for p in joining.get(name, ()) if (p.source_id.station_key, p.phase_hint) not in seen]
            picks = sorted((*held, *more), key=lambda pick: pick.time)
            if {pick.pick_id for pick in picks} == {a.pick_id for a in arrivals}:
                continue
            if len(picks) < self.associator.min_picks:
                self._say(name, one, "retracted", "records that came late took its picks away")
                continue
            old = one.event.origin
            candidate = Candidate(old.time, old.latitude, old.longitude, old.depth, tuple(p.pick_id for p in picks))
            origin = self._located(picks, candidate, self._picks)
            grown = self._sized(Event(name, (origin,), preferred_origin_id=origin.origin_id), self._picks, clock)
            one.event, one.observations = grown, tuple(sorted(map(observation, picks)))
            self._tell_origin(name, origin, candidate)
            self._say(name, one, "final")

    def _preliminary(self, candidate: Candidate, known: Mapping[str, Pick]) -> Event:
        return event_of(candidate, known, self.stations, self.model, self.associator.name)

    def _note_first(self, one: Open, known: Mapping[str, Pick], clock: int) -> None:
        """When the records with the first P came in; of an event that is some seconds old and still there, how long (s)
        after the record with the fourth station's P it was first told."""
        if not one.began:
            return
        first = sorted(
            (known[arrival.pick_id].time, (arrival.network, arrival.station))
            for arrival in one.event.origin.arrivals
            if arrival.phase == "P" and arrival.pick_id in known
        )[:_FIRST]
        for moment, key in first:
            if key not in one.came and (came := self._arrival(key, moment)) is not None:
                one.came[key] = came
        if clock - one.event.origin.time > _SETTLED:
            heard = sorted(one.came[key] for _, key in first if key in one.came)
            if len(heard) >= 4:
                self.delays.append((one.began - heard[3]) / SECOND)
            one.began = 0

    def _sized(self, event: Event, known: Mapping[str, Pick], clock: int) -> Event:
        """The event with its magnitude, from the nearest stations that gave it arrivals."""
        arrivals = sorted(event.origin.arrivals, key=lambda arrival: arrival.distance)
        keys = list(dict.fromkeys((a.network, a.station) for a in arrivals if a.weight > 0))[:_MOST_SIZED]
        stations = [self.stations[key] for key in keys if key in self.stations]
        begin = event.origin.time // BIN * BIN - 30 * SECOND
        span = TimeSpan(begin, (min(clock, event.origin.time + 2 * MINUTE) // BIN + 2) * BIN)
        tracks = tracks_within(self._traces(keys, span.widen(_SETTLING, 0)), self._channels, span)
        if not tracks or not stations:
            return event
        times = onsets([event.origin], known, stations, self.model)
        found = self.sizer.magnitudes([event.origin], stations, tracks, times).events[0].magnitude
        if found is None:
            return event
        preferred = None if found.saturated else found.magnitude_id
        return msgspec.structs.replace(event, magnitudes=(found,), preferred_magnitude_id=preferred)

    def _merge(self, clock: int) -> None:
        """Of open events that locate to one earthquake the oldest stays."""
        recent = {
            name: one
            for name, one in self.open.items()
            if one.state != "retracted" and clock - one.event.origin.time < 5 * MINUTE
        }
        for group in same_earthquake([one.event for one in recent.values()], self.flow.review):
            if len(group) > 1:
                names = [event.event_id for event in group]
                oldest = next(name for name in recent if name in names)
                for name in names:
                    if name != oldest and not recent[name].final:
                        self._say(name, recent[name], "retracted", f"the same earthquake as {oldest}")

    def _say(self, name: str, one: Open, state: EventState, why: str = "") -> None:
        one.version += 1
        one.state = state
        one.final = state in ("final", "retracted")
        fault = self.settings.release.fault(one.event)
        released = not fault or (one.released and one.final)
        one.released |= released
        message = EventMessage(
            event_id=name, version=one.version, state=state, event=one.event, released=released, held_back=why or fault
        )
        self.publish(message)

    def publish(self, message: EventMessage) -> None:
        """Keep a version, and tell of it."""
        if message.state == "final" and not message.additions:
            self.catalog.publish([message.event])
        version = EventVersion(
            message.event_id, message.version, message.state, time.time_ns(), encode_json(message).decode()
        )
        self.log.write(versions=[version])
        self._publish(message)

    def add(self, event_id: str, name: str, additions: Mapping[str, object], message: EventMessage) -> None:
        """A decorator's addition to the latest version of an event makes the next version."""
        one = self.open.get(event_id)
        if one is None or message.version != one.version:
            return
        one.version += 1
        state: EventState = "updated" if message.state == "created" else message.state
        more = message.additions | {name: dict(additions)}
        self.publish(msgspec.structs.replace(message, version=one.version, state=state, additions=more))

    def _learn(self, clock: int) -> None:
        """Station terms from the final events of the last hours, each hour."""
        if self.flow.station_terms != "learn" or not isinstance(self.locator, EdtLocator):
            return
        if self._learned == 0:
            self._learned = clock
        if clock - self._learned < _RELEARN:
            return
        self._learned = clock
        done = [one.event for one in self.open.values() if one.state == "final"]
        own = [[self._picks[a.pick_id] for a in e.origin.arrivals if a.pick_id in self._picks] for e in done]
        own = [picks for picks in own if picks]
        if len(own) >= _LEAST_LEARN:
            terms = learn_station_terms(self.locator.with_terms(StationTerms()), own, self.inventory, self.model).terms
            if terms.terms:
                self.locator = self.locator.with_terms(terms)

    def _forget(self, clock: int) -> None:
        old = clock - _KEPT
        if self._picks and min(self._picks.values(), key=lambda pick: pick.time).time < old - HOUR:
            self._picks = {name: pick for name, pick in self._picks.items() if pick.time >= old}
        self.open = {name: one for name, one in self.open.items() if not one.final or one.event.origin.time >= old}
        self.delays = self.delays[-10_000:]

    def _observed(self, arrivals: Iterable[Arrival]) -> tuple[Observation, ...]:
        return tuple(sorted(observation(self._picks[a.pick_id]) for a in arrivals if a.pick_id in self._picks))


def _size(event: Event) -> float | None:
    return None if event.magnitude is None else round(event.magnitude.value, 1)
