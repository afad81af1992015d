"""From packets to picks that are stored: records in, early and final picks and amplitudes out, a tick at a time."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from wadati.bus.memory import MemoryBus
from wadati.bus.messages import PickMessage, StationHealthMessage, WaveformMessage
from wadati.engine.live.allowance import Allowance
from wadati.engine.live.early import EarlyPicks
from wadati.engine.live.health import Health, Heard, health_of
from wadati.engine.live.settings import Live
from wadati.engine.live.tracks import (
    AFTER,
    TrackFiles,
    block_before,
    channels_of,
    traces_for,
    tracks_within,
)
from wadati.formats.miniseed import read_miniseed
from wadati.magnitudes.pick_amplitude import LONGEST, with_amplitudes
from wadati.model import AmplitudeTrack, Inventory, Pick, TimeSpan, Trace, seconds
from wadati.model.amplitude import BIN
from wadati.pickers.streaming import Final, StationState, StreamingPicker
from wadati.protocols import Packet, Picker, Problem
from wadati.signal.amplitudes import BLOCK, HALO
from wadati.store.live_log import EarlyPick, LiveLog
from wadati.units import MINUTE, SECOND

Key = tuple[str, str]
_UNSURE = SECOND


class Tick(NamedTuple):
    """What a tick gave, new early picks, final picks and picks that are no more, and how things stood after it.

    `open` are all early picks of which nothing is decided, `known` says until when (ns) the picks of each station are
    known, `heard` are the stations there are, `until` is until when (ns) those that are not silent are final, None
    where no more comes; `clock` is that of the data (ns).
    """

    early: tuple[Pick, ...]
    final: tuple[Pick, ...]
    withdrawn: frozenset[str]
    open: tuple[Pick, ...]
    known: dict[Key, int]
    heard: tuple[Key, ...]
    until: dict[Key, int] | None
    clock: int


class Picking:
    """The picking side of a live run: one thread, but for `traces`, `arrival` and `reached`, which any may ask for.

    Amplitudes of whole records, for the end of a stream, are kept in a `folder` where one is given.
    """

    def __init__(
        self, picker: Picker, inventory: Inventory, settings: Live, log: LiveLog, bus: MemoryBus, folder: Path | None
    ) -> None:
        self.streaming = StreamingPicker(
            picker,
            patience=seconds(settings.patience_s),
            keep_horizontals=HALO + BLOCK + MINUTE,
            ahead=LONGEST,
        )
        self.settings, self.log, self.bus = settings, log, bus
        self.files = None if folder is None else TrackFiles(folder / "tracks")
        self.lock = threading.Lock()
        self.heard: dict[Key, Heard] = {}
        self.problems: dict[str, Problem] = {}
        self.latencies: deque[float] = deque(maxlen=20_000)
        self.early = EarlyPicks()
        self.known: dict[Key, int] = {}
        self._tracks_until: dict[Key, int] = {}
        self._tracks_stored: dict[Key, int] = {}
        self._tracks: list[AmplitudeTrack] = []
        self._dirty: dict[Key, int] = {}
        self._state: dict[str, str] = {}
        self._tracks_written = 0
        self._just: dict[Key, int] = {}
        self._allowance = Allowance()
        self._health = Health(bus)
        self.clock = 0
        self.use(inventory)

    def use(self, inventory: Inventory) -> None:
        """Go on with another inventory."""
        self._channels = channels_of(inventory)
        self._known = {station.key for station in inventory.stations()}

    def restore(self, packets: Iterable[Packet]) -> None:
        """Take up what another process left: its state from the log, and the last records from its journal."""
        traces: dict[Key, list[Trace]] = {}
        for some in _portions(packets):
            self.clock = max(self.clock, *(packet.clock for packet in some))
            for trace in read_miniseed(b"".join(packet.record for packet in some))[0]:
                traces.setdefault(trace.source_id.station_key, []).append(trace)
        saved = self.log.state()
        for key, own in traces.items():
            found = saved.get(f"station {'.'.join(key)}")
            if found is None:
                for trace in own:
                    self._take(trace, self.clock)
                continue
            final_until, tracks_until = (int(part) for part in found.split())
            self.streaming.restore(key, final_until, own)
            self.streaming.states[key].arrived = self.clock
            if tracks_until:
                self._tracks_until[key] = self._tracks_stored[key] = tracks_until
            self.heard.setdefault(key, Heard())
        for one in self.log.early():
            if one.outcome is None and one.pick.source_id.station_key in traces:
                self.early.add(one)

    def drop(self, keys: Iterable[Key]) -> None:
        """Forget stations, which another process goes on with."""
        for key in keys:
            with self.lock:
                self.streaming.states.pop(key, None)
            self.early.drop(key)
            for held in (self.heard, self.known, self._tracks_until, self._tracks_stored, self._dirty, self._just):
                held.pop(key, None)

    def tick(self, packets: Sequence[Packet]) -> Tick:
        """Take packets, and pick: early where something new came, final where nothing can change any more."""
        if packets:
            self._decode(packets)
        early = self._early()
        with self.lock:
            finals = self.streaming.final(self.clock)
        final, withdrawn = self._final(finals)
        self._tell_failures()
        return self._store(early, final, withdrawn)

    def _tell_failures(self) -> None:
        for key, words in self.streaming.failures.items():
            name = ".".join(key)
            self.problems[name] = Problem(name, f"the picker failed on it: {words}", "please report it to its author")
        self.streaming.failures.clear()

    def finish(self) -> Tick:
        """No more packets come: everything becomes final."""
        early = self._early(everything=True)
        final, withdrawn = self._final(self.streaming.final(None))
        for key, state in self.streaming.states.items():
            self._finish_tracks(key, state, None)
        self._write_tracks()
        return self._store(early, final, withdrawn)._replace(until=None)

    def settle(self) -> None:
        """Put what is final onto the disk, so that the next process begins there."""
        self._write_tracks()
        self.log.write(state=self._state)
        self._state = {}

    def _decode(self, packets: Sequence[Packet]) -> None:
        self.clock = max(self.clock, *(packet.clock for packet in packets))
        traces, problems = read_miniseed(b"".join(packet.record for packet in packets))
        for problem in problems:
            self.problems["miniSEED"] = problem
        wall = packets[0].received
        for trace in traces:
            key = trace.source_id.station_key
            heard = self.heard.setdefault(key, Heard())
            heard.arrived_wall, heard.records = wall, heard.records + 1
            heard.arrivals.append((trace.end, wall))
            if key not in self._known:
                name = ".".join(key)
                wrong = "sends waveforms but is not in the station file"
                self.problems[name] = Problem(name, wrong, "add it to --stations")
                continue
            if not self._believable(trace, heard):
                continue
            if self._take(trace, self.clock):
                self._dirty.setdefault(key, wall)
            if self.bus.wants(WaveformMessage.kind):
                self.bus.publish(
                    WaveformMessage(
                        source_id=str(trace.source_id),
                        start=trace.start,
                        end=trace.end,
                        sampling_rate_hz=float(trace.sampling_rate),
                        received=wall,
                    )
                )

    def _take(self, trace: Trace, now: int) -> bool:
        state = self.streaming.states.get(trace.source_id.station_key)
        before = state.too_late if state else 0
        with self.lock:
            taken = self.streaming.add(trace, now)
        state = self.streaming.states[trace.source_id.station_key]
        if state.too_late > before:
            name = trace.source_id.nslc
            wrong = "sent records more than some minutes old, which are not used"
            self.problems[name] = Problem(name, wrong, "run wadati catalog over the archive for them")
        return taken

    def _believable(self, trace: Trace, heard: Heard) -> bool:
        """Whether a record can have been recorded by now."""
        ahead = (trace.end - self.clock) / SECOND
        if ahead > self.settings.clock_s:
            heard.clock_fault = f"its records end {ahead:.0f} s from now"
            return False
        heard.clock_fault = ""
        return True

    def _early(self, *, everything: bool = False) -> list[EarlyPick]:
        pause = seconds(self.settings.early_every_s)
        waiting = ((key, self.heard.setdefault(key, Heard())) for key in self._dirty)
        due = [key for key, heard in waiting if everything or self.clock - heard.last_early >= pause]
        if not everything and len(due) > (most := self._allowance.left(time.monotonic_ns())):
            # There is too much to do: who has waited longest is first, and time is left for the rest.
            due.sort(key=lambda key: self.heard[key].last_early)
            del due[most:]
        if not due:
            return []
        began = time.thread_time_ns()
        found = self.streaming.early(due)
        self._allowance.spend(time.thread_time_ns() - began, len(due))
        for key in due:
            self.heard[key].last_early = self.clock
            self.known[key] = self.streaming.states[key].heard - _UNSURE
        stored = time.time_ns()
        made = []
        for pick in found:
            one = EarlyPick(pick, stored)
            self.early.add(one)
            made.append(one)
        self._just = {key: self._dirty.pop(key) for key in due}
        return made

    def _final(self, finals: Sequence[Final]) -> tuple[list[Pick], set[str]]:
        picks: list[Pick] = []
        withdrawn: set[str] = set()
        for final in finals:
            state = self.streaming.states[final.key]
            own = self._with_amplitudes(final, state)
            if final.again:
                kept = {pick.pick_id for pick in own}
                before = [p for p in self.log.final(final.span.start) if p.source_id.station_key == final.key]
                withdrawn |= {p.pick_id for p in before if p.time < final.span.end} - kept
            picks += own
            self._finish_tracks(final.key, state, state.final_until)
            self._put_state(final.key)
        return picks, withdrawn

    def _put_state(self, key: Key) -> None:
        until = self.streaming.states[key].final_until
        self._state[f"station {'.'.join(key)}"] = f"{until} {self._tracks_stored.get(key, 0)}"

    def _write_tracks(self) -> None:
        """Put blocks into a file, and only then into the state that they are there."""
        if self.files is None:
            return
        self.files.write(self._tracks)
        self._tracks = []
        for key, until in self._tracks_until.items():
            if self._tracks_stored.get(key) != until:
                self._tracks_stored[key] = until
                self._put_state(key)

    def _with_amplitudes(self, final: Final, state: StationState) -> tuple[Pick, ...]:
        if not final.picks:
            return ()
        span = TimeSpan(final.picks[0].time // BIN * BIN, (final.picks[-1].time // BIN + 1) * BIN + LONGEST)
        tracks = tracks_within(traces_for(state, span), self._channels, span)
        return with_amplitudes((*final.picks, *final.following), tracks)[: len(final.picks)]

    def _finish_tracks(self, key: Key, state: StationState, until: int | None) -> None:
        """Blocks that end before a time, or all with None, become final."""
        if self.files is None:
            return
        traces = state.ring.traces() if key not in self._tracks_until else ()
        if traces:
            self._tracks_until[key] = block_before(min(trace.start for trace in traces))
        start = self._tracks_until.get(key)
        if start is None:
            return
        last = (state.heard // BLOCK + 1) * BLOCK if until is None else block_before(until - AFTER)
        if last > start:
            span = TimeSpan(start, last)
            self._tracks += tracks_within(traces_for(state, span), self._channels, span)
            self._tracks_until[key] = last

    def traces(self, keys: Iterable[Key], span: TimeSpan) -> tuple[Trace, ...]:
        """The horizontals that there are of some stations in a span, as far as the records reach."""
        with self.lock:
            states = [self.streaming.states[key] for key in keys if key in self.streaming.states]
            return tuple(t for state in states for t in state.ring.traces(span) if t.source_id.subsource != "Z")

    def reached(self) -> dict[Key, int]:
        """Until when (ns) there are records of all channels of each station."""
        with self.lock:
            found = {key: state.ring.reached() for key, state in self.streaming.states.items()}
        return {key: until for key, until in found.items() if until is not None}

    def _cause(self, pick: Pick, wall: int) -> int:
        """When (ns) the record came in that made an early pick possible: of those that reach beyond it, and came since
        the station was last picked on, the first."""
        key = pick.source_id.station_key
        since = self._just.get(key, wall)
        reach = pick.time + seconds(self.streaming.rules.after_s)
        came = [came for end, came in list(self.heard[key].arrivals) if end > reach and came >= since]
        return min(came, default=since)

    def arrival(self, key: Key, time: int) -> int | None:
        """When (ns) the first record of a station that reaches beyond a time came in; None where that is forgotten."""
        heard = self.heard.get(key)
        return None if heard is None else min((came for end, came in list(heard.arrivals) if end > time), default=None)

    def _store(self, early: list[EarlyPick], final: list[Pick], withdrawn: set[str]) -> Tick:
        messages: list[PickMessage] = []
        wall = time.time_ns()
        until = {key: state.final_until or 0 for key, state in self.streaming.states.items()}
        decided, confirms = self.early.decide(final, until)
        untold = [one for one in early if one.outcome is None]
        gone = withdrawn | {one.pick.pick_id for one in decided if one.outcome == "withdrawn"}
        if self._tracks and self.clock - self._tracks_written > MINUTE:
            self._tracks_written = self.clock
            self._write_tracks()
        if early or final or decided or withdrawn or self._state:
            self.log.write(
                final=final,
                early=[*untold, *decided],
                withdrawn=sorted(withdrawn),
                state=self._state,
            )
            self._state = {}
        stored = time.time_ns()
        for one in early:
            received = self._cause(one.pick, wall)
            self.latencies.append((stored - received) / SECOND)
            messages.append(PickMessage(pick=one.pick, state="early", received=received))
        messages += [
            PickMessage(pick=pick, state="final", received=wall, confirms=confirms.get(pick.pick_id)) for pick in final
        ]
        messages += [
            PickMessage(pick=one.pick, state="withdrawn", received=wall)
            for one in decided
            if one.outcome == "withdrawn"
        ]
        for message in messages:
            self.bus.publish(message)
        self._health.tell(self.clock, self.heard, self.health)
        return Tick(
            tuple(one.pick for one in early),
            tuple(final),
            frozenset(gone),
            tuple(self.early.open()),
            dict(self.known),
            tuple(self.streaming.states),
            self._until(),
            self.clock,
        )

    def _until(self) -> dict[Key, int]:
        return {
            key: state.final_until
            for key, state in self.streaming.states.items()
            if state.final_until is not None and self.clock - state.arrived <= self.streaming.patience
        }

    def needed(self) -> int:
        """Records from before this time of the data's clock (ns) will not be asked for again."""
        starts = [until for key, until in self._tracks_stored.items() if self._is_heard(key)]
        return min([self.clock - self.streaming.keep, *starts]) - HALO - 2 * MINUTE

    def _is_heard(self, key: Key) -> bool:
        state = self.streaming.states.get(key)
        return state is not None and self.clock - state.arrived <= 10 * MINUTE

    def health(self) -> list[StationHealthMessage]:
        """How each station does, in order of name."""
        latest = {key: state.heard for key, state in self.streaming.states.items()}
        return health_of(self._known, self.heard, latest, self.clock, self.settings)


def _portions(packets: Iterable[Packet], most: int = 5000) -> Iterable[list[Packet]]:
    held: list[Packet] = []
    for packet in packets:
        held.append(packet)
        if len(held) == most:
            yield held
            held = []
    if held:
        yield held
