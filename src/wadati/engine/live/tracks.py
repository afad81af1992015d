"""Amplitude tracks of a stream: blocks of five minutes as they become final, and what there is so far on demand.

A block comes from the records since `HALO` before it, which is all that has a say in it, so blocks put together are the
track of the whole record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from wadati.formats.parquet import read_tracks, write_tracks
from wadati.model import AmplitudeTrack, Channel, SourceId, TimeSpan, Trace
from wadati.model.amplitude import BIN
from wadati.pickers.streaming import StationState
from wadati.signal.amplitudes import BLOCK, HALO, amplitude_tracks
from wadati.units import HOUR, SECOND

AFTER = 20 * SECOND
"""How far beyond a bin records have to be there before it is final (ns)."""

_LONGEST_GAP = HOUR // BIN


def tracks_within(
    traces: Iterable[Trace], channels: dict[SourceId, list[Channel]], span: TimeSpan
) -> tuple[AmplitudeTrack, ...]:
    """The bins of a span, which begins and ends at bins, of all horizontals; traces reach `HALO` before it."""
    own: dict[SourceId, list[Trace]] = defaultdict(list)
    for trace in traces:
        if trace.source_id.subsource != "Z":
            own[trace.source_id].append(trace)
    found = []
    for source_id, some in sorted(own.items()):
        for channel in channels.get(source_id, ()):
            within = [part for trace in some if len(part := trace.cut(channel.epoch))]
            cut = (track.within(span.start, span.end) for track in amplitude_tracks(within, channel))
            found += [track for track in cut if len(track)]
    return tuple(found)


def channels_of(channels: Iterable[Channel]) -> dict[SourceId, list[Channel]]:
    """Epochs of channels by source id."""
    found: dict[SourceId, list[Channel]] = defaultdict(list)
    for channel in channels:
        found[channel.source_id].append(channel)
    return found


def traces_for(state: StationState, span: TimeSpan) -> tuple[Trace, ...]:
    """The records that have a say in the bins of a span."""
    return state.ring.traces(span.widen(HALO, AFTER))


def block_before(time: int) -> int:
    """The start of the block that holds a time (ns)."""
    return time // BLOCK * BLOCK


def join_tracks(tracks: Iterable[AmplitudeTrack]) -> tuple[AmplitudeTrack, ...]:
    """Pieces put together as `amplitude_tracks` gives the whole: one track until a gap of more than an hour.

    Of pieces that overlap, the later in order counts.
    """
    by_channel: dict[SourceId, list[AmplitudeTrack]] = defaultdict(list)
    for track in tracks:
        if len(track):
            by_channel[track.source_id].append(track)
    joined = []
    for source_id, pieces in sorted(by_channel.items()):
        ordered = sorted(pieces, key=lambda piece: piece.first_bin)
        ends = np.maximum.accumulate([piece.first_bin + len(piece) for piece in ordered])
        cuts = [k for k in range(1, len(ordered)) if ordered[k].first_bin - ends[k - 1] > _LONGEST_GAP]
        joined += [_whole(source_id, ordered[a:b]) for a, b in pairwise([0, *cuts, len(ordered)])]
    return tuple(joined)


def _whole(source_id: SourceId, pieces: Sequence[AmplitudeTrack]) -> AmplitudeTrack:
    first = pieces[0].first_bin
    end = max(piece.first_bin + len(piece) for piece in pieces)
    low, high = np.full(end - first, np.nan, np.float32), np.full(end - first, np.nan, np.float32)
    clipped = np.zeros(end - first, bool)
    for piece in pieces:
        at = slice(piece.first_bin - first, piece.first_bin - first + len(piece))
        low[at], high[at], clipped[at] = piece.minimum, piece.maximum, piece.clipped
    return AmplitudeTrack(source_id, first, low, high, clipped)


class TrackFiles:
    """Final blocks in files, one a writing, each named by the time it was written at and never changed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._number = max((int(path.stem) for path in folder.glob("*.parquet")), default=0)

    def write(self, tracks: Sequence[AmplitudeTrack]) -> None:
        """Keep blocks."""
        if tracks:
            self._number += 1
            write_tracks(tracks, self._folder / f"{self._number:08d}.parquet")

    def read(self, since: int | None = None) -> tuple[AmplitudeTrack, ...]:
        """All blocks joined, or those of the files written last that reach beyond a time (ns)."""
        found: list[AmplitudeTrack] = []
        for path in sorted(self._folder.glob("*.parquet"), reverse=True):
            some = read_tracks(path)
            if since is not None and all((track.first_bin + len(track)) * BIN < since for track in some):
                break
            found = [*some, *found]
        return join_tracks(found)
