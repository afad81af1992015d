"""One picking shard: a station's days read from the archive, picked, and committed as Parquet."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from wadati.engine.campaign.commit import Manifest, Unit
from wadati.engine.campaign.opened import Opened
from wadati.engine.campaign.shards import PickingShard
from wadati.engine.live.tracks import join_tracks
from wadati.engine.picking import StationResult, pick_one
from wadati.formats.parquet import write_picks, write_tracks
from wadati.model import AmplitudeTrack, Inventory, Pick, TimeSpan
from wadati.protocols import Picker, Problem
from wadati.sources.archives.days import DaySource, Reading
from wadati.units import DAY

PICKS, AMPLITUDES = "picks.parquet", "amplitudes.parquet"


def work_on(shard: PickingShard, opened: Opened, picker: Picker, known: dict[str, int]) -> Manifest:
    """Do a shard, whatever becomes of its days, and commit it; the manifest that counts."""
    cpu, wall = time.process_time(), time.perf_counter()
    own = Inventory(tuple(c for c in opened.inventory if c.source_id.station_key == (shard.network, shard.station)))
    reading = Reading(opened.archive, known)
    units: list[Unit] = []
    picks: list[Pick] = []
    tracks: list[AmplitudeTrack] = []
    problems: dict[Problem, None] = {}
    notes: dict[Problem, None] = {}
    for day in shard.days:
        span = TimeSpan(day * DAY, (day + 1) * DAY)
        source = DaySource(reading, own, span)
        result = pick_one(source, own, picker, span, shard.network, shard.station)
        units.append(_unit(day, result, source))
        picks += result.picks
        tracks += [part for track in result.tracks if len(part := track.within(span.start, span.end))]
        problems |= dict.fromkeys(result.problems)
        notes |= dict.fromkeys(result.notes)
    draft = Manifest(
        path=shard.path,
        stage="pick",
        attempt="",
        files={},
        units=tuple(units),
        problems=tuple(problems),
        notes=tuple(notes),
        cpu_s=round(time.process_time() - cpu, 3),
        wall_s=round(time.perf_counter() - wall, 3),
        finished=time.time_ns(),
        requests=reading.requests,
        bytes_read=reading.bytes_read,
        memory_mb=_memory_mb(),
    )
    return opened.shelf.commit(draft, outputs_of(picks, join_tracks(tracks)))


def outputs_of(picks: Iterable[Pick], tracks: Iterable[AmplitudeTrack]) -> dict[str, bytes]:
    """Picks and amplitudes as the files that a shard keeps."""
    return {
        PICKS: _parquet(lambda path: write_picks(picks, path)),
        AMPLITUDES: _parquet(lambda path: write_tracks(tracks, path)),
    }


def _parquet(write: Callable[[Path], None]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        write(path)
        return path.read_bytes()


def _unit(day: int, result: StationResult, source: DaySource) -> Unit:
    """How a day ended; what was damaged or could not be had makes it a failure, though the rest was used."""
    found = result.coverage
    status, reason, cause = found.status, found.reason, ""
    if source.causes:
        status, cause = "failed", next(iter(source.causes))
        reason = reason if found.status == "failed" else "; ".join(f"{p.subject}: {p.wrong}" for p in source.problems())
    elif status == "failed":
        cause = "unexpected"
    return Unit(found.unit, day, status, reason, cause, found.seconds, found.band, found.picks)


def _memory_mb() -> float:
    """The most memory that this process had (ru_maxrss is in kB on Linux, in bytes on macOS)."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (1024.0 * 1024.0 if sys.platform == "darwin" else 1024.0), 1)
