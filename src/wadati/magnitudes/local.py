"""Local magnitude ML: the median over stations of log10 of the Wood–Anderson amplitude plus a correction for distance.

What a station lends to an event is the half peak-to-peak amplitude of each horizontal in a window from just before P
until the S waves have passed, cut before the next event's P arrives there. Where an amplitude is less than twice the
same measure just before P, noise or the coda of a larger event may have made it, and it tells only what
the event did not exceed. Such upper bounds are no station magnitudes, but the median allows for them
(`censored_median`): without them the stations that amplify most, which are the last to hear a small event, would
speak for all. The two horizontals give the mean of their logarithms, and each station has one vote. Bands are tried in
the order of `signal.bands` (HH, EH, BH, HN, then others) until one has not clipped.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import final

import numpy as np
import numpy.typing as npt

from wadati.magnitudes.attenuation import HuttonBoore1987
from wadati.magnitudes.censored_median import censored_median
from wadati.model import (
    AmplitudeTrack,
    Magnitude,
    Origin,
    Pick,
    Station,
    StationAmplitude,
    StationMagnitude,
    content_id,
)
from wadati.model.amplitude import BIN
from wadati.protocols import AttenuationRelation
from wadati.signal.bands import choose_band, orient
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import SECOND

StationKey = tuple[str, str]

LEAST_RATIO = 2.0
"""An amplitude counts where it is at least so many times that before P."""

SATURATION = 6.0
"""Above this ML no longer grows with the earthquake."""

_P_VELOCITIES = ((5800.0, 0.0), (8000.0, 5.5))
_S_TO_P = 1.75
_LEAD = 1 * SECOND
_NOISE = 4 * SECOND
_LEAST_AFTER_S = 2 * SECOND
_AFTER_S = 5.0
_AFTER_S_RATIO = 0.5
_REJECT = 3.0
_MAD_TO_SIGMA = 1.4826
_LEAST_SPREAD = 0.1
_USUAL_SPREAD, _USUAL_WORTH = 0.2, 2
_MILLIMETRES = 3
_MEDIAN_EFFICIENCY = math.sqrt(math.pi / 2)


@final
class LocalMagnitude:
    """ML by a published attenuation relation, without station terms.

    At least `least_stations` (2) stations must hear the event. A station farther than three standard deviations (by the
    median absolute deviation, at least 0.1) from the median has weight 0. `uncertainty` is the standard error of the
    median: 1.253 standard deviations of the stations kept over the root of their number, where stations are
    taken to scatter by 0.2 as far as two stations can tell; it knows nothing of errors that stations share.

    >>> LocalMagnitude(HuttonBoore1987()).method
    'hutton-boore-1987'
    """

    name = "local"
    magnitude_type = "ML"

    def __init__(self, relation: AttenuationRelation | None = None, *, least_stations: int = 2) -> None:
        self.relation = relation or HuttonBoore1987()
        self.least_stations = least_stations

    @property
    def method(self) -> str:
        """The name of the relation."""
        return self.relation.name

    def station_amplitudes(
        self,
        origin: Origin,
        stations: Sequence[Station],
        tracks: Sequence[AmplitudeTrack],
        *,
        picks: Iterable[Pick] = (),
        next_onsets: Mapping[StationKey, int] | None = None,
    ) -> tuple[StationAmplitude, ...]:
        """What each horizontal channel lends to this origin, in order of source id.

        Among them are those that do not exceed the noise by `LEAST_RATIO`: upper bounds.
        `picks` may hold those of the origin's arrivals, whose times are then used instead of predicted ones.
        `next_onsets` has for each station the time (ns) at which the next event's P arrives.
        """
        observed = _observed(origin, picks)
        by_station: dict[StationKey, list[AmplitudeTrack]] = defaultdict(list)
        for track in tracks:
            by_station[track.source_id.station_key].append(track)
        near, far = self.relation.distance_range
        found: list[StationAmplitude] = []
        for station in stations:
            distance = _hypocentral_distance(origin, station)
            if station.key not in by_station or not max(near, 1.0) <= distance <= far:
                continue
            p, s = _onsets(origin, distance, observed, station.key)
            found.extend(_lent(by_station[station.key], p, s, (next_onsets or {}).get(station.key)))
        return tuple(sorted(found, key=lambda amplitude: amplitude.source_id))

    def magnitude(
        self,
        origin: Origin,
        stations: Sequence[Station],
        tracks: Sequence[AmplitudeTrack],
        *,
        picks: Iterable[Pick] = (),
        next_onsets: Mapping[StationKey, int] | None = None,
    ) -> Magnitude | None:
        """The magnitude of an origin, or None where too few stations hear it."""
        amplitudes = self.station_amplitudes(origin, stations, tracks, picks=picks, next_onsets=next_onsets)
        return self.from_amplitudes(origin, stations, amplitudes)

    def from_amplitudes(
        self, origin: Origin, stations: Sequence[Station], amplitudes: Iterable[StationAmplitude]
    ) -> Magnitude | None:
        """The magnitude that station amplitudes give, or None where too few stations hear the event."""
        positions = {station.key: station for station in stations}
        by_station: dict[StationKey, list[StationAmplitude]] = defaultdict(list)
        for amplitude in sorted(amplitudes, key=lambda amplitude: amplitude.source_id):
            by_station[amplitude.source_id.station_key].append(amplitude)
        keys = sorted(by_station.keys() & positions.keys())
        distances = np.array([_hypocentral_distance(origin, positions[key]) for key in keys])
        means = np.array([np.mean([math.log10(one.amplitude) for one in by_station[key]]) for key in keys])
        heard = np.array([all(map(_exceeds_noise, by_station[key])) for key in keys], bool)
        if heard.sum() < self.least_stations:
            return None
        values = means + _MILLIMETRES + self.relation.correction(distances)
        kept = heard & _near_median(values, heard)
        value = censored_median(values[kept | ~heard], kept[kept | ~heard])
        if value is None or kept.sum() < self.least_stations:
            return None
        count = int(kept.sum())
        # Two or three stations that happen to agree do not know how far stations scatter.
        scatter = float(np.sum((values[kept] - np.mean(values[kept])) ** 2))
        spread = math.sqrt((_USUAL_WORTH * _USUAL_SPREAD**2 + scatter) / (_USUAL_WORTH + count - 1))
        return Magnitude(
            content_id("magnitude", origin.origin_id, self.magnitude_type, self.method, round(value, 4)),
            origin.origin_id,
            self.magnitude_type,
            value,
            _MEDIAN_EFFICIENCY * spread / math.sqrt(count),
            tuple(
                StationMagnitude(
                    by_station[keys[at]][0].source_id,
                    self.magnitude_type,
                    float(values[at]),
                    10 ** float(means[at]),
                    float(kept[at]),
                )
                for at in np.flatnonzero(heard)
            ),
            saturated=value > SATURATION,
            method=self.method,
        )


def _exceeds_noise(amplitude: StationAmplitude) -> bool:
    return amplitude.amplitude >= LEAST_RATIO * amplitude.noise


def _near_median(values: npt.NDArray[np.float64], heard: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    away = np.abs(values - np.median(values[heard]))
    sigma = max(_MAD_TO_SIGMA * float(np.median(away[heard])), _LEAST_SPREAD)
    return np.asarray(away <= _REJECT * sigma)


def _observed(origin: Origin, picks: Iterable[Pick]) -> dict[tuple[StationKey, str], int]:
    """Times of the origin's arrivals by station and phase (`P` or `S`)."""
    times = {pick.pick_id: pick.time for pick in picks}
    return {
        ((arrival.network, arrival.station), arrival.phase[:1].upper()): times[arrival.pick_id]
        for arrival in origin.arrivals
        if arrival.pick_id in times and arrival.weight > 0
    }


def _hypocentral_distance(origin: Origin, station: Station) -> float:
    epicentral, _ = distance_azimuth(origin.latitude, origin.longitude, station.latitude, station.longitude)
    return math.hypot(float(epicentral), origin.depth + station.elevation)


def _onsets(
    origin: Origin, distance: float, observed: Mapping[tuple[StationKey, str], int], key: StationKey
) -> tuple[int, int]:
    """When P and S arrive (ns): as picked, else predicted."""
    travel = min(distance / velocity + intercept for velocity, intercept in _P_VELOCITIES)
    p = observed.get((key, "P"), origin.time + round(travel * SECOND))
    s = observed.get((key, "S"), origin.time + round(_S_TO_P * max(p - origin.time, 0)))
    return p, max(p, s)


def _lent(tracks: Sequence[AmplitudeTrack], p: int, s: int, until: int | None) -> list[StationAmplitude]:
    """The amplitudes of the first band that has samples all along and has not clipped."""
    start = p - _LEAD
    end = s + round(_AFTER_S * SECOND + _AFTER_S_RATIO * (s - p))
    if until is not None:
        end = min(end, until - _LEAD)
    if end < s + _LEAST_AFTER_S:
        return []
    whole = [track for track in tracks if _covers(track, start - _NOISE, end)]
    for instrument in choose_band({track.source_id for track in whole}):
        letters = orient({track.source_id for track in whole if track.source_id.instrument_key == instrument})
        own = [track for track in whole if letters.get(track.source_id, "Z") != "Z"]
        if own and not any(track.is_clipped(start, end) for track in own):
            return [one for track in own if (one := _measure(track, start, end)).amplitude > 0]
    return []


def _covers(track: AmplitudeTrack, start: int, end: int) -> bool:
    """Whether a track has every bin from start to end."""
    part = track.bins(start, end)
    return part.stop - part.start == -(-end // BIN) - start // BIN and bool(np.isfinite(track.minimum[part]).all())


def _measure(track: AmplitudeTrack, start: int, end: int) -> StationAmplitude:
    amplitude, noise = track.half_peak_to_peak(start, end), track.half_peak_to_peak(start - _NOISE, start)
    return StationAmplitude(track.source_id, amplitude or 0.0, noise or 0.0)
