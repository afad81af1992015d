"""Amplitudes of picks: what the Wood–Anderson record does in the seconds after each."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable

import msgspec

from wadati.model import AmplitudeTrack, Pick
from wadati.signal.bands import choose_band, orient
from wadati.units import SECOND

LONGEST = 10 * SECOND
"""The stretch after a pick that is looked at ends after this (ns), or at the station's next pick."""


def with_amplitudes(picks: Iterable[Pick], tracks: Iterable[AmplitudeTrack]) -> tuple[Pick, ...]:
    """The picks, in the order given, with the half peak-to-peak amplitude (m) of the larger horizontal after each.

    The stretch is from the pick to 10 s later or to the station's next pick, in the first band whose tracks hold
    samples there and have not clipped; None where there is none. Bins of half a second that the stretch only
    touches count. The identifiers of the picks stay what they are.

    >>> import numpy as np
    >>> from wadati.model import SourceId
    >>> east = SourceId.parse("FDSN:XX_ABC__H_H_E")
    >>> pick = Pick.of(SourceId.parse("FDSN:XX_ABC__H_H_Z"), "P", 0, time_uncertainty=0.05, probability=0.9)
    >>> track = AmplitudeTrack(east, 0, np.full(20, -1e-3), np.full(20, 3e-3), np.zeros(20, bool))
    >>> (after,) = with_amplitudes([pick], [track])
    >>> after.pick_id == pick.pick_id, round(after.amplitude, 6)
    (True, 0.002)
    """
    by_station: dict[tuple[str, str], list[AmplitudeTrack]] = defaultdict(list)
    for track in tracks:
        by_station[track.source_id.station_key].append(track)
    bands = {key: _horizontals(own) for key, own in by_station.items()}
    given = tuple(picks)
    times: dict[tuple[str, str], list[int]] = defaultdict(list)
    for pick in sorted(given, key=lambda pick: pick.time):
        times[pick.source_id.station_key].append(pick.time)
    measured = []
    for pick in given:
        key = pick.source_id.station_key
        own = times[key]
        after = bisect_right(own, pick.time)
        end = min([pick.time + LONGEST, *own[after : after + 1]])
        amplitude = _largest(bands.get(key, ()), pick.time, end)
        measured.append(msgspec.structs.replace(pick, amplitude=amplitude))
    return tuple(measured)


def _horizontals(tracks: list[AmplitudeTrack]) -> tuple[list[AmplitudeTrack], ...]:
    """The tracks of the horizontals of each instrument of a station, best band first."""
    bands = []
    for instrument in choose_band({track.source_id for track in tracks}):
        letters = orient({track.source_id for track in tracks if track.source_id.instrument_key == instrument})
        bands.append([track for track in tracks if letters.get(track.source_id, "Z") != "Z"])
    return tuple(bands)


def _largest(bands: Iterable[list[AmplitudeTrack]], start: int, end: int) -> float | None:
    """The larger horizontal of the first band with samples that has not clipped."""
    for own in bands:
        found = [value for track in own if (value := track.half_peak_to_peak(start, end)) is not None]
        if found and not any(track.is_clipped(start, end) for track in own):
            return max(found)
    return None
