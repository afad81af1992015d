"""The listeners of a live run: decorators, mechanisms, coincidences, the feed, and the ways out, each with a thread.

What cannot be sent is tried again after 1, 2, 4 … s, at most `TRIES` times; meanwhile only its own queue grows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from wadati.bus.memory import MemoryBus, Subscription
from wadati.bus.messages import (
    CoincidenceMessage,
    EventMessage,
    Message,
    PickMessage,
    cloud_event,
)
from wadati.engine.flow import Flow
from wadati.engine.live.feed import SPAN, Feed
from wadati.engine.live.mechanisms import Mechanisms
from wadati.engine.live.settings import Join
from wadati.errors import WadatiError
from wadati.formats.earthworm_pick import earthworm_pick
from wadati.formats.scml_picks import scml_picks
from wadati.listeners.coincidence import Coincidence, Match, read_cloud_event
from wadati.listeners.felt_radius import FeltRadius
from wadati.listeners.nearest_place import NearestPlace
from wadati.outlets.mail import Mailer
from wadati.outlets.spool import Spool
from wadati.outlets.webhook import Webhook
from wadati.protocols import Decorator, Outlet, Problem
from wadati.store.live_log import LiveLog

TRIES = 8
_LONGEST_PAUSE = 60.0
_WAIT = 0.5
Add = Callable[[EventMessage, str, dict[str, Any]], None]


class Listeners:
    """All listeners of a run; `add` takes what decorators add, `log` has the events that were there before.

    While `silent` says so nothing leaves the house, and nothing is added.
    """

    def __init__(
        self,
        flow: Flow,
        folder: Path,
        bus: MemoryBus,
        add: Add,
        say: Callable[..., None],
        log: LiveLog,
        more: Sequence[Decorator] = (),
        silent: Callable[[], bool] = lambda: False,
        mechanisms: Mechanisms | None = None,
    ) -> None:
        self._silent = silent
        settings = flow.live
        self._bus, self._say, self._folder, self._flow, self._log = bus, say, folder, flow, log
        self._source = f"/wadati/{flow.authority}"
        self._problems: list[Problem] = []
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self.sent: dict[str, int] = {}
        self.given_up: dict[str, int] = {}
        decorators: list[Decorator] = [FeltRadius(), *more]
        if settings.places:
            decorators.insert(0, NearestPlace.read(Path(settings.places)))
        for decorator in decorators:
            heard = bus.subscribe(decorator.name, [EventMessage.kind])
            self._thread(decorator.name, self._decorate, decorator, heard, add)
        self.mechanisms = mechanisms
        if mechanisms is not None:
            heard = bus.subscribe("mechanisms", [EventMessage.kind])
            self._thread("mechanisms", mechanisms.run, log, heard, self._stop, silent)
        self._thread("feed", self._feed, bus.subscribe("feed", [EventMessage.kind]))
        for join in settings.joins:
            heard = bus.subscribe(f"join {join.file}", [EventMessage.kind])
            self._thread(f"join {join.file}", self._join, join, heard)
        for outlet in self._outlets():
            self._thread(outlet.name, self._deliver, outlet, bus.subscribe(outlet.name, outlet.kinds))

    def _outlets(self) -> list[Outlet]:
        settings = self._flow.live
        found: list[Outlet] = [Webhook(url) for url in settings.webhooks]
        if settings.mail is not None:
            mail = settings.mail
            password = Path(mail.password_file).read_text().strip() if mail.password_file else None
            found.append(Mailer(mail.host, mail.port, mail.sender, mail.recipients, mail.user, password))
        kinds = (PickMessage.kind,)
        if settings.picks_text:
            found.append(Spool(Path(settings.picks_text), ".pick", kinds, _text))
        if settings.picks_scml:
            found.append(Spool(Path(settings.picks_scml), ".xml", kinds, _scml))
        return found

    def _thread(self, name: str, run: Callable[..., None], *arguments: Any) -> None:
        self._threads.append(threading.Thread(target=run, args=arguments, name=name, daemon=True))

    def start(self) -> None:
        """Begin to listen."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each do what it has, for at most two seconds in all; the bus is closed before."""
        until = time.monotonic() + 2.0
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(until - time.monotonic(), 0.05))
        self._stop.set()

    def problems(self) -> list[Problem]:
        """What went wrong since the last call."""
        told, self._problems = self._problems, []
        return told if self.mechanisms is None else [*told, *self.mechanisms.problems()]

    def _decorate(self, decorator: Decorator, heard: Subscription, add: Add) -> None:
        for message in self._messages(heard):
            if not isinstance(message, EventMessage) or message.state == "retracted" or self._silent():
                continue
            if decorator.name in message.additions:
                continue
            try:
                additions = decorator.decorate(message.event)
            except Exception as error:  # a decorator is anybody's code, and must not cost the others
                self._tell(decorator.name, f"failed: {type(error).__name__}: {error}")
                continue
            if additions:
                add(message, decorator.name, additions)

    def _join(self, join: Join, heard: Subscription) -> None:
        speed = None if join.speed_km_s is None else 1000 * join.speed_km_s
        joined = Coincidence(join.seconds, 1000 * join.km, speed)
        place = 0
        while not (heard.closed or self._stop.is_set()):
            message = heard.take(_WAIT)
            matches: list[Match] = []
            if isinstance(message, EventMessage):
                if message.state == "retracted":
                    joined.retract(message.event_id)
                else:
                    matches += joined.event(message.event)
            lines, place = _new_lines(Path(join.file), place)
            for line in lines:
                try:
                    matches += joined.other(read_cloud_event(msgspec.json.decode(line)))
                except (ValueError, TypeError, msgspec.DecodeError) as error:
                    self._tell(join.file, f"has a line that is no CloudEvent: {error}")
            for match in matches:
                self._bus.publish(
                    CoincidenceMessage(
                        event_id=match.event_id,
                        other_id=match.other.other_id,
                        other_source=match.other.source,
                        other_type=match.other.kind,
                        seconds_apart=round(match.seconds, 3),
                        metres_apart=round(match.metres, 1),
                        chance_rate_per_year=match.chance_rate_per_year,
                    )
                )
                self._say("coincidence", event=match.event_id, other=match.other.other_id)

    def _feed(self, heard: Subscription) -> None:
        feed = Feed(self._folder / "feed.geojson", self._flow.authority, self._log.latest(time.time_ns() - SPAN))
        for message in self._messages(heard):
            if isinstance(message, EventMessage):
                feed.take(message, time.time_ns())
                if not heard.depth:
                    try:
                        feed.write()
                    except OSError as error:
                        self._tell("feed.geojson", f"cannot be written ({error.strerror})")

    def _deliver(self, outlet: Outlet, heard: Subscription) -> None:
        for message in self._messages(heard):
            if self._silent():
                continue
            if isinstance(message, EventMessage):
                if not message.released:
                    continue
                ready: Any = cloud_event(message, source=self._source, time=time.time_ns())
            else:
                ready = message
            self._send(outlet, ready)

    def _send(self, outlet: Outlet, message: Any) -> None:
        pause = 1.0
        for tried in range(TRIES):
            try:
                outlet.send(message)
            except OSError as error:
                why = str(error)
            except (WadatiError, ValueError, LookupError) as error:
                self._tell(outlet.name, f"does not take a message: {error}")
                break
            else:
                self.sent[outlet.name] = self.sent.get(outlet.name, 0) + 1
                return
            if tried == 0:
                self._tell(outlet.name, f"cannot be reached ({why})")
            if self._stop.wait(pause):
                break
            pause = min(2 * pause, _LONGEST_PAUSE)
        self.given_up[outlet.name] = self.given_up.get(outlet.name, 0) + 1

    def _messages(self, heard: Subscription) -> Any:
        while not (heard.closed or self._stop.is_set()):
            message: Message | None = heard.take(_WAIT)
            if message is not None:
                yield message

    def _tell(self, subject: str, wrong: str) -> None:
        self._problems.append(Problem(subject, wrong, "tried again"))


def _text(message: PickMessage, number: int) -> str | None:
    return earthworm_pick(message.pick, number) if message.state == "final" else None


def _scml(message: PickMessage, _: int) -> str | None:
    return scml_picks([message.pick]) if message.state == "final" else None


def _new_lines(path: Path, place: int) -> tuple[list[bytes], int]:
    """Whole lines of a file since a place; none where it is not there."""
    try:
        with path.open("rb") as file:
            file.seek(place)
            data = file.read()
    except OSError:
        return [], place
    whole = data[: data.rfind(b"\n") + 1]
    return [line for line in whole.split(b"\n") if line.strip()], place + len(whole)
