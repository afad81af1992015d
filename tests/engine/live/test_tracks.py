"""Amplitude tracks of a stream: blocks put together are the track of the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wadati.engine.live.tracks import TrackFiles, join_tracks
from wadati.model import AmplitudeTrack, SourceId

E = SourceId.parse("FDSN:XX_ABC__H_H_E")


def track(first: int, count: int) -> AmplitudeTrack:
    values = np.arange(first, first + count, dtype=np.float32)
    return AmplitudeTrack(E, first, -values, values, values % 7 == 0)


def same(one: AmplitudeTrack, other: AmplitudeTrack) -> bool:
    return (one.source_id, one.first_bin) == (other.source_id, other.first_bin) and all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("minimum", "maximum", "clipped")
    )


def test_pieces_in_any_order_are_the_whole() -> None:
    pieces = [track(first, 100) for first in range(0, 1000, 100)]
    (whole,) = join_tracks([*reversed(pieces), pieces[3]])
    assert same(whole, track(0, 1000))


def test_a_gap_of_an_hour_is_held_and_a_longer_one_begins_another_track() -> None:
    assert len(join_tracks([track(0, 100), track(7300, 100)])) == 1
    assert len(join_tracks([track(0, 100), track(7301, 100)])) == 2
    (held,) = join_tracks([track(0, 10), track(20, 10)])
    assert np.isnan(held.minimum[10:20]).all()


def test_files_are_read_together_and_the_last_ones_alone(tmp_path: Path) -> None:
    files = TrackFiles(tmp_path)
    for first in range(0, 1000, 100):
        files.write([track(first, 100)])
    (whole,) = TrackFiles(tmp_path).read()
    assert same(whole, track(0, 1000))
    again = TrackFiles(tmp_path)
    again.write([track(1000, 100)])
    (whole,) = again.read()
    assert same(whole, track(0, 1100))
