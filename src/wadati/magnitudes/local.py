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
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import final

import numpy as np
import numpy.typing as npt

from wadati.magnitudes.attenuation import HuttonBoore1987
from wadati.magnitudes.censored_median import censored_median
from wadati.model import (
    AmplitudeTrack,
    Magnitude,
    Origin,
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
        onsets: Mapping[StationKey, tuple[int, int]],
        next_onsets: Mapping[StationKey, int] | None = None,
    ) -> tuple[StationAmplitude, ...]:
        """What each horizontal channel lends to this origin, in order of source id.

        Among them are those that do not exceed the noise by `LEAST_RATIO`: upper bounds.
        `onsets` has for each station when P and S of this event arrive (ns), `next_onsets` when P of the next event
        does. A station without onsets lends nothing.
        """
        by_station = _by_station(tracks)
        found: list[StationAmplitude] = []
        for key in self._within_range(origin, stations, onsets.keys() & by_station.keys()):
            window = _window(*onsets[key], (next_onsets or {}).get(key))
            if window:
                found.extend(_lent(by_station[key], *window))
        return tuple(sorted(found, key=lambda amplitude: amplitude.source_id))

    def magnitude(
        self,
        origin: Origin,
        stations: Sequence[Station],
        tracks: Sequence[AmplitudeTrack],
        *,
        onsets: Mapping[StationKey, tuple[int, int]],
        next_onsets: Mapping[StationKey, int] | None = None,
    ) -> Magnitude | None:
        """The magnitude of an origin, or None where too few stations hear it; see `why_none`."""
        amplitudes = self.station_amplitudes(origin, stations, tracks, onsets=onsets, next_onsets=next_onsets)
        return self.from_amplitudes(origin, stations, amplitudes)

    def why_none(
        self,
        origin: Origin,
        stations: Sequence[Station],
        tracks: Sequence[AmplitudeTrack],
        *,
        onsets: Mapping[StationKey, tuple[int, int]],
        next_onsets: Mapping[StationKey, int] | None = None,
    ) -> str:
        """Why `magnitude` of the same arguments is None: where the stations were lost."""
        responding = onsets.keys() & _by_station(tracks).keys() & {station.key for station in stations}
        if not responding:
            return "no station has amplitudes, for which the response of a horizontal must be known"
        near, far = self.relation.distance_range
        reach = f"{near / 1000:.0f} to {far / 1000:.0f} km away"
        within = self._within_range(origin, stations, responding)
        if not within:
            return f"none of the {len(responding)} stations with amplitudes is {reach}"
        following = next_onsets or {}
        uncut = sum(_window(*onsets[key], following.get(key)) is not None for key in within)
        lent: dict[StationKey, bool] = {}
        for one in self.station_amplitudes(origin, stations, tracks, onsets=onsets, next_onsets=following):
            key = one.source_id.station_key
            lent[key] = lent.get(key, True) and _exceeds_noise(one)
        heard = sum(lent.values())
        counts = (
            f"of {len(within)} stations with amplitudes {reach}, {uncut} have a window that the next event does not "
            f"cut, {len(lent)} of these recorded it whole and unclipped, and {heard} heard {LEAST_RATIO:g} times "
            "the noise"
        )
        if heard < self.least_stations:
            return f"{counts}; {self.least_stations} are needed"
        return f"{counts}; where so many do not hear the event, the median is unknown"

    def _within_range(
        self, origin: Origin, stations: Sequence[Station], keys: Collection[StationKey]
    ) -> list[StationKey]:
        """Those of the stations named by `keys` at whose distance the relation holds."""
        near, far = self.relation.distance_range
        return [
            station.key
            for station in stations
            if station.key in keys and max(near, 1.0) <= _hypocentral_distance(origin, station) <= far
        ]

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


def _by_station(tracks: Iterable[AmplitudeTrack]) -> dict[StationKey, list[AmplitudeTrack]]:
    found: dict[StationKey, list[AmplitudeTrack]] = defaultdict(list)
    for track in tracks:
        found[track.source_id.station_key].append(track)
    return found


def _hypocentral_distance(origin: Origin, station: Station) -> float:
    epicentral, _ = distance_azimuth(origin.latitude, origin.longitude, station.latitude, station.longitude)
    return math.hypot(float(epicentral), origin.depth + station.elevation)


def _window(p: int, s: int, until: int | None) -> tuple[int, int] | None:
    """From just before P until the S waves have passed (ns); None where the next event's P leaves too little of S."""
    s = max(p, s)
    end = s + round(_AFTER_S * SECOND + _AFTER_S_RATIO * (s - p))
    if until is not None:
        end = min(end, until - _LEAD)
    return None if end < s + _LEAST_AFTER_S else (p - _LEAD, end)


def _lent(tracks: Sequence[AmplitudeTrack], start: int, end: int) -> list[StationAmplitude]:
    """The amplitudes of the first band that has samples all along and has not clipped."""
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
