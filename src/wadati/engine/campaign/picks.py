"""Picks and amplitudes of shards, read back and put together."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from wadati.engine.campaign.commit import Manifest, Shelf
from wadati.engine.campaign.picking_shard import AMPLITUDES, PICKS
from wadati.engine.live.tracks import join_tracks
from wadati.formats.parquet import read_picks, read_tracks
from wadati.model import AmplitudeTrack, Pick

Value = TypeVar("Value")


def picks_of(shelf: Shelf, manifests: Iterable[Manifest]) -> tuple[Pick, ...]:
    """The picks of shards, each once, in order of time."""
    found = {pick.pick_id: pick for one in manifests for pick in _read(shelf.output(one, PICKS), read_picks)}
    return tuple(sorted(found.values(), key=lambda pick: (pick.time, pick.pick_id)))


def tracks_of(shelf: Shelf, manifests: Iterable[Manifest]) -> tuple[AmplitudeTrack, ...]:
    """The amplitude tracks of shards, those of one channel put together, in order of source id and time."""
    return join_tracks(track for one in manifests for track in _read(shelf.output(one, AMPLITUDES), read_tracks))


def _read(content: bytes, read: Callable[[Path], tuple[Value, ...]]) -> tuple[Value, ...]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        path.write_bytes(content)
        return read(path)
