"""Which instrument of a station to pick on, and which of its channels is up, north and east."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from wadati.model import SourceId

InstrumentKey = tuple[str, str, str, str]
"""(network, station, location, band + source), as `SourceId.instrument_key`."""

PREFERRED = ("HH", "EH", "BH", "HN")
"""Broadband, short period, slower broadband, accelerometer; the others follow, seismometers first."""

_SLOW = frozenset("LVURPTQM")
_SENSORS = "HLNPG"
_ORIENTED = frozenset("ZNE123")


def choose_band(source_ids: Iterable[SourceId]) -> tuple[InstrumentKey, ...]:
    """The instruments of one station that can be picked on, best first, whatever the order given.

    By band as in `PREFERRED`, then by the number of components, then by location code. Channels that are not ground
    motion, not oriented as Z, N, E, 1, 2 or 3, or slower than 10 Hz are left out.

    >>> ids = [SourceId.from_nslc("XX", "ABC", "", code) for code in ("HNZ", "BHZ", "LHZ", "BHN", "BDF")]
    >>> choose_band(ids)
    (('XX', 'ABC', '', 'BH'), ('XX', 'ABC', '', 'HN'))
    """
    found: dict[InstrumentKey, set[str]] = defaultdict(set)
    for source_id in source_ids:
        named = not (source_id.band or source_id.source)
        seismic = source_id.source in _SENSORS and source_id.source and source_id.band not in _SLOW
        if (named or seismic) and source_id.subsource[-1:] in _ORIENTED:
            found[source_id.instrument_key].add(source_id.subsource)

    def order(key: InstrumentKey) -> tuple[object, ...]:
        band = key[3]
        rank = PREFERRED.index(band) if band in PREFERRED else len(PREFERRED)
        return rank, _SENSORS.find(band[-1:]), band, -len(found[key]), key

    return tuple(sorted(found, key=order))


def orient(source_ids: Iterable[SourceId]) -> dict[SourceId, str]:
    """The component letter, `Z`, `N` or `E`, of each channel of one instrument.

    1 stands for north and 2 for east; 3 is up where there is no Z, and 2 and 3 are north and east
    where there is a Z and no 1.

    >>> ids = [SourceId.from_nslc("XX", "ABC", "", code) for code in ("BHZ", "BH2", "BH3")]
    >>> sorted(orient(ids).values())
    ['E', 'N', 'Z']
    """
    ids = sorted(set(source_ids))
    codes = {source_id.subsource[-1:] for source_id in ids}
    letters = {"Z": "Z", "N": "N", "E": "E", "1": "N", "2": "E", "3": "Z"}
    if "Z" in codes and "3" in codes:
        letters.update({"2": "N", "3": "E"} if "1" not in codes else {"3": ""})
    return {
        source_id: letters[source_id.subsource[-1:]] for source_id in ids if letters.get(source_id.subsource[-1:], "")
    }
