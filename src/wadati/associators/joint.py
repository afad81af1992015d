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

from wadati.associators.joint_settings import JointSettings
from wadati.associators.stream import Stream
from wadati.associators.travel import PHASES
from wadati.model import Inventory, Pick, Station, VelocityModel
from wadati.protocols import Candidate


@dataclass(frozen=True)
class JointAssociator(JointSettings):
    """Associates picks into events that are weighed against one another, within its settings.

    >>> from wadati.model import Inventory
    >>> from wadati.traveltime.models import DEFAULT
    >>> JointAssociator().associate([], Inventory(), DEFAULT)
    ()
    >>> JointAssociator().why_none([], Inventory(), DEFAULT)
    'there are no picks'
    """

    name: str = "joint"

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
