"""Under which names events leave the house, where two sites find them and one tells of them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from wadati.bus.messages import EventMessage
from wadati.model import Event
from wadati.units import DAY, MINUTE

_KEPT = DAY
_SETTLED = 4 * MINUTE
Same = Callable[[Event, Event], bool]


class Names:
    """What either site has told, and what it calls the events of this one; `same` says whether two are one earthquake.

    >>> from wadati.model import Origin
    >>> def told(name: str, version: int) -> EventMessage:
    ...     event = Event(name, (Origin.of(version, 35.7, -117.5, 8000.0),))
    ...     return EventMessage(event_id=name, version=version, state="updated", event=event, released=True)
    >>> names = Names(lambda a, b: abs(a.origin.time - b.origin.time) < 10**9)
    >>> names.note(told("theirs", 7))
    >>> [(one.event_id, one.version) for one in names.public(told("ours", 3))], names.public(told("ours", 3))
    ([('theirs', 8)], [])
    >>> names.own_name("theirs"), names.own_name("earlier")
    ('ours', 'earlier')
    """

    def __init__(self, same: Same) -> None:
        self._same = same
        self._told: dict[str, EventMessage] = {}
        self._name: dict[str, str] = {}
        self._seen: dict[str, int] = {}
        self._own: dict[str, EventMessage] = {}
        self._mine: set[str] = set()

    def note(self, message: EventMessage) -> None:
        """Something was told, by either site."""
        last = self._told.get(message.event_id)
        if last is None or message.version > last.version:
            self._told[message.event_id] = message

    def public(self, message: EventMessage) -> list[EventMessage]:
        """A version of this site's as it is to be told; nothing where it says nothing that was not told, and what takes
        another name back where the event is seen to be one that was told before."""
        own = message.event_id
        if message.version <= self._seen.get(own, 0):
            return []
        self._seen[own] = message.version
        before, name = self._name.get(own), self._called(message)
        self._name[own] = name
        found = self._taken_back(before, f"is {name}") if before not in (None, name) else []
        last = self._told.get(name)
        if last is None and message.state == "retracted":
            return found
        if last is not None and last.state == message.state and _content(last) == _content(message):
            return found
        version = 1 if last is None else last.version + 1
        event = msgspec.structs.replace(message.event, event_id=name)
        found.append(msgspec.structs.replace(message, event_id=name, version=version, event=event))
        self.note(found[-1])
        if last is None:
            self._mine.add(name)
        self._own[name] = message
        self._forget(message.event.origin.time)
        return found

    def _taken_back(self, name: str | None, why: str) -> list[EventMessage]:
        last = self._told.get(name or "")
        if last is None or last.state == "retracted":
            return []
        gone = msgspec.structs.replace(last, version=last.version + 1, state="retracted", held_back=why)
        self.note(gone)
        return [gone]

    def own(self, message: EventMessage) -> EventMessage | None:
        """What this site calls a version that was told; None where another was told since."""
        told = self._told.get(message.event_id)
        return self._own.get(message.event_id) if told is not None and told.version == message.version else None

    def own_name(self, name: str) -> str:
        """What this site calls an event that was told; one that it has not told since it began has its own name."""
        own = self._own.get(name)
        return name if own is None else own.event_id

    def _called(self, message: EventMessage) -> str:
        """What was told that is the same earthquake: final before provisional, the other site's before ours, then the
        nearest in time; else the name it has."""
        name = self._name.get(message.event_id, message.event_id)
        last = self._told.get(name)
        if last is not None and last.state == "final":
            return name
        taken = set(self._name.values()) - {name}
        time = message.event.origin.time
        alike = [
            (told.state != "final", other in self._mine, abs(told.event.origin.time - time), other)
            for other, told in self._told.items()
            if other not in taken and told.state != "retracted" and self._same(told.event, message.event)
        ]
        return min(alike)[-1] if alike else name

    def left_over(self, now: int) -> list[EventMessage]:
        """What takes back provisional events of some minutes before a time (ns) that this site does not have."""
        mine = set(self._name.values())
        found = []
        for name, last in list(self._told.items()):
            if name in mine or last.state in ("final", "retracted") or last.event.origin.time > now - _SETTLED:
                continue
            found += self._taken_back(name, "not found by the site that tells now")
        return found

    def _forget(self, now: int) -> None:
        old = [name for name, one in self._told.items() if one.event.origin.time < now - _KEPT]
        for name in old:
            del self._told[name]
        self._name = {own: name for own, name in self._name.items() if name in self._told}
        self._own = {name: one for name, one in self._own.items() if name in self._told}
        self._mine &= self._told.keys()
        self._seen = {own: version for own, version in self._seen.items() if own in self._name}


def _content(message: EventMessage) -> tuple[object, ...]:
    origin, size = message.event.origin, message.event.magnitude
    place = (origin.time, origin.latitude, origin.longitude, origin.depth)
    moved = [mechanism.mechanism_id for mechanism in message.event.mechanisms]
    return (*place, None if size is None else size.value, message.released, sorted(message.additions), moved)
