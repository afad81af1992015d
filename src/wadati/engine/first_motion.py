"""The first-motion mechanism of an event, from the polarities of its picks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from wadati.model import Event, FocalMechanism, Inventory, Pick, VelocityModel, content_id
from wadati.tensors.first_motion import LEAST, mechanism, takeoff_angles
from wadati.traveltime import models

METHOD = "wadati-first-motion"

_DEPTH_ERROR = 2e3
_SHALLOWEST = 200.0


def first_motion(
    event: Event, picks: Iterable[Pick], inventory: Inventory, earths: Sequence[VelocityModel] = ()
) -> FocalMechanism | None:
    """The planes of an event with at least eight stations that state whether P first moved up or down, else None.

    A polarity of a vertical that the station file says points down (dip above 0) at that time is turned. Take-off
    angles come from `earths` (all published models where none is given), each at the depth of the origin and one
    standard error (2 km where none is stated) above and below.
    """
    origin = event.origin
    stated = {pick.pick_id: pick for pick in picks if pick.polarity is not None}
    stations: dict[tuple[str, str], tuple[float, float, bool]] = {}
    for arrival in origin.arrivals:
        pick = stated.get(arrival.pick_id)
        if pick is None or not arrival.phase.startswith("P") or arrival.weight <= 0:
            continue
        if not np.isfinite(arrival.distance + arrival.azimuth):
            continue
        channel = inventory.channel(pick.source_id, pick.time)
        turned = channel is not None and channel.dip is not None and channel.dip > 0
        up = (pick.polarity == "positive") != turned
        stations.setdefault((arrival.network, arrival.station), (arrival.distance, arrival.azimuth, up))
    if len(stations) < LEAST:
        return None
    known = {station.key: station.elevation for station in inventory.stations()}
    elevations = np.array([known.get(key, 0.0) for key in stations])
    distances, azimuths, up_ = (np.array(column) for column in zip(*stations.values(), strict=True))
    error = origin.uncertainty.depth if origin.uncertainty is not None else _DEPTH_ERROR
    error = error if np.isfinite(error) else _DEPTH_ERROR
    depths = {max(origin.depth + move, _SHALLOWEST) for move in (-error, 0.0, error)}
    takeoffs = [
        takeoff_angles(earth, distances, depth, elevations)
        for earth in earths or [models.named(name) for name in models.names()]
        for depth in sorted(depths)
    ]
    found = mechanism(azimuths, np.array(takeoffs), up_)
    return FocalMechanism(
        content_id("mechanism", METHOD, origin.origin_id, sorted(stations)),
        origin.origin_id,
        found.planes,
        polarities=found.polarities,
        misfit=found.misfit,
        gap=found.gap,
        quality=found.quality,
        method=METHOD,
    )
