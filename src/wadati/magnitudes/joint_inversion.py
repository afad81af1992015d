"""Local magnitudes of all events of a run at once, so that none is lent what another made, with station terms.

What a station shows after the S wave of an event (`amplitude_windows`) is held against what it would show without it:
the level just before P, which is noise and the codas of earlier events, let fall as codas do, and the waves of other
events that arrive since, of the size their own magnitudes give (`coda`). The largest swing belongs to whichever is
larger, and the stations' verdicts are put together without a threshold (`shared_maximum`). Largest events first, so
that a swing two events could have made is taken to be the larger one's; then again, until each event has been measured
beside the final sizes of the others. Then station terms (`station_terms`) and magnitudes are solved for in turn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import final

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.magnitudes import coda
from wadati.magnitudes.amplitude_windows import LONG, TO_NEXT_P, TO_NEXT_S, USUAL, Readings, read_station
from wadati.magnitudes.attenuation import HuttonBoore1987
from wadati.magnitudes.shared_maximum import Size, size, without_interference
from wadati.magnitudes.station_terms import StationTerms, learn
from wadati.model import AmplitudeTrack, Magnitude, Origin, Station, StationMagnitude, content_id
from wadati.protocols import AttenuationRelation
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import SECOND

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
Indices = npt.NDArray[np.int64]

MAGNIFICATION = 2080.0
"""Of the Wood–Anderson seismograph that amplitude tracks draw."""

SATURATION = 6.0
"""Above this ML no longer grows with the earthquake."""

LONG_FROM = 4.5
"""Events from this size on are measured in the long window."""

MOST_STATIONS = 100
"""Of the stations that recorded an event whole and unclipped so many, the nearest, are asked."""

NOISE_ERROR, MODEL_ERROR = 0.15, 0.25
"""Standard errors of interference as recorded before P and as modelled (log10)."""

_SWEEPS, _ROUNDS = 2, 2
_QUIET = 0.3
_CLEAR = 0.25
_MOST_FALL = 0.5
_UNHEARD = 0.4
_WEIGHTLESS = 3.0
_MILLIMETRES = 3.0


class Sizing(msgspec.Struct, frozen=True):
    """What came out for one event: its magnitude, or why none, and where known the 95 % upper limit."""

    magnitude: Magnitude | None = None
    upper_limit: float | None = None
    why: str = ""


class Sizings(msgspec.Struct, frozen=True):
    """One `Sizing` an event, in the order of the origins, and the terms that were used, given or learned."""

    events: tuple[Sizing, ...]
    terms: StationTerms | None


@final
class JointLocalMagnitude:
    """ML of all events by joint inversion with a relation for the decay with distance.

    With `terms` these are used as they are; else they are learned from the run where it has enough events, if `learns`.
    At least `least_stations` (2) stations must show a swing of the event's own. The `uncertainty` of a magnitude is the
    half-width of the 68 % interval of its likelihood, with the error of the terms' anchor; it knows nothing of errors
    of the relation.

    >>> JointLocalMagnitude().relation.name
    'hutton-boore-1987'
    """

    name = "joint"
    magnitude_type = "ML"

    def __init__(
        self,
        relation: AttenuationRelation | None = None,
        *,
        terms: StationTerms | None = None,
        learns: bool = True,
        least_stations: int = 2,
    ) -> None:
        self.relation = relation or HuttonBoore1987()
        self.terms = terms
        self.learns = learns and terms is None
        self.least_stations = least_stations

    def magnitudes(
        self, origins: Sequence[Origin], stations: Sequence[Station], tracks: Iterable[AmplitudeTrack], onsets: Times
    ) -> Sizings:
        """The magnitudes of all origins; `onsets` of P and S in ns, shape (event, station, 2).

        The order of origins, stations and tracks does not matter.
        """
        by_station: dict[tuple[str, str], list[AmplitudeTrack]] = defaultdict(list)
        for track in tracks:
            by_station[track.source_id.station_key].append(track)
        order = sorted(range(len(origins)), key=lambda at: (origins[at].time, origins[at].origin_id))
        columns = sorted(
            (at for at, one in enumerate(stations) if one.key in by_station), key=lambda at: stations[at].key
        )
        if not columns or not order:
            why = "no station has amplitudes, for which the response of a horizontal must be known"
            return Sizings((Sizing(why=why),) * len(origins), self.terms)
        network = _Network(
            self.relation,
            [origins[at] for at in order],
            [stations[at] for at in columns],
            [read_station(by_station[stations[at].key], onsets[order, at]) for at in columns],
            self.least_stations,
        )
        terms = network.invert(self.terms, learns=self.learns)
        found = dict(zip(order, network.sizings(terms), strict=True))
        return Sizings(tuple(found[at] for at in range(len(origins))), terms)


class _Network:
    """All readings as arrays (event, station), events in order of time, and the state of the inversion."""

    def __init__(
        self,
        relation: AttenuationRelation,
        origins: Sequence[Origin],
        stations: Sequence[Station],
        readings: Sequence[Readings],
        least_stations: int,
    ) -> None:
        self.relation, self.origins, self.stations, self.readings = relation, origins, stations, readings
        self.least_stations = least_stations
        self.time = np.array([origin.time for origin in origins], np.int64)
        self.p, self.s, self.start, self.before_start, self.before = (
            np.stack([getattr(one, name) for one in readings], axis=1)
            for name in ("p", "s", "start", "before_start", "before")
        )
        self.end, self.level = (np.stack([getattr(one, name) for one in readings], axis=1) for name in ("end", "level"))
        self.distance = _hypocentral(origins, stations)
        near, far = relation.distance_range
        self.within = (self.distance >= max(near, 1.0)) & (self.distance <= far)
        # From metres on the record, whose magnification is that of amplitude tracks, to magnitude.
        gain = np.log10(relation.magnification / MAGNIFICATION)
        self.decay = relation.correction(np.maximum(self.distance, max(near, 1.0))) + _MILLIMETRES + gain
        self.level = np.where(self.within[..., None], self.level, np.nan)
        self.columns = [self._nearest(at) for at in range(len(origins))]
        self.magnitude = self._first_guess()
        self.sizes: list[Size | None] = [None] * len(origins)
        self.residual = np.full(self.p.shape, np.nan)
        self.used = np.zeros((*self.p.shape, 2))

    def _nearest(self, at: int) -> Indices:
        """The stations that are asked about an event, in order."""
        there = np.flatnonzero(np.isfinite(self.level[at]).any(axis=1))
        return np.sort(there[np.argsort(self.distance[at, there], kind="stable")[:MOST_STATIONS]])

    def _first_guess(self) -> Floats:
        """The median over stations of the shortest window's magnitude; NaN where there is none."""
        shortest = np.where(
            np.isnan(self.level[..., TO_NEXT_P]), self.level[..., TO_NEXT_S], self.level[..., TO_NEXT_P]
        )
        values = np.where(np.isnan(shortest), self.level[..., USUAL], shortest) + self.decay
        return np.array([np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in values])

    def invert(self, terms: StationTerms | None, *, learns: bool) -> StationTerms | None:
        """Solve for magnitudes, and for terms where they are to be learned; the terms used."""
        for _ in range(_SWEEPS):
            self._sweep(terms)
        for _ in range(_ROUNDS if learns else 0):
            found = learn(self.relation.name, [station.key for station in self.stations], self.residual)
            if found is None:
                break
            terms = found
            self._sweep(terms)
        return terms

    def _sweep(self, terms: StationTerms | None) -> None:
        """Measure every event beside the present sizes of the others, the largest first."""
        usual = terms or StationTerms(self.relation.name)
        correction, error = usual.corrections([station.key for station in self.stations]).T
        error = np.hypot(error, usual.scatter)
        guess = np.where(np.isnan(self.magnitude), -np.inf, self.magnitude)
        for at in np.lexsort((np.arange(len(guess)), -guess)):
            if np.isfinite(self.magnitude[at]):
                self._measure(int(at), self.decay + correction, error)

    def _measure(self, at: int, decay: Floats, error: Floats) -> None:
        columns = self.columns[at]
        before, arriving = self._interference(at, columns, decay)
        total = coda.sum_of_squares(np.stack([np.broadcast_to(before[:, None], arriving.shape), arriving]), 0)
        window = self._window(at, columns, self.magnitude[at] - decay[at, columns], arriving)
        rows = np.arange(len(columns))
        level, interference = self.level[at, columns, window], total[rows, window]
        modelled = arriving[rows, window] > before - _QUIET
        use = np.flatnonzero(np.isfinite(level) & np.isfinite(interference))
        if not len(use):
            self.magnitude[at] = np.nan
            return
        found = size(
            level[use],
            decay[at, columns[use]],
            error[columns[use]],
            interference[use],
            np.where(modelled[use], MODEL_ERROR, NOISE_ERROR),
            self.least_stations,
        )
        self.sizes[at] = found
        self.magnitude[at] = found.limit - _UNHEARD if found.value is None else found.value
        own = use[found.own]
        self.used[at] = np.nan
        self.used[at, columns[own]] = np.stack(
            [without_interference(level[own], interference[own]), level[own]], axis=1
        )
        self.residual[at] = np.nan
        if found.value is not None:
            clear = columns[own[level[own] > interference[own] + _CLEAR]]
            # Without the station's term, so that the terms can be learned from it.
            self.residual[at, clear] = self.used[at, clear, 0] + self.decay[at, clear] - found.value

    def _interference(self, at: int, columns: Indices, decay: Floats) -> tuple[Floats, Floats]:
        """Levels that would be there without the event: as recorded before P (station,), and of waves that arrive since
        (station, window)."""
        first, last = np.searchsorted(self.time, [self.time[at] - coda.LONGEST, self.time[at] + coda.LONGEST + 1])
        others = np.arange(first, last)
        others = others[(others != at) & np.isfinite(self.magnitude[others])]
        before, since, end = self.before[at, columns], self.before_start[at, columns], self.end[at, columns]
        if not len(others):
            return before, np.full(end.shape, coda.NOTHING)
        time = self.time[others, None]
        p, s = self.p[others[:, None], columns], self.s[others[:, None], columns]
        peak = self.magnitude[others, None] - decay[others[:, None], columns]
        until = coda.full_until(time, s, self.magnitude[others, None])
        then, now = (self.p[at, columns] - time) / SECOND, (self.s[at, columns] - time) / SECOND
        earlier = np.where(s < self.p[at, columns], coda.coda_level(peak, until, then), coda.NOTHING)
        loudest, rows = np.argmax(earlier, axis=0), np.arange(len(columns))
        drop = coda.fall(until, then, now)[loudest, rows]
        is_coda = earlier[loudest, rows] > before - _QUIET
        arrives = np.flatnonzero(((s > since) & (p < end.max(axis=1))).any(axis=1))
        arriving = coda.arriving_level(
            peak[arrives, :, None],
            time[arrives, :, None],
            p[arrives, :, None],
            s[arrives, :, None],
            until[arrives, :, None],
            since[:, None],
            self.start[at, columns, None],
            end,
        )
        return before + np.where(is_coda, np.maximum(drop, -_MOST_FALL), 0.0), coda.sum_of_squares(arriving, 0)

    def _window(self, at: int, columns: Indices, own: Floats, arriving: Floats) -> Indices:
        """For each station the longest window in which others stay below half of the event's own, else the quietest."""
        there = np.isfinite(self.level[at, columns])
        chosen = np.argmin(np.where(there, arriving, np.inf), axis=1)
        windows = [USUAL, TO_NEXT_S, TO_NEXT_P]
        if self.magnitude[at] >= LONG_FROM:
            windows.insert(0, LONG)
        for window in reversed(windows):
            chosen = np.where(there[:, window] & (arriving[:, window] < own - _QUIET), window, chosen)
        return np.asarray(chosen)

    def sizings(self, terms: StationTerms | None) -> list[Sizing]:
        """The outcome of each event."""
        usual = terms or StationTerms(self.relation.name)
        method = f"{self.relation.name}, {terms.digest}" if terms and terms.terms else self.relation.name
        corrections = usual.corrections([station.key for station in self.stations])
        return [self._sizing(at, usual, corrections, method) for at in range(len(self.origins))]

    def _sizing(self, at: int, terms: StationTerms, corrections: Floats, method: str) -> Sizing:
        found = self.sizes[at]
        if found is None or found.value is None or found.error is None:
            return Sizing(None, None if found is None else round(found.limit, 2), self._why(at, found))
        origin = self.origins[at]
        values = []
        for column in np.flatnonzero(np.isfinite(self.used[at, :, 0])).tolist():
            correction, error = corrections[column].tolist()
            value = float(self.used[at, column, 0] + self.decay[at, column] + correction)
            is_wild = abs(value - found.value) > _WEIGHTLESS * float(np.hypot(error, terms.scatter))
            source_id = self.readings[column].channels[self.readings[column].channel[at]]
            amplitude = 10 ** float(self.used[at, column, 1])
            values.append(StationMagnitude(source_id, "ML", value, amplitude, 0.0 if is_wild else 1.0))
        magnitude = Magnitude(
            content_id("magnitude", origin.origin_id, "ML", method, round(found.value, 4)),
            origin.origin_id,
            "ML",
            found.value,
            float(np.hypot(found.error, terms.anchor_error)),
            tuple(values),
            saturated=found.value > SATURATION,
            method=method,
        )
        return Sizing(magnitude, round(found.limit, 2))

    def _why(self, at: int, found: Size | None) -> str:
        near, far = self.relation.distance_range
        reach = f"{near / 1000:.0f} to {far / 1000:.0f} km away"
        within = int(self.within[at].sum())
        if not within:
            return f"none of the {len(self.stations)} stations with amplitudes is {reach}"
        whole = int(np.isfinite(self.level[at]).any(axis=1).sum())
        counts = f"of {within} stations with amplitudes {reach}, {whole} recorded it whole and unclipped"
        if found is None:
            return counts
        return (
            f"{counts}, and {int(found.own.sum())} show more than noise, codas and other events would make; "
            f"it is at most ML {found.limit:.1f} (95 %)"
        )


def _hypocentral(origins: Sequence[Origin], stations: Sequence[Station]) -> Floats:
    """Distances in metres, shape (event, station)."""
    source = np.array([(one.latitude, one.longitude, one.depth) for one in origins])
    place = np.array([(one.latitude, one.longitude, one.elevation) for one in stations])
    epicentral, _ = distance_azimuth(source[:, :1], source[:, 1:2], place[:, 0], place[:, 1])
    return np.asarray(np.hypot(epicentral, source[:, 2:] + place[:, 2]))
