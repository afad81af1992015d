"""Final picks from the log to Parquet, a file an hour: a row of SQL costs hundreds of bytes, one of Parquet tens."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from wadati.formats.parquet import read_picks, write_picks
from wadati.model import format_time
from wadati.store.live_log import LiveLog
from wadati.units import HOUR

_STATE = "compacted"


def compact(log: LiveLog, folder: Path, before: int) -> int:
    """Move final picks from before a time (ns) from the log to Parquet; how many. Doing it again changes nothing.

    Those that events rest on stay in the log too; until when it was done stands in the log's state.
    """
    moving = log.between(int(log.state().get(_STATE, "0")), before)
    if moving:
        folder.mkdir(parents=True, exist_ok=True)
        gone = log.withdrawn()
        for hour, own in groupby(moving, lambda pick: pick.time // HOUR):
            path = folder / f"{format_time(hour * HOUR)[:13]}.parquet"
            held = read_picks(path) if path.exists() else ()
            merged = {pick.pick_id: pick for pick in (*held, *own) if pick.pick_id not in gone}
            write_picks(merged.values(), path)
        log.drop(pick.pick_id for pick in moving)
    log.forget_early(before)
    log.write(state={_STATE: str(before)})
    return len(moving)
