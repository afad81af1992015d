"""Where an event is and how large, by the parts of the batch run, from what is known of it so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from wadati.engine.association import event_of
from wadati.engine.flow import Flow
from wadati.engine.live.tracks import channels_of, tracks_within
from wadati.engine.location import onsets
from wadati.errors import InputError
from wadati.locators.edt import EdtLocator
from wadati.locators.learning import learn_station_terms
from wadati.locators.station_terms import StationTerms
from wadati.magnitudes.joint_inversion import JointLocalMagnitude
from wadati.model import Event, Inventory, Origin, Pick, TimeSpan, Trace
from wadati.model.amplitude import BIN
from wadati.protocols import Candidate, Locator
from wadati.units import HOUR, MINUTE, SECOND

Key = tuple[str, str]
Traces = Callable[[Sequence[Key], TimeSpan], tuple[Trace, ...]]

_MOST_SIZED = 30
_SETTLING = 2 * MINUTE
_RELEARN = HOUR
_LEAST_LEARN = 20


class Solver:
    """Locates and sizes; `traces` gives the horizontals there are of some stations in a span."""

    def __init__(self, flow: Flow, traces: Traces) -> None:
        self._traces = traces
        self._learns = flow.station_terms == "learn"
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
        self._sizer = JointLocalMagnitude(relation, terms=flow.terms(relation.name), learns=False)
        self._learned = 0
        self.failure: str | None = None

    def use(self, inventory: Inventory) -> None:
        """Go on with another inventory."""
        self.inventory = inventory
        self.stations = {station.key: station for station in inventory.stations()}
        self._channels = channels_of(inventory)

    def preliminary(self, candidate: Candidate, known: Mapping[str, Pick]) -> Event:
        """An event as the associator sees it."""
        return event_of(candidate, known, self.stations, self.model, self.associator.name)

    def origin(self, picks: Sequence[Pick], candidate: Candidate, known: Mapping[str, Pick]) -> Origin:
        """Where and when picks have an event; where they cannot say, as the associator sees it."""
        try:
            return self.locator.locate(picks, self.inventory, self.model, candidate)
        except InputError:
            return self.preliminary(candidate, known).origin
        except Exception as error:  # a locator is anybody's code, and one event must not cost the others
            self.failure = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
            return self.preliminary(candidate, known).origin

    def sized(self, event: Event, known: Mapping[str, Pick], clock: int) -> Event:
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
        found = self._sizer.magnitudes([event.origin], stations, tracks, times).events[0].magnitude
        if found is None:
            return event
        preferred = None if found.saturated else found.magnitude_id
        return msgspec.structs.replace(event, magnitudes=(found,), preferred_magnitude_id=preferred)

    def learn(self, clock: int, final: Callable[[], Sequence[Sequence[Pick]]]) -> None:
        """Station terms from the picks of final events, each hour."""
        if not self._learns or not isinstance(self.locator, EdtLocator):
            return
        if self._learned == 0:
            self._learned = clock
        if clock - self._learned < _RELEARN:
            return
        self._learned = clock
        own = [picks for picks in final() if picks]
        if len(own) >= _LEAST_LEARN:
            terms = learn_station_terms(self.locator.with_terms(StationTerms()), own, self.inventory, self.model).terms
            if terms.terms:
                self.locator = self.locator.with_terms(terms)
