"""Events from groups of picks that have no hypocentre yet: phase files of NonLinLoc, HYPO71 and HypoInverse.

As in those programs, the trial hypocentre is at the station of the earliest P, at the time of that pick, at sea level:
a place for the locator to start from, no result.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from wadati.errors import InputError
from wadati.formats.tables import event_of, in_order, stated_uncertainty
from wadati.formats.text_lines import tell
from wadati.model import Arrival, Catalog, Inventory, Origin, Pick, content_id
from wadati.protocols import Problem

METHOD = "trial"
"""The `Origin.method` of a trial hypocentre."""


def trial_catalog(
    path: Path, groups: Iterable[Sequence[Pick]], inventory: Inventory | None, problems: list[Problem] | None = None
) -> Catalog:
    """An event for each group of picks of a file, at a trial hypocentre.

    Raises `InputError` without an inventory; a group none of whose stations it knows is told in `problems`, or raised.
    """
    if inventory is None:
        wrong = "holds phases without hypocentres"
        raise InputError(path, wrong, "name the stations too (--stations), or locate the phases first")
    stations = {station.key: station for station in inventory.stations()}
    events = []
    picks: list[Pick] = []
    for group in groups:
        picks.extend(group)
        known = [pick for pick in group if pick.source_id.station_key in stations]
        if not known:
            names = ", ".join(sorted({".".join(pick.source_id.station_key) for pick in group}))
            tell(problems, InputError(f"{path}: event with {names}", "none of these stations is known", "add them"))
            continue
        first = min(known, key=lambda pick: (pick.phase_hint != "P", pick.time, pick.pick_id))
        station = stations[first.source_id.station_key]
        arrivals = tuple(
            Arrival(
                pick.pick_id,
                *pick.source_id.station_key,
                pick.phase_hint,
                math.nan,
                math.nan,
                math.nan,
                pick.probability,
            )
            for pick in group
        )
        origin = Origin.of(
            first.time,
            station.latitude,
            station.longitude,
            0.0,
            arrivals=arrivals,
            uncertainty=stated_uncertainty(None, None, depth_resolved=False),
            method=METHOD,
        )
        events.append(event_of(origin, (), content_id("event", sorted(pick.pick_id for pick in group))))
    return in_order(events, picks)
