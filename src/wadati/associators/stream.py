"""Picks in, events out: what a network's associator knows between one moment and the next."""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import numpy as np

from wadati.associators.joint_settings import JointSettings
from wadati.associators.picks_of_window import deafness_of, window_of
from wadati.associators.places import Places
from wadati.associators.stream_state import Array, StreamState
from wadati.associators.terms import no_terms
from wadati.associators.travel import PHASES, Floats, Integers, residuals, travel_of
from wadati.associators.volume import volume_of
from wadati.associators.window import Hypothesis, Window
from wadati.model import Pick, Station, VelocityModel, format_time, seconds
from wadati.protocols import Candidate
from wadati.traveltime.geodesy import LocalFrame
from wadati.units import SECOND

_MARGIN, _LEAST_MARGIN, _MOST_MARGIN = 0.3, 10_000.0, 100_000.0
_LEAST_BOTTOM, _BOTTOM = 30_000.0, 0.5
_FULL_NETWORK, _FINEST = 500, 0.5
_SQUARE = 10_000.0
_AROUND, _BEFORE = 20.0, 30.0
_ALIVE, _HEARING, _HEARING_EVERY = 1800, 6 * 3600, 1200
_UNSURE = 0.02
_OWN = 1.0
_CHANGING = ("terms", "places", "_picks", "_taken", "_next", "_deafness", "_times", "_miss", "_columns")
"""What a step changes, by replacing or within itself."""


class Stream:
    """The state of an association that goes on.

    `add` takes picks in any order and portion; `until` returns the events that no pick from a time on can change, each
    once; `provisional` what the picks so far say of the time after. Picks that come after their time is final are left
    out and counted in `late`.

    >>> from wadati.associators.joint_settings import JointSettings
    >>> from wadati.model import Station
    >>> from wadati.traveltime.models import DEFAULT
    >>> stations = [Station("XX", name, 35.0 + 0.1 * i, -117.0, 0.0) for i, name in enumerate("ABCDE")]
    >>> stream = Stream(JointSettings(), stations, DEFAULT)
    >>> stream.add([])
    ()
    >>> stream.until(None)
    ()
    """

    def __init__(self, settings: JointSettings, stations: Sequence[Station], model: VelocityModel) -> None:
        self.settings = settings
        self.number = {station.key: i for i, station in enumerate(stations)}
        latitude, longitude, elevation = (
            np.array([getattr(station, name) for station in stations])
            for name in ("latitude", "longitude", "elevation")
        )
        turned = (longitude - longitude[0] + 180.0) % 360.0 - 180.0
        self.frame = LocalFrame(float(latitude.mean()), float(longitude[0] + turned.mean()))
        x, y = self.frame.to_xy(latitude, longitude)
        aperture = float(np.hypot(np.ptp(x), np.ptp(y)))
        margin = float(np.clip(_MARGIN * aperture, _LEAST_MARGIN, _MOST_MARGIN))
        top, bottom = settings.depth_range
        if top is None:
            top = -1000.0 * math.floor(max(float(np.median(elevation)), 0.0) / 1000.0)
        bottom = min(bottom, max(_LEAST_BOTTOM, _BOTTOM * aperture))
        low = np.array([x.min() - margin, y.min() - margin, top])
        high = np.array([x.max() + margin, y.max() + margin, bottom])
        diameter = float(np.hypot(*(high - low)[:2]))
        self.travel = travel_of(x, y, elevation, model, (top, bottom), diameter, settings.error)
        # A small network can afford a finer search.
        finer = float(np.clip((len(stations) / _FULL_NETWORK) ** 0.25, _FINEST, 1.0))
        self.volume = volume_of(self.travel, low, high, finer * settings.spacing, settings.sigmas)
        self.terms = no_terms(low, high, len(stations), _SQUARE)
        self.places = Places(self.travel, low, high)
        self.late = 0
        self._picks: dict[str, Pick] = {}
        self._taken: set[str] = set()
        self._next: int | None = None
        self._deafness: Floats | None = None
        self._times: tuple[int, ...] = ()
        self._miss: tuple[int, Hypothesis] | None = None
        self._columns: _Columns | None = None
        self._known: Mapping[tuple[str, str], int] | None = None

    def add(self, picks: Iterable[Pick]) -> tuple[Pick, ...]:
        """Take picks; those of unknown stations, of other phases and already known are ignored. Those that come after
        their time is final are left out and given back."""
        final = -math.inf if self._next is None else self._next - seconds(_AROUND)
        late = []
        for pick in picks:
            if pick.source_id.station_key not in self.number or pick.phase_hint not in PHASES:
                continue
            if pick.pick_id in self._picks:
                continue
            if pick.time < final:
                late.append(pick)
                continue
            self._picks[pick.pick_id] = pick
            self._columns = None
        self.late += len(late)
        return tuple(late)

    def withdraw(self, picks: Iterable[str]) -> None:
        """Forget picks; events that are final keep them."""
        for pick_id in picks:
            if self._picks.pop(pick_id, None) is not None:
                self._taken.discard(pick_id)
                self._columns = None

    def until(self, time: int | None) -> tuple[Candidate, ...]:
        """Events in order of time that picks from a time (ns) on cannot change, found since the last call.

        With `None` no more picks are awaited.
        """
        if not self._picks:
            return ()
        step, reach = self.settings.step * SECOND, seconds(_AROUND + self.volume.longest)
        columns = self._table()
        last = int(columns.time[-1])
        if self._next is None:
            first = (int(columns.time[0]) - seconds(self.volume.longest)) // step * step
            if time is not None and first + step + reach > time:
                return ()  # an earlier pick may still come
            self._next = first
        found: list[Candidate] = []
        while self._next <= last and (time is None or self._next + step + reach <= time):
            found += self._step(self._next)
            self._next += step
        self._forget()
        return tuple(sorted(found, key=lambda candidate: (candidate.time, candidate.pick_ids)))

    def state(self) -> StreamState:
        """What later steps depend on; a stream of the same stations, earth and settings goes on from it."""
        terms = self.terms
        arrays = (terms.place, terms.total, terms.number)
        return StreamState(
            tuple(self._picks.values()),
            tuple(sorted(self._taken)),
            self._next,
            None if self._deafness is None else Array.of(self._deafness),
            self._times,
            tuple(Array.of(array) for array in arrays),
            terms.places,
            tuple((*node, time) for node, time in sorted(self.places.last.items())),
            self.places.reference,
            self.late,
        )

    def resume(self, state: StreamState) -> None:
        """Go on where another stream was."""
        self._picks = {pick.pick_id: pick for pick in state.picks}
        self._taken = set(state.taken)
        self._next = state.next
        self._deafness = None if state.deafness is None else state.deafness.array()
        self._times = state.times
        place, total, number = (array.array() for array in state.terms)
        self.terms = self.terms._replace(place=place, total=total, number=number, places=state.term_places)
        self.places.last = {(i, j, k, size): time for i, j, k, size, time in state.places}
        self.places.reference = state.reference
        self.late = state.late
        self._columns = None

    def provisional(
        self, early: Iterable[Pick] = (), known: Mapping[tuple[str, str], int] | None = None
    ) -> tuple[Candidate, ...]:
        """Events in order of time, after those that are final, as the picks so far and some `early` ones have them.

        With `known`, which says of each station until when (ns) its picks are known, a station is not held against an
        event whose waves cannot have been picked there yet, and picks that may still come count with those an event
        has: so an event is told from its fourth P on (Satriano, Lomax & Zollo 2008, doi:10.1785/0120060159, locate with
        the stations that are not yet reached in the same way).
        """
        with self._as_of(early, known):
            return self.until(None)

    def fresh(
        self, early: Iterable[Pick], known: Mapping[tuple[str, str], int], beside: Sequence[Candidate]
    ) -> tuple[Candidate, ...]:
        """Events of the last moments among the picks that none of those `beside` explains, at one look and without a
        second thought: what `provisional` will most likely say of them, at a small part of its cost."""
        with self._as_of(early, known):
            if not self._picks:
                return ()
            begin = int(self._table().time[-1]) - seconds(self.volume.longest)
            explained = self._explained(beside, begin - seconds(_AROUND + _BEFORE))
            window, index = self._window(begin, self.volume.longest, self._taken | explained)
            if window is None:
                return ()
            return tuple(self._candidate(event, begin, index) for event in window.first_events())

    @contextlib.contextmanager
    def _as_of(self, early: Iterable[Pick], known: Mapping[tuple[str, str], int] | None) -> Iterator[None]:
        """With some early picks, for a while: all is as it was when this ends."""
        before = {name: copy.copy(value) for name, value in vars(self).items() if name in _CHANGING}
        late = self.late
        try:
            self._known = known
            self.add(early)
            yield
        finally:
            vars(self).update(before)
            self.late, self._known = late, None

    def _explained(self, events: Sequence[Candidate], since: int) -> set[str]:
        """Picks from a time (ns) on that some events would cause."""
        columns = self._table()
        a = int(np.searchsorted(columns.time, since))
        count = len(columns.time) - a
        if not events or not count:
            return set()
        x, y = self.frame.to_xy([one.latitude for one in events], [one.longitude for one in events])
        place = np.column_stack((x, y, [one.depth for one in events], [(one.time - since) / SECOND for one in events]))
        station, phase, time = columns.station[a:], columns.phase[a:], (columns.time[a:] - since) / SECOND
        event, pick = np.repeat(np.arange(len(events)), count), np.tile(np.arange(count), len(events))
        late = residuals(self.travel, place, event, station[pick], phase[pick], time[pick])
        travelled = np.maximum(time[pick] - late - place[event, 3], 0.0)
        least, growth = np.array(self.settings.error)[phase[pick]].T
        spread = np.hypot(least + growth * np.sqrt(travelled), columns.error[a:][pick])
        fits = np.abs(late) <= np.maximum(self.settings.sigmas * spread, _OWN)
        return {columns.picks[a + i].pick_id for i in np.unique(pick[fits])}

    @property
    def final_until(self) -> int | None:
        """Events before this time (ns) are final; None before any could be."""
        return self._next

    def nearest_miss(self) -> str:
        """In words, why the best hypothesis so far that is no event is none."""
        if self._miss is None:
            return f"nowhere do picks of {self.settings.min_stations} stations agree on a place and a time"
        reference, one = self._miss
        settings = self.settings
        told = [
            f"{have} {what}, {need} are needed (`{name}`)"
            for have, need, what, name in (
                (one.stations, settings.min_stations, "stations", "min_stations"),
                (len(one.picks), settings.min_picks, "picks", "min_picks"),
                (one.p, settings.min_p, "P picks", "min_p"),
            )
            if have < need
        ]
        if one.quality <= settings.quality:
            told.append(f"a quality of {one.quality:.1f}, {settings.quality:g} is needed (`quality`)")
        if not told:
            told.append("too much else happens at that time (`crowding`)")
        when = format_time(reference + seconds(float(one.place[3])))
        return f"the best guess, at {when[:19]}, has {'; '.join(told)}"

    def _until(self, begin: int) -> Floats:
        """Until when (s) the picks of each station are known."""
        if self._known is None:
            return np.full(len(self.number), np.inf)
        until = np.full(len(self.number), -np.inf)
        for key, time in self._known.items():
            if key in self.number:
                until[self.number[key]] = (time - begin) / SECOND
        return until

    def _table(self) -> _Columns:
        if self._columns is None:
            self._columns = _Columns(self._picks.values(), self.number, self.settings.belief)
        return self._columns

    def _forget(self) -> None:
        """Drop picks that no later step asks for."""
        assert self._next is not None
        horizon = self._next - _HEARING * SECOND
        if self._table().time[0] < horizon - _HEARING_EVERY * SECOND:
            self._picks = {name: pick for name, pick in self._picks.items() if pick.time >= horizon}
            self._taken &= self._picks.keys()
            self._columns = None

    def _step(self, begin: int) -> list[Candidate]:
        columns, step = self._table(), float(self.settings.step)
        if self._deafness is None or begin % (_HEARING_EVERY * SECOND) == 0:
            mine = slice(columns.range(begin, -_HEARING, step)[0], columns.range(begin, 0.0, self._ahead(step))[1])
            self._deafness = deafness_of(columns.station[mine], columns.size[mine], len(self.number))
        window, index = self._window(begin, step, self._taken)
        if window is None:
            return []
        self.places.forget(begin)
        events = [event for event in window.events() if event.place[3] < step]
        miss = window.nearest_miss
        if miss is not None and (self._miss is None or miss.quality > self._miss[1].quality):
            self._miss = begin, miss
        self.terms = window.taught(self.terms, events)
        self.places.add(event.place for event in events)
        self._times = tuple(begin + seconds(float(event.place[3])) for event in events)
        found = [self._candidate(event, begin, index) for event in events]
        self._taken.update(pick_id for candidate in found for pick_id in candidate.pick_ids)
        return found

    def _ahead(self, step: float) -> float:
        return step + _AROUND + self.volume.longest

    def _window(self, begin: int, step: float, taken: Collection[str]) -> tuple[Window | None, Integers]:
        """What decides on events from a time (ns) on for `step` seconds, and the picks that it holds by their numbers;
        none where they are too few."""
        columns = self._table()
        channel = 2 * columns.station + columns.phase
        a, b = columns.range(begin, -_AROUND - _BEFORE, self._ahead(step))
        index = np.array([i for i in range(a, b) if columns.picks[i].pick_id not in taken], int)
        if len(index) < self.settings.min_stations:
            return None, index
        index = index[np.argsort(channel[index], kind="stable")]
        recent = channel[columns.range(begin, -_ALIVE, step)[0] : b]
        picks = window_of(
            (columns.time[index] - begin) / SECOND,
            columns.station[index],
            columns.phase[index],
            columns.error[index],
            columns.belief[index],
            columns.size[index],
            np.bincount(recent, minlength=2 * len(self.number)) > 0,
            np.zeros(len(self.number)) if self._deafness is None else self._deafness,
            self.settings.least_rate,
            (-_AROUND - _BEFORE, self._ahead(step)),
            self._until(begin),
        )
        earlier = [(time - begin) / SECOND for time in self._times]
        shared = (self.settings, self.travel, self.volume, self.terms, self.places, picks)
        return Window(*shared, (-_AROUND, step + _AROUND), earlier), index

    def _candidate(self, event: Hypothesis, begin: int, index: Integers) -> Candidate:
        ids = tuple(self._table().picks[i].pick_id for i in np.sort(index[event.picks]))
        latitude, longitude = self.frame.to_lat_lon(event.place[0], event.place[1])
        time = begin + seconds(float(event.place[3]))
        return Candidate(time, float(latitude), float(longitude), float(event.place[2]), ids)


class _Columns:
    """Picks in order of time as arrays: `time` (ns), `station`, `phase`, `error` (s), `belief`, `size`."""

    def __init__(self, picks: Iterable[Pick], number: dict[tuple[str, str], int], belief: float) -> None:
        self.picks = sorted(picks, key=lambda pick: (pick.time, pick.pick_id))
        self.time = np.array([pick.time for pick in self.picks])
        self.station = np.array([number[pick.source_id.station_key] for pick in self.picks])
        self.phase = np.array([PHASES.index(pick.phase_hint) for pick in self.picks])
        self.error = np.array([pick.time_uncertainty for pick in self.picks])
        odds = np.clip([pick.probability for pick in self.picks], _UNSURE, 1 - _UNSURE)
        self.belief = np.nan_to_num(np.clip(belief * (np.log(odds / (1 - odds)) - 0.2), -1.5, 1.5))
        amplitude = np.array([pick.amplitude or 0.0 for pick in self.picks])
        self.size = np.log10(1000.0 * np.where((amplitude > 0.0) & np.isfinite(amplitude), amplitude, np.nan))

    def range(self, reference: int, low: float, high: float) -> tuple[int, int]:
        """The picks between two times (s) after a reference."""
        a, b = np.searchsorted(self.time, [reference + seconds(low), reference + seconds(high)])
        return int(a), int(b)
