"""Association by likelihood ratios: hypotheses of where and when, weighed together, each pick to one event.

1. Every free P pick proposes the place around its station where most other picks agree (`proposals`); where it has
   shaken of late, every place proposes the moments at which picks agree with it (`scan`, `places`).
2. Proposals move to where picks agree best (`hypocentre`), and what speaks for and against each is weighed
   (`evidence`), with delays learned from the events found so far (`terms`).
3. The best become events in turn and take their picks; all is done again with the places and delays of what was found,
   picks go to the event that explains them best, and what is only a part of a larger event goes (`window`, `parts`).

Time is cut at multiples of a step since the epoch. The events of a step are found from the picks of some minutes around
it, less those of the events of earlier steps, and never change after (`stream`): it does not matter in what portions
picks come, and an archive is a stream that is fed at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wadati.associators.stream import Stream
from wadati.associators.travel import PHASES
from wadati.model import Inventory, Pick, Station, VelocityModel
from wadati.protocols import Candidate


@dataclass(frozen=True)
class JointAssociator:
    """Associates picks into events that are weighed against one another.

    An event has `min_stations` stations, `min_picks` picks, `min_p` of them P, and a quality of `quality`: its evidence
    (the logarithm of a likelihood ratio) times √((1 + stations with P and S) / stations). `crowding` times the binary
    logarithm of 1 + the number of events within 15 s is asked for on top, as many arrivals combine by chance in many
    ways.

    `error` (s) is a + b·√(travel time) of the velocity model for P and for S, one standard deviation; a pick fits
    within `sigmas` of it. Unrelated picks come at least `least_rate` times a second in every channel. `belief` is how
    much of the logarithm of the odds that a picker states is believed. Hypocentres lie within `depth_range` (m below
    sea level; by default down from the median station) and down to half the aperture at most. Nodes of the search are
    `spacing` of the distance to the fourth nearest station apart (half of that in small networks); events are made
    final in steps of `step` seconds.

    >>> from wadati.model import Inventory
    >>> from wadati.traveltime.models import DEFAULT
    >>> JointAssociator().associate([], Inventory(), DEFAULT)
    ()
    >>> JointAssociator().why_none([], Inventory(), DEFAULT)
    'there are no picks'
    """

    name: str = "joint"
    min_stations: int = 4
    min_picks: int = 6
    min_p: int = 2
    quality: float = 10.5
    crowding: float = 1.75
    error: tuple[tuple[float, float], tuple[float, float]] = ((0.03, 0.06), (0.05, 0.10))
    sigmas: float = 3.0
    least_rate: float = 0.01
    belief: float = 0.5
    depth_range: tuple[float | None, float] = (None, 250_000.0)
    spacing: float = 0.25
    step: int = 120

    def associate(self, picks: Iterable[Pick], inventory: Inventory, model: VelocityModel) -> tuple[Candidate, ...]:
        """Candidates in order of time.

        Picks of stations that are not in the inventory and of phases other than P and S are ignored, and so are
        stations without picks.
        """
        picks = tuple(picks)
        stream = self.stream(picks, inventory, model)
        if stream is None:
            return ()
        stream.add(picks)
        return stream.until(None)

    def stream(self, picks: Iterable[Pick], inventory: Inventory, model: VelocityModel) -> Stream | None:
        """An empty stream for the stations of picks; none where these are too few for any event."""
        keys = {pick.source_id.station_key for pick in picks if pick.phase_hint in PHASES}
        return self.stream_of([station for station in inventory.stations() if station.key in keys], model)

    def stream_of(self, stations: Sequence[Station], model: VelocityModel) -> Stream | None:
        """An empty stream for stations, in order of their codes; none where these are too few for any event."""
        return Stream(self, stations, model) if len(stations) >= self.min_stations else None

    def why_none(self, picks: Iterable[Pick], inventory: Inventory, model: VelocityModel) -> str:
        """In words, the limit that kept picks from being an event."""
        picks = tuple(picks)
        if not picks:
            return "there are no picks"
        known = {station.key for station in inventory.stations()}
        mine = [pick for pick in picks if pick.source_id.station_key in known]
        if not mine:
            return f"none of the {len(picks)} picks is of a station of the inventory"
        named = [pick for pick in mine if pick.phase_hint in PHASES]
        if not named:
            return f"none of the {len(mine)} picks of known stations is named P or S"
        stream = self.stream(named, inventory, model)
        if stream is None:
            heard = len({pick.source_id.station_key for pick in named})
            return f"{heard} stations have picks, {self.min_stations} are needed (`min_stations`)"
        stream.add(named)
        if stream.until(None):
            return "there are events"
        return stream.nearest_miss()
