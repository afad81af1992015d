"""A network that records events whose sizes are known: half-second extremes, no waveforms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wadati.magnitudes.attenuation import HuttonBoore1987
from wadati.model import AmplitudeTrack, Origin, SourceId, Station
from wadati.model.amplitude import BIN
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import SECOND

START = 1_000_000 * SECOND
P_SPEED, S_SPEED = 6000.0, 3460.0


@dataclass(frozen=True)
class Recorded:
    """Events with their true sizes, stations with their true terms, and what was recorded."""

    origins: list[Origin]
    magnitudes: np.ndarray
    stations: list[Station]
    terms: np.ndarray
    tracks: list[AmplitudeTrack]
    onsets: np.ndarray

    def errors(self, sizings):
        found = [one.magnitude.value if one.magnitude else np.nan for one in sizings.events]
        return np.array(found) - self.magnitudes


def origin(seconds, north=0.0, east=0.0, depth=8000.0):
    return Origin.of(START + round(float(seconds) * SECOND), float(35.0 + north), float(-117.0 + east), depth)


def record(rng, events, *, stations=12, spread=0.2, scatter=0.12, noise=1e-6, codes=("HHN", "HHE"), length=None):
    """`events` are (origin, magnitude). The waves fall faster at first and slower later than the model thinks."""
    places = [
        Station("XX", f"S{k:02d}", 35.0 + 0.25 * np.sin(k * 2.4) * (k + 3) / 12, -117.0 + 0.3 * np.cos(k * 2.4), 500.0)
        for k in range(stations)
    ]
    terms = rng.normal(0.0, spread, stations)
    terms -= terms.mean()
    relation = HuttonBoore1987()
    length = length or max((one.time - START) / SECOND for one, _ in events) + 80
    edges = np.arange(round((length + 60) * 2)) * 0.5 - 60.0
    onsets = np.zeros((len(events), stations, 2), np.int64)
    tracks = []
    for column, station in enumerate(places):
        power = np.full(len(edges), noise**2)
        for row, (one, magnitude) in enumerate(events):
            epicentral, _ = distance_azimuth(one.latitude, one.longitude, station.latitude, station.longitude)
            away = float(np.hypot(epicentral, one.depth + station.elevation))
            p, s = away / P_SPEED, away / S_SPEED
            onsets[row, column] = one.time + np.rint(np.array([p, s]) * SECOND).astype(np.int64)
            correction = float(relation.correction(np.array([away]))[0]) + 3
            peak = 10 ** (magnitude - correction + terms[column] + rng.normal(0.0, scatter))
            lapse = edges + 0.5 - (one.time - START) / SECOND
            coda = peak * 0.8 * (np.maximum(lapse, s + 1.0) / (s + 1.0)) ** -1.8
            wave = np.where(lapse >= s + 0.5, np.where(lapse < s + 1.5, peak, coda), 0.0)
            wave = np.where((lapse >= p + 0.5) & (lapse < s + 0.5), 0.2 * peak, wave)
            jitter = np.where(wave == peak, 1.0, np.exp(rng.normal(0.0, 0.15, len(edges))))
            power += (wave * jitter) ** 2
        high = np.sqrt(power) * np.exp(rng.normal(0.0, 0.02, len(edges)))
        first = (START - 60 * SECOND) // BIN
        for code in codes:
            sid = SourceId.from_nslc("XX", station.code, "", code)
            tracks.append(AmplitudeTrack(sid, first, -high, high, np.zeros(len(high), bool)))
    sizes = np.array([magnitude for _, magnitude in events])
    return Recorded([one for one, _ in events], sizes, places, terms, tracks, onsets)
