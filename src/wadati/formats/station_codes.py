"""Network and channel of picks in files that name a station only.

An unknown code stays empty: `XX` would be a network of its own. A station table that knows no networks has them empty
too, so that its stations and such picks meet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from wadati.formats.channel_codes import source_id_of
from wadati.model import Inventory, SourceId
from wadati.protocols import Problem

_UNKNOWN = frozenset(("?", "-", "--", ".", "*"))


class StationCodes:
    """Completes codes from an inventory, where it leaves no doubt.

    A network is taken where just one network has a station of that code. Location, band and instrument are taken where
    just one of the station's channels ends in the component stated. What is in doubt is told in `problems`.

    >>> from wadati.model import Channel
    >>> known = StationCodes(Inventory.of([Channel(SourceId.parse("FDSN:IV_ABC__H_H_Z"), 42.0, 13.0, 0.0)]))
    >>> known.source_id("ABC", component="Z").nslc, known.source_id("DEF").nslc
    ('IV.ABC..HHZ', '.DEF..')
    """

    def __init__(self, inventory: Inventory | None = None, problems: list[Problem] | None = None) -> None:
        self._problems = problems
        self._networks: dict[str, set[str]] = defaultdict(set)
        self._channels: dict[tuple[str, str], set[SourceId]] = defaultdict(set)
        self._doubted: set[str] = set()
        self._known: dict[tuple[str, str, str, str], SourceId] = {}
        for channel in inventory or ():
            sid = channel.source_id
            self._networks[sid.station].add(sid.network)
            self._channels[sid.station_key].add(sid)

    def source_id(self, station: str, network: str = "", location: str = "", component: str = "") -> SourceId:
        """The channel of a pick. `component` is a SEED channel code, its last letter, or unknown (`?`)."""
        key = (station, network, location, component)
        if key not in self._known:
            self._known[key] = self._source_id(*(_known(code) for code in key))
        return self._known[key]

    def of_name(self, name: str, component: str = "") -> SourceId:
        """The channel of a name such as `NET.STA.LOC.CHA`, cut short anywhere; without a point it is a station."""
        parts = name.split(".")
        if len(parts) == 1:
            return self.source_id(name, component=component)
        network, station, location, channel = (*parts, "", "", "")[:4]
        return self.source_id(station, network, location, component or (channel if len(channel) != 2 else ""))

    def _source_id(self, station: str, network: str, location: str, component: str) -> SourceId:
        network = network or self._network(station)
        stated = source_id_of(network, station, location, component if len(component) != 2 else component[-1])
        if stated.band or not stated.subsource:
            return stated
        fitting = {
            sid
            for sid in self._channels.get((network, station), ())
            if sid.subsource == stated.subsource and location in ("", sid.location)
        }
        return fitting.pop() if len(fitting) == 1 else stated

    def _network(self, station: str) -> str:
        networks = self._networks.get(station, set())
        if len(networks) == 1:
            return next(iter(networks))
        if networks and station not in self._doubted:
            self._doubted.add(station)
            if self._problems is not None:
                names = ", ".join(f"{network}.{station}" for network in sorted(networks))
                wrong = f"may be any of {names}; its network is left empty"
                self._problems.append(Problem(f"station {station}", wrong, "name a station file with one of them"))
        return ""


def _known(code: str) -> str:
    plain = code.strip()
    return "" if plain in _UNKNOWN else plain


def phase_hint_of(phase: str) -> str:
    """`P` or `S` for the names of first arrivals at local and regional distance, any other name as it stands.

    >>> phase_hint_of("Pg"), phase_hint_of("Sn"), phase_hint_of("s"), phase_hint_of("PKP")
    ('P', 'S', 'S', 'PKP')
    """
    plain = phase.strip()
    return plain[0].upper() if plain in _FIRST else plain


def _names(letters: Iterable[str]) -> Iterable[str]:
    return (f"{letter}{rest}" for letter in letters for rest in ("", "g", "n", "b", "*", "1", "2", "?", "diff"))


_FIRST = frozenset(name for name in _names("PS")) | {"p", "s"}
