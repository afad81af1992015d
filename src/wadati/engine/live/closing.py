"""The end of a stream: the catalog of all that was picked, made as a batch run makes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wadati.engine.association import associate_all
from wadati.engine.flow import Flow
from wadati.engine.ledger import Ledger
from wadati.engine.live.tracks import TrackFiles
from wadati.engine.location import locate_all
from wadati.engine.mechanisms import with_mechanisms
from wadati.engine.outputs import Outputs
from wadati.engine.progress import Progress
from wadati.engine.tensor import Records
from wadati.formats.parquet import read_picks
from wadati.model import Catalog, Inventory, Pick
from wadati.sources.files import FileSource
from wadati.store.coverage import Coverage
from wadati.store.live_log import LiveLog


def all_picks(log: LiveLog, folder: Path) -> tuple[Pick, ...]:
    """All final picks of a run, from the log and from Parquet, in order of time."""
    found = {pick.pick_id: pick for pick in read_picks(folder)} if folder.is_dir() else {}
    found |= {pick.pick_id: pick for pick in log.final()}
    for pick_id in log.withdrawn():
        found.pop(pick_id, None)
    return tuple(sorted(found.values(), key=lambda pick: (pick.time, pick.pick_id)))


def close(
    folder: Path,
    log: LiveLog,
    files: TrackFiles | None,
    flow: Flow,
    inventory: Inventory,
    stations: Path,
    coverage: Sequence[Coverage],
    source: FileSource | None,
    records: Records,
    ledger: Ledger,
    progress: Progress,
) -> Catalog:
    """The catalog of a run whose stream has ended, written as `wadati catalog` writes it.

    Waveforms come from the archive that was replayed, or, where there is none, from what is kept of the `records`.
    """
    picks = all_picks(log, folder / "picks")
    tracks = files.read() if files is not None else ()
    ledger.coverage.extend(coverage)
    outputs = Outputs(folder, "catalog", flow, ledger, inventory, stations)
    outputs.write_picks(picks, tracks)
    preliminary = associate_all(picks, inventory, flow, ledger, progress)
    located = locate_all(preliminary, picks, inventory, tracks, flow, ledger, progress)
    events = with_mechanisms(located, picks, source or records, inventory, flow, ledger, progress)
    published = outputs.publish(Catalog(events, picks))
    if source is not None:
        outputs.write_whole(published, source, progress)
    else:
        outputs.write_events(published)
        outputs.write_run({"picks": len(picks), "events": len(published)})
    return published
