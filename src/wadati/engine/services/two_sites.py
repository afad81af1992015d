"""Two sites with the same sources, each with all services of its own: one tells, the other is silent until it is gone.

A publisher watches whether that of the other site holds its lease, and reads what it has told. The standby begins to
tell when nothing was seen of the other for `PATIENCE_S`, with the names and versions that the other has used; when the
other is back it falls silent, and the other goes on with the names that were used meanwhile. Where both work and
cannot see one another, both tell: two sites cannot know which of them is cut off.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Self

from wadati.bus.messages import EventMessage
from wadati.bus.nats import NatsBus
from wadati.bus.nats_reader import Reader
from wadati.engine.duplicates import same_earthquake
from wadati.engine.live.followed import is_near
from wadati.engine.review_rules import Review
from wadati.engine.services.messages import pack, unpack
from wadati.engine.services.names import Names
from wadati.engine.services.session import Say
from wadati.model import Event
from wadati.units import HOUR

PATIENCE_S = 15.0
_LOOK_S = 1.0
_HELD_BACK = HOUR


class TwoSites:
    """This site's side; used in `with`."""

    def __init__(self, bus: NatsBus, peer: str, rules: Review, say: Say, *, standby: bool) -> None:
        self._bus, self._peer, self._say, self._standby = bus, peer, say, standby

        def same(a: Event, b: Event) -> bool:
            return any(len(group) > 1 for group in same_earthquake([a, b], rules)) or is_near(a.origin, b.origin)

        self._names = Names(same)
        self._waiting: dict[str, EventMessage] = {}
        self._latest = 0
        self._other: NatsBus | None = None
        self._their_reader: Reader | None = None
        self._our_reader = bus.read("public", ">", 0)
        self._ours_left = self._our_reader.backlog or 0
        self._theirs_left: int | None = None
        self._began = self._seen = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="other site", daemon=True)
        self.tells = False
        """Whether this site tells."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._our_reader.close()
        if self._other is not None:
            self._other.close()

    def pass_on(self, own: Sequence[EventMessage]) -> list[EventMessage]:
        """What listeners hear: this site's versions as they are told, or else what the other tells."""
        told = self._read()
        for message in own:
            self._waiting[message.event_id] = message
        tells = self._is_to_tell()
        if tells != self.tells:
            self.tells = tells
            self._say("tells" if tells else "is silent", other=self._peer)
        if not tells:
            latest = max((one.event.origin.time for one in self._waiting.values()), default=0)
            recent = latest - _HELD_BACK
            self._waiting = {name: one for name, one in self._waiting.items() if one.event.origin.time > recent}
            return told
        public = [found for message in self._waiting.values() for found in self._names.public(message)]
        self._waiting = {}
        self._latest = max((one.event.origin.time for one in own), default=self._latest)
        public += self._names.left_over(self._latest)
        self._bus.publish("public", [pack(message) for message in public])
        return public

    def own(self, message: EventMessage) -> EventMessage | None:
        """As `Names.own`."""
        return self._names.own(message)

    def own_name(self, name: str) -> str:
        """As `Names.own_name`."""
        return self._names.own_name(name)

    def _is_to_tell(self) -> bool:
        if self._ours_left > 0:
            return False  # what was told before is not known yet
        unseen = time.monotonic() - self._seen
        if self._standby:
            return unseen > PATIENCE_S
        return self._theirs_left == 0 or unseen > PATIENCE_S

    def _read(self) -> list[EventMessage]:
        """What either site told, since the last call; the other's are returned."""
        for message in self._our_reader.take():
            self._ours_left -= 1
            self._note(message.data)
        reader = self._their_reader
        if reader is None:
            return []
        if self._theirs_left is None:
            self._theirs_left = reader.backlog or 0
        theirs = []
        for message in reader.take():
            self._theirs_left = max(self._theirs_left - 1, 0)
            found = self._note(message.data)
            if found is not None:
                theirs.append(found)
        return theirs

    def _note(self, data: bytes) -> EventMessage | None:
        found = unpack(data)
        if not isinstance(found, EventMessage):
            return None
        self._names.note(found)
        return found

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                if self._other is None:
                    self._other = NatsBus(self._peer)
                    self._their_reader = self._other.read("public", ">", 0)
                if "leader.publish" in self._other.held("leader"):
                    self._seen = time.monotonic()
            except ConnectionError:
                pass  # looked for again
            self._stop.wait(_LOOK_S)
