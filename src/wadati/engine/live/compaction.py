"""Final picks from the log to Parquet, each hour: a row of SQL costs some hundreds of bytes, of Parquet some tens."""

from __future__ import annotations

import datetime
from pathlib import Path

from wadati.formats.parquet import read_picks, write_picks
from wadati.store.live_log import LiveLog
from wadati.units import DAY

_STATE = "compacted"


def compact(log: LiveLog, folder: Path, before: int) -> int:
    """Move final picks from before a time (ns) from the log to Parquet; how many. Doing it again changes nothing.

    Those that events rest on stay in the log too; where it was done last stands in the log's state.
    """
    since = int(log.state().get(_STATE, "0"))
    moving = [pick for pick in log.before(before) if pick.time >= since]
    if moving:
        folder.mkdir(parents=True, exist_ok=True)
        gone = log.withdrawn()
        for day in sorted({pick.time // DAY for pick in moving}):
            own = [pick for pick in moving if pick.time // DAY == day]
            path = folder / f"{_name(day)}.parquet"
            held = read_picks(path) if path.exists() else ()
            merged = {pick.pick_id: pick for pick in (*held, *own) if pick.pick_id not in gone}
            write_picks(merged.values(), path)
        log.drop(pick.pick_id for pick in moving)
    log.forget_early(before)
    log.write(state={_STATE: str(before)})
    return len(moving)


def _name(day: int) -> str:
    return str(datetime.date(1970, 1, 1) + datetime.timedelta(day))
