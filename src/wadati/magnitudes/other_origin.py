"""A local magnitude as it is where its event is found to have been elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.model import Magnitude, Origin, Station, content_id
from wadati.protocols import AttenuationRelation
from wadati.traveltime.geodesy import distance_azimuth


def at_origin(
    size: Magnitude, before: Origin, after: Origin, stations: Sequence[Station], relation: AttenuationRelation
) -> Magnitude:
    """A magnitude moved from one origin to another: each station's value changes by what the relation says.

    Amplitudes stay what they are; the value changes by the mean over the stations used. Stations that are not given
    keep their values.

    >>> from wadati.magnitudes.attenuation import HuttonBoore1987
    >>> near, far = Origin.of(0, 35.0, -117.0, 5000.0), Origin.of(0, 35.0, -117.0, 15000.0)
    >>> size = Magnitude("m", near.origin_id, "ML", 2.0)
    >>> at_origin(size, near, far, [], HuttonBoore1987()).value
    2.0
    """
    places = {station.key: (station.latitude, station.longitude, station.elevation) for station in stations}
    known = [one for one in size.station_magnitudes if one.source_id.station_key in places]
    values = size.station_magnitudes
    shift = 0.0
    if known:
        place = np.array([places[one.source_id.station_key] for one in known])
        steps = relation.correction(_distance(after, place)) - relation.correction(_distance(before, place))
        weights = np.array([one.weight for one in known])
        shift = float(np.average(steps, weights=weights if weights.any() else None))
        by_channel = {one.source_id: float(step) for one, step in zip(known, steps, strict=True)}
        values = tuple(
            msgspec.structs.replace(one, value=one.value + by_channel.get(one.source_id, 0.0)) for one in values
        )
    return msgspec.structs.replace(
        size,
        magnitude_id=content_id("magnitude", size.magnitude_id, after.origin_id),
        origin_id=after.origin_id,
        value=size.value + shift,
        station_magnitudes=values,
    )


def _distance(origin: Origin, place: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Hypocentral distances (m) of places, shape (station, latitude longitude elevation)."""
    distance, _ = distance_azimuth(origin.latitude, origin.longitude, place[:, 0], place[:, 1])
    found: npt.NDArray[np.float64] = np.hypot(distance, origin.depth + place[:, 2])
    return found
