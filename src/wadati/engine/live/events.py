"""Events while they grow: each candidate of the associator is one event with versions, from created to final.

The associator's stream is asked again whenever picks came: for events that no later pick can change, which become
final, and for a quick look at the picks, early ones included, that no event explains yet; each second for all that the
picks so far say of the time that is not final. What was an event and is none three times in a row is retracted, and so
is what lies in final time and did not become final; two that locate to one earthquake are one. Records that come after
their time was final change the picks of events that were; these are told once more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from wadati.associators.stream import Stream
from wadati.bus.messages import EventMessage, EventState, OriginMessage
from wadati.engine.duplicates import same_earthquake
from wadati.engine.flow import Flow
from wadati.engine.live.followed import Open, beside, match
from wadati.engine.live.latecomers import changed
from wadati.engine.live.observations import Observation, observation, same_observations
from wadati.engine.live.settings import Live
from wadati.engine.live.solver import Key, Solver, Traces
from wadati.engine.mechanisms import carried, computed, is_elsewhere
from wadati.model import Arrival, Event, Inventory, Origin, Pick, Review, reviewed
from wadati.model.codec import decode_json, encode_json
from wadati.protocols import Candidate
from wadati.store.catalog import CatalogStore
from wadati.store.live_log import EventVersion, LiveLog
from wadati.units import HOUR, MINUTE, SECOND

Arrived = Callable[[Key, int], int | None]
Publish = Callable[[EventMessage | OriginMessage], None]

_MISSES = 3
_KEPT = 6 * HOUR
_MOST_LOCATED = 60
_LOOK_EVERY, _LOOK_SHARE = SECOND, 3
_RESIZE = 3 * SECOND
_CODA = 60 * SECOND
_FIRST, _SETTLED = 6, 20 * SECOND


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
        self.flow, self.settings, self._publish, self._arrival = flow, settings, publish, arrival
        self.log, self.catalog = log, catalog
        self.solver = Solver(flow, traces)
        self.open: dict[str, Open] = {}
        self.delays: list[float] = []
        self._picks: dict[str, Pick] = {}
        self._early: dict[str, Pick] = {}
        self._stream: Stream | None = None
        self._heard: frozenset[Key] = frozenset()
        self._looked = self._look_took = 0
        self.use(inventory)

    def use(self, inventory: Inventory) -> None:
        """Go on with another inventory: the stream is made anew from the picks of the last hours."""
        self.solver.use(inventory)
        self._heard = frozenset()

    def restore(self, picks: Iterable[Pick], versions: Iterable[EventVersion]) -> None:
        """Take up what another process left: final picks, and the latest versions of events."""
        self._picks = {pick.pick_id: pick for pick in picks}
        for version in versions:
            message = decode_json(version.message.encode(), EventMessage)
            self.open[version.event_id] = Open(
                event=message.event,
                observations=self._observed(message.event.origin.arrivals),
                version=version.version,
                state=message.state,
                released=message.released,
                final=message.state in ("final", "retracted"),
            )

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
        stream = self._current(frozenset(heard) & self.solver.stations.keys())
        if stream is None:
            return
        stream.withdraw(lost)
        self._amend(stream.add(fresh), lost, clock)
        final = self._follow(stream.until(watermark), finished=True, clock=clock)
        until = stream.final_until if watermark is not None else clock + HOUR
        self._drop(final, until)
        if watermark is not None:
            self._follow(stream.fresh(self._early.values(), known, self._recent(clock)), finished=False, clock=clock)
            if clock - self._looked >= max(_LOOK_EVERY, _LOOK_SHARE * self._look_took):
                began, self._looked = time.monotonic_ns(), clock
                found = stream.provisional(self._early.values(), known)
                self._look_took = time.monotonic_ns() - began
                self._miss(self._follow(found, finished=False, clock=clock), until)
        self._merge(clock)
        self.solver.learn(clock, self._own_picks)
        self._forget(min(clock, clock if stream.final_until is None else stream.final_until))

    def _current(self, heard: frozenset[Key]) -> Stream | None:
        """The stream for the stations that were heard; made anew where there are others."""
        if not heard <= self._heard:
            self._heard |= heard
            keys = sorted(self._heard)
            self._stream = None
            rules = self.solver.associator
            if len(keys) >= rules.min_stations:
                self._stream = Stream(rules, [self.solver.stations[key] for key in keys], self.solver.model)
                self._stream.add(self._picks.values())
        return self._stream

    def _recent(self, clock: int) -> list[Candidate]:
        """Events whose waves may still arrive."""
        origins = (one.event.origin for one in self.open.values() if one.state != "retracted")
        return [
            Candidate(origin.time, origin.latitude, origin.longitude, origin.depth, ())
            for origin in origins
            if clock - origin.time < 2 * MINUTE
        ]

    def _follow(self, candidates: Sequence[Candidate], *, finished: bool, clock: int) -> set[str]:
        """The events that candidates are, each as it now is."""
        known = self._picks | self._early
        seen: set[str] = set()
        for candidate in sorted(candidates, key=lambda one: (-len(one.pick_ids), one.time)):
            observations = tuple(sorted(observation(known[pick_id]) for pick_id in candidate.pick_ids))
            name = match(self.open, candidate, observations, seen)
            if name is None and not finished and beside(self.open, candidate, self.flow.review):
                continue  # what a larger event left over, as long as it still grows
            if name is None:
                name = self.solver.preliminary(candidate, known).event_id
                again = 2
                while name in self.open:
                    name, again = f"{name.partition('-')[0]}-{again}", again + 1
            seen.add(name)
            self._update(name, candidate, observations, known, finished=finished, clock=clock)
        return seen

    def _drop(self, final: Collection[str], until: int | None) -> None:
        """What lies in final time and did not become final is none."""
        for name, one in self.open.items():
            if not one.final and name not in final and one.before(until):
                self._say(name, one, "retracted")

    def _miss(self, seen: Collection[str], until: int | None) -> None:
        """What is none several times in a row is none."""
        for name, one in self.open.items():
            if not one.final and name not in seen and not one.before(until):
                one.misses += 1
                if one.misses >= _MISSES:
                    self._say(name, one, "retracted")

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
        if one is None:
            one = self.open[name] = Open(self.solver.preliminary(candidate, known), observations, began=time.time_ns())
        if same and not finished:
            grown = self.solver.sized(msgspec.structs.replace(one.event, magnitudes=()), known, clock)
            one.sized = clock
            if _size(one.event) == _size(grown):
                return
            one.event = grown
        else:
            picks = sorted((known[pick_id] for pick_id in candidate.pick_ids), key=lambda pick: pick.time)
            picks = picks if finished else picks[:_MOST_LOCATED]
            self._solve(name, one, candidate, picks, known, clock if one.version or finished else None)
        self._note_first(one, known, clock)
        self._say(name, one, "final" if finished else "updated" if one.version else "created")

    def _solve(
        self,
        name: str,
        one: Open,
        candidate: Candidate,
        picks: Sequence[Pick],
        known: Mapping[str, Pick],
        clock: int | None,
    ) -> None:
        """Where and, with a clock, how large an event is by other picks than before; its mechanism stays where the
        origin does."""
        before, origin = one.event, self.solver.origin(picks, candidate, known)
        one.event = Event(name, (origin,), preferred_origin_id=origin.origin_id)
        one.observations = tuple(sorted(observation(known[pick_id]) for pick_id in candidate.pick_ids))
        if clock is not None:
            one.event, one.sized = self.solver.sized(one.event, known, clock), clock
        one.event = carried(before, one.event)
        self._tell_origin(name, origin, candidate)

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
        final = {name: one.event.origin for name, one in self.open.items() if one.state == "final"}
        solver = self.solver
        rules = solver.associator
        for name, picks in changed(final, late, lost, self._picks, solver.stations, solver.model, rules).items():
            one, old = self.open[name], final[name]
            if len(picks) < rules.min_picks:
                self._say(name, one, "retracted", "records that came late took its picks away")
                continue
            candidate = Candidate(old.time, old.latitude, old.longitude, old.depth, tuple(p.pick_id for p in picks))
            self._solve(name, one, candidate, picks, self._picks, clock)
            self._say(name, one, "final")

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
        if said := self.catalog.reviews(message.event_id):
            message = self._with_reviews(message, said)
        if message.state == "final" and (message.event.mechanisms or not message.additions):
            self.catalog.publish([message.event])
        version = EventVersion(
            message.event_id, message.version, message.state, time.time_ns(), encode_json(message).decode()
        )
        self.log.write(versions=[version])
        self._publish(message)

    def _with_reviews(self, message: EventMessage, said: tuple[Review, ...]) -> EventMessage:
        """A version as analysts leave it, after the one in which their word was told."""
        last = self.log.last(message.event_id)
        version = max(message.version, last.version + 1 if last else 1)
        if (one := self.open.get(message.event_id)) is not None:
            one.version = version
        event = reviewed(message.event, said)
        if event is None:
            return msgspec.structs.replace(
                message, version=version, state="retracted", held_back="an analyst rejected it"
            )
        return msgspec.structs.replace(message, version=version, event=event)

    def add(self, event_id: str, name: str, additions: Mapping[str, object], message: EventMessage) -> None:
        """A decorator's addition to the latest version of an event makes the next version."""
        one = self.open.get(event_id)
        if one is None or message.version != one.version:
            return
        one.version += 1
        state: EventState = "updated" if message.state == "created" else message.state
        more = message.additions | {name: dict(additions)}
        self.publish(msgspec.structs.replace(message, version=one.version, state=state, additions=more))

    def moved(self, found: Event, additions: Mapping[str, object]) -> None:
        """What was found of how a final event moved, and what is said of it, makes the next version.

        Nothing where that is known already, or where the event is elsewhere or none by now.
        """
        one, last = self.open.get(found.event_id), self.log.last(found.event_id)
        if one is None or last is None or one.state != "final" or last.state == "retracted":
            return
        if is_elsewhere(computed(found).origin, computed(one.event).origin):
            return  # what is said of that place would keep the tensor of this one from being made
        message = decode_json(last.message.encode(), EventMessage)
        event, more = carried(found, one.event), message.additions | dict(additions)
        if (event, more) == (one.event, message.additions):
            return
        one.event, one.version = event, max(one.version, message.version) + 1
        self.publish(msgspec.structs.replace(message, version=one.version, state="final", event=event, additions=more))

    def _own_picks(self) -> list[list[Pick]]:
        """The picks of each final event."""
        done = [one.event for one in self.open.values() if one.state == "final"]
        return [[self._picks[a.pick_id] for a in e.origin.arrivals if a.pick_id in self._picks] for e in done]

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
