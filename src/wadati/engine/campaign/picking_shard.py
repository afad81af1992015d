"""One picking shard: a station's days read from the archive, picked, and committed as Parquet."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
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

_PARTS = 4
"""A day is read and picked in so many parts, so that its samples never take memory all at once."""

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
        source = DaySource(reading, own, TimeSpan(day * DAY, (day + 1) * DAY))
        results = []
        for part in range(_PARTS):
            span = TimeSpan(day * DAY + part * DAY // _PARTS, day * DAY + (part + 1) * DAY // _PARTS)
            result = pick_one(source, own, picker, span, shard.network, shard.station)
            results.append(result)
            tracks += [cut for track in result.tracks if len(cut := track.within(span.start, span.end))]
        units.append(_unit(day, results, source))
        picks += [pick for result in results for pick in result.picks]
        problems |= dict.fromkeys(problem for result in results for problem in result.problems)
        notes |= dict.fromkeys(note for result in results for note in result.notes)
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


def _unit(day: int, results: Sequence[StationResult], source: DaySource) -> Unit:
    """How a day ended; what was damaged or could not be had makes it a failure, though the rest was used."""
    found = [result.coverage for result in results]
    failed = next((one.reason for one in found if one.status == "failed"), "")
    first = next((one for one in found if one.status == "done"), found[0])
    status, reason, cause = first.status, first.reason, ""
    if failed or source.causes:
        status, cause = "failed", next(iter(source.causes), "unexpected")
        reason = failed or "; ".join(f"{problem.subject}: {problem.wrong}" for problem in source.problems())
    seconds, picks = sum(one.seconds for one in found), sum(one.picks for one in found)
    return Unit(first.unit, day, status, reason, cause, round(seconds, 3), first.band, picks)


def _memory_mb() -> float:
    """The most memory that this process had (ru_maxrss is in kB on Linux, in bytes on macOS)."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (1024.0 * 1024.0 if sys.platform == "darwin" else 1024.0), 1)
