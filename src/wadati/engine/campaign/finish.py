"""The end of a campaign: what all shards gave becomes the catalog, as `wadati catalog` writes it.

Locations learn station terms from all events and magnitudes are solved for together, so this is one piece of work. It
reads nothing but shards and, for moment tensors and the record sections of the report, some minutes of the archive.
"""

from __future__ import annotations

import mimetypes
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from wadati.engine.campaign.association_shards import events
from wadati.engine.campaign.commit import Manifest, Unit
from wadati.engine.campaign.opened import Opened
from wadati.engine.campaign.picks import picks_of, tracks_of
from wadati.engine.ledger import Ledger
from wadati.engine.local import Result
from wadati.engine.location import locate_all
from wadati.engine.mechanisms import with_mechanisms
from wadati.engine.outputs import Outputs
from wadati.engine.progress import Progress
from wadati.errors import InputError, ReadError
from wadati.formats.stationxml import write_stationxml
from wadati.model import Catalog, TimeSpan, Trace, format_time
from wadati.sources.archives.days import DaySource, Reading
from wadati.store.coverage import Coverage
from wadati.store.objects import Place, open_place
from wadati.units import DAY

CATALOG, FILES, LAST = "catalog.sqlite", "files.json", "run.json"
"""In a bucket `files.json` names what runs put there, also one that died, so that nothing of it outlives the next."""


def finish(opened: Opened, picking: Sequence[Manifest], chain: Sequence[Manifest], progress: Progress) -> Result:
    """Locate, size and write everything into the output folder, or into the bucket that is named in its place.

    The catalog that a bucket holds is fetched first, so that its events keep the names under which they are published.
    """
    output = opened.campaign.output
    if "://" not in output:
        return _finish_in(Path(output), opened, picking, chain, progress)
    place = open_place(output)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if (before := place.get(CATALOG)) is not None:
            (folder / CATALOG).write_bytes(before)
        result = _finish_in(folder, opened, picking, chain, progress)
        _put(folder, place)
    return result


def _put(folder: Path, place: Place) -> None:
    """Put the files of a folder, take away what the last run put and this one has not, and end with `run.json`."""
    paths = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    before = place.get(FILES)
    try:
        old = set(msgspec.json.decode(before, type=list[str])) if before is not None else set()
    except msgspec.DecodeError as error:
        raise InputError(FILES, f"in the output is no list of files ({error})", "remove it and run again") from None
    place.put(FILES, msgspec.json.encode(sorted(old | set(paths))), "application/json", 0)
    for name in sorted(paths, key=lambda one: one == LAST):
        if name == LAST:
            for gone in sorted(old - set(paths)):
                place.remove(gone)
            place.put(FILES, msgspec.json.encode(sorted(paths)), "application/json", 0)
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        place.put(name, paths[name].read_bytes(), media_type, 0)


def _finish_in(
    folder: Path, opened: Opened, picking: Sequence[Manifest], chain: Sequence[Manifest], progress: Progress
) -> Result:
    flow, ledger = opened.flow, Ledger()
    ledger.problems.extend(opened.problems)
    for manifest in picking:
        ledger.problems.extend(manifest.problems)
        ledger.notes.extend(note for note in manifest.notes if note not in ledger.notes)
    ledger.coverage.extend(coverage(unit for manifest in picking for unit in manifest.units))
    stations = folder / "stations.xml"
    write_stationxml(opened.inventory, stations)
    outputs = Outputs(folder, "catalog", flow, ledger, opened.inventory, stations)
    picks, tracks = picks_of(opened.shelf, picking), tracks_of(opened.shelf, picking)
    outputs.write_picks(picks, tracks)
    preliminary = events(opened, chain, picks)
    located = locate_all(preliminary, picks, opened.inventory, tracks, flow, ledger, progress)
    moved = with_mechanisms(located, picks, _Again(opened), opened.inventory, flow, ledger, progress)
    published = outputs.publish(Catalog(moved, picks))
    outputs.write_whole(published, _Pictures(opened), progress)
    return Result(published, ledger)


def coverage(units: Iterable[Unit]) -> list[Coverage]:
    """Days of stations as one line a station: failed where a day failed, with the first reason, no data where all had
    none."""
    by_station: dict[str, list[Unit]] = {}
    for unit in units:
        by_station.setdefault(unit.station, []).append(unit)
    found = []
    for station, own in sorted(by_station.items()):
        failed = [unit for unit in own if unit.status == "failed"]
        some = [unit for unit in own if unit.status == "done"]
        first = min(failed or own, key=lambda unit: unit.day)
        reason = first.reason
        if failed:
            reason = f"{len(failed)} of {len(own)} days failed, {format_time(first.day * DAY)[:10]} because: {reason}"
        status: Literal["done", "no data", "failed"] = "failed" if failed else "done" if some else "no data"
        seconds, picks = sum(unit.seconds for unit in own), sum(unit.picks for unit in own)
        band = next((unit.band for unit in own if unit.band), "")
        found.append(Coverage(station, status, "" if status == "done" else reason, round(seconds, 3), band, picks))
    return found


class _Again(DaySource):
    """Waveforms, each read anew. Raises `ReadError` where the archive does not give them now."""

    def __init__(self, opened: Opened) -> None:
        super().__init__(Reading(opened.archive), opened.inventory, opened.span)
        self._opened = opened

    def read(self, network: str, station: str, span: TimeSpan | None = None) -> Iterator[Trace]:
        source = DaySource(Reading(self._opened.archive), self._opened.inventory, self._opened.span)
        yield from source.read(network, station, span)


class _Pictures(_Again):
    """Waveforms to be drawn: where the archive does not give them now, there is no picture."""

    def read(self, network: str, station: str, span: TimeSpan | None = None) -> Iterator[Trace]:
        try:
            yield from super().read(network, station, span)
        except ReadError:
            return
